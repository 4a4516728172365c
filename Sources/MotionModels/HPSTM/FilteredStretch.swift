import Geometry
import HumanBody
import Motions

/// A stretch of a track as seen from where the person is and faces, filtered.
struct FilteredStretch {
  private static let joints = Skeleton.jointCount
  /// The share of the noise's variance that the filter leaves, slowly changing noise included.
  private static let leftNoise: Float = 0.2

  /// worldFromWindow: turned about the vertical.
  let axes: RotationMatrix
  /// The window's origin in the world [m].
  let origin: SIMD3<Float>
  /// The filtered positions in the window's frame.
  let track: FilteredTrack
  /// The confidence of each position, [frames, 22].
  let confidences: [Float]

  /// Filters `filter.frames` frames of positions [frames, 22, 3] in metres.
  ///
  /// Joints that are never seen are those of a body of a stature [m]; nil for the canonical one.
  init(
    _ positions: [Float], confidences: [Float], filter: TrackFilter, stature: Double? = nil
  ) {
    let (axes, origin) = Self.place(positions, confidences)
    (self.axes, self.origin, self.confidences) = (axes, origin, confidences)
    var local = positions
    for at in 0..<(filter.frames * Self.joints) where confidences[at] > 0 {
      let p = SIMD3(positions[3 * at], positions[3 * at + 1], positions[3 * at + 2])
      let moved = axes.local(p - origin)
      for axis in 0..<3 { local[3 * at + axis] = moved[axis] }
    }
    track = FilteredTrack(
      local, confidences: confidences, filter: filter, stature: stature)
  }

  /// The figure behind the filtered positions.
  ///
  /// - Parameters:
  ///   - directions: Those of the rest offsets where they are known, 22.
  ///   - lengths: Those of bones that are known [m], 22; nil for one that is to be found.
  func fit(directions: [SIMD3<Float>]? = nil, lengths: [Float?]? = nil) -> SkeletonFit {
    SkeletonFit(
      track.smooth, directions: directions, lengths: lengths,
      variances: track.deviations.map { Self.leftNoise * $0 * $0 }, confidences: confidences)
  }

  /// Where a stretch is and faces, from what was seen: the mean of all joints, the mean direction
  /// to the left.
  private static func place(
    _ positions: [Float], _ confidences: [Float]
  ) -> (axes: RotationMatrix, origin: SIMD3<Float>) {
    var sums = [SIMD3<Float>](repeating: .zero, count: joints)
    var counts = [Float](repeating: 0, count: joints)
    for at in confidences.indices where confidences[at] > 0 {
      let joint = at % joints
      sums[joint] += SIMD3(positions[3 * at], positions[3 * at + 1], positions[3 * at + 2])
      counts[joint] += 1
    }
    let seen = Set((0..<joints).filter { counts[$0] > 0 })
    let left = Heading.left(seen: seen) { sums[$0] / counts[$0] }
    var origin = SIMD3<Float>.zero
    // In the joints' order: sets have another order in each process.
    for joint in 0..<joints where counts[joint] > 0 {
      origin += sums[joint] / counts[joint] / Float(seen.count)
    }
    return (Heading.axes(ofLeft: left), origin)
  }
}
