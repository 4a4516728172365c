import ArgumentParser
import Files
import Kinematics
import Learning
import MotionData
import MotionModels
import Motions
import Retargeting
import Streaming
import Trajectories

/// The exit codes of sysexits.h that the tool uses.
enum ExitStatus {
  /// A limit does not hold.
  static let limitsBroken = ExitCode(1)
  /// Some of several files were refused, and the others were worked on.
  static let partial = ExitCode(2)
  /// The input is not what it should be.
  static let dataError = ExitCode(65)
  /// The input cannot be read.
  static let noInput = ExitCode(66)
  /// A library is missing, or a device or its motors.
  static let unavailable = ExitCode(69)
  /// A robot had to be stopped; EX_SOFTWARE of sysexits.h, and also a mistake of this program.
  static let robotStopped = ExitCode(70)
  /// A mistake of this program.
  static let internalError = ExitCode(70)
  /// The output cannot be created.
  static let cannotCreate = ExitCode(73)
  /// Writing failed.
  static let ioError = ExitCode(74)
  /// Somebody else has the port.
  static let busy = ExitCode(75)
  /// Answers that make no sense.
  static let protocolError = ExitCode(76)
  /// Permission is missing.
  static let noPermission = ExitCode(77)
  /// Ended by Ctrl-C: with a checkpoint written, or with a robot that holds.
  static let interrupted = ExitCode(130)

  /// Whether an error is one of the house's, which is shown as it is.
  static func isOurs(_ error: any Error) -> Bool {
    !(error is ExitCode) && !(error is ValidationError) && !(error is CleanExit)
      && !isFromParser(error)
  }

  /// The code of an error: that of its category.
  ///
  /// An error without a category is a mistake of this program, which no user's input should reach.
  static func code(for error: any Error) -> ExitCode {
    (error as? any CategorizedError).map { code(for: $0.category) } ?? internalError
  }

  /// The code of a category.
  static func code(for category: ErrorCategory) -> ExitCode {
    switch category {
    case .usage: ExitCode.validationFailure
    case .data: dataError
    case .noInput: noInput
    case .unavailable: unavailable
    case .robotStopped: robotStopped
    case .cannotCreate: cannotCreate
    case .inputOutput: ioError
    case .busy: busy
    case .protocolBroken: protocolError
    case .permission: noPermission
    }
  }

  /// ArgumentParser's own errors are not public; they come from its module.
  private static func isFromParser(_ error: any Error) -> Bool {
    String(reflecting: type(of: error)).hasPrefix("ArgumentParser")
  }
}
