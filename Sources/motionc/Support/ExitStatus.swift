import ArgumentParser
import Files
import Generation
import Kinematics
import Learning
import Motions
import Retargeting
import Trajectories

/// The exit codes of sysexits.h that the tool uses.
enum ExitStatus {
  /// A limit does not hold.
  static let limitsBroken = ExitCode(1)
  /// The input is not what it should be.
  static let dataError = ExitCode(65)
  /// The input cannot be read.
  static let noInput = ExitCode(66)
  /// A library is missing.
  static let unavailable = ExitCode(69)
  /// The output cannot be created.
  static let cannotCreate = ExitCode(73)
  /// Writing failed.
  static let ioError = ExitCode(74)
  /// Ended by Ctrl-C, with a checkpoint written.
  static let interrupted = ExitCode(130)

  /// Whether an error is one of the house's, which is shown as it is.
  static func isOurs(_ error: any Error) -> Bool {
    !(error is ExitCode) && !(error is ValidationError) && !(error is CleanExit)
      && !isFromParser(error)
  }

  /// The code of an error.
  static func code(for error: any Error) -> ExitCode {
    switch error {
    case let error as FileError: code(for: error)
    case UnsafeMotion.file(let error): code(for: error)
    case GenerationError.file(let error): code(for: error)
    case RetargetingError.file(let error): code(for: error)
    case KinematicsError.unreadable, KinematicsError.unknownRobot: noInput
    case MotionError.unreadable: noInput
    case MotionError.unwritable: cannotCreate
    default: dataError
    }
  }

  private static func code(for error: FileError) -> ExitCode {
    switch error {
    case .unreadable: noInput
    case .malformed: dataError
    case .cannotCreate: cannotCreate
    case .writeFailed: ioError
    }
  }

  /// ArgumentParser's own errors are not public; they come from its module.
  private static func isFromParser(_ error: any Error) -> Bool {
    String(reflecting: type(of: error)).hasPrefix("ArgumentParser")
  }
}
