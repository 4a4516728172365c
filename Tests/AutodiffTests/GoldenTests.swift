import Autodiff
import Files
import Foundation
import TestSupport
import Testing

@Suite(
  "Values and gradients of PyTorch in double precision",
  .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct GoldenTests {
  /// Single precision against double: about a hundred roundings of numbers about one.
  private static let tolerance: Float = 1e-5

  private func file(_ name: String) throws -> Safetensors {
    try Safetensors(contentsOf: SharedData.url("golden/nn-\(name).safetensors").path)
  }

  private func tensor(_ file: Safetensors, _ name: String) throws -> Tensor {
    let stored = try file.tensor(name)
    return Tensor(stored.floats(), shape: Shape(stored.shape))
  }

  private func expect(
    _ found: Tensor, _ expected: Tensor, _ name: String, tolerance: Float = tolerance
  ) {
    #expect(found.shape.count == expected.shape.count, "\(name)")
    for (index, (a, b)) in zip(found.values, expected.values).enumerated() {
      #expect(
        abs(a - b) <= tolerance * max(1, abs(b)), "\(name), element \(index): \(a), not \(b)")
    }
  }

  @Test("elementwise functions and rows")
  func elementwise() throws {
    let file = try file("elementwise")
    let (x, weight) = (try tensor(file, "x"), try tensor(file, "weight"))
    let ones = Tensor(repeating: 1, shape: [9])
    let zeros = Tensor(repeating: 0, shape: [9])
    let functions: [(String, (inout Tape, Variable) -> Variable)] = [
      ("gelu_erf", { $0.gelu($1) }), ("gelu_tanh", { $0.geluTanh($1) }),
      ("silu", { $0.silu($1) }), ("softplus", { $0.softplus($1) }), ("tanh", { $0.tanh($1) }),
      ("softmax", { $0.softmax($1) }), ("log_softmax", { $0.logSoftmax($1) }),
      (
        "layer_norm",
        { tape, x in
          let (gain, bias) = (tape.input(ones), tape.input(zeros))
          return tape.layerNorm(x, gain: gain, bias: bias)
        }
      ),
    ]
    for (name, function) in functions {
      var tape = Tape()
      let input = tape.input(x, needsGradient: true)
      let y = function(&tape, input)
      expect(tape.tensor(y), try tensor(file, name), name)
      let factor = tape.input(weight)
      tape.backward(from: tape.sum(tape.multiply(y, factor)))
      expect(tape.gradient(of: input), try tensor(file, name + ".grad"), name + ".grad")
    }
  }

  /// [batch, heads, tokens, width] as [batch, tokens, heads * width].
  private func joinHeads(_ tensor: Tensor) -> Tensor {
    let s = tensor.shape.array
    var values: [Float] = []
    for b in 0..<s[0] {
      for t in 0..<s[2] {
        for h in 0..<s[1] {
          let start = ((b * s[1] + h) * s[2] + t) * s[3]
          values += tensor.values[start..<(start + s[3])]
        }
      }
    }
    return Tensor(values, shape: [s[0], s[2], s[1] * s[3]])
  }

  @Test("causal attention")
  func causalAttention() throws {
    let file = try file("causal-attention")
    var tape = Tape()
    let inputs = try ["q", "k", "v"].map {
      tape.input(joinHeads(try tensor(file, $0)), needsGradient: true)
    }
    let out = tape.attention(
      queries: inputs[0], keys: inputs[1], values: inputs[2], heads: 4, causal: true)
    expect(tape.tensor(out), joinHeads(try tensor(file, "out")), "out")
    let weight = tape.input(joinHeads(try tensor(file, "weight")))
    let loss = tape.sum(tape.multiply(out, weight))
    expect(tape.tensor(loss), try tensor(file, "loss"), "loss")
    tape.backward(from: loss)
    for (name, input) in zip(["q", "k", "v"], inputs) {
      expect(tape.gradient(of: input), joinHeads(try tensor(file, name + ".grad")), name)
    }
  }

  @Test("a human kinematic chain")
  func humanChain() throws {
    let file = try file("human-chain")
    let parents = try #require(try file.tensor("parents").integers())
    let chain = KinematicChain(parents: parents, directions: try tensor(file, "rest").values)
    var tape = Tape()
    let inputs = try ["quaternion", "root", "length"].map {
      tape.input(try tensor(file, $0), needsGradient: true)
    }
    let y = tape.positions(
      of: chain, quaternions: inputs[0], root: inputs[1], lengths: inputs[2])
    expect(tape.tensor(y), try tensor(file, "position"), "position")
    let weight = tape.input(try tensor(file, "weight"))
    let loss = tape.sum(tape.multiply(y, weight))
    expect(tape.tensor(loss), try tensor(file, "loss"), "loss")
    tape.backward(from: loss)
    for (name, input) in zip(["quaternion", "root", "length"], inputs) {
      expect(tape.gradient(of: input), try tensor(file, name + ".grad"), name + ".grad")
    }
  }
}
