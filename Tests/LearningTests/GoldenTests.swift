import Autodiff
import Files
import Foundation
import Learning
import TestSupport
import Testing

/// An encoder and a decoder block, as the golden values have them.
struct Pair: Parameterized, Sendable {
  var encoder = TransformerEncoderLayer(width: 16, heads: 4, hidden: 32)
  var decoder = TransformerDecoderLayer(width: 16, heads: 4, hidden: 32)

  mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
    encoder.visitParameters(below: "encoder", visit)
    decoder.visitParameters(below: "decoder", visit)
  }
}

@Suite(
  "Learning against PyTorch in double precision",
  .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct GoldenTests {
  private static let tolerance: Float = 2e-5

  private func expect(_ found: [Float], _ expected: [Float], _ name: String) {
    #expect(found.count == expected.count, "\(name)")
    for (index, (a, b)) in zip(found, expected).enumerated() {
      #expect(
        abs(a - b) <= Self.tolerance * max(1, abs(b)),
        "\(name), element \(index): \(a), not \(b)")
    }
  }

  /// PyTorch's name of one of our parameters, and the rows of it where ours is a part.
  private func source(of name: String) -> (name: String, rows: Range<Int>?) {
    var rows: Range<Int>?
    if name.contains("cross_attention.queries") { rows = 0..<16 }
    if name.contains("cross_attention.memory") { rows = 16..<48 }
    let table = [
      ("cross_attention.queries.", "multihead_attn.in_proj_"),
      ("cross_attention.memory.", "multihead_attn.in_proj_"),
      ("cross_attention.output", "multihead_attn.out_proj"),
      ("attention.projection.", "self_attn.in_proj_"),
      ("attention.output", "self_attn.out_proj"),
      ("feed_forward.expand", "linear1"), ("feed_forward.contract", "linear2"),
    ]
    for (ours, theirs) in table where name.contains(ours) {
      let parts = name.split(separator: ".", maxSplits: 1)
      let rest = parts[1].dropFirst(ours.count)
      return ("\(parts[0]).\(theirs)\(rest)", rows)
    }
    return (name, rows)
  }

  private func part(_ tensor: StoredTensor, _ rows: Range<Int>?) -> [Float] {
    let values = tensor.floats()
    guard let rows else { return values }
    let size = values.count / tensor.shape[0]
    return Array(values[rows.lowerBound * size..<rows.upperBound * size])
  }

  @Test("an encoder and a decoder block have its values and all its gradients")
  func transformer() throws {
    let file = try Safetensors(
      contentsOf: SharedData.url("golden/nn-transformer.safetensors").path)
    var model = Pair()
    let layout = ParameterLayout(placing: &model)
    var values = [Float](repeating: 0, count: layout.count)
    for entry in layout.entries {
      let (name, rows) = source(of: entry.name)
      let part = part(try file.tensor(name), rows)
      #expect(part.count == entry.parameter.shape.count, "\(entry.name) from \(name)")
      for (i, value) in part.enumerated() { values[entry.parameter.offset + i] = value }
    }
    let gradients = FloatBuffer(count: layout.count)
    var tape = Tape(parameters: FloatBuffer(values), gradients: gradients)
    let x = tape.input(
      try file.tensor("x").floats(), shape: [3, 5, 16], needsGradient: true)
    let memory = tape.input(
      try file.tensor("memory").floats(), shape: [3, 7, 16], needsGradient: true)
    let encoded = model.encoder(x, on: &tape)
    let y = model.decoder(encoded, memory: memory, on: &tape)
    expect(tape.values(of: y), try file.tensor("y").floats(), "y")
    let weight = tape.input(try file.tensor("weight").floats(), shape: [3, 5, 16])
    let loss = tape.sum(tape.multiply(y, weight))
    expect(tape.values(of: loss), try file.tensor("loss").floats(), "loss")
    tape.backward(from: loss)
    expect(tape.gradient(of: x).values, try file.tensor("x.grad").floats(), "x.grad")
    expect(
      tape.gradient(of: memory).values, try file.tensor("memory.grad").floats(), "memory.grad")
    for entry in layout.entries {
      let (name, rows) = source(of: entry.name)
      let range = entry.parameter.offset..<(entry.parameter.offset + entry.parameter.shape.count)
      expect(
        Array(gradients.values[range]), part(try file.tensor(name + ".grad"), rows), entry.name)
    }
  }

  private struct Point: Parameterized, Sendable {
    var value = Parameter([7, 3], start: .constant(0))
    mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
      visit("value", &value)
    }
  }

  @Test("AdamW with clipping takes the same five steps")
  func adamW() throws {
    let file = try Safetensors(contentsOf: SharedData.url("golden/nn-adamw.safetensors").path)
    let trace = try file.tensor("trace").floats()
    let target = try file.tensor("target").floats()
    var model = Point()
    let layout = ParameterLayout(placing: &model)
    let options = TrainingOptions(
      batch: 1, part: 1, shards: 1, threads: 1, seed: 0,
      schedule: Schedule(peak: 1e-2, minimum: 1e-2, warmUp: 0, steps: 5), optimizer: AdamW())
    let start = Array(trace[..<21]) + [Float](repeating: 0, count: layout.count - 21)
    let trainer = Trainer(layout, startingFrom: start, options: options)
    let point = model.value
    for step in 1...5 {
      try trainer.advance { _, tape in
        let p = tape.parameter(point)
        let goal = tape.input(target, shape: [7, 3])
        return tape.scale(tape.sum(tape.square(tape.subtract(p, goal))), by: 10)
      }
      expect(
        Array(trainer.parameters[..<21]), Array(trace[21 * step..<21 * (step + 1)]),
        "step \(step)")
    }
  }
}
