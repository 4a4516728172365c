import Autodiff
import HumanBody
import Learning
import MotionData
import Motions
import TestSupport

@testable import MotionModels

/// Small PoseGPTs that have learned nothing, or a little.
enum PoseGPTSubjects {
  static func tokenizerSizes(
    quantizer: QuantizerKind = .vector, causality: Causality = .encoder
  ) -> MotionTokenizerNetwork.Configuration {
    var sizes = MotionTokenizerNetwork.Configuration()
    (sizes.frames, sizes.framesPerToken, sizes.books, sizes.codes) = (16, 4, 2, 32)
    (sizes.width, sizes.heads, sizes.layers, sizes.feedForward, sizes.latent) = (16, 2, 1, 32, 8)
    (sizes.quantizer, sizes.causality) = (quantizer, causality)
    return sizes
  }

  static func tokenizer(
    _ sizes: MotionTokenizerNetwork.Configuration = tokenizerSizes(), seed: UInt64 = 1
  ) -> MotionTokenizer {
    var network = MotionTokenizerNetwork(sizes)
    let layout = ParameterLayout(placing: &network)
    var random = RandomSource(seed: seed, stream: 3)
    let windows = (0..<8).map {
      PoseFeatures.features(of: SmootherSubjects.window(frames: 32, seed: $0))
    }
    return MotionTokenizer(
      network: network, weights: layout.startValues(using: &random),
      scaling: FeatureScaling(windows), history: [:])
  }

  static func model(
    head: CodeHeadKind = .autoregressive, tokenizer: MotionTokenizer = tokenizer(),
    context: Int = 12, seed: UInt64 = 2
  ) -> PoseGPT {
    var sizes = CodeTransformer.Configuration()
    sizes.books = tokenizer.configuration.books
    sizes.codesPerBook = tokenizer.configuration.codesPerBook
    sizes.context = context
    sizes.labels = ["walk", "wave"]
    (sizes.width, sizes.heads, sizes.layers, sizes.feedForward) = (16, 2, 2, 32)
    (sizes.conditionWidth, sizes.head) = (8, head)
    var network = CodeTransformer(sizes)
    let layout = ParameterLayout(placing: &network)
    var random = RandomSource(seed: seed, stream: 3)
    // Heads start near zero; here codes are to differ in their odds.
    let weights = layout.startValues(using: &random).map { 3 * $0 }
    return PoseGPT(
      tokenizer: tokenizer, network: network, weights: weights,
      bodies: BodyModel.offsets(of: .canonical), history: [:])
  }

  static func clip(frames: Int, seed: UInt64 = 5) -> MotionClip {
    SmootherSubjects.window(frames: frames, seed: seed).clip(name: "waves", frameRate: 30)
  }
}
