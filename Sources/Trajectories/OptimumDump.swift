public import Files
public import Kinematics

extension SafeTrajectory {
  /// What is needed to solve the limit program again by other means, with the motion it was for.
  ///
  /// Tensors `reference` [sample, joint], `control_points` [sample + 2, joint], `lower`, `upper`,
  /// `velocity`, `acceleration`, `jerk` [joint]; metadata `period`, `joints`, and `coupled`, the
  /// joints under coupled limits.
  public func optimumDump(of motion: JointMotion) throws(UnsafeMotion) -> Safetensors {
    let resampled = try ResampledMotion(
      motion.played(at: speed ?? 1), period: period, factor: stretch ?? 1)
    guard motion.jointNames == jointNames, resampled.count == sampleCount else {
      throw .motionInvalid(
        motion: motion.name,
        reason: "its \(resampled.count) samples of \(motion.jointNames.count) joints are not the "
          + "\(sampleCount) of \(jointNames.count) that the trajectory was compiled from")
    }
    var file = encoded()
    for name in file.tensors.keys where name.hasPrefix("root_") || name.hasPrefix("base_") {
      file.tensors[name] = nil
    }
    file.tensors["reference"] = StoredTensor(
      resampled.positions, shape: [sampleCount, jointNames.count])
    let coupled = Set(limits.coupled.flatMap { $0.terms.map(\.coordinate) }).sorted()
    file.metadata["coupled"] = Self.list(coupled.map { JSONText.quoted(jointNames[$0]) })
    return file
  }
}
