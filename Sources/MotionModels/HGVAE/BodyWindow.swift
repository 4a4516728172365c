import Geometry
import Motions

/// A window of joint positions as the signals of a graph: one node for each coordinate of a joint.
///
/// The window's frame has its origin at the median of the pelvis, x along the mean heading of its
/// middle third, z up. Nodes 0 to 2 are the pelvis in this frame, node 3 j + axis is joint j relative
/// to the pelvis of the same frame [m].
struct BodyWindow: Sendable {
  /// The number of nodes.
  static let nodes = 3 * Skeleton.jointCount

  /// The number of frames.
  let frames: Int
  /// The signals [m], [node, frame].
  var signals: [Float]
  /// The window's origin in the world [m].
  let origin: SIMD3<Float>
  /// worldFromWindow.
  let axes: RotationMatrix
  /// The pelvis that the joints are relative to, in the window's frame [m], one a frame.
  let pelvis: [SIMD3<Float>]

  /// The signals of positions [frames, 22, 3] in the world [m], all finite.
  init(_ positions: [Float]) {
    let width = Self.nodes
    frames = positions.count / width
    func place(_ frame: Int, _ joint: Int) -> SIMD3<Float> {
      let at = frame * width + 3 * joint
      return [positions[at], positions[at + 1], positions[at + 2]]
    }
    let roots = (0..<frames).map { place($0, 0) }
    let axes = Self.heading(frames) { place($0, $1) }
    // In the window's frame, so that it does not depend on the world's axes.
    let origin = axes(Self.median(roots.map { axes.local($0) }))
    pelvis = roots.map { axes.local($0 - origin) }
    (self.origin, self.axes) = (origin, axes)
    signals = [Float](repeating: 0, count: positions.count)
    for frame in 0..<frames {
      for joint in 0..<Skeleton.jointCount {
        let local = axes.local(place(frame, joint) - origin)
        let relative = joint == 0 ? local : local - pelvis[frame]
        for axis in 0..<3 { signals[(3 * joint + axis) * frames + frame] = relative[axis] }
      }
    }
  }

  /// The positions [frames, 22, 3] in the world [m] of signals in this window's frame.
  func positions(of signals: [Float]) -> [Float] {
    var result = [Float](repeating: 0, count: signals.count)
    for frame in 0..<frames {
      for joint in 0..<Skeleton.jointCount {
        var local = SIMD3<Float>.zero
        for axis in 0..<3 { local[axis] = signals[(3 * joint + axis) * frames + frame] }
        if joint > 0 { local += pelvis[frame] }
        let world = axes(local) + origin
        for axis in 0..<3 { result[frame * Self.nodes + 3 * joint + axis] = world[axis] }
      }
    }
    return result
  }

  private static func median(_ places: [SIMD3<Float>]) -> SIMD3<Float> {
    var result = SIMD3<Float>.zero
    for axis in 0..<3 {
      let sorted = places.map { $0[axis] }.sorted()
      guard !sorted.isEmpty else { continue }
      result[axis] = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
    return result
  }

  /// The mean heading of the middle third, by hips and shoulders.
  private static func heading(
    _ frames: Int, _ place: (Int, Int) -> SIMD3<Float>
  ) -> RotationMatrix {
    var sum = SIMD3<Float>.zero
    for frame in (frames / 3)..<max(frames / 3 + 1, frames - frames / 3) {
      for (left, right) in [(1, 2), (16, 17)] {
        var across = place(frame, left) - place(frame, right)
        across.z = 0
        sum += across.normalized ?? .zero
      }
    }
    return Heading.axes(ofLeft: sum)
  }
}
