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
  /// The filtered positions in the window's frame.
  let track: FilteredTrack
  /// The confidence of each position, [frames, 22].
  let confidences: [Float]
  /// The network's input features, [frames, featureCount].
  var features: [Float]

  /// The input of a filtered stretch; `directions` of the rest offsets and `lengths` [m] where they are known.
  init(
    _ stretch: FilteredStretch, directions: [SIMD3<Float>]? = nil, lengths: [Float?]? = nil
  ) {
    (axes, origin) = (stretch.axes, stretch.origin)
    (track, confidences) = (stretch.track, stretch.confidences)
    fit = stretch.fit(directions: directions, lengths: lengths)
    features = []
    features = features { track, fitted in
      let width = 3 * Self.joints
      let frames = track.filled.count / width
      return (0..<frames).flatMap { frame in
        let (here, before) = (frame * width, max(frame - 1, 0) * width)
        let after = min(frame + 1, frames - 1) * width
        return (0..<width).map { column -> SIMD3<Float> in
          let (raw, smooth) = (track.filled[here + column], track.smooth[here + column])
          let near = (track.filled[before + column] + raw + track.filled[after + column]) / 3
          return [raw - smooth, near - smooth, smooth - fitted[here + column]]
        }
      }
    }
  }

  /// The same stretch for the next pass, with what the last one made of it: instead of differences
  /// from the filtered track those from the corrected figure, also as means over long times, in
  /// which little noise is left.
  func corrected(_ figure: SkeletonFit) -> SmootherInput {
    var copy = self
    copy.fit = figure
    copy.features = copy.features { track, fitted in
      let left = LeftNoise(track.filled, minus: fitted, confidences: confidences)
      let (short, long) = (left.means(reach: 5), left.means(reach: 15))
      return track.filled.indices.map {
        [track.filled[$0] - fitted[$0], 2 * short[$0], 4 * long[$0]]
      }
    }
    return copy
  }

  /// The input of a stretch of `filter.frames` frames [m].
  init(
    _ positions: [Float], confidences: [Float], filter: TrackFilter,
    directions: [SIMD3<Float>]? = nil, lengths: [Float?]? = nil
  ) {
    self.init(
      FilteredStretch(positions, confidences: confidences, filter: filter), directions: directions,
      lengths: lengths)
  }

  /// The features of the frames; `differences` gives three of each coordinate [m], [frames, 66].
  private func features(
    _ differences: (_ track: FilteredTrack, _ fitted: [Float]) -> [SIMD3<Float>]
  ) -> [Float] {
    let (frames, width, joints) = (fit.frames, 3 * Self.joints, Self.joints)
    var features = [Float](repeating: 0, count: frames * Self.featureCount)
    let differences = differences(track, fit.positions)
    for frame in 0..<frames {
      var at = frame * Self.featureCount
      let (base, root) = (frame * width, fit.root[frame])
      for column in 0..<width {
        features[at + column] = (track.smooth[base + column] - root[column % 3]) * 2
        // Larger differences are outliers; their size is irrelevant.
        let bounded = (differences[base + column] * 20).clamped(
          lowerBound: .init(repeating: -8), upperBound: .init(repeating: 8))
        for part in 0..<3 { features[at + (part + 1) * width + column] = bounded[part] }
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
