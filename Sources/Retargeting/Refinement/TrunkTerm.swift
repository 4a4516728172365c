import Geometry
import Kinematics
import Motions

/// The part that carries both arms as upright as the person's chest.
///
/// Hips and shoulders tell little of it: a pelvis that leans one way and a waist that bends the other keep
/// them where they are.
struct TrunkTerm: ResidualTerm {
  /// The node that moves the part, and its upright in the node's frame.
  let node: Int, upright: Vector3
  /// The uprights of the chest in the world [frame].
  let goals: [Vector3]
  /// The weight [1/rad²].
  let weight: Double

  /// Nil where the mapping has no two shoulders, or nothing that is solved for moves what carries them.
  init?(
    _ targets: HumanTargets, _ robot: Robot, _ clip: MotionClip, _ layout: RefinementLayout,
    weight: Double
  ) {
    let mapping = targets.mapping
    let shoulders = [Skeleton.Joint.leftShoulder, .rightShoulder].compactMap { joint in
      mapping.points.first { $0.joint == joint }.flatMap { try? robot.linkIndex(named: $0.link) }
    }
    guard shoulders.count == 2, let rest = try? mapping.restConfiguration(of: robot) else {
      return nil
    }
    let above = shoulders.map { layout.tree.chain(from: layout.tree.places[$0].node) }
    node = above[0].first(where: above[1].contains) ?? -1
    guard !layout.columnsOfNode[node + 1].isEmpty else { return nil }
    let resting = FramePose(rest, base: .identity, layout.tree)
    upright = resting.pose(ofNode: node).rotation.inverse * mapping.origin.up
    goals = (0..<clip.frameCount).map { frame in
      let start = frame * Skeleton.jointCount
      return [Skeleton.Joint.spine1, .spine2, .spine3].reduce(clip.rotations[start]) {
        $0 * clip.rotations[start + $1.rawValue]
      } * Vector3.unitY
    }
    self.weight = weight
  }

  func add(
    frame: Int, to equations: inout FrameEquations, _ scratch: inout FrameEquations.Derivatives
  ) {
    let pose = equations.pose(ofNode: node)
    let own = pose.rotation * upright
    // How the tip of the upright moves less how its foot does: shifts are none.
    equations.differentiate(pose.translation + own, node: node, into: &scratch)
    equations.differentiate(pose.translation, node: node, times: -1, into: &scratch)
    scratch.moved = equations.columns(ofNode: node)
    equations.add(own - goals[frame], weight: weight, &scratch)
  }
}
