import Autodiff
import Learning

/// One stochastic level of an HG-VAE's decoder.
///
/// *node* (66 coordinates), *place* (the level's own nodes), *batch*, *feature*. The path of
/// [node, batch, feature] runs through all levels; a level contracts it to its places, has a prior
/// from it and a posterior from it and the encoder, and adds its latent to it again.
struct StochasticLevel: Parameterized, Sendable {
  let places: Int
  let latents: Int
  var blocks: [GraphBlock]
  var contraction: GraphConvolution
  var posterior: Linear
  var prior: Linear
  var expansion: GraphConvolution
  /// The weight of what the level adds (ReZero, though above zero so that latents count at once).
  var weight: Parameter

  /// A level of these sizes; `conditions` numbers are appended to its latent.
  init(_ sizes: HGVAENetwork.Configuration, level: Int) {
    (places, latents) = (sizes.places(level), sizes.latents(level))
    let (nodes, width) = (BodyWindow.nodes, sizes.width)
    let conditions = level == 0 ? sizes.labels.count : 0
    blocks = (0..<sizes.blocks).map { _ in GraphBlock(nodes: nodes, features: width) }
    contraction = GraphConvolution(nodes: (nodes, places), features: (width, width))
    posterior = Linear(2 * width, 2 * latents)
    prior = Linear(width, 2 * latents, bound: 0.01)
    expansion = GraphConvolution(
      nodes: (places, nodes), features: (latents + conditions + width, width))
    weight = Parameter([1], start: .constant(0.5))
  }

  mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    for index in blocks.indices { blocks[index].visitParameters(below: "blocks.\(index)", visit) }
    contraction.visitParameters(below: "contraction", visit)
    posterior.visitParameters(below: "posterior", visit)
    prior.visitParameters(below: "prior", visit)
    expansion.visitParameters(below: "expansion", visit)
    visit("weight", &weight)
  }

  /// The path with this level's latent added, and the distributions of the latent.
  ///
  /// - Parameters:
  ///   - path: [node, batch, feature]
  ///   - activation: the encoder's, [place, batch, feature]; nil to draw from the prior
  ///   - conditions: appended to the latent, [place, batch, conditions]; nil for none
  ///   - choose: the latent, [place, batch, latent], of posterior and prior
  func callAsFunction(
    _ path: Variable, activation: Variable?, conditions: Variable?, on tape: inout Tape,
    choose: (LatentDistributions, inout Tape) -> Variable
  ) -> (path: Variable, distributions: LatentDistributions) {
    var path = path
    for block in blocks { path = block(path, on: &tape) }
    let seen = contraction(path, activation: .gelu, on: &tape)  // [place, batch, feature]
    let expected = gaussian(prior(seen, on: &tape), on: &tape)
    let found = activation.map { activation in
      gaussian(
        posterior(tape.joinColumns(seen, activation), on: &tape), shift: Self.narrow, on: &tape)
    }
    let distributions = LatentDistributions(posterior: found ?? expected, prior: expected)
    let latent = choose(distributions, &tape)
    let told = conditions.map { tape.joinColumns(latent, $0) } ?? latent
    let added = expansion(tape.joinColumns(told, seen), on: &tape)
    return (tape.add(path, added, times: tape.parameter(weight)), distributions)
  }

  /// The posterior's log-variance at the start of a training, so that latents are not drowned in
  /// their noise.
  private static let narrow: Float = -3

  /// The log-variance is bounded on both sides, smoothly, so that no density and no sample grows
  /// without bound.
  private func gaussian(
    _ raw: Variable, shift: Float = 0, on tape: inout Tape
  ) -> Tape.Gaussian {
    let (middle, half): (Float, Float) = (-2.5, 5.5)
    let spread = tape.columns(raw, latents..<(2 * latents))
    let centred = tape.scale(spread, by: 1 / half, plus: (shift - middle) / half)
    return Tape.Gaussian(
      mean: tape.columns(raw, 0..<latents),
      logVariance: tape.scale(tape.tanh(centred), by: half, plus: middle))
  }
}

/// The posterior and the prior of one level's latent.
struct LatentDistributions {
  /// q(z | x, latents above); the prior where nothing was encoded.
  var posterior: Tape.Gaussian
  /// p(z | latents above).
  var prior: Tape.Gaussian
}
