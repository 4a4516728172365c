public import Motions

/// What a generator is asked for.
public struct MotionRequest: Sendable {
  /// Frames a second of all that generators make [Hz].
  public static let frameRate = 30.0

  /// The motions to sample.
  public var count = 1
  /// The number of the first: two requests of 0..<5 and 5..<10 make the same as one of 0..<10.
  public var first = 0
  /// The frames of each, at 30 Hz.
  public var frames = 64
  /// The action by name; nil for any.
  public var action: String?
  /// An embedding to condition on, as wide as the model's embeddings; nil for nothing.
  public var embedding: [Float]?
  /// The motion to continue; nil to begin anew.
  public var past: MotionClip?
  /// The scale s of classifier-free guidance (Ho and Salimans, 2022); 0 for none:
  /// v = (1 + s) v(conditional) − s v(unconditional).
  public var guidance: Float = 0
  /// The standard deviation of the noise that a motion begins with; 1 as in training.
  ///
  /// A network that has seen little motion answers too much alike: at 1 its samples lie closer to
  /// each other than motions do.
  public var temperature = MotionRequest.usualTemperature
  /// Steps from noise to motion.
  public var steps = 10
  /// How a step is made.
  public var solver = FlowSolver.euler
  /// The random seed.
  public var seed: UInt64 = 1

  /// The temperature with which the shipped generator's samples are as varied as motion.
  public static let usualTemperature: Float = 1.2

  /// One motion of 64 frames without a condition.
  public init() {}
}

/// How the flow from noise to data is followed.
public enum FlowSolver: String, Sendable, Hashable, CaseIterable {
  /// One evaluation a step.
  case euler
  /// The velocity halfway through each step; two evaluations a step.
  case midpoint
  /// The mean of the velocities at both ends of each step; two evaluations a step.
  case heun
}
