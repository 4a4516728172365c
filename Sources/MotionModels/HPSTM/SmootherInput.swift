import Geometry
import HumanBody
import Motions

/// The network's input for a part of a track: transformed to the part's position and heading,
/// filtered, and with a skeleton fitted to it.
struct SmootherInput {
  static let joints = Skeleton.jointCount
  /// The numbers of a frame: four differences of positions, rotations, confidence, noise, root,
  /// lengths.
  static let featureCount = 3 * joints * 4 + 6 * joints + 3 * joints + 6

  /// The fraction of the noise variance that remains after the filter, slow noise included.
  static let leftNoise: Float = 0.2

  /// worldFromWindow, a rotation about the vertical.
  var axes: RotationMatrix
  /// The window's origin in the world [m].
  var origin: SIMD3<Float>
  /// The skeleton fitted to the filtered positions, in the window's frame.
  var fit: SkeletonFit
  /// The filtered positions in the window's frame [m], [frames, 22, 3].
  var smooth: [Float]
  /// The network's input features, [frames, featureCount].
  var features: [Float]

  /// Prepares a part of `filter.frames` frames, in metres; `directions` are those of the rest
  /// offsets, if known.
  init(
    _ positions: [Float], confidences: [Float], filter: TrackFilter,
    directions: [SIMD3<Float>]? = nil
  ) {
    let frames = filter.frames
    let (axes, origin) = Self.place(positions, confidences)
    (self.axes, self.origin) = (axes, origin)
    var local = positions
    for at in 0..<(frames * Self.joints) where confidences[at] > 0 {
      let p = SIMD3(positions[3 * at], positions[3 * at + 1], positions[3 * at + 2])
      let moved = axes.local(p - origin)
      for axis in 0..<3 { local[3 * at + axis] = moved[axis] }
    }
    let track = FilteredTrack(local, confidences: confidences, filter: filter)
    smooth = track.smooth
    fit = SkeletonFit(
      track.smooth, directions: directions,
      variances: track.deviations.map { Self.leftNoise * $0 * $0 })
    features = Self.features(track, confidences, fit)
  }

  /// The position and heading of a part, from the seen joints: their mean, and the mean direction
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
    // In the joints' order, since the order of a set differs between processes.
    for joint in 0..<joints where counts[joint] > 0 {
      origin += sums[joint] / counts[joint] / Float(seen.count)
    }
    return (Heading.axes(ofLeft: left), origin)
  }

  private static func features(
    _ track: FilteredTrack, _ confidences: [Float], _ fit: SkeletonFit
  ) -> [Float] {
    let (frames, width) = (fit.frames, 3 * joints)
    var features = [Float](repeating: 0, count: frames * featureCount)
    let fitted = fit.positions
    // Larger differences are outliers; their size is irrelevant.
    func bounded(_ value: Float) -> Float { min(max(value, -8), 8) }
    for frame in 0..<frames {
      var at = frame * featureCount
      let (base, root) = (frame * width, fit.root[frame])
      let before = max(frame - 1, 0) * width
      let after = min(frame + 1, frames - 1) * width
      for column in 0..<width {
        let here = base + column
        let near =
          (track.filled[before + column] + track.filled[here] + track.filled[after + column]) / 3
        features[at + column] = (track.smooth[here] - root[column % 3]) * 2
        features[at + width + column] = bounded((track.filled[here] - track.smooth[here]) * 20)
        features[at + 2 * width + column] = bounded((near - track.smooth[here]) * 20)
        features[at + 3 * width + column] = bounded((track.smooth[here] - fitted[here]) * 20)
      }
      at += 4 * width
      for joint in 0..<joints {
        let axes = fit.axes[frame * joints + joint]
        for axis in 0..<3 {
          features[at + 6 * joint + axis] = axes.x[axis]
          features[at + 6 * joint + 3 + axis] = axes.y[axis]
        }
      }
      at += 6 * joints
      for joint in 0..<joints {
        features[at + 3 * joint] = confidences[frame * joints + joint]
        features[at + 3 * joint + 1] = min(track.deviations[joint] * 20, 8)
        features[at + 3 * joint + 2] = fit.restOffsets[joint].length * 4
      }
      at += 3 * joints
      let next = fit.root[min(frame + 1, frames - 1)] - fit.root[max(frame - 1, 0)]
      for axis in 0..<3 {
        features[at + axis] = root[axis] * 2
        features[at + 3 + axis] = next[axis] * 5
      }
    }
    return features
  }

  /// Transforms a position from the window's frame to the world.
  func world(_ place: SIMD3<Float>) -> SIMD3<Float> { axes(place) + origin }
}
