import ArgumentParser
import Files
import Foundation

/// The exit codes of sysexits.h that the tool uses.
enum ExitStatus {
  /// The input is not what it should be.
  static let dataError = ExitCode(65)
  /// The input cannot be read.
  static let noInput = ExitCode(66)
  /// A service is missing (a library that is not installed).
  static let unavailable = ExitCode(69)
  /// The output cannot be created.
  static let cannotCreate = ExitCode(73)
  /// Writing failed.
  static let ioError = ExitCode(74)
  /// A limit does not hold.
  static let limitsBroken = ExitCode(1)
  /// Ended by Ctrl-C, with a checkpoint written.
  static let interrupted = ExitCode(130)

  /// The code of an error.
  static func code(for error: any Error) -> ExitCode {
    switch error as? FileError {
    case .unreadable: noInput
    case .malformed: dataError
    case .cannotCreate: cannotCreate
    case .writeFailed: ioError
    case nil: dataError
    }
  }
}
