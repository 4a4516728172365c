import Autodiff
import Files
import Foundation
import Learning
import TestSupport
import Testing

@testable import MotionModels

@Suite(
  "PoseGPT's parts against PyTorch in double precision",
  .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct PoseGPTGoldenTests {
  private static let tolerance: Float = 2e-5

  private func file(_ name: String) throws -> Safetensors {
    try Safetensors(contentsOf: SharedData.url("golden/nn-\(name).safetensors").path)
  }

  private func expect(_ found: [Float], _ expected: [Float], _ name: String) {
    #expect(found.count == expected.count, "\(name)")
    for (index, (a, b)) in zip(found, expected).enumerated() {
      #expect(
        abs(a - b) <= Self.tolerance * max(1, abs(b)), "\(name), element \(index): \(a), not \(b)")
    }
  }

  @Test("Product quantisation: codes, output, both terms, and the gradients of latents and books")
  func productQuantizer() throws {
    let file = try file("product-quantiser")
    var quantizer = VectorQuantizer(books: 3, codesPerBook: 8, latentWidth: 12)
    let layout = ParameterLayout(placing: &quantizer)
    let gradients = FloatBuffer(count: layout.count)
    var tape = Tape(
      parameters: FloatBuffer(try file.tensor("books").floats()), gradients: gradients)
    let z = tape.input(try file.tensor("z").floats(), shape: [10, 12], needsGradient: true)
    let found = quantizer(z, on: &tape)
    #expect(found.codes == (try file.tensor("index").integers()))
    expect(tape.values(of: found.output), try file.tensor("output").floats(), "output")
    let terms = try #require(found.terms)
    expect([tape.scalar(terms.codebook)], try file.tensor("codebook_loss").floats(), "codebook")
    let commitment = try file.tensor("commitment_loss").floats()
    expect([tape.scalar(terms.commitment)], commitment, "commitment")
    let weight = tape.input(try file.tensor("weight").floats(), shape: [10, 12])
    let loss = tape.add(
      tape.sum(tape.multiply(found.output, weight)),
      tape.add(terms.codebook, tape.scale(terms.commitment, by: 0.25)))
    expect([tape.scalar(loss)], try file.tensor("loss").floats(), "loss")
    tape.backward(from: loss)
    expect(tape.gradient(of: z).values, try file.tensor("z.grad").floats(), "z.grad")
    let books = Array(gradients.values.prefix(3 * 8 * 4))
    expect(books, try file.tensor("books.grad").floats(), "books.grad")
    // the numbers of codes alone are those of the quantised latents
    expect(
      tape.values(of: quantizer.values(of: found.codes, on: &tape)),
      try file.tensor("output").floats(), "values of codes")
  }

  @Test("Finite scalar quantisation: digits, indices, output and gradient")
  func finiteScalarQuantizer() throws {
    let file = try file("finite-scalar-quantiser")
    let levels = try #require(try file.tensor("levels").integers())
    let quantizer = FiniteScalarQuantizer(books: 1, levels: levels)
    var tape = Tape()
    let z = tape.input(try file.tensor("z").floats(), shape: [12, 4], needsGradient: true)
    let found = quantizer(z, on: &tape)
    #expect(found.codes == (try file.tensor("index").integers()))
    expect(tape.values(of: found.output), try file.tensor("output").floats(), "output")
    expect(
      tape.values(of: quantizer.values(of: found.codes, on: &tape)),
      try file.tensor("output").floats(), "values of codes")
    let weight = tape.input(try file.tensor("weight").floats(), shape: [12, 4])
    tape.backward(from: tape.sum(tape.multiply(found.output, weight)))
    expect(tape.gradient(of: z).values, try file.tensor("z.grad").floats(), "z.grad")
  }

  /// PyTorch's name of one of our parameters.
  private func source(of name: String) -> String {
    let parts = [
      ("attention.projection.weight", "self_attn.in_proj_weight"),
      ("attention.projection.bias", "self_attn.in_proj_bias"),
      ("attention.output", "self_attn.out_proj"), ("feed_forward.expand", "linear1"),
      ("feed_forward.contract", "linear2"),
    ]
    let plain = ["token": "token.weight", "action": "action_embedding.weight"]
    if let found = plain[name] { return found }
    return parts.reduce(name) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
  }

  /// The golden GPT: our Transformer of one book, and two linear heads.
  private struct Model: Parameterized {
    var transformer: CodeTransformer
    var heads = [Linear(16, 11), Linear(16, 11)]

    init() {
      var sizes = CodeTransformer.Configuration()
      (sizes.books, sizes.codesPerBook, sizes.context) = (1, 10, 7)
      sizes.labels = ["a", "b", "c", "d"]
      (sizes.width, sizes.heads, sizes.layers, sizes.feedForward) = (16, 2, 2, 32)
      sizes.conditionWidth = 4
      sizes.head = .independent
      transformer = CodeTransformer(sizes)
    }

    mutating func visitParameters(_ visit: (_ name: String, inout Parameter) -> Void) {
      transformer.visitParameters { name, parameter in
        if !name.hasPrefix("head.") { visit(name, &parameter) }
      }
      for index in heads.indices { heads[index].visitParameters(below: "heads.\(index)", visit) }
    }
  }

  @Test("The GPT: logits, every gradient, and the same logits token by token with a cache")
  func gpt() throws {
    let file = try file("gpt")
    var model = Model()
    let layout = ParameterLayout(placing: &model)
    var values = [Float](repeating: 0, count: layout.count)
    for entry in layout.entries {
      let numbers = try file.tensor(source(of: entry.name)).floats()
      try #require(numbers.count == entry.parameter.shape.count, "\(entry.name)")
      for (index, value) in numbers.enumerated() { values[entry.parameter.offset + index] = value }
    }
    let (parameters, gradients) = (FloatBuffer(values), FloatBuffer(count: layout.count))
    var tape = Tape(parameters: parameters, gradients: gradients)
    let input = CodeTransformer.Input(
      codes: try #require(try file.tensor("ids").integers()),
      actions: try #require(try file.tensor("action").integers()),
      durations: try file.tensor("duration").floats())
    var none: KeyValueCache?
    let hidden = model.transformer(input, cache: &none, on: &tape)
    let sides = model.heads.map { $0(hidden, on: &tape) }
    let logits = tape.reshape(tape.joinColumns(sides[0], sides[1]), to: [3, 7, 2, 11])
    let expected = try file.tensor("logits").floats()
    expect(tape.values(of: logits), expected, "logits")
    let weight = tape.input(try file.tensor("weight").floats(), shape: [3, 7, 2, 11])
    tape.backward(from: tape.sum(tape.multiply(logits, weight)))
    for entry in layout.entries {
      let range = entry.parameter.offset..<(entry.parameter.offset + entry.parameter.shape.count)
      expect(
        Array(gradients.values[range]),
        try file.tensor(source(of: entry.name) + ".grad").floats(), entry.name)
    }
    // two tokens at once, then one by one
    var cache: KeyValueCache? = KeyValueCache(layers: 2, batch: 3, width: 16)
    var single = Tape(parameters: parameters, recording: false)
    for range in [0..<2, 2..<3, 3..<4, 4..<5, 5..<6, 6..<7] {
      single.reset()
      let codes = (0..<3).flatMap { row in range.map { input.codes[7 * row + $0] } }
      let part = CodeTransformer.Input(
        codes: codes, actions: input.actions, durations: input.durations,
        first: range.lowerBound)
      let step = model.transformer(part, cache: &cache, on: &single)
      #expect(cache?.tokens == range.upperBound)
      let found = model.heads.map { single.values(of: $0(step, on: &single)) }
      for row in 0..<3 {
        for (place, token) in range.enumerated() {
          for head in 0..<2 {
            let at = 11 * (row * range.count + place)
            let whole = 11 * (2 * (7 * row + token) + head)
            expect(
              Array(found[head][at..<(at + 11)]), Array(expected[whole..<(whole + 11)]),
              "token \(token) of \(row), head \(head)")
          }
        }
      }
    }
  }
}
