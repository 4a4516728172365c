public import Motions

/// A model that samples human motion.
public protocol MotionGenerator: Sendable {
  /// The actions that the model knows by name; empty where it was trained without labels.
  var labels: [String] { get }

  /// Samples motions; the same request gives the same motions, whatever the number of threads.
  ///
  /// - Parameters:
  ///   - request: The number of motions, their frames, and what they are conditioned on.
  ///   - threads: The threads that work, at least 1.
  /// - Returns: The motions at `MotionRequest.frameRate` on the model's skeleton. With a past they
  ///   continue in its world, on its skeleton, from the frame after its last.
  /// - Throws: `GenerationError.request` where the model cannot answer the request.
  func sample(_ request: MotionRequest, threads: Int) throws(GenerationError) -> [MotionClip]
}
