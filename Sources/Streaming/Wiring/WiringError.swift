/// The reason why a wiring or a calibration cannot be used, in one sentence.
public enum WiringError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file does not exist or cannot be read.
  case unreadable(path: String, reason: String)
  /// The wiring is invalid for this robot.
  case invalidWiring(path: String, reason: String)
  /// The calibration is invalid for this robot and wiring.
  case invalidCalibration(path: String, reason: String)

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "'\(path)' cannot be read: \(reason)"
    case .invalidWiring(let path, let reason): "wiring '\(path)': \(reason)"
    case .invalidCalibration(let path, let reason): "calibration '\(path)': \(reason)"
    }
  }

  /// The first hundred names in one line.
  static func list(_ names: [String]) -> String {
    guard !names.isEmpty else { return "none" }
    let shown = names.prefix(100).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 100 ? shown + " and \(names.count - 100) more" : shown
  }
}
