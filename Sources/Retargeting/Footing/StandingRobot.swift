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
/// - The height of the base. While the human stands, the soles of standing feet are on the ground,
///   whose height is scaled like the path of the pelvis; a foot that stands on its ball alone counts
///   only where no other one stands. From one stance to the next the correction goes along a straight
///   line, so that flights stay flights.
/// - The tilt of soles. Those of feet that stand flat are level, as far as the limits of the ankles
///   allow, by the probability that heel and ball stand. Other feet are turned towards level by just
///   so much that their toes or heels do not dig into the ground. The turns are smoothed over time.
struct StandingRobot {
  private let robot: Robot
  private let feet: [RobotFoot]
  private let limits: [ClosedRange<Double>]
  /// The joints that follow others, without the names of joints, which cost time to copy.
  private let followers: [(joint: Int, rule: Joint.Mimic)]

  /// The standard deviation of the window that smooths corrections over time [s].
  private static let smoothing = 0.04
  /// The weight of a foot that stands on its ball beside one that stands flat.
  private static let ballWeight = 0.01
  /// How deep a sole may reach into the ground [m].
  private static let deepest = 0.003
  /// How deep it may do so after the turns of feet were smoothed [m].
  private static let tolerated = 0.008

  /// A robot with feet; nil where the mapping or the robot has none.
  init?(robot: Robot, mapping: Mapping) {
    feet = [Skeleton.Joint.leftAnkle, .rightAnkle].compactMap {
      RobotFoot($0, robot: robot, mapping: mapping)
    }
    guard feet.count == 2 else { return nil }
    self.robot = robot
    followers = robot.joints.enumerated().compactMap { index, joint in
      joint.mimic.map { (index, $0) }
    }
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
    let ground = StandingGround(contact, feet: feet.map { ($0.heel, $0.ball) }, scale: scale)
    let flat = ground.flat.map { Self.smoothed($0, rate: contact.frameRate) }
    let before = positions
    var wanted = [Double?](repeating: nil, count: contact.frameCount)
    var least = [Double](repeating: -.infinity, count: contact.frameCount)
    for frame in 0..<contact.frameCount {
      var joints = self.joints(positions, frame)
      let turn = root.rotations[frame]
      let base = root.translations[frame].z
      var (sum, weights) = (0.0, 0.0)
      for (index, foot) in feet.enumerated() {
        let level = levelled(foot, joints, turn)
        mix(foot, &joints, level, share: flat[index][frame])
        let height = ground.height[index][frame]
        least[frame] = max(
          least[frame], height - Self.deepest - base - lowest(foot, level, turn))
        guard ground.isStanding[index][frame] else { continue }
        let weight = max(Self.ballWeight, flat[index][frame])
        sum += weight * (height - base - lowest(foot, joints, turn))
        weights += weight
      }
      store(joints, &positions, frame)
      if weights > 0 { wanted[frame] = max(sum / weights, least[frame]) }
    }
    guard wanted.contains(where: { $0 != nil }) else { return }
    let lifts = Self.smoothed(Self.bridged(wanted), rate: contact.frameRate)
    for frame in 0..<contact.frameCount {
      root.translations[frame].z += max(lifts[frame], least[frame])
      undig(&positions, frame, root, ground.height.map { $0[frame] }, deepest: Self.deepest)
    }
    smoothTurns(&positions, from: before, rate: contact.frameRate)
    for frame in 0..<contact.frameCount {
      undig(&positions, frame, root, ground.height.map { $0[frame] }, deepest: Self.tolerated)
    }
  }

  /// Smooths what was added to the ankles' positions.
  private func smoothTurns(_ positions: inout [Double], from before: [Double], rate: Double) {
    let count = robot.coordinateCount
    for coordinate in feet.flatMap(\.tiltJoints) {
      let indices = stride(from: coordinate, to: positions.count, by: count)
      let turns = Self.smoothed(indices.map { positions[$0] - before[$0] }, rate: rate)
      let limit = limits[coordinate]
      for (index, turn) in zip(indices, turns) {
        positions[index] = min(max(before[index] + turn, limit.lowerBound), limit.upperBound)
      }
    }
  }

  // MARK: - One frame

  /// Turns feet that reach into the ground towards level until they do not.
  private func undig(
    _ positions: inout [Double], _ frame: Int, _ root: JointMotion.Root, _ heights: [Double],
    deepest: Double
  ) {
    var joints = self.joints(positions, frame)
    let (turn, base) = (root.rotations[frame], root.translations[frame].z)
    for (foot, height) in zip(feet, heights) {
      func isDeep(_ joints: [Double]) -> Bool {
        base + lowest(foot, joints, turn) < height - deepest
      }
      guard isDeep(joints) else { continue }
      let level = levelled(foot, joints, turn)
      var (low, high) = (0.0, 1.0)
      for _ in 0..<8 {
        let middle = (low + high) / 2
        var trial = joints
        mix(foot, &trial, level, share: middle)
        if isDeep(trial) { low = middle } else { high = middle }
      }
      mix(foot, &joints, level, share: high)
    }
    store(joints, &positions, frame)
  }

  /// The positions of all joints of the robot in a frame.
  private func joints(_ positions: [Double], _ frame: Int) -> [Double] {
    var joints = [Double](repeating: 0, count: robot.joints.count)
    let base = frame * robot.coordinateCount
    for (coordinate, joint) in robot.configurationJoints.enumerated() {
      joints[joint] = positions[base + coordinate]
    }
    for (joint, rule) in followers {
      joints[joint] = rule.multiplier * joints[rule.leader] + rule.offset
    }
    return joints
  }

  private func store(_ joints: [Double], _ positions: inout [Double], _ frame: Int) {
    for coordinate in feet.flatMap(\.tiltJoints) {
      positions[frame * robot.coordinateCount + coordinate] =
        joints[robot.configurationJoints[coordinate]]
    }
  }

  private func levelled(_ foot: RobotFoot, _ joints: [Double], _ worldFromRoot: Quaternion)
    -> [Double]
  {
    var level = joints
    foot.level(&level, worldFromRoot: worldFromRoot, limits: limits)
    return level
  }

  private func mix(_ foot: RobotFoot, _ joints: inout [Double], _ level: [Double], share: Double) {
    for coordinate in foot.tiltJoints {
      let joint = robot.configurationJoints[coordinate]
      joints[joint] += share * (level[joint] - joints[joint])
    }
  }

  /// The height of the lowest point of a foot above the root link's origin [m].
  private func lowest(_ foot: RobotFoot, _ joints: [Double], _ worldFromRoot: Quaternion) -> Double
  {
    let pose = foot.rootFromFoot(joints)
    let world = worldFromRoot * pose.rotation
    return (worldFromRoot * pose.translation).z - foot.depth(worldFromFoot: world)
  }

  // MARK: - Over time

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

extension JointMotion {
  /// The motion with the robot's soles on the ground that a human stands on; as it is where the robot
  /// has no base that moves, or no feet.
  ///
  /// - Parameters:
  ///   - clip: The human motion that it was made from.
  ///   - robot: The robot.
  ///   - targets: The targets of its mapping.
  func standing(as clip: MotionClip, _ robot: Robot, _ targets: HumanTargets) -> JointMotion {
    guard var root, let standing = StandingRobot(robot: robot, mapping: targets.mapping) else {
      return self
    }
    var motion = self
    standing.stand(
      &motion.positions, &root, on: Contact(clip), scale: targets.legScale(of: clip.skeleton))
    motion.root = root
    return motion
  }
}
