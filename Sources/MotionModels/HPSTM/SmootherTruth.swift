import Geometry
import HumanBody
import Learning
import Motions

/// A window of true motion: the targets of a smoother, in the world.
struct SmootherTruth {
  /// The positions of the joints in their parents' frames [m], 22.
  var restOffsets: [SIMD3<Float>]
  /// The position of the pelvis [m], one a frame.
  var root: [SIMD3<Float>]
  /// worldFromJoint, 22 a frame.
  var axes: [RotationMatrix]
  /// The positions of the joints [m], [frames, 22, 3].
  var positions: [Float] = []

  private static let joints = Skeleton.jointCount

  /// The window's motion on a skeleton with these rest offsets [m].
  init(_ window: MotionWindow, restOffsets: [SIMD3<Float>]) {
    self.init(unplaced: window, restOffsets: restOffsets)
    place()
  }

  /// Without positions.
  private init(unplaced window: MotionWindow, restOffsets: [SIMD3<Float>]) {
    let joints = Self.joints
    self.restOffsets = restOffsets
    root = (0..<window.frames).map {
      [window.root[3 * $0], window.root[3 * $0 + 1], window.root[3 * $0 + 2]]
    }
    axes = []
    axes.reserveCapacity(window.frames * joints)
    var world = [FloatQuaternion](repeating: .identity, count: joints)
    for frame in 0..<window.frames {
      for joint in 0..<joints {
        let local = window.rotation(frame * joints + joint)
        let parent = Skeleton.parents[joint]
        world[joint] = parent < 0 ? local : world[parent] * local
        axes.append(RotationMatrix(world[joint]))
      }
    }
  }

  /// The window's motion on the window's own body.
  init(_ window: MotionWindow) {
    self.init(window, restOffsets: (0..<Self.joints).map { window.offset($0) })
  }

  /// The window with random augmentation for training: another size, a small tilt, and other shapes
  /// of hips and chest, as recordings differ.
  static func varied(_ window: MotionWindow, using random: inout RandomSource) -> SmootherTruth {
    let size = random.uniform(from: 0.8, to: 1.15)
    var offsets = (0..<Self.joints).map { window.offset($0) * size }
    vary(&offsets, using: &random)
    var truth = SmootherTruth(unplaced: window, restOffsets: offsets)
    let lean = RotationMatrix.tilt(0.08 * random.normal(), 0.08 * random.normal())
    for index in truth.root.indices { truth.root[index] = lean(truth.root[index] * size) }
    for index in truth.axes.indices { truth.axes[index] = lean * truth.axes[index] }
    truth.turnFramesToCanonical()
    truth.place()
    return truth
  }

  /// Rotates the rest offsets of hips, spine, neck and collars symmetrically.
  private static func vary(_ offsets: inout [SIMD3<Float>], using random: inout RandomSource) {
    for (joint, mirror, spread) in [
      (1, 2, Float(0.4)), (3, 3, 0.2), (12, 12, 0.2), (13, 14, 0.35),
    ] {
      let numbers = (0..<3).map { _ in spread * random.normal() }
      let turn = SIMD3(numbers[0], numbers[1], numbers[2])
      offsets[joint] = turned(offsets[joint], joint == mirror ? [turn.x, 0, 0] : turn)
      guard joint != mirror else { continue }
      // The mirror image in x of the other side's.
      let length = offsets[mirror].length
      let other = (offsets[joint].normalized ?? [1, 0, 0]) * length
      offsets[mirror] = [-other.x, other.y, other.z]
    }
  }

  /// A vector rotated by a small rotation vector, to first order, with its length restored.
  private static func turned(_ v: SIMD3<Float>, _ turn: SIMD3<Float>) -> SIMD3<Float> {
    ((v + turn.cross(v)).normalized ?? [0, 1, 0]) * v.length
  }

  /// Rotates the frames of pelvis and chest within the body so that the joints attached to them are
  /// as close as possible to the canonical body, the convention of `SkeletonFit`.
  mutating func turnFramesToCanonical() {
    for (joint, children) in [(0, [1, 2, 3]), (9, [13, 14, 12])] {
      let turn = WahbaProblem.rotation(
        children.map { SkeletonFit.canonicalDirections[$0] }, onto: children.map { restOffsets[$0] }
      )
      for child in children { restOffsets[child] = turn.local(restOffsets[child]) }
      for at in stride(from: joint, to: axes.count, by: Self.joints) { axes[at] = axes[at] * turn }
    }
  }

  /// Computes the positions.
  mutating func place() {
    positions = [Float](repeating: 0, count: 3 * axes.count)
    for frame in root.indices {
      let range = (frame * Self.joints)..<((frame + 1) * Self.joints)
      let places = SkeletonPose.places(root: root[frame], axes: axes[range], offsets: restOffsets)
      for (at, place) in zip(range, places) {
        for axis in 0..<3 { positions[3 * at + axis] = place[axis] }
      }
    }
  }

  /// The truth in the frame of an input's window.
  func seen(from input: SmootherInput) -> SmootherTruth {
    var copy = self
    let inverse = input.axes.inverse
    for index in copy.root.indices {
      copy.root[index] = input.axes.local(root[index] - input.origin)
    }
    for index in copy.axes.indices { copy.axes[index] = inverse * axes[index] }
    for at in stride(from: 0, to: positions.count, by: 3) {
      let p = input.axes.local(
        [positions[at], positions[at + 1], positions[at + 2]] - input.origin)
      for axis in 0..<3 { copy.positions[at + axis] = p[axis] }
    }
    return copy
  }
}

extension RotationMatrix {
  /// A small random rotation about x and y [rad].
  static func tilt(_ aboutX: Float, _ aboutY: Float) -> RotationMatrix {
    let up = SIMD3<Float>(aboutY, -aboutX, 1).normalized ?? [0, 0, 1]
    return RotationMatrix.identity.swung(from: [0, 0, 1], to: up)
  }
}
