import Autodiff
import MotionData
import Synchronization

/// The codes of stretches of clips, for training a GPT.
///
/// A stretch may begin at any frame, and a token at every few: each clip is encoded once for each frame
/// that its tokens can begin at, and for its mirror image, when it is first drawn. Only the first window
/// of a stretch is encoded anew, since a past that is observed in use has no frames before it either.
final class ClipCodes: Sendable {
  private let source: SequenceSource
  private let tokenizer: MotionTokenizer
  private let precision: Precision
  /// Codes fit into sixteen bits: no configuration has more in a book.
  private let known = Mutex<[Key: [UInt16]]>([:])

  private struct Key: Hashable {
    let clip: Int
    let isMirrored: Bool
    /// The frame at which its tokens begin, below the frames of a token.
    let phase: Int
  }

  init(_ source: SequenceSource, tokenizer: MotionTokenizer, precision: Precision) {
    (self.source, self.tokenizer, self.precision) = (source, tokenizer, precision)
  }

  /// The codes of the whole tokens of stretches, [tokens, books] each; empty where the file cannot be
  /// read any more.
  func callAsFunction(_ stretches: [SequenceSource.Stretch]) -> [[Int]] {
    let (size, books) = (tokenizer.configuration.framesPerToken, tokenizer.configuration.books)
    let firsts = tokenizer.codes(
      of: stretches.map { stretch in
        let count = min(stretch.frames.count / size, tokenizer.configuration.tokens) * size
        return features(stretch, of: stretch.frames.prefix(count))
      }, precision: precision)
    return zip(stretches, firsts).map { stretch, first in
      let missing = stretch.frames.count / size - first.count / books
      guard missing > 0, !first.isEmpty else { return first }
      let (token, phase) = stretch.frames.lowerBound.quotientAndRemainder(dividingBy: size)
      let whole = codes(Key(clip: stretch.clip, isMirrored: stretch.isMirrored, phase: phase))
      let start = token * books + first.count
      guard whole.count >= start + missing * books else { return [] }
      return first + whole[start..<(start + missing * books)].map(Int.init)
    }
  }

  private func codes(_ key: Key) -> [UInt16] {
    if let found = known.withLock({ $0[key] }) { return found }
    let size = tokenizer.configuration.framesPerToken
    let count = (source.shard.clips[key.clip].frames - key.phase) / size * size
    let frames = key.phase..<(key.phase + count)
    let stretch = SequenceSource.Stretch(
      clip: key.clip, frames: frames, isMirrored: key.isMirrored)
    // Two threads may make the same codes; they are the same.
    let codes = tokenizer.codes(of: [features(stretch, of: frames)], precision: precision)[0]
      .map { UInt16($0) }
    known.withLock { $0[key] = codes }
    return codes
  }

  /// The channels of some frames of a stretch's clip; none where the file cannot be read.
  private func features(_ stretch: SequenceSource.Stretch, of frames: Range<Int>) -> [Float] {
    let part = SequenceSource.Stretch(
      clip: stretch.clip, frames: frames, isMirrored: stretch.isMirrored)
    guard let window = source.window(of: part) else { return [] }
    let features = PoseFeatures.features(of: window)
    return features.allSatisfy(\.isFinite) ? features : []
  }
}
