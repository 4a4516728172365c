// Goals, in order: exact to rounding, clear, fast. `BatchedKinematics` is for millions of poses per
// second.

public import Geometry

extension Robot {
  /// The position of each joint of `joints` [rad or m]: its own, what it follows, or zero.
  public func jointPositions(_ configuration: [Double]) -> [Double] {
    precondition(
      configuration.count == coordinateCount,
      "a configuration of \(configuration.count) numbers for \(coordinateCount) joints")
    var positions = [Double](repeating: 0, count: joints.count)
    for (coordinate, joint) in configurationJoints.enumerated() {
      positions[joint] = configuration[coordinate]
    }
    for (index, joint) in joints.enumerated() {
      guard let mimic = joint.mimic else { continue }
      positions[index] = mimic.multiplier * positions[mimic.leader] + mimic.offset
    }
    return positions
  }

  /// The pose of each link at a configuration [rad or m], the root link at the world's origin.
  public func worldFromLinks(_ configuration: [Double]) -> [Pose] {
    let positions = jointPositions(configuration)
    var worldFromLinks = [Pose](repeating: .identity, count: links.count)
    for (index, joint) in joints.enumerated() {
      worldFromLinks[joint.childLink] =
        worldFromLinks[joint.parentLink] * joint.parentFromChild(at: positions[index])
    }
    return worldFromLinks
  }

  /// The Jacobian of a link's pose, 6 × `coordinateCount`, row-major.
  ///
  /// Three rows of linear velocity of the link's origin [m], then three of angular velocity [rad],
  /// both along the world's axes, for each unit of a coordinate's velocity.
  public func jacobian(ofLink link: Int, at configuration: [Double]) -> [Double] {
    jacobian(ofLink: link, worldFromLinks: worldFromLinks(configuration))
  }

  /// The Jacobian of a link's pose as above, from poses that are known already.
  public func jacobian(ofLink link: Int, worldFromLinks: [Pose]) -> [Double] {
    let count = coordinateCount
    var rows = [Double](repeating: 0, count: 6 * count)
    let target = worldFromLinks[link].translation
    var above = links[link].parentJoint
    while let index = above {
      let joint = joints[index]
      above = links[joint.parentLink].parentJoint
      guard let (coordinate, factor) = coordinate(ofJoint: index) else { continue }
      // The axis is the same in the joint's and in the child link's frame.
      let frame = worldFromLinks[joint.childLink]
      let axis = factor * (frame.rotation * joint.axis)
      let linear = joint.isAngular ? axis.cross(target - frame.translation) : axis
      for row in 0..<3 {
        rows[row * count + coordinate] += linear[row]
        if joint.isAngular { rows[(row + 3) * count + coordinate] += axis[row] }
      }
    }
    return rows
  }

  /// The coordinate that moves a joint, and the joint's speed for each unit of its speed.
  public func coordinate(ofJoint index: Int) -> (coordinate: Int, factor: Double)? {
    let joint = joints[index]
    guard joint.isMovable else { return nil }
    guard let coordinate = coordinateOfJoint[joint.mimic?.leader ?? index] else { return nil }
    return (coordinate, joint.mimic?.multiplier ?? 1)
  }
}

extension Joint {
  /// The pose of the child link in the parent link at a position of the joint [rad or m].
  func parentFromChild(at position: Double) -> Pose {
    switch kind {
    case .fixed, .floating, .planar: parentFromJoint
    case .revolute, .continuous:
      parentFromJoint * Pose(rotation: Quaternion(angle: position, axis: axis))
    case .prismatic: parentFromJoint * Pose(translation: position * axis)
    }
  }
}
