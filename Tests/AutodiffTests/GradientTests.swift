import Autodiff
import Testing

@Suite("Every operation agrees with finite differences")
struct GradientTests {
  private func inputs(_ shapes: Shape..., from lower: Float = -1, to upper: Float = 1) -> [Tensor] {
    var random = TestRandom(state: 42)
    return shapes.map { random.tensor($0, from: lower, to: upper) }
  }

  @Test("linear maps with every activation", arguments: Activation.allCases)
  func linear(_ activation: Activation) {
    var tensors = inputs([2, 3, 5], [17, 5], [17])
    if activation == .relu {
      // differences across the kink mean nothing: keep every sum away from it, on both sides
      tensors[2] = Tensor((0..<17).map { $0 % 3 == 0 ? -6 : 6 }, shape: [17])
    }
    expectGradients(tensors) { tape, x in
      tape.linear(x[0], weight: x[1], bias: x[2], activation: activation)
    }
  }

  @Test("linear maps with a residual, also of the input itself")
  func residual() {
    expectGradients(inputs([4, 6], [7, 6], [7], [4, 7])) { tape, x in
      tape.linear(x[0], weight: x[1], bias: x[2], residual: x[3])
    }
    expectGradients(inputs([4, 6], [6, 6])) { tape, x in
      tape.linear(x[0], weight: x[1], residual: x[0])
    }
  }

  @Test("products, transposed or not", arguments: [false, true], [false, true])
  func product(_ a: Bool, _ b: Bool) {
    let left: Shape = a ? [2, 4, 3] : [2, 3, 4]
    let right: Shape = b ? [2, 5, 4] : [2, 4, 5]
    expectGradients(inputs(left, right)) { tape, x in
      tape.product(x[0], x[1], transposingA: a, transposingB: b)
    }
  }

  @Test("sums, differences, products and quotients, also repeated")
  func pairs() {
    for second: Shape in [[3, 19], [19]] {
      expectGradients(inputs([3, 19], second)) { $0.add($1[0], $1[1]) }
      expectGradients(inputs([3, 19], second)) { $0.subtract($1[0], $1[1]) }
      expectGradients(inputs([3, 19], second)) { $0.multiply($1[0], $1[1]) }
      expectGradients(inputs([3, 19], second, from: 0.7, to: 2)) { $0.divide($1[0], $1[1]) }
    }
    expectGradients(inputs([5])) { $0.multiply($1[0], $1[0]) }
    expectGradients(inputs([5])) { $0.add($1[0], $1[0]) }
    expectGradients(inputs([5])) { $0.scale($1[0], by: -2.5, plus: 1) }
  }

  @Test("functions of one number")
  func functions() {
    let anywhere = inputs([3, 7], from: -2, to: 2)
    let positive = inputs([3, 7], from: 0.5, to: 2)
    expectGradients(anywhere) { $0.gelu($1[0]) }
    expectGradients(anywhere) { $0.geluTanh($1[0]) }
    expectGradients(anywhere) { $0.silu($1[0]) }
    expectGradients(anywhere) { $0.tanh($1[0]) }
    expectGradients(anywhere) { $0.sigmoid($1[0]) }
    expectGradients(anywhere) { $0.softplus($1[0]) }
    expectGradients(anywhere) { $0.exp($1[0]) }
    expectGradients(anywhere) { $0.square($1[0]) }
    expectGradients(anywhere) { $0.sin($1[0]) }
    expectGradients(anywhere) { $0.cos($1[0]) }
    expectGradients(positive) { $0.log($1[0]) }
    expectGradients(positive) { $0.sqrt($1[0]) }
    expectGradients(positive) { $0.reciprocal($1[0]) }
    let apart = [Tensor([-1, -0.5, 0.4, 2, -0.1, 0.1], shape: [6])]
    expectGradients(apart) { $0.relu($1[0]) }
    expectGradients(apart) { $0.abs($1[0]) }
    expectGradients(inputs([4, 3])) {
      $0.bounded($1[0], lower: [-1, 0, 2], upper: [1, 0.5, 5])
    }
  }

  @Test("functions of rows", arguments: [5, 16, 37])
  func rows(_ columns: Int) {
    expectGradients(inputs([3, columns])) { $0.softmax($1[0]) }
    expectGradients(inputs([3, columns])) { $0.logSoftmax($1[0]) }
    expectGradients(inputs([3, columns])) { $0.rowSum($1[0]) }
    expectGradients(inputs([3, columns])) { $0.rowNorm($1[0]) }
    expectGradients(inputs([3, columns], [3, columns])) { $0.cosineSimilarity($1[0], $1[1]) }
    expectGradients(inputs([3, columns], [columns], [columns]), tolerance: 1e-2) {
      $0.layerNorm($1[0], gain: $1[1], bias: $1[2])
    }
  }

  @Test("reductions")
  func reductions() {
    expectGradients(inputs([3, 7])) { $0.sum($1[0]) }
    expectGradients(inputs([3, 7])) { $0.mean($1[0]) }
    expectGradients(inputs([2, 5, 7])) { $0.tokenMean($1[0]) }
    expectGradients(inputs([3, 7], [3, 7])) { $0.meanSquaredError($1[0], $1[1]) }
  }

  @Test("changes of layout")
  func layout() {
    expectGradients(inputs([2, 6])) { $0.reshape($1[0], to: [3, 4]) }
    expectGradients(inputs([2, 9])) { $0.columns($1[0], 2..<7) }
    expectGradients(inputs([5, 3])) { $0.rows($1[0], 1..<4) }
    expectGradients(inputs([2, 4], [2, 3])) { $0.joinColumns($1[0], $1[1]) }
    expectGradients(inputs([2, 4], [3, 4])) { $0.joinRows($1[0], $1[1]) }
    expectGradients(inputs([2, 4, 3])) { $0.transpose($1[0]) }
    expectGradients(inputs([3, 4])) {
      $0.gather($1[0], Selection([3, 0, 1, 1], factors: [1, -1, 2, 0.5]))
    }
    // one variable used in several ways
    expectGradients(inputs([3, 4])) { tape, x in
      let turned = tape.gather(x[0], Selection([1, 0, 3, 2], factors: [-1, -1, 1, 1]))
      return tape.subtract(tape.square(x[0]), tape.multiply(turned, x[0]))
    }
  }

  @Test(
    "attention, causal or not",
    arguments: [(3, 4), (5, 16), (13, 4), (21, 32), (33, 20), (36, 8), (64, 32)])
  func attention(tokens: Int, headWidth: Int) {
    let width = 2 * headWidth
    guard tokens < 20 else { return longAttention(tokens, headWidth) }
    for causal in [false, true] {
      expectGradients(inputs([2, tokens, 3 * width])) {
        $0.selfAttention($1[0], heads: 2, causal: causal)
      }
    }
    expectGradients(inputs([2, 4, width], [2, tokens, 2 * width])) {
      $0.crossAttention(queries: $1[0], packed: $1[1], heads: 2)
    }
    expectGradients(inputs([1, 3, width])) {
      $0.attention(queries: $1[0], keys: $1[0], values: $1[0], heads: 2)
    }
  }

  /// Too many elements for differences one by one: the same by elementary operations.
  private func longAttention(_ tokens: Int, _ headWidth: Int) {
    let x = inputs([2, tokens, headWidth], [2, tokens, headWidth], [2, tokens, headWidth])
    let hidden = (0..<(2 * tokens * tokens)).map { at -> Float in
      at % tokens > at / tokens % tokens ? -1e9 : 0
    }
    for causal in [false, true] {
      let fused = { (tape: inout Tape, x: [Variable]) in
        tape.attention(queries: x[0], keys: x[1], values: x[2], heads: 1, causal: causal)
      }
      let plain = { (tape: inout Tape, x: [Variable]) in
        let scores = tape.product(x[0], x[1], transposingB: true)
        var scaled = tape.scale(scores, by: 1 / Float(headWidth).squareRoot())
        if causal { scaled = tape.add(scaled, tape.input(hidden, shape: scaled.shape)) }
        return tape.product(tape.softmax(scaled), x[2])
      }
      #expect(abs(weightedSum(x, fused) - weightedSum(x, plain)) < 1e-3)
      for (a, b) in zip(tapeGradients(x, fused), tapeGradients(x, plain)) {
        for (u, v) in zip(a.values, b.values) { #expect(abs(u - v) <= 1e-5) }
      }
    }
  }

  @Test("an outside operation")
  func custom() {
    expectGradients(inputs([2, 3], [2, 3])) { tape, x in
      tape.custom(
        x, shape: [2, 3],
        forward: { inputs, output in
          for i in output.indices { output[i] = inputs[0][i] * inputs[1][i] * inputs[1][i] }
        },
        pullback: { inputs, _, gradient, targets in
          for i in gradient.indices {
            targets[0]?[i] += gradient[i] * inputs[1][i] * inputs[1][i]
            targets[1]?[i] += gradient[i] * 2 * inputs[0][i] * inputs[1][i]
          }
        })
    }
  }

  @Test("a kinematic chain")
  func chain() {
    let chain = KinematicChain(
      parents: [-1, 0, 1, 1], directions: [0, 0, 0, 1, 0, 0, 0, 0.6, 0.8, 0, 0, -1])
    expectGradients(inputs([2, 4, 4], [2, 3], [2, 4], from: 0.2, to: 1)) {
      $0.positions(of: chain, quaternions: $1[0], root: $1[1], lengths: $1[2])
    }
  }

  @Test("the slope of a norm at zero is zero and not NaN")
  func zeroNorm() {
    let gradient = tapeGradients([Tensor(repeating: 0, shape: [2, 3])]) { $0.rowNorm($1[0]) }
    #expect(gradient[0].values.allSatisfy { $0 == 0 })
    let root = tapeGradients([Tensor(repeating: 0, shape: [2, 3])]) { $0.sqrt($1[0]) }
    #expect(root[0].values.allSatisfy { $0 == 0 })
  }
}
