import Geometry
import HumanBody
import Motions

/// Fills in positions of joints that were not seen.
enum TrackFilling {
  private static let joints = Skeleton.jointCount

  /// Positions [frames, 22, 3] without gaps: gaps in time are interpolated linearly, joints that
  /// were never seen are placed as in an upright body of a stature [m], by default the canonical one.
  static func filled(
    _ positions: [Float], confidences: [Float], stature: Double? = nil
  ) -> [Float] {
    var result = positions
    let frames = confidences.count / joints
    var unseen: [Int] = []
    for joint in 0..<joints where !cross(&result, confidences, joint, frames) {
      unseen.append(joint)
    }
    guard !unseen.isEmpty, unseen.count < joints else {
      if unseen.count == joints { result = [Float](repeating: 0, count: positions.count) }
      return result
    }
    let seen = Set(0..<joints).subtracting(unseen)
    let size = Float((stature ?? Skeleton.canonical.stature) / Skeleton.canonical.stature)
    for frame in 0..<frames { complete(&result, 3 * joints * frame, unseen, seen, size) }
    return result
  }

  /// Interpolates a joint linearly over its gaps; returns false if it was never seen.
  private static func cross(
    _ positions: inout [Float], _ confidences: [Float], _ joint: Int, _ frames: Int
  ) -> Bool {
    var last: Int?
    for frame in 0..<frames where confidences[frame * joints + joint] > 0 {
      let from = last ?? frame
      for gap in ((last ?? -1) + 1)..<frame {
        let share = frame == from ? 0 : Float(gap - from) / Float(frame - from)
        for axis in 0..<3 {
          let a = positions[3 * (from * joints + joint) + axis]
          let b = positions[3 * (frame * joints + joint) + axis]
          positions[3 * (gap * joints + joint) + axis] = a + share * (b - a)
        }
      }
      last = frame
    }
    guard let last else { return false }
    for gap in (last + 1)..<max(frames, last + 1) {
      for axis in 0..<3 {
        positions[3 * (gap * joints + joint) + axis] =
          positions[3 * (last * joints + joint) + axis]
      }
    }
    return true
  }

  /// Places unseen joints relative to their nearest seen joint, as in an upright body.
  private static func complete(
    _ positions: inout [Float], _ base: Int, _ unseen: [Int], _ seen: Set<Int>, _ size: Float
  ) {
    func place(_ joint: Int) -> SIMD3<Float> {
      [
        positions[base + 3 * joint], positions[base + 3 * joint + 1],
        positions[base + 3 * joint + 2],
      ]
    }
    let body = Heading.axes(ofLeft: Heading.left(seen: seen, place))
    let rest = Self.restPlaces
    for joint in unseen {
      // The seen joint that is nearest at rest; of two as near the first.
      let nearest = seen.sorted().min {
        (rest[$0] - rest[joint]).squaredLength < (rest[$1] - rest[joint]).squaredLength
      }
      guard let nearest else { continue }
      let found = place(nearest) + body(rest[joint] - rest[nearest]) * size
      for axis in 0..<3 { positions[base + 3 * joint + axis] = found[axis] }
    }
  }

  /// The canonical body standing at the origin and facing along x.
  private static let restPlaces: [SIMD3<Float>] = {
    let turn = RotationMatrix(FloatQuaternion(Skeleton.worldFromBodyAtRest))
    let offsets = Skeleton.canonical.restOffsets.map { SIMD3<Float>($0) }
    return SkeletonPose.places(
      root: .zero, axes: Array(repeating: turn, count: offsets.count)[...], offsets: offsets)
  }()
}

/// The heading of a body, from its joints.
enum Heading {
  private static let pairs: [(left: Int, right: Int)] = [
    (1, 2), (16, 17), (13, 14), (4, 5), (18, 19), (7, 8),
  ]

  /// The direction from right to left, from the first pairs of joints that were seen.
  static func left(seen: Set<Int>, _ place: (Int) -> SIMD3<Float>) -> SIMD3<Float> {
    var sum = SIMD3<Float>.zero
    var count = 0
    for pair in pairs where seen.contains(pair.left) && seen.contains(pair.right) {
      sum += place(pair.left) - place(pair.right)
      count += 1
      if count == 2 { break }
    }
    return sum
  }

  /// worldFromHeading: y along the horizontal part of the direction to the left, z up.
  static func axes(ofLeft left: SIMD3<Float>) -> RotationMatrix {
    let length = (left.x * left.x + left.y * left.y).squareRoot()
    guard length > 1e-6, length.isFinite else { return .identity }
    return RotationMatrix(heading: left.y / length, -left.x / length)
  }
}
