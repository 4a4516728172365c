import Kinematics
public import Trajectories

/// Lets positions that come from outside pass in three bands: pass, clamp, reject and hold.
///
/// Within the limits a command passes. So little beyond that it is rounding or a finger's breadth, it
/// is clamped to the limit. Further beyond, or not finite, it is rejected: the joint holds its last
/// position, and follows again only when a command is inside the limits by some way, so that a
/// source that flickers about an edge does not make it jerk. Everything but passing is counted.
///
/// The gate knows positions only. How fast a joint may go to a new one, and limits on sums of joints,
/// are for whoever plans the way.
public struct CommandGate: Sendable, Hashable {
  /// What became of a command.
  public enum Band: String, Sendable, Hashable, CaseIterable {
    /// Taken as it is.
    case pass
    /// Taken at the limit.
    case clamp
    /// Not taken; the joint holds.
    case reject
  }

  /// One joint's limits and bands [rad or m].
  public struct Joint: Sendable, Hashable {
    /// The joint's name.
    public var name: String
    /// The least position.
    public var lower: Double
    /// The greatest position.
    public var upper: Double
    /// How far beyond a limit a command is clamped.
    public var margin: Double
    /// How far inside both limits a command must be to end a hold.
    public var release: Double

    /// A joint.
    public init(name: String, lower: Double, upper: Double, margin: Double, release: Double) {
      self.name = name
      self.lower = lower
      self.upper = upper
      self.margin = margin
      self.release = release
    }
  }

  /// How many commands of a joint, or of all, met each band.
  public struct Counts: Sendable, Hashable {
    /// Taken as they were.
    public var passed = 0
    /// Taken at the limit.
    public var clamped = 0
    /// Not taken.
    public var rejected = 0

    /// None yet.
    public init() {}

    /// The sum of two counts.
    public static func + (one: Counts, other: Counts) -> Counts {
      var sum = one
      sum.passed += other.passed
      sum.clamped += other.clamped
      sum.rejected += other.rejected
      return sum
    }
  }

  /// The joints.
  public let joints: [Joint]
  /// What became of the commands of each joint so far.
  public private(set) var counts: [Counts]
  /// Which joints hold since a command was rejected.
  public private(set) var isHolding: [Bool]
  /// Where each joint was sent last, or stood; nil where that is not known.
  private var last: [Double?]

  /// A gate for joints that stand at a pose; nil where that is not known.
  public init(_ joints: [Joint], standing pose: [Double?]? = nil) {
    precondition(
      pose.map { $0.count == joints.count } ?? true,
      "\(pose?.count ?? 0) positions for \(joints.count) joints")
    self.joints = joints
    counts = Array(repeating: Counts(), count: joints.count)
    isHolding = Array(repeating: false, count: joints.count)
    last = pose ?? Array(repeating: nil, count: joints.count)
  }

  /// A gate within the limits of a robot, with the bands of its wiring.
  public init(
    _ limits: SafetyLimits, _ bands: Wiring.Protection.Commands, standing pose: [Double?]? = nil
  ) {
    self.init(
      limits.coordinates.map { limit in
        let scale = limit.isAngular ? 1 : 0.1
        return Joint(
          name: limit.name, lower: limit.lower.value, upper: limit.upper.value,
          margin: bands.margin * scale, release: bands.release * scale)
      }, standing: pose)
  }

  /// All joints' counts together.
  public var total: Counts { counts.reduce(Counts(), +) }

  /// What would become of a command of a joint.
  public func band(of position: Double, joint index: Int) -> Band {
    let joint = joints[index]
    if isHolding[index] {
      // Where both ends leave no room, the middle ends a hold.
      let room = min(joint.release, (joint.upper - joint.lower) / 2)
      guard joint.lower + room <= position, position <= joint.upper - room else { return .reject }
      return .pass
    }
    if joint.lower <= position, position <= joint.upper { return .pass }
    guard joint.lower - joint.margin <= position, position <= joint.upper + joint.margin else {
      return .reject
    }
    return .clamp
  }

  /// Takes one command of all joints and returns where they are to go [rad or m].
  ///
  /// A joint without a command stays; nil comes back for a joint that stays where it is and of which
  /// that is not known.
  public mutating func admit(_ wanted: [Double?]) -> [Double?] {
    precondition(wanted.count == joints.count, "\(wanted.count) commands, \(joints.count) joints")
    for (index, position) in wanted.enumerated() {
      guard let position else { continue }
      let joint = joints[index]
      switch band(of: position, joint: index) {
      case .pass:
        counts[index].passed += 1
        isHolding[index] = false
        last[index] = position
      case .clamp:
        counts[index].clamped += 1
        last[index] = min(max(position, joint.lower), joint.upper)
      case .reject:
        counts[index].rejected += 1
        isHolding[index] = true
      }
    }
    return last
  }
}
