import Autodiff
import Files
import Foundation
import Learning
import TestSupport
import Testing

@testable import Retargeting

@Suite("The retargeting network against PyTorch")
struct NetworkFixtureTests {
  @Test("Output and every gradient agree with PyTorch in double precision")
  func agrees() throws {
    let path = SharedData.fixtures.appending(path: "network-retargeter.safetensors").path
    let file = try Safetensors(contentsOf: path)
    func size(_ key: String) throws -> Int { try #require(Int(file.metadata[key] ?? "")) }
    let features = try file.tensor("features")
    let expected = try file.tensor("raw")
    var network = PoseTransformer(
      .init(
        width: try size("width"), heads: try size("heads"), layers: try size("layers"),
        feedForward: try size("hidden")), joints: expected.shape[1])
    let layout = ParameterLayout(placing: &network)
    let weights = FloatBuffer(try layout.values(from: file, prefix: "model.", path: path))
    let gradients = FloatBuffer(count: layout.count)
    var tape = Tape(parameters: weights, gradients: gradients)
    let input = tape.input(features.floats(), shape: Shape(features.shape))
    let raw = network(input, neutral: try file.tensor("neutral").floats(), on: &tape)
    expectNear(tape.values(of: raw), expected.doubles(), "raw output")
    let weight = tape.input(try file.tensor("weight").floats(), shape: Shape(expected.shape))
    let weighted = tape.multiply(raw, weight)
    tape.backward(from: tape.sum(weighted))
    for entry in layout.entries {
      let start = entry.parameter.offset
      let found = Array(gradients.values[start..<(start + entry.parameter.shape.count)])
      expectNear(found, try file.tensor("gradient.\(entry.name)").doubles(), entry.name)
    }
  }

  /// Equal to five digits of the largest number, which is what single precision leaves after three
  /// layers.
  private func expectNear(_ found: [Float], _ expected: [Double], _ what: String) {
    #expect(found.count == expected.count, "\(what)")
    let scale = expected.map(abs).max() ?? 1
    let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
    #expect(worst <= 2e-5 * max(scale, 1), "\(what): off by \(worst) of \(scale)")
  }
}
