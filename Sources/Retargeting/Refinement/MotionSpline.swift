import Geometry
import Kinematics

/// The unknowns of a refinement: control points of joints and base, two more than frames.
///
/// Where the motion is at rest at both ends, the first three are one, and so are the last three. A frame is
/// `(c[t] + 4 c[t+1] + c[t+2]) / 6`; of rotations the same mean of the turns from the middle one, which
/// differs from the cumulative spline's by the third power of the turn in two frames.
struct MotionSpline: Sendable {
  /// The number of frames.
  let frames: Int
  /// The number of coordinates that are solved for.
  let joints: Int
  /// Whether there is a base.
  let hasBase: Bool
  /// Whether the motion is at rest at both ends.
  let isAtRest: Bool
  /// Control points [control, joint], radians or metres.
  var controls: [Double]
  /// Control points of the base's place [control, m] and rotation.
  var places: [Vector3]
  var turns: [Quaternion]

  /// The weights of three control points in a frame.
  static let weights = [1.0 / 6, 4.0 / 6, 1.0 / 6]

  /// The number of control points.
  var count: Int { frames + 2 }
  /// The number of control points that are unknown, the tied ones counted once.
  var unknowns: Int { isAtRest ? frames - 2 : count }
  /// The control point that the first unknown is, the last one of those that are tied.
  var first: Int { isAtRest ? 2 : 0 }
  /// The control points that are unknowns of their own.
  var free: Range<Int> { first..<(first + unknowns) }

  /// The unknown that a control point is.
  func unknown(_ control: Int) -> Int {
    min(max(control, free.lowerBound), free.upperBound - 1) - first
  }

  /// Control points at a motion's frames.
  init(_ motion: JointMotion, active: [Int], isAtRest: Bool = true) {
    self.isAtRest = isAtRest
    frames = motion.frameCount
    joints = active.count
    hasBase = motion.root != nil
    let width = motion.jointNames.count
    let last = frames - 1
    controls = []
    places = []
    turns = []
    for control in 0..<(frames + 2) {
      // Ends that rest do so where the motion is in their middle.
      let frame = min(max((isAtRest ? min(max(control, 2), last) : control) - 1, 0), last)
      controls += active.map { motion.positions[frame * width + $0] }
      guard let root = motion.root else { continue }
      places.append(root.translations[frame])
      turns.append(root.rotations[frame])
    }
    if !isAtRest { goOn() }
  }

  /// Moves the outermost control points to where the speed at the ends goes on.
  private mutating func goOn() {
    for (end, next, after) in [(0, 1, 2), (count - 1, count - 2, count - 3)] {
      for joint in 0..<joints {
        controls[end * joints + joint] =
          2 * controls[next * joints + joint] - controls[after * joints + joint]
      }
      guard hasBase else { continue }
      places[end] = 2 * places[next] - places[after]
      turns[end] =
        (Quaternion(rotationVector: Self.turn(turns[after], turns[next])) * turns[next]).normalized
    }
  }

  /// The configuration of a frame: of the coordinates that are solved for, in that order.
  func position(_ joint: Int, frame: Int) -> Double {
    let at = frame * joints + joint
    return (controls[at] + 4 * controls[at + joints] + controls[at + 2 * joints]) / 6
  }

  /// The configuration in the middle between a frame and the next one.
  func position(_ joint: Int, after frame: Int) -> Double {
    let at = frame * joints + joint
    let (near, far) = (
      controls[at + joints] + controls[at + 2 * joints], controls[at] + controls[at + 3 * joints]
    )
    return (23 * near + far) / 48
  }

  /// The base's pose in the middle between a frame and the next one.
  func base(after frame: Int) -> Pose {
    guard hasBase else { return .identity }
    let middle = turns[frame + 1]
    let turn =
      (Self.turn(middle, turns[frame]) + 23 * Self.turn(middle, turns[frame + 2])
        + Self.turn(middle, turns[frame + 3])) / 48
    let (near, far) = (places[frame + 1] + places[frame + 2], places[frame] + places[frame + 3])
    return Pose(
      rotation: (Quaternion(rotationVector: turn) * middle).normalized,
      translation: (23 * near + far) / 48)
  }

  /// The base's pose in a frame.
  func base(frame: Int) -> Pose {
    guard hasBase else { return .identity }
    let middle = turns[frame + 1]
    let turn =
      (Self.turn(middle, turns[frame]) + Self.turn(middle, turns[frame + 2])) / 6
    return Pose(
      rotation: (Quaternion(rotationVector: turn) * middle).normalized,
      translation: (places[frame] + 4 * places[frame + 1] + places[frame + 2]) / 6)
  }

  /// The turn from one rotation to another about the world's axes [rad].
  static func turn(_ from: Quaternion, _ to: Quaternion) -> Vector3 {
    (to * from.inverse).rotationVector
  }

  /// Moves the unknowns of a range against a step [unknown, column].
  mutating func move(_ range: Range<Int>, against step: [Double], times share: Double, columns: Int)
  {
    for control in 0..<count {
      let unknown = unknown(control)
      guard range.contains(unknown) else { continue }
      let start = (unknown - range.lowerBound) * columns
      for joint in 0..<joints { controls[control * joints + joint] -= share * step[start + joint] }
      guard hasBase else { continue }
      let base = start + joints
      let turn = -share * Vector3(step[base], step[base + 1], step[base + 2])
      turns[control] = (Quaternion(rotationVector: turn) * turns[control]).normalized
      places[control] -= share * Vector3(step[base + 3], step[base + 4], step[base + 5])
    }
  }
}
