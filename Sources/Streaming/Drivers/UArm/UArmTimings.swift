/// The time that a V4 firmware's main loop takes for a line, and the size of its receive ring.
///
/// The times were measured with the vendor's images of 4.5.0 to 4.10.0 on an emulated board, from
/// the last byte of the line to the first byte of its reply. The loop also prepares motion for at
/// most 50 ms, so that a line that takes longer stops the motors abruptly.
struct UArmTimings: Sendable, Hashable {
  /// The size of the receive ring [bytes]; further bytes are lost silently.
  static let ringSize = 127
  /// The number of bytes that may be sent ahead of the parser, which leaves room for a line end.
  static let ahead = 100
  /// The duration of prepared motion [s].
  static let prepared = 0.05

  /// Whether the firmware is 4.10.0 or later, which is slightly faster.
  var isLate = true

  init(_ version: UArmVersion?) { isLate = version.map { $0 >= UArmVersion(4, 10, 0) } ?? false }

  /// The time that the loop takes for a line, at rest and while the motors move [s]; the greatest
  /// measured values.
  func time(_ command: UArmCommand) -> (atRest: Double, moving: Double) {
    switch command {
    case .moveJoints, .moveTo: (0.012, 0.015)
    case .angle(3): (0.0032, 0.0035)
    case .angle: isLate ? (0.0157, 0.021) : (0.0165, 0.022)
    case .angles: isLate ? (0.041, 0.053) : (0.044, 0.057)
    case .position: isLate ? (0.042, 0.055) : (0.045, 0.058)
    case .attach: isLate ? (0.041, 0.05) : (0.044, 0.055)
    case .encoders: isLate ? (0.0065, 0.008) : (0.0067, 0.0087)
    case .acceleration: (0.0042, 0.0042)
    case .wrist: (0.004, 0.004)
    case .settings: (0.088, 0.1)
    default: (0.003, 0.0035)
    }
  }

  /// Whether a line may be sent while the motors move.
  func isAllowedInMotion(_ command: UArmCommand) -> Bool {
    time(command).moving < 0.6 * Self.prepared
  }
}
