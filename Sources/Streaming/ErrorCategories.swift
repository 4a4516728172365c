public import Files

extension WiringError: CategorizedError {
  /// The kind of failure.
  public var category: ErrorCategory {
    switch self {
    case .unreadable: .noInput
    case .invalidWiring, .invalidCalibration: .data
    }
  }
}

extension SessionRefusal: CategorizedError {
  /// The kind of failure.
  public var category: ErrorCategory {
    switch self {
    case .option: .usage
    case .unsafe, .noFingerprint, .notAtRest, .wiring: .data
    }
  }
}

extension TransportError: CategorizedError {
  /// The kind of failure.
  public var category: ErrorCategory {
    switch self {
    case .notFound: .noInput
    case .denied: .permission
    case .busy: .busy
    case .unsupported: .unavailable
    case .lost: .inputOutput
    }
  }
}

extension DriverFault: CategorizedError {
  /// The kind of failure.
  public var category: ErrorCategory { kind.category }
}

extension DriverFault.Kind {
  /// The kind of failure that a fault is.
  public var category: ErrorCategory {
    switch self {
    case .wrongDevice, .missingMotors: .unavailable
    case .silent, .linkLost: .inputOutput
    case .protocolBroken: .protocolBroken
    case .deviceError, .voltage, .temperature, .position, .refusedSetPoint, .stall: .robotStopped
    case .far: .data
    }
  }
}
