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

  /// worldFromWindow: turned about the vertical.
  var axes: RotationMatrix
  /// The window's origin in the world [m].
  var origin: SIMD3<Float>
  /// The skeleton fitted to the filtered positions, in the window's frame.
  var fit: SkeletonFit
  /// The filtered positions in the window's frame [m], [frames, 22, 3].
  var smooth: [Float]
  /// The network's input features, [frames, featureCount].
  var features: [Float]

  /// The input of a filtered stretch; `directions` are those of the rest offsets where they are known.
  init(_ stretch: FilteredStretch, directions: [SIMD3<Float>]? = nil) {
    (axes, origin) = (stretch.axes, stretch.origin)
    smooth = stretch.track.smooth
    fit = stretch.fit(directions: directions)
    features = Self.features(stretch.track, stretch.confidences, fit)
  }

  /// The input of a stretch of `filter.frames` frames [m].
  init(
    _ positions: [Float], confidences: [Float], filter: TrackFilter,
    directions: [SIMD3<Float>]? = nil
  ) {
    self.init(
      FilteredStretch(positions, confidences: confidences, filter: filter), directions: directions)
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
