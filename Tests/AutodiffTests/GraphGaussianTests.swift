import Autodiff
import Files
import Foundation
import TestSupport
import Testing

@Suite("Graph convolutions, Gaussians and the cosine transform")
struct GraphGaussianTests {
  private func inputs(_ shapes: Shape..., from lower: Float = -1, to upper: Float = 1) -> [Tensor] {
    var random = TestRandom(state: 7)
    return shapes.map { random.tensor($0, from: lower, to: upper) }
  }

  @Test("mixing of nodes agrees with finite differences")
  func mixing() {
    expectGradients(inputs([5, 3, 4], [2, 5])) { $0.mixNodes($1[0], by: $1[1]) }
    expectGradients(inputs([4, 1, 17], [4, 4])) { $0.mixNodes($1[0], by: $1[1]) }
  }

  @Test("mixing of nodes with rounded factors is the single precision's by rounding, gradients too")
  func roundedMixing() {
    let tensors = inputs([66, 8, 33], [17, 66], [17, 8, 33])
    func results(_ precision: Precision) -> [[Float]] {
      var tape = Tape()
      tape.precision = precision
      let x = tensors.map { tape.input($0, needsGradient: true) }
      let y = tape.mixNodes(x[0], by: x[1])
      tape.backward(from: tape.sum(tape.multiply(y, x[2])))
      return [tape.values(of: y)] + x.prefix(2).map { tape.gradient(of: $0).values }
    }
    let (exact, rounded) = (results(.float32), results(.bfloat16))
    #expect((exact == rounded) == !BLAS.supportsBFloat16)
    for (a, b) in zip(exact, rounded) {
      let error = zip(a, b).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let size = a.reduce(Float(0)) { $0 + $1 * $1 }
      // Eight significant bits: each factor is off by two thousandths of itself, at random.
      #expect((error / size).squareRoot() < 0.004)
    }
  }

  @Test("a bias of each group agrees with finite differences", arguments: [3, 16, 19])
  func groups(_ columns: Int) {
    expectGradients(inputs([4, 3, columns], [4, columns])) { $0.add($1[0], toEachGroup: $1[1]) }
  }

  @Test("a weighted sum agrees with finite differences, also of a variable with itself")
  func weightedSum() {
    expectGradients(inputs([3, 7], [3, 7], [1])) { $0.add($1[0], $1[1], times: $1[2]) }
    expectGradients(inputs([3, 7], [1])) { $0.add($1[0], $1[0], times: $1[1]) }
  }

  @Test("densities and divergences agree with finite differences")
  func gaussians() {
    expectGradients(inputs([3, 7], [3, 7], [3, 7])) {
      $0.negativeLogLikelihood(of: $1[0], under: .init(mean: $1[1], logVariance: $1[2]))
    }
    expectGradients(inputs([3, 7], [3, 7], [3, 7], [3, 7])) {
      $0.divergence(
        of: .init(mean: $1[0], logVariance: $1[1]), from: .init(mean: $1[2], logVariance: $1[3]))
    }
    expectGradients(inputs([3, 7], [3, 7], [3, 7])) {
      $0.sample(.init(mean: $1[0], logVariance: $1[1]), noise: $1[2])
    }
    // One Gaussian against its own mean: both gradients go to one variable.
    expectGradients(inputs([3, 7], [3, 7], [3, 7])) {
      $0.divergence(
        of: .init(mean: $1[0], logVariance: $1[1]), from: .init(mean: $1[0], logVariance: $1[2]))
    }
  }

  @Test("the divergence of a Gaussian from itself is zero")
  func noDivergence() {
    var tape = Tape(recording: false)
    let tensors = inputs([3, 7], [3, 7])
    let q = Tape.Gaussian(mean: tape.input(tensors[0]), logVariance: tape.input(tensors[1]))
    #expect(tape.values(of: tape.divergence(of: q, from: q)).allSatisfy { abs($0) < 1e-6 })
  }

  @Test("the cosine transform keeps lengths and has an inverse", arguments: [1, 2, 50])
  func transform(_ count: Int) {
    let transform = CosineTransform(count: count)
    let samples = inputs([3, count])[0].values
    let coefficients = transform.coefficients(of: samples)
    let back = transform.samples(of: coefficients)
    #expect(zip(samples, back).allSatisfy { abs($0 - $1) < 1e-5 })
    let energies = [samples, coefficients].map { $0.reduce(0) { $0 + $1 * $1 } }
    #expect(abs(energies[0] - energies[1]) < 1e-4 * energies[0])
    // A constant has its energy in the first coefficient, a fast wave in the last ones.
    let constant = transform.coefficients(of: [Float](repeating: 1, count: count))
    #expect(abs(constant[0] - Float(count).squareRoot()) < 1e-4)
    #expect(constant.dropFirst().allSatisfy { abs($0) < 1e-4 })
  }
}

@Suite(
  "Graph convolutions, Gaussians and the cosine transform of PyTorch in double precision",
  .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct GraphGaussianGoldenTests {
  private func file(_ name: String) throws -> Safetensors {
    try Safetensors(contentsOf: SharedData.url("golden/nn-\(name).safetensors").path)
  }

  private func tensor(_ file: Safetensors, _ name: String) throws -> Tensor {
    let stored = try file.tensor(name)
    return Tensor(stored.floats(), shape: Shape(stored.shape))
  }

  private func expect(_ found: Tensor, _ expected: Tensor, _ name: String) {
    #expect(found.shape.count == expected.shape.count, "\(name)")
    for (index, (a, b)) in zip(found.values, expected.values).enumerated() {
      #expect(abs(a - b) <= 2e-5 * max(1, abs(b)), "\(name), element \(index): \(a), not \(b)")
    }
  }

  /// [a, b, c] as [b, a, c].
  private func turned(_ t: Tensor) -> Tensor {
    let s = t.shape.array
    var values: [Float] = []
    for j in 0..<s[1] {
      for i in 0..<s[0] {
        let from = (i * s[1] + j) * s[2]
        values += t.values[from..<(from + s[2])]
      }
    }
    return Tensor(values, shape: [s[1], s[0], s[2]])
  }

  @Test("a graph convolution")
  func convolution() throws {
    let file = try file("graph-convolution")
    var tape = Tape()
    let x = tape.input(turned(try tensor(file, "X")), needsGradient: true)
    let mixing = tape.input(try tensor(file, "S"), needsGradient: true)
    let map = tape.input(try tensor(file, "W"), needsGradient: true)  // [in, out]
    let bias = tape.input(try tensor(file, "bias"), needsGradient: true)
    let y = tape.linear(
      tape.mixNodes(x, by: mixing), weight: tape.transpose(map), bias: bias)
    expect(turned(tape.tensor(y)), try tensor(file, "Y"), "Y")
    let weight = tape.input(turned(try tensor(file, "weight")))
    tape.backward(from: tape.sum(tape.multiply(y, weight)))
    expect(turned(tape.gradient(of: x)), try tensor(file, "X.grad"), "X.grad")
    for (name, variable) in [("S", mixing), ("W", map), ("bias", bias)] {
      expect(tape.gradient(of: variable), try tensor(file, "\(name).grad"), "\(name).grad")
    }
  }

  @Test("a residual block of two")
  func block() throws {
    let file = try file("graph-convolution")
    var tape = Tape()
    let x = tape.input(turned(try tensor(file, "X")), needsGradient: true)
    let names = ["S1", "W1", "b1", "S2", "W2", "b2", "alpha"]
    let p = try names.map { tape.input(try tensor(file, $0), needsGradient: true) }
    let hidden = tape.linear(
      tape.mixNodes(x, by: p[0]), weight: tape.transpose(p[1]), bias: p[2], activation: .gelu)
    let branch = tape.linear(
      tape.mixNodes(hidden, by: p[3]), weight: tape.transpose(p[4]), bias: p[5], activation: .gelu)
    let y = tape.add(x, branch, times: p[6])
    expect(turned(tape.tensor(y)), try tensor(file, "block"), "block")
    let weight = tape.input(turned(try tensor(file, "block_weight")))
    tape.backward(from: tape.sum(tape.multiply(y, weight)))
    expect(turned(tape.gradient(of: x)), try tensor(file, "block.X.grad"), "block.X.grad")
    for (name, variable) in zip(names, p) {
      expect(tape.gradient(of: variable), try tensor(file, "block.\(name).grad"), name)
    }
  }

  @Test("Gaussians")
  func gaussians() throws {
    let file = try file("gaussians")
    var tape = Tape()
    func input(_ name: String) throws -> Variable {
      tape.input(try tensor(file, name), needsGradient: true)
    }
    let q = Tape.Gaussian(mean: try input("mean_q"), logVariance: try input("log_variance_q"))
    let p = Tape.Gaussian(mean: try input("mean_p"), logVariance: try input("log_variance_p"))
    let divergence = tape.divergence(of: q, from: p)
    expect(tape.tensor(divergence), try tensor(file, "kl"), "kl")
    let (x, mean) = (try input("x"), try input("mean"))
    let spread = try input("log_variance")
    let loss = tape.negativeLogLikelihood(of: x, under: .init(mean: mean, logVariance: spread))
    expect(tape.tensor(loss), try tensor(file, "nll"), "nll")
    tape.backward(from: tape.add(tape.sum(divergence), tape.sum(loss)))
    for (name, variable) in [
      ("kl.mean_q", q.mean), ("kl.log_variance_q", q.logVariance), ("kl.mean_p", p.mean),
      ("kl.log_variance_p", p.logVariance), ("nll.mean", mean), ("nll.log_variance", spread),
    ] {
      expect(tape.gradient(of: variable), try tensor(file, "\(name).grad"), name)
    }
  }

  @Test("the cosine transform")
  func cosine() throws {
    let file = try file("cosine-transform")
    let transform = CosineTransform(count: 50)
    expect(
      Tensor(transform.matrix, shape: [50, 50]), try tensor(file, "matrix"), "matrix")
    let x = try tensor(file, "x")
    let expected = try tensor(file, "coefficients")
    expect(Tensor(transform.coefficients(of: x.values), shape: x.shape), expected, "coefficients")
    var tape = Tape(recording: false)
    let found = transform(tape.input(x), on: &tape)
    expect(tape.tensor(found), expected, "coefficients on a tape")
  }
}
