import Geometry
import Kinematics
import Retargeting
import Trajectories

extension ReportSubject {
  /// The robot at a time of its trajectory [s] as limbs to draw: its capsules, and where it has none
  /// lines along its links.
  public func limbs(at time: Double) -> [Limb] {
    let base = trajectory.rootPose(at: time) ?? .identity
    let poses = robot.worldFromLinks(trajectory.state(at: time).positions).map { base * $0 }
    let zero = robot.worldFromLinks([Double](repeating: 0, count: robot.coordinateCount))
    let left = targets.map { $0.mapping.origin.baseFromBody * .unitX } ?? .unitY
    var limbs = collisionModel.parts.flatMap { part in
      part.capsules.map { capsule -> Limb in
        let placed = capsule.moved(by: poses[part.link])
        let middle = (zero[part.link] * ((capsule.from + capsule.to) / 2)).dot(left)
        return Limb(
          points: [placed.from, placed.to], width: 2 * placed.radius, side: Self.side(middle))
      }
    }
    if limbs.isEmpty {
      limbs = robot.joints.map { joint in
        Limb(
          points: [poses[joint.parentLink].translation, poses[joint.childLink].translation],
          width: 0.02)
      }
    }
    return limbs
  }

  /// The side of a part that is so far to the left of the middle [m].
  private static func side(_ left: Double) -> Limb.Side {
    left < -0.04 ? .near : left > 0.04 ? .far : .middle
  }
}
