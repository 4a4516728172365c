import HumanBody
public import Motions

/// A request to a motion generator.
public struct MotionRequest: Sendable {
  /// The frame rate of sampled motion [Hz].
  public static let frameRate = 30.0

  /// The number of motions to sample.
  public var count = 1
  /// The index of the first motion: two requests of 0..<5 and 5..<10 give the same motions as one
  /// of
  /// 0..<10.
  public var first = 0
  /// The number of frames of each motion, at 30 Hz.
  public var frames = 64
  /// The action by name; nil for any.
  public var action: String?
  /// A sentence to condition on, by models that were trained on descriptions; nil for nothing.
  public var text: String?
  /// An embedding to condition on, as wide as the model's embeddings; nil for nothing.
  public var embedding: [Float]?
  /// The motion to continue; nil for none.
  public var past: MotionClip?
  /// The scale s of classifier-free guidance (Ho and Salimans, 2022), 0 for none: HPSTM-Gen's of the choice
  /// of its component, or of its network where it has one component only, PoseGPT's of its codes.
  ///
  /// v = (1 + s) v(conditional) − s v(unconditional); components are drawn by q (q / p)^s, where q is their
  /// frequency under the condition and p that without one. A model's best is its `usualGuidance`.
  public var guidance: Float = 0
  /// The standard deviation of the initial noise (the temperature); 1 as in training.
  ///
  /// Networks trained on little motion sample with too little variety at 1. HPSTM-Gen takes more than 1
  /// for slow motion only, since fast motion would tremble: all of it below 1 Hz, 1 from 2 to 4 Hz, and
  /// above 5 Hz half as much less than 1.
  public var temperature = MotionRequest.usualTemperature
  /// Only so many of the likeliest codes are drawn, by models with codes; nil for all.
  public var topK: Int?
  /// Only the likeliest codes that together have this probability are drawn, by models with codes;
  /// nil for all.
  public var topP: Float?
  /// The number of integration steps from noise to motion.
  public var steps = 10
  /// The integration method.
  public var solver = FlowSolver.euler
  /// Whether feet are held in place while they stand, by inverse kinematics of the legs.
  public var holdsFeet = true
  /// Whether the motion is set on level ground; otherwise it rises as captured people do on steps.
  public var isLevel = true
  /// What of HPSTM-Gen's network is used; less than the whole of it only to measure what it brings.
  public var network = NetworkPart.whole
  /// The random seed.
  public var seed: UInt64 = 1

  /// The default temperature, chosen for the shipped generator.
  public static let usualTemperature: Float = 1.1

  /// Creates a request for one unconditional motion of 64 frames.
  public init() {}
}

/// The method that integrates the flow from noise to data.
public enum FlowSolver: String, Sendable, Hashable, CaseIterable {
  /// Euler's method: one evaluation per step.
  case euler
  /// The midpoint method: two evaluations per step.
  case midpoint
  /// Heun's method: two evaluations per step.
  case heun
}

/// What of HPSTM-Gen's network samples: without it, its analytic prior does.
public enum NetworkPart: String, Sendable, Hashable, CaseIterable {
  /// Everything.
  case whole
  /// The body's proportions alone.
  case lengths
  /// Nothing.
  case none

  /// The factors of the network's outputs, [209].
  var factors: [Float] {
    let (pose, body) = (6 * BodyModel.jointCount + 3, GeneratorNetwork.features)
    return Array(repeating: self == .whole ? 1 : 0, count: pose)
      + Array(repeating: self == .none ? 0 : 1, count: body)
      + Array(repeating: self == .whole ? 1 : 0, count: GeneratorNetwork.contacts.count)
  }
}
