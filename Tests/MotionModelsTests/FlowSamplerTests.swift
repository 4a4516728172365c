import Foundation
import Learning
import Testing

@testable import MotionMetrics
@testable import MotionModels

/// The sampler on data whose optimal field is known: the clean prediction is the posterior mean,
/// a softmax over the data, so that nothing is learned and only the sampler can be wrong.
@Suite("The flow's sampler by distributions")
struct MeasuresFlowTests {
  /// Ends of the two bones of planar chains (lengths 1 and 0.8), bimodal angles, standardised by
  /// one number: [n, 4].
  private static func chains(_ count: Int, seed: UInt64) -> [Float] {
    var random = RandomSource(seed: seed)
    return (0..<count).flatMap { _ -> [Float] in
      let side: Float = random.uniform() < 0.5 ? -1 : 1
      let first = side * 0.8 + 0.25 * random.normal()
      let second = first - side * 0.9 + 0.5 * (first - side * 0.8) + 0.15 * random.normal()
      let x = sin(first)
      let y = cos(first)
      return [x, y, x + 0.8 * sin(second), y + 0.8 * cos(second)].map { ($0 - 0.5) / 0.7 }
    }
  }

  private static let data = chains(1000, seed: 1)
  private static let heldOut = FeatureTable(chains(1500, seed: 2), columns: 4)

  /// The mean of the data points, each weighed by how likely it leads to the state at this time.
  private static func posteriorMean(_ state: [Float], _ time: Float) -> [Float] {
    let width = 1 / (2 * (1 - time) * (1 - time))
    var result = state
    var scores = [Float](repeating: 0, count: data.count / 4)
    for row in 0..<(state.count / 4) {
      let x = SIMD4(state[4 * row], state[4 * row + 1], state[4 * row + 2], state[4 * row + 3])
      for point in scores.indices {
        let p = SIMD4(
          data[4 * point], data[4 * point + 1], data[4 * point + 2], data[4 * point + 3])
        let d = x - time * p
        scores[point] = -width * (d * d).sum()
      }
      let top = scores.max() ?? 0
      var (sum, total) = (SIMD4<Float>.zero, Float(0))
      for point in scores.indices where scores[point] > top - 30 {
        let weight = exp(scores[point] - top)
        total += weight
        sum +=
          weight
          * SIMD4(
            data[4 * point], data[4 * point + 1], data[4 * point + 2], data[4 * point + 3])
      }
      for axis in 0..<4 { result[4 * row + axis] = sum[axis] / total }
    }
    return result
  }

  private static func noise(_ count: Int) -> [Float] {
    var random = RandomSource(seed: 3)
    return (0..<(4 * count)).map { _ in random.normal() }
  }

  private static func distance(
    steps: Int, solver: FlowSolver = .euler,
    clean: ([Float], Float) -> [Float] = { posteriorMean($0, $1) }
  ) -> Estimate {
    let found = FlowSampler.sample(state: noise(600), steps: steps, solver: solver, clean: clean)
    var random = RandomSource(seed: 4)
    return EnergyDistance(FeatureTable(found, columns: 4), heldOut).estimate(using: &random)
  }

  @Test("The energy distance improves, or stays within its error, from 5 to 10 to 20 steps")
  func steps() {
    let found = [5, 10, 20].map { Self.distance(steps: $0) }
    for (few, more) in zip(found, found.dropFirst()) {
      #expect(more.value < few.value + max(few.standardError, more.standardError))
    }
    // Ten steps are near the floor of held-out chains, noise is far from it.
    let floor = EnergyDistance(FeatureTable(Self.chains(600, seed: 5), columns: 4), Self.heldOut)
    #expect(found[2].value < max(0.01, 3 * floor.value))
    let start = EnergyDistance(FeatureTable(Self.noise(600), columns: 4), Self.heldOut)
    #expect(start.value > 20 * found[1].value)
  }

  @Test(
    "Solvers of the second order are as near with half of the steps",
    arguments: [
      FlowSolver.midpoint, .heun,
    ])
  func solvers(solver: FlowSolver) {
    let (second, euler) = (Self.distance(steps: 5, solver: solver), Self.distance(steps: 10))
    #expect(second.value < euler.value + 2 * max(euler.standardError, second.standardError))
  }

  @Test("With the sign of the velocity flipped the distance collapses, and more steps are worse")
  func flipped() {
    let wrong = [5, 10, 20].map { steps in
      // 2 x − X̂ is the clean prediction whose velocity is that of X̂ with the other sign.
      Self.distance(steps: steps) { state, time in
        zip(state, Self.posteriorMean(state, time)).map { 2 * $0 - $1 }
      }.value
    }
    let right = Self.distance(steps: 10)
    #expect(wrong[1] > 100 * max(right.value, right.standardError))
    #expect(wrong[0] < wrong[1] && wrong[1] < wrong[2])
  }

  @Test("Projecting each state onto the chain breaks the distribution, though bones are exact")
  func projected() {
    let right = Self.distance(steps: 10)
    let wrong = Self.distance(steps: 10) { state, time in
      // The projection of the state is what the field sees.
      Self.posteriorMean(Self.onChain(state), time)
    }
    #expect(wrong.value > 5 * max(right.value, right.standardError))
  }

  /// Each bone keeps its direction and gets its length.
  private static func onChain(_ state: [Float]) -> [Float] {
    let raw = state.map { 0.7 * $0 + 0.5 }
    return stride(from: 0, to: raw.count, by: 4).flatMap { at -> [Float] in
      let first = SIMD2(raw[at], raw[at + 1])
      let elbow = first / max(1e-6, (first * first).sum().squareRoot())
      let second = SIMD2(raw[at + 2], raw[at + 3]) - first
      let hand = elbow + 0.8 * second / max(1e-6, (second * second).sum().squareRoot())
      return [elbow.x, elbow.y, hand.x, hand.y].map { ($0 - 0.5) / 0.7 }
    }
  }
}
