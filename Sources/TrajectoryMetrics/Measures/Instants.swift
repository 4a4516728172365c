import Geometry
import Kinematics
import Trajectories

/// The whole robot at an instant of a trajectory.
struct Instant {
  /// The time [s].
  var time: Double
  /// Whether it is one of the trajectory's samples.
  var isSample: Bool
  /// The joints.
  var state: SafeTrajectory.State
  /// The root link; still at the origin for a robot that is bolted down.
  var base: BaseMotion
  /// worldFromLink of each link.
  var poses: [Pose]
}

/// The instants at which a trajectory is measured: its samples, and between them so many that there
/// are at least 120 in a second.
struct Instants: Sequence, IteratorProtocol {
  private let subject: ReportSubject
  private let parts: Int
  private let count: Int
  private var index = 0

  static let leastRate = 120.0

  init(_ subject: ReportSubject) {
    self.subject = subject
    let trajectory = subject.trajectory
    parts = Swift.max(
      1, Int((Self.leastRate * Swift.min(trajectory.period, 1) - 1e-6).rounded(.up)))
    count = (trajectory.sampleCount - 1) * parts + 1
  }

  /// The time from one instant to the next [s].
  var step: Double { subject.trajectory.period / Double(parts) }
  /// The number of instants.
  var number: Int { count }

  mutating func next() -> Instant? {
    guard index < count else { return nil }
    defer { index += 1 }
    let trajectory = subject.trajectory
    let time = Double(index) * trajectory.period / Double(parts)
    let state = trajectory.state(at: time)
    let base = trajectory.baseMotion(at: time)
    return Instant(
      time: time, isSample: index.isMultiple(of: parts), state: state, base: base,
      poses: subject.robot.worldFromLinks(state.positions).map { base.pose * $0 })
  }
}

extension SafeTrajectory {
  /// How the base moves at a time [s], by central differences over two periods, within the
  /// trajectory; still at the origin where the file has no base.
  func baseMotion(at time: Double) -> BaseMotion {
    guard let pose = rootPose(at: time) else { return .still }
    guard duration >= 2 * period else { return BaseMotion(pose: pose) }
    let middle = min(max(time, period), duration - period)
    guard let before = rootPose(at: middle - period), let now = rootPose(at: middle),
      let after = rootPose(at: middle + period)
    else { return BaseMotion(pose: pose) }
    let (first, second) = (Self.turn(before, now), Self.turn(now, after))
    return BaseMotion(
      pose: pose, velocity: (after.translation - before.translation) / (2 * period),
      angularVelocity: (first + second) / (2 * period),
      acceleration: (after.translation - 2 * now.translation + before.translation)
        / (period * period), angularAcceleration: (second - first) / (period * period))
  }

  /// The rotation vector from one pose to another, along the world's axes [rad].
  static func turn(_ from: Pose, _ to: Pose) -> Vector3 {
    (to.rotation * from.rotation.inverse).rotationVector
  }
}
