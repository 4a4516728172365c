import Autodiff
import Geometry
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
  /// Rest offsets [m], [batch, 22, 3]: those of the observed frames, else the component's, whose
  /// lengths become those of the estimate late on the path.
  var offsets: [Float] = []

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
    let size = model.prior.size
    var clean = model.prior.estimate(states, times: times, components: components)
    for (window, time) in times.enumerated() {
      let range = (window * size)..<((window + 1) * size)
      let open = model.ahead.correct(
        &clean, range, after: pasts[window], time: time, component: components[window])
      for (root, joints) in zip(open.root, open.joints) {
        rootFactors += [root, root, root]
        rotationFactors += Array(repeating: joints, count: 6 * BodyModel.jointCount)
      }
      add(
        clean[range], time: time, past: pasts[window],
        usual: model.bodies.offsets(ofComponent: components[window]), scale: model.standardization)
    }
  }

  private mutating func add(
    _ clean: ArraySlice<Float>, time: Float, past: ObservedFrames?, usual: [Float],
    scale: Standardization
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
    // Averaged poses have shrunken bones: lengths count from the middle of the path on.
    let body =
      past?.offsets ?? Self.body(usual, of: joints, confidence: max(0, 2 * time - 1))
    rotations += past?.rotations(before: joints) ?? BoneDirectionFit.columns(of: joints, body: body)
    offsets += body
  }

  /// Rest offsets whose lengths are between their own and the mean ones of the estimate's bones.
  private static func body(
    _ usual: [Float], of joints: [Float], confidence: Float
  ) -> [Float] {
    guard confidence > 0 else { return usual }
    let width = Standardization.channels
    let frames = joints.count / width
    var body = usual
    for joint in 1..<BodyModel.jointCount {
      let at = 3 * joint
      let own = SIMD3(usual[at], usual[at + 1], usual[at + 2]).length
      // A bone of a centimetre or less has no direction that a length could be given.
      guard own > 0.01 else { continue }
      let parent = 3 * BodyModel.chain.parents[joint]
      var sum: Float = 0
      for start in stride(from: 0, to: frames * width, by: width) {
        let bone = SIMD3(
          joints[start + at] - joints[start + parent],
          joints[start + at + 1] - joints[start + parent + 1],
          joints[start + at + 2] - joints[start + parent + 2])
        sum += bone.length
      }
      let seen = min(sum / Float(frames), 2 * own)
      let factor = 1 + confidence * (seen / own - 1)
      for axis in 0..<3 { body[at + axis] *= factor }
    }
    return body
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
  /// The bodies of the people of each component.
  let bodies: ComponentBodies
  /// How embeddings choose among the components; nil where training had none.
  let choice: ComponentChoice?
  /// Where observed frames lead; nil where windows are short.
  let forecast: PastForecast?
  /// Whether motions of each component stay on level ground.
  let isLevel: [Bool]

  init(
    standardization: Standardization, prior: MotionPrior, bodies: ComponentBodies,
    choice: ComponentChoice? = nil, forecast: PastForecast? = nil
  ) {
    self.standardization = standardization
    self.prior = prior
    self.bodies = bodies
    self.choice = choice
    self.forecast = forecast
    ahead = PastConditioning(prior, forecast: forecast)
    isLevel = Self.levels(standardization, prior)
  }

  /// How far the lower foot of a component's mean may rise or sink on level ground [m].
  private static let unevenness: Float = 0.06

  private static func levels(_ scale: Standardization, _ prior: MotionPrior) -> [Bool] {
    let (width, size) = (Standardization.channels, prior.size)
    let means = prior.cosines.states(of: prior.means)
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
