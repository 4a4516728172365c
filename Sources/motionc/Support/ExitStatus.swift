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
  /// The input is not what it should be.
  static let dataError = ExitCode(65)
  /// The input cannot be read.
  static let noInput = ExitCode(66)
  /// A library is missing, or a device or its motors.
  static let unavailable = ExitCode(69)
  /// A robot had to be stopped.
  static let robotStopped = ExitCode(70)
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

  /// The code of an error.
  static func code(for error: any Error) -> ExitCode {
    switch error {
    case let error as FileError: code(for: error)
    case UnsafeMotion.file(let error): code(for: error)
    case GenerationError.file(let error): code(for: error)
    case MotionDataError.file(let error): code(for: error)
    case RetargetingError.file(let error): code(for: error)
    case KinematicsError.unreadable, KinematicsError.unknownRobot,
      KinematicsError.noRobotInFolder:
      noInput
    case SessionRefusal.option: ExitCode.validationFailure
    case WiringError.unreadable: noInput
    case let error as TransportError: code(for: error)
    case let fault as DriverFault: code(for: fault.kind)
    case is ViewRefusal: unavailable
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

  private static func code(for error: TransportError) -> ExitCode {
    switch error {
    case .notFound: noInput
    case .denied: noPermission
    case .busy: busy
    case .unsupported: unavailable
    case .lost: ioError
    }
  }

  /// The code of what went wrong with a robot.
  static func code(for kind: DriverFault.Kind) -> ExitCode {
    switch kind {
    case .wrongDevice, .missingMotors: unavailable
    case .silent, .linkLost: ioError
    case .protocolBroken: protocolError
    case .deviceError, .voltage, .temperature, .position, .refusedSetPoint, .stall: robotStopped
    case .far: dataError
    }
  }

  /// ArgumentParser's own errors are not public; they come from its module.
  private static func isFromParser(_ error: any Error) -> Bool {
    String(reflecting: type(of: error)).hasPrefix("ArgumentParser")
  }
}
