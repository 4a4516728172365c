import Kinematics
public import Trajectories

/// Passes, clamps or rejects positions that are commanded from outside.
///
/// A command within the limits passes. A command slightly beyond a limit is clamped to it. A
/// command further beyond, or one that is not finite, is rejected: the joint holds its last
/// position and follows again only after a command well inside the limits, so that a source that
/// oscillates about a limit does not make the joint jerk. The gate counts what it does.
///
/// The gate checks positions only. Speeds and limits on sums of joints are the planner's task.
public struct CommandGate: Sendable, Hashable {
  /// What the gate does with a command.
  public enum Band: String, Sendable, Hashable, CaseIterable {
    /// The command is used as it is.
    case pass
    /// Taken at the limit.
    case clamp
    /// Not taken; the joint holds.
    case reject
  }

  /// One joint's limits and bands [rad or m].
  public struct Joint: Sendable, Hashable {
    /// The name of the joint.
    public var name: String
    /// The lower limit.
    public var lower: Double
    /// The upper limit.
    public var upper: Double
    /// How far beyond a limit a command may be to be clamped.
    public var margin: Double
    /// How far inside both limits a command must be to end a hold after a rejection.
    public var release: Double

    /// Creates a joint.
    public init(name: String, lower: Double, upper: Double, margin: Double, release: Double) {
      self.name = name
      self.lower = lower
      self.upper = upper
      self.margin = margin
      self.release = release
    }
  }

  /// How many commands the gate has passed, clamped and rejected.
  public struct Counts: Sendable, Hashable {
    /// The number of commands that passed.
    public var passed = 0
    /// Taken at the limit.
    public var clamped = 0
    /// Not taken.
    public var rejected = 0

    /// Creates counts of zero.
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
  /// The counts of each joint.
  public private(set) var counts: [Counts]
  /// Whether each joint holds because a command was rejected.
  public private(set) var isHolding: [Bool]
  /// The last target of each joint, or its initial position; nil if it is not known.
  private var last: [Double?]

  /// Creates a gate for joints that stand at a pose; nil for positions that are not known.
  public init(_ joints: [Joint], standing pose: [Double?]? = nil) {
    precondition(
      pose.map { $0.count == joints.count } ?? true,
      "\(pose?.count ?? 0) positions for \(joints.count) joints")
    self.joints = joints
    counts = Array(repeating: Counts(), count: joints.count)
    isHolding = Array(repeating: false, count: joints.count)
    last = pose ?? Array(repeating: nil, count: joints.count)
  }

  /// Creates a gate for the limits of a robot, with the bands of its wiring.
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

  /// The sum of all joints' counts.
  public var total: Counts { counts.reduce(Counts(), +) }

  /// Returns what the gate would do with a command of a joint.
  public func band(of position: Double, joint index: Int) -> Band {
    let joint = joints[index]
    if isHolding[index] {
      // In a range too narrow for the margin on both sides, the middle ends a hold.
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

  /// Filters one command of all joints and returns their targets [rad or m].
  ///
  /// A joint without a command keeps its last target; its result is nil if it never had one.
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
