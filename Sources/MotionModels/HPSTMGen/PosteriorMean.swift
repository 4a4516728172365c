import Autodiff
import HumanBody
import Motions

/// The poses that the network corrects: the posterior mean of the clean motion under the prior.
///
/// It generalises the skip connection of Karras et al., "Elucidating the design space of
/// diffusion-based generative models" (2022), to the full covariance of the data and to poses of a
/// skeleton: the network does not have to learn to pass on the signal in its input.
struct PosteriorMean: Sendable {
  /// First two columns of each joint's rotation, [batch frames, 22, 6].
  var rotations: [Float] = []
  /// The standardised position of the pelvis, [batch frames, 3].
  var root: [Float] = []
  /// The expected error of the root, [batch frames, 3], in whose units the network's corrections
  /// are: they have the same size at every time, and are zero at observed frames.
  var rootFactors: [Float] = []
  /// The expected error of rotations, [batch frames, 132].
  var rotationFactors: [Float] = []
  /// Bone lengths [m], [batch, 22], between those of the estimate late on the path and the
  /// canonical ones early on it.
  var lengths: [Float] = []

  /// Creates an empty estimate.
  init() {}

  /// The estimates of some windows.
  ///
  /// - Parameters:
  ///   - states: X_t, [batch, frames, 66], standardised.
  ///   - times: t, [batch]
  ///   - components: The component of each window, [batch]
  ///   - pasts: The observed first frames of each window, nil where nothing is observed.
  ///   - model: The prior and the statistics of the standardisation.
  init(
    states: [Float], times: [Float], components: [Int], pasts: [ObservedFrames?],
    model: PriorStatistics
  ) {
    let size = model.prior.basis.size
    var clean = model.prior.estimate(states, times: times, components: components)
    for (window, time) in times.enumerated() {
      let range = (window * size)..<((window + 1) * size)
      let open = model.ahead.correct(
        &clean, range, after: pasts[window], time: time, component: components[window])
      for (root, joints) in zip(open.root, open.joints) {
        rootFactors += [root, root, root]
        rotationFactors += Array(repeating: joints, count: 6 * BodyModel.jointCount)
      }
      add(clean[range], time: time, past: pasts[window], scale: model.standardization)
    }
  }

  private mutating func add(
    _ clean: ArraySlice<Float>, time: Float, past: ObservedFrames?, scale: Standardization
  ) {
    let width = Standardization.channels
    var joints = Array(clean)
    for index in joints.indices {
      let column = index % width
      if column < 3 {
        root.append(joints[index])
        joints[index] = 0
      } else {
        joints[index] = joints[index] * scale.deviation[column] + scale.mean[column]
      }
    }
    rotations += past?.rotations(before: joints) ?? BoneDirectionFit.columns(of: joints)
    // Averaged poses have shrunken bones: lengths count from the middle of the path on.
    lengths += Self.lengths(of: joints, confidence: max(0, 2 * time - 1))
  }

  /// The mean length over frames of each bone, between it and the canonical one.
  private static func lengths(of joints: [Float], confidence: Float) -> [Float] {
    let width = Standardization.channels
    let frames = joints.count / width
    return BodyModel.canonicalLengths.indices.map { joint in
      let canonical = BodyModel.canonicalLengths[joint]
      guard joint > 0 else { return canonical }
      let parent = BodyModel.chain.parents[joint]
      var sum: Float = 0
      for frame in 0..<frames {
        var square: Float = 0
        for axis in 0..<3 {
          let side =
            joints[frame * width + 3 * joint + axis]
            - joints[frame * width + 3 * parent + axis]
          square += side * side
        }
        sum += square.squareRoot()
      }
      let seen = min(sum / Float(frames), 2 * canonical)
      return canonical + confidence * (seen - canonical)
    }
  }
}

/// The statistics of the training data that the model uses beside the network.
struct PriorStatistics: Sendable {
  /// Mean and deviation of the state's channels.
  let standardization: Standardization
  /// Standardised windows as a mixture of Gaussians.
  let prior: MotionPrior
  /// Conditions a window on its observed frames.
  let ahead: PastConditioning
  /// Whether motions of each component stay on level ground.
  let isLevel: [Bool]

  init(standardization: Standardization, prior: MotionPrior) {
    self.standardization = standardization
    self.prior = prior
    ahead = PastConditioning(prior)
    isLevel = Self.levels(standardization, prior)
  }

  /// How far the lower foot of a component's mean may rise or sink on level ground [m].
  private static let unevenness: Float = 0.06

  private static func levels(_ scale: Standardization, _ prior: MotionPrior) -> [Bool] {
    let (width, size) = (Standardization.channels, prior.basis.size)
    let means = prior.basis.states(of: prior.means)
    func height(_ at: Int, _ joint: Skeleton.Joint) -> Float {
      let column = 3 * joint.rawValue + 2
      return means[at + column] * scale.deviation[column] + scale.mean[column]
    }
    return (0..<prior.components).map { component in
      let low = (0..<prior.frames).map { frame in
        let at = component * size + frame * width
        return height(at, .pelvis) + min(height(at, .leftFoot), height(at, .rightFoot))
      }
      return (low.max() ?? 0) - (low.min() ?? 0) < unevenness
    }
  }
}
