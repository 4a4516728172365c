public import MotionMetrics
import Motions

extension LongSamples {
  /// The motions that are sampled.
  private static let usualCount = 48

  /// Samples motions of several windows and measures them.
  ///
  /// - Parameters:
  ///   - generator: The generator.
  ///   - actions: Actions of real windows, of which some are taken, evenly spread.
  ///   - request: How they are sampled.
  ///   - threads: The number of threads.
  public init(
    of generator: some MotionGenerator, actions: [String?], request: MotionRequest, threads: Int
  ) throws {
    var clips: [MotionClip] = []
    for index in stride(from: 0, to: actions.count, by: max(1, actions.count / Self.usualCount)) {
      var request = request
      (request.first, request.count, request.frames) = (index, 1, Self.usualFrames)
      request.action = actions[index]
      clips += try generator.sample(request, threads: threads)
    }
    self.init(clips)
  }
}
