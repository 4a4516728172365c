import Motions

/// How a track that is shorter than a window fills one: it goes forth and back.
///
/// That is nearer to motion than frames without anybody, of which windows have learned little. A track that
/// is as long as a window stays as it is.
struct ShortTrack {
  /// The frames that windows see.
  let count: Int
  /// Which of these are the track.
  let own: Range<Int>

  init(frames: Int, window: Int) {
    count = max(frames, window)
    let first = (count - frames) / 2
    own = first..<(first + frames)
  }

  /// The track's rows, one or more numbers a frame, in the order in which windows see them.
  func filled(_ values: [Float]) -> [Float] {
    guard own.count < count else { return values }
    let width = values.count / own.count
    let period = max(1, 2 * (own.count - 1))
    return (0..<count).flatMap { frame in
      let place = ((frame - own.lowerBound) % period + period) % period
      let row = min(place, period - place)
      return values[(row * width)..<((row + 1) * width)]
    }
  }
}

extension Smoother.Result {
  /// Leaves out all other frames.
  mutating func keep(_ frames: Range<Int>) {
    guard frames.count < clip.frameCount else { return }
    func kept<Value>(_ values: [Value]) -> [Value] {
      let width = values.count / clip.frameCount
      return Array(values[(frames.lowerBound * width)..<(frames.upperBound * width)])
    }
    let (places, turns) = (kept(clip.rootTranslations), kept(clip.rotations))
    (positions, covariances) = (kept(positions), covariances.map(kept))
    (clip.rootTranslations, clip.rotations) = (places, turns)
  }
}
