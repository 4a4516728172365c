import Autodiff
import HumanBody
import Motions
import Testing

@testable import Learning
@testable import MotionModels

@Suite("The generator's loss")
struct FlowLossTests {
  private static let batch = 2
  private static let frames = 6

  /// A loss and a target that is a figure, with raw answers of the same shape.
  private struct Problem {
    let loss: FlowLoss
    var target = FlowLoss.Target()
    var estimate = PosteriorMean()
    let raw: [Float]

    init(seed: UInt64) {
      var random = RandomSource(seed: seed)
      let width = GeneratorNetwork.features
      loss = FlowLoss(
        layer: SkeletonLayer(
          mean: (0..<width).map { _ in 0.2 * random.normal() },
          deviation: (0..<width).map { _ in random.uniform(from: 0.1, to: 0.4) },
          bodySpread: (0..<width).map { _ in random.uniform(from: 0.01, to: 0.05) }),
        weights: FlowLoss.Weights(), scales: (0.05, 0.02))
      let rows = batch * frames
      target.state = (0..<(rows * width)).map { _ in random.normal() }
      target.positions = (0..<(rows * width)).map { _ in random.normal() }
      // Feet that stand in pairs of frames.
      target.contacts = (0..<rows).flatMap { row in
        (0..<4).map { part in (row + part) % 4 < 2 ? 1 : 0 }
      }
      target.rotations = (0..<(rows * 132)).map { _ in random.uniform(from: -1, to: 1) }
      target.offsets = (0..<(batch * width)).map { _ in random.uniform(from: -0.3, to: 0.3) }
      target.isGiven = [1, 0]
      target.times = [0.3, 0.95]
      estimate.rotations = (0..<(rows * 132)).map { _ in random.uniform(from: -1, to: 1) }
      estimate.root = (0..<(rows * 3)).map { _ in random.normal() }
      estimate.rootFactors = (0..<(rows * 3)).map { _ in random.uniform() }
      estimate.rotationFactors = (0..<(rows * 132)).map { _ in random.uniform() }
      estimate.offsets = (0..<(batch * width)).map { _ in random.uniform(from: -0.3, to: 0.3) }
      raw = (0..<(rows * GeneratorNetwork.outputs)).map { _ in 0.4 * random.normal() }
    }

    /// The loss of raw answers, and its gradient.
    func value(_ raw: [Float]) -> (loss: Float, gradient: [Float], terms: [Metric]) {
      var tape = Tape(recording: true)
      var part = Microbatch(step: 0, samples: 0..<batch, seed: 1)
      let input = tape.input(
        raw, shape: [batch, frames, GeneratorNetwork.outputs], needsGradient: true)
      let total = loss(
        raw: input, estimate: estimate, target: target, part: &part, on: &tape)
      tape.backward(from: total)
      return (tape.scalar(total), tape.gradient(of: input).values, part.metrics)
    }
  }

  @Test("Its gradient is that of finite differences along random directions", arguments: 1...20)
  func gradient(seed: UInt64) {
    let problem = Problem(seed: seed)
    var random = RandomSource(seed: seed, stream: 7)
    let direction = problem.raw.map { _ in random.normal() }
    let step: Float = 1e-3
    let (ahead, behind) = (
      problem.value(zip(problem.raw, direction).map { $0 + step * $1 }).loss,
      problem.value(zip(problem.raw, direction).map { $0 - step * $1 }).loss
    )
    let slope = zip(problem.value(problem.raw).gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs((ahead - behind) / (2 * step) - slope) < 0.02 * abs(slope) + 20)
  }

  @Test("It is zero, in every term, for an answer that is the target")
  func zero() {
    var problem = Problem(seed: 3)
    var tape = Tape(recording: false)
    let raw = tape.input(
      problem.raw, shape: [Self.batch, Self.frames, GeneratorNetwork.outputs])
    let figure = problem.loss.layer(
      raw, estimate: problem.estimate, isGiven: problem.target.isGiven, on: &tape)
    problem.target.state = tape.values(of: figure.state)
    problem.target.positions = tape.values(of: figure.positions)
    problem.target.rotations = tape.values(of: tape.orthonormalized(figure.rotations))
    problem.target.offsets = tape.values(of: figure.offsets)
    // The contacts are certain, and right.
    var answer = problem.raw
    for row in 0..<(Self.batch * Self.frames) {
      for (index, column) in GeneratorNetwork.contacts.enumerated() {
        let stands = problem.target.contacts[4 * row + index / 2] == 1
        answer[row * GeneratorNetwork.outputs + column] = (index % 2 == 1) == stands ? 40 : -40
      }
    }
    let found = problem.value(answer)
    for term in found.terms { #expect(abs(term.value) < 1e-6, "\(term.name)") }
  }

  @Test("A known body is kept exactly, others are the network's, one a window")
  func bodies() {
    let problem = Problem(seed: 4)
    var tape = Tape(recording: false)
    let raw = tape.input(
      problem.raw, shape: [Self.batch, Self.frames, GeneratorNetwork.outputs])
    let figure = problem.loss.layer(
      raw, estimate: problem.estimate, isGiven: [1, 0], on: &tape)
    let offsets = tape.values(of: figure.offsets)
    #expect(Array(offsets[0..<66]) == Array(problem.estimate.offsets[0..<66]))
    for column in 3..<66 {
      #expect(offsets[66 + column] != problem.estimate.offsets[66 + column])
    }
    let lengths = BodyModel.lengths(ofOffsets: offsets)
    // every bone of every frame is as long as its window says
    let positions = tape.values(of: figure.positions)
    for frame in 0..<(Self.batch * Self.frames) {
      for joint in 1..<22 {
        let (at, parent) = (66 * frame + 3 * joint, 66 * frame + 3 * Skeleton.parents[joint])
        let square = (0..<3).reduce(Float(0)) {
          $0 + (positions[at + $1] - positions[parent + $1])
            * (positions[at + $1] - positions[parent + $1])
        }
        let wanted = lengths[22 * (frame / Self.frames) + joint]
        #expect(abs(square.squareRoot() - wanted) < 1e-5)
      }
    }
  }

  @Test("Feet in contact are marked, between frames and not across windows")
  func standing() {
    let width = GeneratorNetwork.features
    // Two windows of three frames; the left ball stands in the last frame of the first and in the first
    // of the second, the right heel in the last two of the second.
    var contacts = [Float](repeating: 0, count: 6 * 4)
    contacts[2 * 4 + 2] = 1
    contacts[3 * 4 + 2] = 1
    contacts[4 * 4 + 1] = 1
    contacts[5 * 4 + 1] = 1
    let mask = FlowLoss.standing(contacts, frames: 3)
    let marked = mask.indices.filter { mask[$0] == 1 }
    let ankle = 3 * Skeleton.Joint.rightAnkle.rawValue
    #expect(mask.count == 4 * width && marked == (0..<3).map { 3 * width + ankle + $0 })
  }

  @Test("Sliding costs where a foot stands in truth, and nothing where none does")
  func sliding() throws {
    let problem = Problem(seed: 5)
    let term = { (problem: Problem) throws -> Float in
      let terms = problem.value(problem.raw).terms
      return try #require(terms.first { $0.name == "contact velocity" }).value
    }
    #expect(try term(problem) > 0)
    var moving = problem
    moving.target.contacts = moving.target.contacts.map { _ in 0 }
    #expect(try term(moving) == 0)
  }
}
