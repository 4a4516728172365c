import Kinematics
import Motions

/// The robot's feet and the ground that a person stands on, for a refinement.
struct RefinementGround {
  /// The soles of both feet; empty where there is nothing to hold.
  let feet: [SoleCorners]
  let steps: FootSteps?
  /// Why no feet are held; nil where they are.
  let absence: String?
  private let heights: [[Double]], floor: Double

  init(
    _ motion: JointMotion, _ clip: MotionClip, _ robot: Robot, _ targets: HumanTargets,
    _ layout: RefinementLayout
  ) {
    let feet = [Skeleton.Joint.leftAnkle, .rightAnkle].compactMap {
      SoleCorners($0, robot: robot, mapping: targets.mapping, tree: layout.tree)
    }
    guard motion.root != nil, feet.count == 2 else {
      (self.feet, steps, heights, floor) = ([], nil, [], 0)
      let hasLegs = targets.mapping.points.contains {
        [.leftAnkle, .rightAnkle].contains($0.joint)
      }
      absence =
        !hasLegs
        ? nil
        : motion.root == nil
          ? "the base is bolted down: no feet are held on the ground"
          : "the robot has no two feet with shapes that are read: none are held on the ground"
      return
    }
    let contact = Contact(clip)
    let scale = targets.legScale(of: clip.skeleton)
    let ground = StandingGround(contact, feet: feet.map { ($0.heel, $0.ball) }, scale: scale)
    let steps = FootSteps(contact, clip, feet: feet, ground: ground)
    (self.feet, self.steps, heights) = (feet, steps, ground.height)
    floor = scale * (contact.ground ?? 0)
    absence = steps.steps.isEmpty ? "the person never stands: no feet are held" : nil
  }

  /// What keeps all shapes above the ground; nil where there are no feet that say where that is.
  func term(_ robot: Robot, _ layout: RefinementLayout, weight: Double) -> GroundTerm? {
    guard !feet.isEmpty else { return nil }
    let bodies = robot.groundShapes.enumerated().compactMap { link, shapes in
      GroundTerm.Body(
        link: link, shapes, layout.tree, foot: feet.firstIndex { $0.links.contains(link) })
    }
    return GroundTerm(bodies: bodies, heights: heights, floor: floor, weight: weight)
  }
}
