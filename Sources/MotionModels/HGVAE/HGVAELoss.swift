import Autodiff
import HumanBody
import Learning

/// The negative evidence lower bound (ELBO) of windows, and what it is made of.
struct HGVAELoss {
  /// The weight of the divergence, 1 after warming up.
  var divergenceWeight: Float = 1

  /// The terms of one batch; each is the mean over windows of nats a coordinate and frame.
  struct Terms {
    /// −ELBO with the weighted divergence.
    var total: Variable
    /// −log p(x | z).
    var reconstruction: Variable
    /// KL(q ‖ p), summed over the levels.
    var divergence: Variable
    /// KL(q ‖ p) of each level from the top.
    var levels: [Variable]
  }

  /// The loss of decoded windows, whose true standardised coefficients are [66, batch, frames].
  func callAsFunction(
    _ decoded: HGVAENetwork.Decoded, truth: Variable, on tape: inout Tape
  ) -> Terms {
    let count = Float(truth.shape.count)
    let likelihood = tape.sum(tape.negativeLogLikelihood(of: truth, under: decoded.output))
    let reconstruction = tape.scale(likelihood, by: 1 / count)
    let levels = decoded.levels.map { level in
      let divergence = tape.divergence(of: level.posterior, from: level.prior)
      return tape.scale(tape.sum(divergence), by: 1 / count)
    }
    var divergence = levels[0]
    for level in levels.dropFirst() { divergence = tape.add(divergence, level) }
    let total = tape.add(reconstruction, tape.scale(divergence, by: divergenceWeight))
    return Terms(
      total: total, reconstruction: reconstruction, divergence: divergence, levels: levels)
  }
}
