import Autodiff
import Files
import HumanBody
import Learning

/// PoseGPT's trained autoencoder: motion to codes and codes to motion.
public struct MotionTokenizer: Sendable {
  /// The sizes.
  public var configuration: MotionTokenizerNetwork.Configuration { network.configuration }
  /// The texts of the model's file: data, licence, training.
  public let history: [String: String]
  /// A fingerprint of the weights: codes of one tokenizer mean nothing to another.
  public let fingerprint: String
  let network: MotionTokenizerNetwork
  let weights: [Float]
  let scaling: FeatureScaling
  private let parameters: FrozenParameters

  /// The windows that are encoded or decoded at once.
  private static let together = 32

  init(
    network: MotionTokenizerNetwork, weights: [Float], scaling: FeatureScaling,
    history: [String: String]
  ) {
    var network = network
    let layout = ParameterLayout(placing: &network)
    // The file holds half precision; the model in memory is the same from the beginning.
    let rounded = weights.map { Float(Float16($0)) }
    (self.network, self.weights, self.scaling, self.history) = (network, rounded, scaling, history)
    parameters = FrozenParameters(rounded, layout)
    fingerprint = Fingerprint.sha256(
      rounded.withUnsafeBytes { Array($0) } + scaling.mean.withUnsafeBytes { Array($0) })
  }

  private var tokens: Int { configuration.tokens }
  private var framesPerToken: Int { configuration.framesPerToken }

  /// The codes of motions whose numbers of frames are multiples of a token's: [tokens, books] each.
  ///
  /// The codes of longer motions are those of overlapping windows: a token's does not depend on
  /// what is further back than a window, nor, with a causal encoder, on what follows.
  ///
  /// - Parameters:
  ///   - features: The channels of each motion, [frames, 140].
  ///   - precision: That of linear maps; with `bfloat16` a few codes are a neighbour of the right one.
  func codes(of features: [[Float]], precision: Precision = .float32) -> [[Int]] {
    let (books, size) = (configuration.books, framesPerToken * PoseFeatures.columns)
    var result = features.map { [Int](repeating: 0, count: $0.count / size * books) }
    // Windows of one length go through the network together, whichever motion they are of.
    var windows: [Int: [(motion: Int, start: Int, taken: Range<Int>)]] = [:]
    for (motion, values) in features.enumerated() where !values.isEmpty {
      let count = values.count / size
      for (start, taken) in encodedWindows(count) {
        windows[min(count - start, tokens), default: []].append((motion, start, taken))
      }
    }
    for (length, group) in windows.sorted(by: { $0.key < $1.key }) {
      let pieces = group.map {
        features[$0.motion][($0.start * size)..<(($0.start + length) * size)]
      }
      for (window, codes) in zip(
        group, quantized(pieces, tokens: length, precision))
      {
        let (from, to) = (window.taken.lowerBound, window.taken.upperBound)
        result[window.motion].replaceSubrange(
          (from * books)..<(to * books),
          with: codes[((from - window.start) * books)..<((to - window.start) * books)])
      }
    }
    return result
  }

  /// The windows that so many tokens are encoded in, and the tokens that are taken from each.
  private func encodedWindows(_ count: Int) -> [(start: Int, taken: Range<Int>)] {
    let half = max(1, tokens / 2)
    var windows = [(start: 0, taken: 0..<min(count, tokens))]
    while let last = windows.last, last.taken.upperBound < count {
      let from = last.taken.upperBound
      windows.append((last.start + half, from..<min(count, last.start + half + tokens)))
    }
    return windows
  }

  private func quantized(
    _ pieces: [ArraySlice<Float>], tokens: Int, _ precision: Precision
  ) -> [[Int]] {
    var tape = parameters.tape(precision)
    var result: [[Int]] = []
    for start in stride(from: 0, to: pieces.count, by: Self.together) {
      let batch = Array(pieces[start..<min(pieces.count, start + Self.together)])
      tape.reset()
      let frames = tape.input(
        scaling.standardized(batch.flatMap { $0 }),
        shape: [batch.count, tokens * framesPerToken, PoseFeatures.columns])
      let latents = network.latents(of: frames, on: &tape)
      let codes = network.quantizer(latents, on: &tape).codes
      let size = tokens * configuration.books
      for index in batch.indices {
        result.append(Array(codes[(index * size)..<((index + 1) * size)]))
      }
    }
    return result
  }

  /// The channels of motions whose codes are these, all of the same number: [frames, 140] each.
  ///
  /// Overlapping windows are faded into each other.
  func features(of codes: [[Int]]) -> [[Float]] {
    guard let first = codes.first, !first.isEmpty else { return codes.map { _ in [] } }
    let (books, count) = (configuration.books, first.count / configuration.books)
    let width = framesPerToken * PoseFeatures.columns
    var sums = [[Float]](
      repeating: [Float](repeating: 0, count: count * width), count: codes.count)
    var total = [Float](repeating: 0, count: count * framesPerToken)
    for start in decodedWindows(count) {
      let end = min(count, start + tokens)
      let pieces = codes.map { Array($0[(start * books)..<(end * books)]) }
      let frames = (end - start) * framesPerToken
      let weights = (0..<frames).map { Float(min($0 + 1, frames - $0)) }
      for (index, values) in decoded(pieces, tokens: end - start).enumerated() {
        for (at, value) in values.enumerated() {
          sums[index][start * width + at] += value * weights[at / PoseFeatures.columns]
        }
      }
      for frame in 0..<frames { total[start * framesPerToken + frame] += weights[frame] }
    }
    return sums.map { sum in
      var features = scaling.restored(
        sum.enumerated().map { $1 / total[$0 / PoseFeatures.columns] })
      // What a causal decoder made does not change with what follows.
      if configuration.causality != .both {
        TokenSeams.spread(&features, framesPerToken: framesPerToken)
        RotationLeaps.spread(&features)
      }
      return features
    }
  }

  /// The first tokens of the windows that so many are decoded in.
  private func decodedWindows(_ count: Int) -> [Int] {
    guard count > tokens else { return [0] }
    return Array(stride(from: 0, to: count - tokens, by: max(1, tokens / 2))) + [count - tokens]
  }

  private func decoded(_ pieces: [[Int]], tokens: Int) -> [[Float]] {
    var tape = parameters.tape()
    var result: [[Float]] = []
    for start in stride(from: 0, to: pieces.count, by: Self.together) {
      let batch = Array(pieces[start..<min(pieces.count, start + Self.together)])
      tape.reset()
      let latents = network.quantizer.values(of: batch.flatMap { $0 }, on: &tape)
      let frames = tape.values(of: network.frames(of: latents, batch: batch.count, on: &tape))
      let size = tokens * framesPerToken * PoseFeatures.columns
      for index in batch.indices {
        result.append(Array(frames[(index * size)..<((index + 1) * size)]))
      }
    }
    return result
  }
}
