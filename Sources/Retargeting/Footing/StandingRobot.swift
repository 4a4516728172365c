import Foundation
import Geometry
import Kinematics
import Motions

extension Double {
  /// The angle of a point with this ordinate [rad].
  func angle(over abscissa: Double) -> Double { atan2(self, abscissa) }
}

/// Puts a robot on the ground that the human stands on.
///
/// The robot's ground is its sole, not its ankle, and its legs differ from the human's in more than
/// their length. Two things are changed, and nothing else:
///
/// - The soles of feet that stand flat (heel and ball) are level, as far as the ankles' limits allow.
///   Before and after a stance this fades over 0.1 s.
/// - The height of the base: while the human stands, the lowest sole of the standing feet is on the
///   ground, whose height is scaled like the path of the pelvis. From one stance to the next the
///   correction goes along a straight line, so that flights stay flights.
struct StandingRobot {
  private let robot: Robot
  private let feet: [RobotFoot]
  private let limits: [ClosedRange<Double>]

  /// The time over which the levelling of soles fades before and after a stance [s].
  private static let fade = 0.1
  /// The standard deviation of the window that smooths the correction of the height [s].
  private static let smoothing = 0.04

  /// A robot with feet; nil where the mapping or the robot has none.
  init?(robot: Robot, mapping: Mapping) {
    feet = [Skeleton.Joint.leftAnkle, .rightAnkle].compactMap {
      RobotFoot($0, robot: robot, mapping: mapping)
    }
    guard feet.count == 2 else { return nil }
    self.robot = robot
    limits = robot.foldedLimits.map { limit in
      let lower = limit.lower?.value ?? -.infinity
      return lower...max(lower, limit.upper?.value ?? .infinity)
    }
  }

  /// Levels soles and corrects the height of the base.
  ///
  /// - Parameter scale: The factor on the human's path.
  func stand(
    _ positions: inout [Double], _ root: inout JointMotion.Root, on contact: Contact,
    scale: Double
  ) {
    let ground = StandingGround(contact, feet: feet.map { ($0.heel, $0.ball) })
    let flat = ground.flat.map { Self.faded($0, rate: contact.frameRate) }
    var wanted = [Double?](repeating: nil, count: contact.frameCount)
    let count = robot.coordinateCount
    for frame in 0..<contact.frameCount {
      let base = frame * count
      let standing = feet.indices.filter { ground.level[$0][frame] != nil || flat[$0][frame] > 0 }
      guard !standing.isEmpty else { continue }
      var joints = robot.jointPositions(Array(positions[base..<base + count]))
      for foot in standing {
        level(
          feet[foot], share: flat[foot][frame], &joints, worldFromRoot: root.rotations[frame])
        for coordinate in feet[foot].tiltJoints {
          positions[base + coordinate] = joints[robot.configurationJoints[coordinate]]
        }
        guard let height = ground.level[foot][frame] else { continue }
        let sole = lowest(feet[foot], joints, root.rotations[frame])
        let lift = scale * height - (root.translations[frame].z + sole)
        wanted[frame] = max(wanted[frame] ?? -.infinity, lift)
      }
    }
    let lifts = Self.smoothed(Self.bridged(wanted), rate: contact.frameRate)
    for (frame, lift) in lifts.enumerated() { root.translations[frame].z += lift }
  }

  private func level(
    _ foot: RobotFoot, share: Double, _ joints: inout [Double], worldFromRoot: Quaternion
  ) {
    guard share > 0 else { return }
    var levelled = joints
    foot.level(robot, &levelled, worldFromRoot: worldFromRoot, limits: limits)
    for coordinate in foot.tiltJoints {
      let joint = robot.configurationJoints[coordinate]
      joints[joint] += share * (levelled[joint] - joints[joint])
    }
  }

  /// The height of the lowest point of a foot above the root link's origin [m].
  private func lowest(_ foot: RobotFoot, _ joints: [Double], _ worldFromRoot: Quaternion) -> Double
  {
    let pose = foot.rootFromFoot(robot, joints)
    let world = worldFromRoot * pose.rotation
    return (worldFromRoot * pose.translation).z - foot.depth(worldFromFoot: world)
  }

  /// 1 where a flag is set, falling smoothly to 0 over the time `fade` to both sides.
  static func faded(_ flags: [Bool], rate: Double) -> [Double] {
    var distance = flags.map { $0 ? 0.0 : .infinity }
    for index in distance.indices.dropFirst() {
      distance[index] = min(distance[index], distance[index - 1] + 1 / rate)
    }
    for index in distance.indices.dropLast().reversed() {
      distance[index] = min(distance[index], distance[index + 1] + 1 / rate)
    }
    return distance.map { $0 < fade ? (1 + cos(.pi * $0 / fade)) / 2 : 0 }
  }

  /// Values on straight lines between those that are given, constant before and after; zeros where
  /// none is given.
  static func bridged(_ values: [Double?]) -> [Double] {
    let known = values.indices.filter { values[$0] != nil }
    guard let first = known.first else { return values.map { _ in 0 } }
    var result = values.map { $0 ?? 0 }
    var last = first
    for index in 0..<first { result[index] = result[first] }
    for next in known.dropFirst() {
      for index in (last + 1)..<max(next, last + 1) {
        let share = Double(index - last) / Double(next - last)
        result[index] = result[last] + (result[next] - result[last]) * share
      }
      last = next
    }
    for index in last..<result.count { result[index] = result[last] }
    return result
  }

  /// The values averaged with a Gaussian window, those beyond the ends being as the last ones.
  static func smoothed(_ values: [Double], rate: Double) -> [Double] {
    let deviation = smoothing * rate
    let reach = min(Int((3 * deviation).rounded(.up)), 1000)
    guard reach > 0, values.count > 1 else { return values }
    let weights = (-reach...reach).map { step in
      exp(-0.5 * Double(step * step) / max(deviation * deviation, 1e-9))
    }
    let total = weights.reduce(0, +)
    return values.indices.map { index in
      var sum = 0.0
      for (step, weight) in weights.enumerated() {
        sum += weight * values[min(max(index + step - reach, 0), values.count - 1)]
      }
      return sum / total
    }
  }
}

/// For each foot and frame what the human's foot stands on.
struct StandingGround {
  /// The height of the ground that the foot stands on, with heel or ball [m]; nil where it does not.
  let level: [[Double?]]
  /// Whether it stands on heel and ball.
  let flat: [[Bool]]

  init(_ contact: Contact, feet: [(heel: Contact.Part, ball: Contact.Part)]) {
    var level = feet.map { _ in [Double?](repeating: nil, count: contact.frameCount) }
    for stance in contact.stances {
      guard let foot = feet.firstIndex(where: { [$0.heel, $0.ball].contains(stance.part) }) else {
        continue
      }
      for frame in stance.frames { level[foot][frame] = contact.levels[stance.level].height }
    }
    self.level = level
    flat = feet.map { foot in
      zip(contact.isStanding(foot.heel), contact.isStanding(foot.ball)).map { $0 && $1 }
    }
  }
}
