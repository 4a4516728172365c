import Autodiff
import HumanBody
import Learning
import Motions

/// How missing samples are found.
struct ImputationOptions: Sendable, Hashable {
  /// The steps of ascent.
  var steps = 8
  /// Whether the encoder is told which samples are missing.
  var tellsMissing = true
  /// Whether gradients go through the encoder; without, each step is the exact maximum for fixed
  /// latents.
  var throughEncoder = true
}

/// A window whose missing samples have been found.
struct ImputedWindow: Sendable {
  /// The signals [m], [node, frame]; what was seen is as it was.
  var signals: [Float]
  /// The log-density of signals and latents at the posterior means [nats].
  var density: Double
}

extension HGVAE {
  /// Finds the missing samples of a window by gradient ascent, with what was seen held fixed.
  ///
  /// The objective is log p(x | z) + Σ log p(z), where z are the posterior means for x. It is stiff:
  /// coefficients of high frequency are known to a millimetre, those of low to decimetres. Steps are
  /// therefore preconditioned by the decoder's covariance of the missing samples, which makes each of
  /// them the exact maximum where the latents do not change; a step that lowers the objective is
  /// halved.
  func impute(_ window: SeenWindow, _ options: ImputationOptions = .init()) -> ImputedWindow {
    let buffer = FloatBuffer(weights)
    var tape = Tape(parameters: buffer)
    return impute(window, options, on: &tape)
  }

  func impute(
    _ window: SeenWindow, _ options: ImputationOptions, on tape: inout Tape
  ) -> ImputedWindow {
    let occlusion = window.occlusion
    var signals = occlusion.filled(window.body.signals, means: statistics.meanSignals)
    guard occlusion.isPartial else {
      return ImputedWindow(
        signals: signals, density: density(signals, window, options, on: &tape).0)
    }
    var (value, slope) = density(signals, window, options, on: &tape)
    var best = ImputedWindow(signals: signals, density: value)
    var length: Float = 1
    for _ in 0..<options.steps {
      let direction = precondition(slope, occlusion)
      signals = best.signals
      for index in direction.indices { signals[index] += length * direction[index] }
      let (found, next) = density(signals, window, options, on: &tape)
      if found > best.density || !options.throughEncoder {
        best = ImputedWindow(signals: signals, density: found)
        (value, slope) = (found, next)
      } else {
        length *= 0.5
        if length < 0.05 { break }
      }
    }
    return best
  }

  /// What ascent needs of the objective at some signals.
  struct Slope {
    /// The gradient, [node, frame].
    var gradient: [Float]
    /// The variances of the coefficients [m²], [node, frame].
    var variances: [Double]
  }

  private func density(
    _ signals: [Float], _ window: SeenWindow, _ options: ImputationOptions, on tape: inout Tape
  ) -> (Double, Slope) {
    tape.reset()
    let shape: Shape = [BodyWindow.nodes, 1, frames]
    let x = tape.input(signals, shape: shape, needsGradient: true)
    let coefficients = standardized(x, on: &tape)
    let read =
      options.throughEncoder
      ? coefficients : tape.input(tape.values(of: coefficients), shape: shape)
    var input = HGVAEInput(statistics: statistics, labels: labels.count)
    let told = options.tellsMissing ? window.occlusion : Occlusion(frames: frames)
    input.add(filled: signals, told, label: window.label)
    let missing = tape.columns(input.variable(on: &tape), frames..<(2 * frames))
    let activations = network.encode(tape.joinColumns(read, missing), on: &tape)
    let decoded = decode(activations, input, on: &tape) { _, distributions, _ in
      distributions.posterior.mean
    }
    var loss = tape.sum(tape.negativeLogLikelihood(of: coefficients, under: decoded.output))
    for level in decoded.levels {
      let density = tape.negativeLogLikelihood(of: level.posterior.mean, under: level.prior)
      loss = tape.add(loss, tape.sum(density))
    }
    let variances = zip(tape.values(of: decoded.output.logVariance), statistics.deviation).map {
      let deviation = Double(exponential($0 / 2) * $1)
      return deviation * deviation
    }
    let value = -Double(tape.scalar(loss))
    tape.backward(from: loss, seed: -1)
    return (value, Slope(gradient: tape.gradient(of: x).values, variances: variances))
  }

  /// Standardised coefficients of signals on a tape, [66, 1, frames].
  private func standardized(_ signals: Variable, on tape: inout Tape) -> Variable {
    let coefficients = statistics.transform(signals, on: &tape)
    let shape = coefficients.shape
    let centred = tape.subtract(coefficients, tape.input(statistics.mean, shape: shape))
    return tape.multiply(centred, tape.input(statistics.deviation.map { 1 / $0 }, shape: shape))
  }

  /// The gradient at the missing samples times the covariance that the decoder gives them.
  private func precondition(_ slope: Slope, _ occlusion: Occlusion) -> [Float] {
    let gaussian = ConditionalGaussian(transform: statistics.transform)
    var direction = [Float](repeating: 0, count: slope.gradient.count)
    for node in 0..<BodyWindow.nodes {
      let base = node * frames
      let missing = (0..<frames).filter { !occlusion.isSeen[base + $0] }
      guard !missing.isEmpty else { continue }
      let step = gaussian.step(
        missing.map { Double(slope.gradient[base + $0]) }, missing: missing,
        variances: Array(slope.variances[base..<(base + frames)]))
      for (sample, value) in zip(missing, step) { direction[base + sample] = Float(value) }
    }
    return direction
  }
}
