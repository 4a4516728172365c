import Autodiff
import Geometry
import Learning
import Motions
import Testing

@testable import MotionModels

@Suite("Gradients of a smoother's loss")
struct SmootherGradientTests {
  /// A network with its parameters, and some windows with noise.
  private struct Subject {
    var network: SmootherNetwork
    var layout: ParameterLayout
    var weights: [Float]
    /// Of each pass, by what the one before made of them.
    var inputs: [[SmootherInput]] = []
    var truths: [SmootherTruth] = []

    init(skeleton: Bool, passes: Int = 1) {
      let smoother = SmootherSubjects.smoother(
        frames: 7, covariance: true, skeleton: skeleton, head: 0.05, passes: passes)
      network = smoother.network
      layout = ParameterLayout(placing: &network)
      weights = smoother.weights
      var random = RandomSource(seed: 6)
      var first: [SmootherInput] = []
      for seed in 1...2 {
        let (input, truth) = SmootherTraining.sample(
          { _ in SmootherSubjects.window(frames: 7, seed: UInt64(seed)) },
          TrackFilter(frames: 7), using: &random)
        first.append(input)
        truths.append(truth.seen(from: input))
      }
      inputs = [first]
      var tape = Tape(parameters: FloatBuffer(weights), recording: false)
      for pass in 0..<(passes - 1) {
        let answer = network.answer(inputs[pass], pass: pass, on: &tape)
        inputs.append(SmootherNetwork.corrected(inputs[pass], by: answer, on: tape))
      }
    }

    /// What the loss's slopes take as given, of one pass.
    struct Held {
      /// The errors of the positions, which the likelihood does not move.
      var errors: [Float]
      /// The signs of the errors of bones and of axes, so that differences do not step over the bends of
      /// absolute values.
      var bones: [Double] = []
      var axes: [Double] = []
    }

    private var positions: [Float] { truths.flatMap(\.positions) }
    private var lengths: [Float] { truths.flatMap { $0.restOffsets.map(\.length) } }
    private var columns: [Float] {
      truths.flatMap(\.axes).flatMap { [$0.x.x, $0.x.y, $0.x.z, $0.y.x, $0.y.y, $0.y.z] }
    }

    /// What is given at the weights that a tape was made with.
    func held(_ answer: SmootherNetwork.Answer, on tape: borrowing Tape) -> Held {
      func differences(_ values: Variable?, _ truth: [Float]) -> [Float] {
        values.map { zip(tape.values(of: $0), truth).map { $0 - $1 } } ?? []
      }
      return Held(
        errors: differences(answer.positions, positions),
        bones: differences(answer.lengths, lengths).map { $0 < 0 ? -1 : 1 },
        axes: differences(answer.columns, columns).map { $0 < 0 ? -1 : 1 })
    }

    /// The sum of the passes' losses.
    func loss(_ weights: [Float], _ held: [Held]) -> Double {
      zip(inputs.indices, held).reduce(0) { $0 + loss(weights, pass: $1.0, $1.1) }
    }

    private func loss(_ weights: [Float], pass: Int, _ held: Held) -> Double {
      var tape = Tape(parameters: FloatBuffer(weights), recording: false)
      let answer = network.answer(inputs[pass], pass: pass, on: &tape)
      let (_, terms) = SmootherLoss(weights: SmootherWeights(), frames: 7)(
        answer, truths, on: &tape)
      func mean(_ signs: [Double], _ values: Variable?, _ truth: [Float]) -> Double {
        let values = values.map { tape.values(of: $0) } ?? []
        return signs.indices.reduce(0) { $0 + signs[$1] * Double(values[$1] - truth[$1]) }
          / Double(signs.count)
      }
      return terms.reduce(0) { sum, term in
        let value =
          switch (term.name, answer.factors) {
          case ("bone", _): mean(held.bones, answer.lengths, lengths)
          case ("rotation", _): mean(held.axes, answer.columns, columns)
          case ("likelihood", let raw?):
            Double(tape.scalar(tape.negativeLogLikelihood(of: held.errors, factors: raw)))
          default: Double(tape.scalar(term.value))
          }
        return sum + value * SmootherGradientTests.weight(term.name)
      }
    }
  }

  static func weight(_ name: String) -> Double {
    let weights = SmootherWeights()
    return switch name {
    case "position": weights.position
    case "velocity": weights.velocity
    case "acceleration": weights.acceleration
    case "bone": weights.bone
    case "rotation": weights.rotation
    default: weights.likelihood
    }
  }

  @Test(
    "They are those of differences along random directions, with what a pass begins with held fixed",
    arguments: [(true, 1), (false, 1), (true, 2)])
  func differences(skeleton: Bool, passes: Int) {
    let subject = Subject(skeleton: skeleton, passes: passes)
    let gradients = FloatBuffer(count: subject.weights.count)
    var tape = Tape(parameters: FloatBuffer(subject.weights), gradients: gradients)
    var held: [Subject.Held] = []
    var total: Variable?
    subject.network.forEachPass(subject.inputs[0], on: &tape) { answer, tape in
      held.append(subject.held(answer, on: tape))
      let (sum, terms) = SmootherLoss(weights: SmootherWeights(), frames: 7)(
        answer, subject.truths, on: &tape)
      #expect(terms.count == (skeleton ? 6 : 4))
      total = total.map { tape.add($0, sum) } ?? sum
    }
    #expect(held.count == passes)
    if let total { tape.backward(from: total) }
    var random = RandomSource(seed: 12)
    for round in 0..<40 {
      // The head alone in every other round: its slopes are steeper.
      let direction = subject.layout.entries.reduce(
        into: [Float](repeating: 0, count: subject.weights.count)
      ) { direction, entry in
        guard round % 2 == 0 || entry.name.contains("head") else { return }
        let start = entry.parameter.offset
        for index in start..<(start + entry.parameter.shape.count) {
          direction[index] = random.normal()
        }
      }
      let step: Float = 3e-4
      let up = zip(subject.weights, direction).map { $0 + step * $1 }
      let down = zip(subject.weights, direction).map { $0 - step * $1 }
      let expected =
        (subject.loss(up, held) - subject.loss(down, held)) / Double(2 * step)
      let found = zip(gradients.values, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      #expect(abs(found - expected) < 0.005 * max(0.05, abs(expected)), "\(found) \(expected)")
    }
  }

  @Test("The chain in the world agrees with the skeleton and its slopes with differences")
  func chain() {
    var random = RandomSource(seed: 2)
    let truth = SmootherTruth.varied(
      SmootherSubjects.window(frames: 4, seed: 3), using: &random)
    let columns = truth.axes.flatMap { [$0.x.x, $0.x.y, $0.x.z, $0.y.x, $0.y.y, $0.y.z] }
    let root = truth.root.flatMap { [$0.x, $0.y, $0.z] }
    let lengths = truth.restOffsets.map(\.length)
    let directions = truth.restOffsets.flatMap { offset -> [Float] in
      let d = offset.normalized ?? .zero
      return [d.x, d.y, d.z]
    }
    let weights = (0..<(4 * 66)).map { _ in random.normal() }
    func value(_ columns: [Float], _ root: [Float], _ lengths: [Float]) -> Double {
      var tape = Tape(recording: false)
      let p = tape.worldPositions(
        columns: tape.input(columns, shape: [4, 22, 6]), root: tape.input(root, shape: [4, 3]),
        lengths: tape.input(lengths, shape: [1, 22]), directions: directions)
      return zip(tape.values(of: p), weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    var tape = Tape()
    let inputs = [
      tape.input(columns, shape: [4, 22, 6], needsGradient: true),
      tape.input(root, shape: [4, 3], needsGradient: true),
      tape.input(lengths, shape: [1, 22], needsGradient: true),
    ]
    let p = tape.worldPositions(
      columns: inputs[0], root: inputs[1], lengths: inputs[2], directions: directions)
    for (a, b) in zip(tape.values(of: p), truth.positions) { #expect(abs(a - b) < 1e-5) }
    let loss = tape.sum(tape.multiply(p, tape.input(weights, shape: [4, 22, 3])))
    tape.backward(from: loss)
    let starts = [columns, root, lengths]
    for (number, start) in starts.enumerated() {
      let slope = tape.gradient(of: inputs[number]).values
      for index in stride(from: 0, to: start.count, by: number == 0 ? 7 : 1) {
        var (up, down) = (starts, starts)
        up[number][index] += 1e-2
        down[number][index] -= 1e-2
        let expected =
          (value(up[0], up[1], up[2]) - value(down[0], down[1], down[2])) / 2e-2
        #expect(abs(Double(slope[index]) - expected) < 2e-3 * max(1, abs(expected)))
      }
    }
  }

  @Test("The likelihood is the normal distribution's, its slope that of differences")
  func likelihood() {
    let factor: [Float] = [0.5, 0.1, 0.7, -0.2, 0.3, 0.4]
    let error = SIMD3<Float>(0.3, -0.4, 0.2)
    let (value, slope) = CovarianceHead.likelihood(factor, error)
    // Σ = L Lᵀ by hand: its determinant is (0.5 · 0.7 · 0.4)², Σ⁻¹ e by forward substitution.
    let x = 0.3 / 0.5
    let y = (-0.4 - 0.1 * x) / 0.7
    let z = (0.2 + 0.2 * x - 0.3 * y) / 0.4
    let expected = 0.5 * (x * x + y * y + z * z) - 1.966113 + 2.756816
    #expect(abs(Double(value) - expected) < 1e-4)
    for index in 0..<6 {
      var (up, down) = (factor, factor)
      up[index] += 1e-3
      down[index] -= 1e-3
      let difference =
        (CovarianceHead.likelihood(up, error).value - CovarianceHead.likelihood(down, error).value)
        / 2e-3
      #expect(abs(slope[index] - difference) < 0.02 * max(1, abs(difference)))
    }
  }
}
