public import Autodiff
import HumanBody
public import Learning

/// The network of an HG-VAE: a hierarchical variational autoencoder of graph convolutions over the
/// cosine coefficients of joint coordinates (Bourached et al., 2022).
///
/// *node* (66 coordinates of 22 joints), *batch*, *coefficient* (as many as frames). Nodes come first,
/// so that one product of matrices mixes the nodes of all windows.
public struct HGVAENetwork: Parameterized, Sendable {
  /// The sizes of a network.
  public struct Configuration: Sendable, Hashable, Codable {
    /// The frames of a window.
    public var frames = 50
    /// The frame rate of the motion [Hz].
    public var frameRate = 30.0
    /// The features of a node.
    public var width = 128
    /// The stochastic levels, from one global node to every coordinate.
    public var levels = 4
    /// The residual blocks of each level, in the encoder and in the decoder.
    public var blocks = 2
    /// The latent numbers of a node below the top level; the top level's one node has four times
    /// as many.
    public var latents = 32
    /// The names of the actions.
    public var labels: [String] = []

    /// The default sizes.
    public init() {}

    /// Whether a network of these sizes can be made.
    public var isValid: Bool {
      (8...512).contains(frames) && 1 <= frameRate && frameRate <= 1000
        && (4...1024).contains(width) && (1...16).contains(levels) && (1...16).contains(blocks)
        && (1...256).contains(latents) && labels.count <= 4096 && Set(labels).count == labels.count
    }

    /// The nodes of a level: 1 at the top (level 0), all 66 at the bottom, a geometric series between.
    func places(_ level: Int) -> Int {
      guard levels > 1 else { return 1 }
      let share = Float(level) / Float(levels - 1)
      return Int(exponential(share * logarithm(Float(BodyWindow.nodes))).rounded())
    }

    /// The latent numbers of a node of a level.
    func latents(_ level: Int) -> Int { level == 0 ? 4 * latents : latents }

    /// About as many parameters as a network of these sizes has.
    var parameterEstimate: Double {
      let (w, n, l) = (Double(width), Double(BodyWindow.nodes), Double(levels))
      let block = 2 * (w * w + n * n)
      return l * (Double(blocks) * block + 2 * w * w + 6 * w * Double(latents))
    }
  }

  /// What standardised coefficients are bounded by, smoothly, before the encoder reads them.
  private static let largestInput: Float = 8

  /// The sizes.
  public let configuration: Configuration
  private var embedding: Linear
  private var embeddingBias: Parameter
  private var trunk: [GraphBlock]
  private var reductions: [GraphConvolution]
  private var encoder: [[GraphBlock]]
  private var start: Parameter
  private var levels: [StochasticLevel]
  private var end: [GraphBlock]
  private var head: Linear
  private var headBias: Parameter

  /// A network of these sizes, without weights.
  public init(_ configuration: Configuration) {
    precondition(configuration.isValid, "no HG-VAE has the sizes \(configuration)")
    self.configuration = configuration
    let (nodes, width, frames) = (
      BodyWindow.nodes, configuration.width, configuration.frames
    )
    func blocks(_ nodes: Int) -> [GraphBlock] {
      (0..<configuration.blocks).map { _ in GraphBlock(nodes: nodes, features: width) }
    }
    embedding = Linear(2 * frames, width)
    embeddingBias = Parameter([nodes, width], start: .normal(0.1))
    trunk = blocks(nodes)
    let places = (0..<configuration.levels).map { configuration.places($0) }
    reductions = places.indices.map { level in
      let above = level + 1 < places.count ? places[level + 1] : nodes
      return GraphConvolution(nodes: (above, places[level]), features: (width, width))
    }
    encoder = places.map { blocks($0) }
    start = Parameter([nodes, width], start: .normal(0.1))
    levels = places.indices.map { StochasticLevel(configuration, level: $0) }
    end = blocks(nodes)
    head = Linear(width, 2 * frames)
    headBias = Parameter([nodes, 2 * frames], start: .constant(0))
  }

  /// Visits all parameters, the encoder's before the decoder's.
  public mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    embedding.visitParameters(below: "embedding", visit)
    visit("embedding_bias", &embeddingBias)
    for index in trunk.indices { trunk[index].visitParameters(below: "trunk.\(index)", visit) }
    for level in reductions.indices {
      reductions[level].visitParameters(below: "reduction.\(level)", visit)
      for index in encoder[level].indices {
        encoder[level][index].visitParameters(below: "encoder.\(level).\(index)", visit)
      }
    }
    visit("start", &start)
    for index in levels.indices { levels[index].visitParameters(below: "level.\(index)", visit) }
    for index in end.indices { end[index].visitParameters(below: "end.\(index)", visit) }
    head.visitParameters(below: "head", visit)
    visit("head_bias", &headBias)
  }

  /// The activations of the encoder, one for each level from the top: [place, batch, feature].
  ///
  /// - Parameter input: standardised coefficients beside those of what is missing,
  ///   [node, batch, 2 coefficients]
  func encode(_ input: Variable, on tape: inout Tape) -> [Variable] {
    // Interpolated gaps and faulty joints have coefficients of hundreds of deviations.
    let bounded = tape.scale(
      tape.tanh(tape.scale(input, by: 1 / Self.largestInput)), by: Self.largestInput)
    var x = embedding(bounded, on: &tape)
    x = tape.add(x, toEachGroup: tape.parameter(embeddingBias))
    for block in trunk { x = block(x, on: &tape) }
    var found: [Variable] = []
    for level in reductions.indices.reversed() {
      x = reductions[level](x, on: &tape)
      for block in encoder[level] { x = block(x, on: &tape) }
      found.append(x)
    }
    return found.reversed()
  }

  /// What the decoder gives.
  struct Decoded {
    /// p(x | latents) of the standardised coefficients, [node, batch, coefficient].
    var output: Tape.Gaussian
    /// The distributions of each level, from the top.
    var levels: [LatentDistributions]
    /// The latents that were chosen, from the top.
    var latents: [Variable]
  }

  /// Runs the decoder down all levels.
  ///
  /// - Parameters:
  ///   - activations: the encoder's; nil to draw from the prior
  ///   - labels: one-hot or zero, [batch, labels] as numbers
  ///   - least: the smallest log-variance of each coefficient, [66, frames]
  ///   - choose: the latent of a level
  func decode(
    _ activations: [Variable]?, batch: Int, labels: [Float], least: [Float], on tape: inout Tape,
    choose: (_ level: Int, LatentDistributions, inout Tape) -> Variable
  ) -> Decoded {
    let (nodes, frames) = (BodyWindow.nodes, configuration.frames)
    let zeros = tape.input(shape: [nodes, batch, configuration.width]) { _ in }
    var path = tape.add(zeros, toEachGroup: tape.parameter(start))
    var (found, latents): ([LatentDistributions], [Variable]) = ([], [])
    for (index, level) in levels.enumerated() {
      let told =
        index == 0 && !configuration.labels.isEmpty
        ? tape.input(labels, shape: [1, batch, configuration.labels.count]) : nil
      let (next, distributions) = level(
        path, activation: activations?[index], conditions: told, on: &tape
      ) { distributions, tape in
        let latent = choose(index, distributions, &tape)
        latents.append(latent)
        return latent
      }
      path = next
      found.append(distributions)
    }
    for block in end { path = block(path, on: &tape) }
    let raw = tape.add(head(path, on: &tape), toEachGroup: tape.parameter(headBias))
    let bound = tape.input(least, shape: [nodes, frames])
    let above = tape.input(least.map { -$0 }, shape: [nodes, frames])
    let spread = tape.add(tape.columns(raw, frames..<(2 * frames)), toEachGroup: above)
    let output = Tape.Gaussian(
      mean: tape.columns(raw, 0..<frames),
      logVariance: tape.add(tape.softplus(spread), toEachGroup: bound))
    return Decoded(output: output, levels: found, latents: latents)
  }
}
