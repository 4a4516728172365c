public import Geometry
import Motions

extension HumanTargets {
  /// The targets of one pose, in the robot's base frame.
  ///
  /// - Parameter pose: 22 rotations, parentFromJoint; the pelvis's is ignored.
  /// - Returns: A position for each weighted point [m] and a unit direction for each bone of the
  ///   mapping, each in the mapping's order.
  public func targets(of pose: [Quaternion]) -> (positions: [Vector3], directions: [Vector3]) {
    precondition(pose.count == Skeleton.jointCount, "a pose of \(pose.count) rotations")
    var batch = PoseBatch(count: 1, targets: self)
    batch.set(0, to: pose[...])
    return (batch.positions.vectors, batch.directions.vectors)
  }
}

extension Array where Element: BinaryFloatingPoint {
  /// Each three numbers as a vector.
  var vectors: [Vector3] {
    stride(from: 0, to: count, by: 3).map {
      Vector3(Double(self[$0]), Double(self[$0 + 1]), Double(self[$0 + 2]))
    }
  }
}
