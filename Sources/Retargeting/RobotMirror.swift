import Kinematics

/// The mirror image of a robot's configurations, where robot and mapping both have one.
struct RobotMirror {
  /// The coordinate on the other side, for each coordinate.
  let partners: [Int]
  /// The factor on its position.
  let signs: [Double]

  /// Nil if a joint has no partner, if the mirror is not the plane between left and right, or if
  /// the mapping uses only one side of the human.
  init?(_ robot: Robot, mapping: Mapping) {
    let symmetry = robot.symmetry()
    let partners = symmetry.partners.compactMap { $0 }
    guard mapping.isSymmetric, symmetry.isComplete, abs(symmetry.normal.y) > 0.999 else {
      return nil
    }
    self.partners = partners
    signs = symmetry.signs
  }
}
