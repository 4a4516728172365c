import Files

extension Robot {
  /// The limits of each coordinate of a configuration: its joint's own, tightened by those of the
  /// mimic joints that follow it, each bound with its source.
  public var foldedLimits: [JointLimits] {
    var folded = configurationJoints.map { joints[$0].limits }
    for (index, joint) in joints.enumerated() {
      guard joint.mimic != nil, let (coordinate, factor) = coordinate(ofJoint: index) else {
        continue
      }
      folded[coordinate].tighten(by: joint, factor: factor)
    }
    return folded
  }

  /// Refuses limits that leave a coordinate, or a joint that stands still, no position at all.
  func checkFoldedLimits() throws(KinematicsError) {
    for joint in joints {
      guard let mimic = joint.mimic, mimic.multiplier == 0 else { continue }
      let lower = joint.limits.lower?.value ?? -.infinity
      let upper = joint.limits.upper?.value ?? .infinity
      guard lower <= mimic.offset, mimic.offset <= upper else {
        throw .invalidRobot(
          path: path,
          reason: "joint '\(joint.name.printable)' follows "
            + "'\(joints[mimic.leader].name.printable)' with the multiplier 0 and so stands at \(mimic.offset), expected within its limits "
            + "\(lower) to \(upper)")
      }
    }
    for (coordinate, limits) in foldedLimits.enumerated() {
      guard let lower = limits.lower, let upper = limits.upper else { continue }
      guard lower.value <= upper.value else {
        throw .invalidRobot(
          path: path,
          reason: "joint '\(coordinateNames[coordinate])': its lower limit \(lower.value) "
            + "(\(lower.source)) is above its upper limit \(upper.value) (\(upper.source))")
      }
    }
  }
}

extension JointLimits {
  /// Takes over the bounds of a joint that follows with `position = factor · leader + offset`.
  ///
  /// Effort is not handed on: it is a motor's, and a follower has none of its own.
  fileprivate mutating func tighten(by joint: Joint, factor: Double) {
    guard let mimic = joint.mimic, factor != 0 else { return }
    let source = "mimic joint '\(joint.name)'"
    func leading(_ bound: SourcedLimit?) -> SourcedLimit? {
      bound.map { SourcedLimit(($0.value - mimic.offset) / factor, source: source) }
    }
    let (first, second) = (leading(joint.limits.lower), leading(joint.limits.upper))
    let (low, high) = factor > 0 ? (first, second) : (second, first)
    lower = Self.larger(lower, low)
    upper = Self.smaller(upper, high)
    func rate(_ bound: SourcedLimit?) -> SourcedLimit? {
      bound.map { SourcedLimit($0.value / abs(factor), source: source) }
    }
    velocity = Self.smaller(velocity, rate(joint.limits.velocity))
    acceleration = Self.smaller(acceleration, rate(joint.limits.acceleration))
    jerk = Self.smaller(jerk, rate(joint.limits.jerk))
  }

  private static func smaller(_ a: SourcedLimit?, _ b: SourcedLimit?) -> SourcedLimit? {
    guard let a, let b else { return a ?? b }
    return b.value < a.value ? b : a
  }

  private static func larger(_ a: SourcedLimit?, _ b: SourcedLimit?) -> SourcedLimit? {
    guard let a, let b else { return a ?? b }
    return b.value > a.value ? b : a
  }
}
