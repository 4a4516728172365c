public import Motions

/// A model that samples human motion.
public protocol MotionGenerator: Sendable {
  /// The names of the actions that the model can sample; empty if it was trained without labels.
  var labels: [String] { get }

  /// The temperature at which the model samples best.
  var usualTemperature: Float { get }

  /// The scale of classifier-free guidance at which the model samples best; 0 for none.
  var usualGuidance: Float { get }

  /// What the model leaves out of a request that it answers, such as the start of a long past: one
  /// sentence each.
  func findings(for request: MotionRequest) -> [String]

  /// Samples motions; the same request gives the same motions, whatever the number of threads.
  ///
  /// - Parameters:
  ///   - request: The number of motions, their frames, and what they are conditioned on.
  ///   - threads: The number of threads, at least 1.
  /// - Returns: The motions at `MotionRequest.frameRate` on the model's skeleton. With a past they
  ///   continue in its world, on its skeleton, from the frame after its last.
  /// - Throws: `GenerationError.request` if the model cannot satisfy the request.
  func sample(_ request: MotionRequest, threads: Int) throws(GenerationError) -> [MotionClip]
}

extension MotionGenerator {
  /// The default temperature of a request.
  public var usualTemperature: Float { MotionRequest.usualTemperature }

  /// Nothing is left out.
  public func findings(for request: MotionRequest) -> [String] { [] }
}
