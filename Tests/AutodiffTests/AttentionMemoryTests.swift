import Autodiff
import TestSupport
import Testing

@Suite("Attention with a memory, and weights arranged for few rows")
struct AttentionMemoryTests {
  /// Sums are of the same numbers in another order.
  private static let rounding: Float = 2e-6

  @Test(
    "Tokens in turn, and several at once, give what causal attention of all gives",
    arguments: [(2, 4), (3, 5), (2, 16), (4, 40)])
  func attention(_ heads: Int, _ headWidth: Int) {
    let (batch, tokens, width) = (3, 150, heads * headWidth)
    var random = TestRandom(state: 3)
    let packed = random.tensor([batch, tokens, 3 * width], from: -1, to: 1).values
    var tape = Tape(recording: false)
    let whole = tape.values(
      of: tape.selfAttention(
        tape.input(packed, shape: [batch, tokens, 3 * width]), heads: heads, causal: true))
    var memory = AttentionMemory(batch: batch, heads: heads, headWidth: headWidth)
    var worst: Float = 0
    // One by one, then over the end of the first memory, then over that of the second.
    for range in [0..<1, 1..<2, 2..<60, 60..<61, 61..<70, 70..<127, 127..<150] {
      tape.reset()
      var part: [Float] = []
      for sample in 0..<batch {
        let first = (sample * tokens + range.lowerBound) * 3 * width
        part += packed[first..<(first + range.count * 3 * width)]
      }
      let found = tape.values(
        of: tape.selfAttention(
          tape.input(part, shape: [batch, range.count, 3 * width]), memory: &memory))
      #expect(memory.tokens == range.upperBound)
      for sample in 0..<batch {
        for index in 0..<(range.count * width) {
          let truth = whole[(sample * tokens + range.lowerBound) * width + index]
          worst = max(worst, abs(found[sample * range.count * width + index] - truth))
        }
      }
    }
    #expect(worst < Self.rounding)
  }

  @Test("A copy of a memory goes its own way")
  func copies() {
    var random = TestRandom(state: 4)
    let tokens = (0..<3).map { _ in random.tensor([1, 1, 12], from: -1, to: 1).values }
    var tape = Tape(recording: false)
    var first = AttentionMemory(batch: 1, heads: 1, headWidth: 4)
    _ = tape.selfAttention(tape.input(tokens[0], shape: [1, 1, 12]), memory: &first)
    var second = first
    _ = tape.selfAttention(tape.input(tokens[1], shape: [1, 1, 12]), memory: &second)
    #expect((first.tokens, second.tokens) == (1, 2))
    let direct = tape.values(
      of: tape.selfAttention(tape.input(tokens[2], shape: [1, 1, 12]), memory: &first))
    var third = AttentionMemory(batch: 1, heads: 1, headWidth: 4)
    _ = tape.selfAttention(tape.input(tokens[0], shape: [1, 1, 12]), memory: &third)
    let alone = tape.values(
      of: tape.selfAttention(tape.input(tokens[2], shape: [1, 1, 12]), memory: &third))
    #expect(direct == alone)
  }

  @Test(
    "A linear map of few rows and of many, with arranged weights and without",
    arguments: [(16, 7), (48, 33), (544, 48), (20, 5)])
  func panels(_ outputs: Int, _ inputs: Int) {
    var random = TestRandom(state: 5)
    let numbers = random.tensor([outputs * inputs], from: -1, to: 1).values
    let parameters = FloatBuffer(numbers)
    var weight = Parameter([outputs, inputs], start: .constant(0))
    weight.offset = 0
    let panels = PanelWeights(parameters: parameters, matrices: [weight])
    for rows in [1, 2, 16, 48, 49, 130] {
      let x = random.tensor([rows, inputs], from: -1, to: 1)
      let bias = random.tensor([outputs], from: -1, to: 1)
      func map(_ x: [Float], _ panels: PanelWeights?) -> [Float] {
        var tape = Tape(parameters: parameters, panels: panels, recording: false)
        let y = tape.linear(
          tape.input(x, shape: [x.count / inputs, inputs]), weight: tape.parameter(weight),
          bias: tape.input(bias), activation: .gelu)
        return tape.values(of: y)
      }
      let worst =
        zip(map(x.values, panels), map(x.values, nil)).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst < Self.rounding * Float(inputs).squareRoot(), "\(rows) rows")
      // A row's sums do not depend on how many others there are, where weights are arranged.
      guard outputs.isMultiple(of: 16) else { continue }
      let (last, all) = (Array(x.values.suffix(inputs)), map(x.values, panels))
      #expect(map(last, panels) == Array(all.suffix(outputs)), "\(rows) rows")
    }
  }
}
