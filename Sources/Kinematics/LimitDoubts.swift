import Files

/// Doubts about the limits that hold in the end, whichever file they are from.
enum LimitDoubts {
  /// A range of two turns, and what rounding adds to it [rad].
  private static let twoTurns = 4 * Double.pi + 0.01

  /// The doubts about the limits of movable joints, one sentence each.
  static func warnings(about joints: [Joint]) -> [String] {
    joints.filter(\.isMovable).compactMap { doubt(about: $0) }
  }

  private static func doubt(about joint: Joint) -> String? {
    guard let lower = joint.limits.lower, let upper = joint.limits.upper else { return nil }
    let name = joint.name.printable
    let source = Set([lower.source, upper.source]).sorted().joined(separator: ", ")
    if lower.value == upper.value {
      return "joint '\(name)' cannot move: its lower and its upper limit are both \(lower.value)"
        + " (\(source))"
    }
    // Continuous joints have no limits, so what has them and turns is a revolute joint.
    guard joint.isAngular, !(upper.value - lower.value <= twoTurns) else { return nil }
    return "joint '\(name)': its range of \(lower.value) to \(upper.value) rad (\(source)) is more"
      + " than two turns: is it in degrees? URDF gives angles in radians"
  }
}
