public import Learning
import Motions

/// Noise of trackers: the four noise models of HPSTM.
///
/// Applied in this order; all deviations are of single coordinates.
public struct TrackNoise: Sendable, Hashable {
  /// The deviation of independent normal noise [m].
  public var gaussian: Float = 0
  /// The relative error of each bone's length in each frame, uniform within ± this value.
  public var bone: Float = 0
  /// The deviation of noise before the moving average [m].
  public var filtered: Float = 0
  /// The frames of the moving average, an odd number.
  public var filteredFrames = 7
  /// The probability that a joint's drift changes in a frame.
  public var pushProbability: Float = 0
  /// The standard deviation of a change of the drift [m].
  public var push: Float = 0
  /// The decay factor of the drift per frame, 0...1.
  public var pushDecay: Float = 0.8
  /// The probability that a joint is an outlier in a frame.
  public var outlierProbability: Float = 0
  /// Half the side of the cube that outliers are drawn from [m].
  public var outlier: Float = 0

  /// No noise.
  public init() {}

  /// The "complex" noise of evaluations: normal noise of 30 mm, normal noise of 30 mm after a
  /// moving average of 7 frames, bone lengths off by 8 %, and one outlier of up to 0.25 m in 400.
  public static let complex: TrackNoise = {
    var noise = TrackNoise()
    noise.gaussian = 0.03
    noise.bone = 0.08
    noise.filtered = 0.03
    noise.outlierProbability = 0.0025
    noise.outlier = 0.25
    return noise
  }()

  /// The noise with all deviations and probabilities scaled by a factor.
  public func scaled(by factor: Float) -> TrackNoise {
    var copy = self
    copy.gaussian *= factor
    copy.bone *= factor
    copy.filtered *= factor
    copy.pushProbability *= min(1, factor)
    copy.push *= factor
    copy.outlierProbability *= min(1, factor)
    return copy
  }

  /// Random noise for training: one window in eight has none, four have the complex noise scaled by
  /// one factor of 0.4 to 1.4, the others an independent strength for each noise model.
  public static func random(using random: inout RandomSource) -> TrackNoise {
    let kind = random.uniform()
    if kind < 0.125 { return TrackNoise() }
    if kind < 0.625 { return complex.scaled(by: random.uniform(from: 0.4, to: 1.4)) }
    var noise = TrackNoise()
    /// Small strengths as often as large ones.
    func strength(_ largest: Float) -> Float {
      let part = random.uniform()
      return random.uniform() < 0.3 ? 0 : largest * part * part
    }
    noise.gaussian = strength(0.05)
    noise.bone = strength(0.15)
    noise.filtered = strength(0.06)
    noise.filteredFrames = 3 + 2 * Int(random.next() % 5)
    noise.pushProbability = strength(0.1)
    noise.push = strength(0.08)
    noise.pushDecay = random.uniform(from: 0.6, to: 0.95)
    noise.outlierProbability = strength(0.02)
    noise.outlier = random.uniform(from: 0.1, to: 0.5)
    return noise
  }

  /// Adds noise to positions [frames, 22, 3] in metres.
  public func applied(to truth: [Float], using random: inout RandomSource) -> [Float] {
    var positions = truth
    let width = 3 * Skeleton.jointCount
    let frames = truth.count / width
    if gaussian > 0 {
      for index in positions.indices { positions[index] += gaussian * random.normal() }
    }
    if bone > 0 {
      for frame in 0..<frames { changeBones(&positions, width * frame, using: &random) }
    }
    if filtered > 0 { addFiltered(to: &positions, frames, using: &random) }
    if push > 0, pushProbability > 0 { addPushes(to: &positions, frames, using: &random) }
    if outlier > 0, outlierProbability > 0 {
      for at in stride(from: 0, to: positions.count, by: 3) {
        guard random.uniform() < outlierProbability else { continue }
        for axis in 0..<3 { positions[at + axis] += random.uniform(from: -outlier, to: outlier) }
      }
    }
    return positions
  }

  /// Changes the bones' lengths but not their directions, from the root to the leaves.
  private func changeBones(
    _ positions: inout [Float], _ base: Int, using random: inout RandomSource
  ) {
    let before = Array(positions[base..<(base + 3 * Skeleton.jointCount)])
    for joint in 1..<Skeleton.jointCount {
      let parent = Skeleton.parents[joint]
      let factor = random.uniform(from: 1 - bone, to: 1 + bone)
      for axis in 0..<3 {
        positions[base + 3 * joint + axis] =
          positions[base + 3 * parent + axis]
          + factor * (before[3 * joint + axis] - before[3 * parent + axis])
      }
    }
  }

  /// White noise after a moving average, mirrored at both ends.
  private func addFiltered(
    to positions: inout [Float], _ frames: Int, using random: inout RandomSource
  ) {
    let width = 3 * Skeleton.jointCount
    let half = filteredFrames / 2
    let white = positions.indices.map { _ in filtered * random.normal() }
    for frame in 0..<frames {
      for shift in -half...half {
        var source = abs(frame + shift)
        if source >= frames { source = 2 * (frames - 1) - source }
        source = min(max(source, 0), frames - 1)
        for column in 0..<width {
          positions[frame * width + column] +=
            white[source * width + column] / Float(2 * half + 1)
        }
      }
    }
  }

  /// A drift that changes at random and decays.
  private func addPushes(
    to positions: inout [Float], _ frames: Int, using random: inout RandomSource
  ) {
    let width = 3 * Skeleton.jointCount
    var offsets = [Float](repeating: 0, count: width)
    for frame in 0..<frames {
      for joint in 0..<Skeleton.jointCount {
        let isPushed = random.uniform() < pushProbability
        for column in (3 * joint)..<(3 * joint + 3) {
          offsets[column] *= pushDecay
          if isPushed { offsets[column] += push * random.normal() }
          positions[frame * width + column] += offsets[column]
        }
      }
    }
  }
}
