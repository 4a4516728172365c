import Geometry
import Kinematics

/// Where the robot is in one frame: computed once, and read by every term.
struct FramePose: Sendable {
  /// The configuration [coordinate].
  let configuration: [Double]
  /// The pose of the root link.
  let base: Pose
  /// The pose of each node's body in the world.
  let poses: [Pose]
  /// The axis of each node in the world, times the change of its position for a unit of its coordinate.
  let axes: [Vector3]
  /// The parts that are too near to each other; nil where nobody has looked.
  var contacts: [CollisionTerm.Contact]?

  /// The robot in a configuration, which may be of more coordinates than are solved for.
  init(_ configuration: [Double], base: Pose, _ tree: SolverTree) {
    (self.configuration, self.base) = (configuration, base)
    let nodes = tree.nodes
    var axes = [Vector3](repeating: .zero, count: nodes.count)
    poses = [Pose](unsafeUninitializedCapacity: nodes.count) { poses, count in
      for index in nodes.indices {
        let node = nodes[index]
        let position = node.factor * configuration[node.coordinate] + node.offset
        let joint = (node.parent < 0 ? base : poses[node.parent]) * node.parentFromJoint
        axes[index] = node.factor * (joint.rotation * node.axis)
        let moved =
          joint
          * (node.turns
            ? Pose(rotation: Quaternion(angle: position, axis: node.axis))
            : Pose(translation: position * node.axis))
        poses.initializeElement(at: index, to: moved)
      }
      count = nodes.count
    }
    self.axes = axes
  }

  /// The pose of a node's body in the world; of the root link for a node of −1.
  func pose(ofNode node: Int) -> Pose { node < 0 ? base : poses[node] }
}

/// The robot in the frames of a window, and in the middles between them, by one spline: each computed when
/// it is first asked for, and kept unless the window is long.
struct WindowPoses: Sendable {
  /// The frames.
  let frames: Range<Int>
  private var at: [FramePose?], between: [FramePose?]

  /// The longest window whose poses are kept: some kilobytes a frame.
  private static let longest = 4000

  init(_ frames: Range<Int>) {
    self.frames = frames
    at = [FramePose?](
      repeating: nil, count: frames.count <= Self.longest ? frames.count : 0)
    between = at
  }

  /// The robot in a frame of the window or, with `isBetween`, in the middle between it and the next one.
  mutating func pose(
    _ frame: Int, isBetween: Bool = false, _ make: (Int, Bool) -> FramePose
  ) -> FramePose {
    let index = frame - frames.lowerBound
    guard at.indices.contains(index) else { return make(frame, isBetween) }
    if let found = isBetween ? between[index] : at[index] { return found }
    let pose = make(frame, isBetween)
    if isBetween { between[index] = pose } else { at[index] = pose }
    return pose
  }
}
