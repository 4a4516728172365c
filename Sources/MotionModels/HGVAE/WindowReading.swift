import Autodiff
import HumanBody
import Learning
import Motions

/// A window and which of its samples were seen.
struct SeenWindow: Sendable {
  /// The signals; missing samples hold anything finite.
  var body: BodyWindow
  /// What was seen of them.
  var occlusion: Occlusion
  /// The index of its label among the model's; nil where none is known.
  var label: Int?

  /// A window that was seen whole.
  init(_ body: BodyWindow, label: Int? = nil) {
    self.init(body, Occlusion(frames: body.frames), label: label)
  }

  /// A window that was seen in part.
  init(_ body: BodyWindow, _ occlusion: Occlusion, label: Int? = nil) {
    (self.body, self.occlusion, self.label) = (body, occlusion, label)
  }
}

/// What an HG-VAE makes of one window.
struct WindowReading: Sendable {
  /// The evidence lower bound of the window's standardised coefficients [nats a number].
  var evidence: Float
  /// KL(q ‖ p) of all levels [nats a number].
  var divergence: Float
  /// The log-density of the posterior means under the prior [nats a number].
  var logDensity: Float
  /// The signals that the decoder expects at the posterior means [m], [node, frame].
  var expected: [Float]
  /// The posterior mean of the top latent.
  var topLatent: [Float]
  /// The standard deviations of the standardised coefficients, [node, frame].
  var deviations: [Float]
}

extension HGVAE {
  /// Reads windows: one pass of the encoder, one of the decoder at the posterior means and one at a
  /// sample of the posterior, drawn from a generator seeded by the window's place in the list.
  func read(_ windows: [SeenWindow]) -> [WindowReading] {
    let buffer = FloatBuffer(weights)
    var tape = Tape(parameters: buffer, recording: false)
    var result: [WindowReading] = []
    result.reserveCapacity(windows.count)
    for first in stride(from: 0, to: windows.count, by: Self.chunk) {
      let range = first..<min(windows.count, first + Self.chunk)
      tape.reset()
      result += readChunk(Array(windows[range]), from: first, on: &tape)
    }
    return result
  }

  private func readChunk(
    _ windows: [SeenWindow], from first: Int, on tape: inout Tape
  ) -> [WindowReading] {
    var input = HGVAEInput(statistics: statistics, labels: labels.count)
    for window in windows {
      input.add(window.body.signals, window.occlusion, label: window.label)
    }
    let activations = network.encode(input.variable(on: &tape), on: &tape)
    let mean = decode(activations, input, on: &tape) { _, distributions, _ in
      distributions.posterior.mean
    }
    var randoms = windows.indices.map { RandomSource(seed: 1, stream: UInt64(first + $0)) }
    let sampled = decode(activations, input, on: &tape) { _, distributions, tape in
      let shape = distributions.posterior.mean.shape
      let noise = tape.input(shape: shape) { values in
        let (batch, columns) = (shape[1], shape[2])
        for index in values.indices {
          values[index] = randoms[index / columns % batch].normal()
        }
      }
      return tape.sample(distributions.posterior, noise: noise)
    }
    return readings(windows, mean: mean, sampled: sampled, on: &tape)
  }

  func decode(
    _ activations: [Variable]?, _ input: HGVAEInput, on tape: inout Tape,
    choose: (_ level: Int, LatentDistributions, inout Tape) -> Variable
  ) -> HGVAENetwork.Decoded {
    network.decode(
      activations, batch: input.batch, labels: input.labels, least: statistics.leastLogVariance,
      on: &tape, choose: choose)
  }

  private func readings(
    _ windows: [SeenWindow], mean: HGVAENetwork.Decoded, sampled: HGVAENetwork.Decoded,
    on tape: inout Tape
  ) -> [WindowReading] {
    let size = BodyWindow.nodes * frames
    let batch = windows.count
    let shape: Shape = [BodyWindow.nodes, batch, frames]
    let truth = windows.flatMap { window in
      let filled =
        window.occlusion.isPartial
        ? window.occlusion.filled(window.body.signals, means: statistics.meanSignals)
        : window.body.signals
      return statistics.standardized(filled)
    }
    let target = tape.input(HGVAEInput.nodesFirst(truth, batch: batch), shape: shape)
    let loss = tape.negativeLogLikelihood(of: target, under: sampled.output)
    let losses = Self.windowsFirst(loss, on: tape)
    let divergences = sampled.levels.map { level in
      Self.windowsFirst(tape.divergence(of: level.posterior, from: level.prior), on: tape)
    }
    let densities = mean.levels.map { level in
      let density = tape.negativeLogLikelihood(of: level.posterior.mean, under: level.prior)
      return Self.windowsFirst(density, on: tape)
    }
    let expected = statistics.signals(of: Self.windowsFirst(mean.output.mean, on: tape))
    let spread = Self.windowsFirst(mean.output.logVariance, on: tape)
    let top = Self.windowsFirst(mean.levels[0].posterior.mean, on: tape)
    func part(_ values: [Float], _ index: Int) -> ArraySlice<Float> {
      let count = values.count / windows.count
      return values[(index * count)..<((index + 1) * count)]
    }
    func sum(_ values: [Float], _ index: Int) -> Float {
      Float(part(values, index).reduce(0.0) { $0 + Double($1) }) / Float(size)
    }
    return windows.indices.map { index in
      let divergence = divergences.reduce(Float(0)) { $0 + sum($1, index) }
      return WindowReading(
        evidence: -sum(losses, index) - divergence, divergence: divergence,
        logDensity: -densities.reduce(Float(0)) { $0 + sum($1, index) },
        expected: Array(part(expected, index)), topLatent: Array(part(top, index)),
        deviations: part(spread, index).map { exponential($0 / 2) })
    }
  }

  /// The numbers of a variable [node, batch, ...] in the order [batch, node, ...].
  private static func windowsFirst(_ variable: Variable, on tape: borrowing Tape) -> [Float] {
    HGVAEInput.exchanged(tape.values(of: variable), variable.shape[0], variable.shape[1])
  }
}
