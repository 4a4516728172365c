import Autodiff
import Foundation
import HumanBody
import Learning
public import Motions

extension PoseGPT {
  /// How likely a motion is to the model.
  public struct Likelihood: Sendable, Codable {
    /// −log2 of the probability of all its codes.
    public let bits: Double
    /// The frames that the codes stand for.
    public let frames: Int
    /// The number of codes.
    public let codes: Int

    /// The bits that a frame takes.
    public var bitsPerFrame: Double { bits / Double(max(1, frames)) }
    /// 2 to the power of the bits of a code: as uncertain as among so many alike.
    public var perplexity: Double { exp2(bits / Double(max(1, codes))) }
  }

  /// The likelihood of a motion at 30 Hz under the model, given an action or none.
  ///
  /// A motion longer than the longest sequence is read in overlapping ones, whose second halves
  /// count. A masked head is read book by book.
  ///
  /// - Throws: `GenerationError.request` for an unknown action, a motion of another frame rate or
  ///   one shorter than a token.
  public func likelihood(
    of clip: MotionClip, action: String? = nil
  ) throws(GenerationError) -> Likelihood {
    guard clip.frameCount >= framesPerToken,
      abs(clip.frameRate - MotionRequest.frameRate) < 1e-3
    else {
      throw .request(
        "the motion '\(clip.name)' has \(clip.frameCount) frames at \(clip.frameRate) Hz, at least "
          + "\(framesPerToken) at \(MotionRequest.frameRate) Hz expected")
    }
    return likelihood(
      of: MotionWindow(clip, frames: 0..<clip.frameCount), action: try index(ofAction: action))
  }

  func likelihood(of window: MotionWindow, action: Int) -> Likelihood {
    let count = window.frames / framesPerToken
    let part = window.slice(0..<(count * framesPerToken))
    let codes = tokenizer.codes(of: [PoseFeatures.features(of: part)])[0]
    let (context, books) = (configuration.context, configuration.books)
    var (bits, start, counted) = (0.0, 0, 0)
    while counted < count {
      let end = min(count, start + context)
      let piece = Array(codes[(start * books)..<(end * books)])
      let own = self.bits(of: piece, action: action)
      bits += own[(counted - start)...].reduce(0, +)
      (counted, start) = (end, start + context / 2)
    }
    return Likelihood(bits: bits, frames: count * framesPerToken, codes: count * books)
  }

  /// The bits of each token of a sequence.
  private func bits(of codes: [Int], action: Int) -> [Double] {
    let (books, width) = (configuration.books, configuration.width)
    let count = codes.count / books
    var tape = tape()
    var none: KeyValueCache?
    let begin = [Int](repeating: configuration.codesPerBook, count: books)
    let input = CodeTransformer.Input(
      codes: begin + codes.dropLast(books), actions: [action],
      durations: [Float(count) / Float(configuration.context)])
    let tokens = tape.reshape(
      network(input, cache: &none, on: &tape), to: [count, width])
    var result = [Double](repeating: 0, count: count)
    for book in 0..<books {
      let known = codes.enumerated().map { $0 % books < book ? $1 : nil }
      let logits = network.head.logits(book: book, of: tokens, codes: known, on: &tape)
      let values = tape.values(of: tape.logSoftmax(logits))
      let size = configuration.codesPerBook
      for token in 0..<count {
        result[token] -= Double(values[token * size + codes[token * books + book]]) / log(2)
      }
    }
    return result
  }
}
