import Autodiff
import Testing

@Suite("Operations on codes agree with finite differences")
struct CodeOperationTests {
  @Test("The rows of a table, some taken twice and some never", arguments: [3, 16, 37])
  func embedding(_ width: Int) {
    var random = TestRandom(state: 5)
    let table = random.tensor([5, width])
    let indices = [4, 0, 4, 2, 4, 0]
    expectGradients([table]) { tape, x in
      tape.embedding(x[0], indices: indices, shape: [2, 3])
    }
    var tape = Tape(recording: false)
    let rows = tape.embedding(tape.input(table), indices: indices, shape: [2, 3])
    #expect(rows.shape == [2, 3, width])
    let expected = indices.flatMap { table.values[($0 * width)..<(($0 + 1) * width)] }
    #expect(tape.values(of: rows) == expected)
  }

  @Test("Sums of rows, one of them taken twice by one place", arguments: [3, 16, 37])
  func embeddingSum(_ width: Int) {
    var random = TestRandom(state: 5)
    let table = random.tensor([5, width])
    let indices = [4, 0, 1, 2, 2, 0, 3, 4, 1]
    expectGradients([table]) { tape, x in
      tape.embeddingSum(x[0], indices: indices, of: 3)
    }
    var tape = Tape(recording: false)
    let sums = tape.embeddingSum(tape.input(table), indices: indices, of: 3)
    #expect(sums.shape == [3, width])
    let found = tape.values(of: sums)
    for (place, column) in (0..<3).flatMap({ place in (0..<width).map { (place, $0) } }) {
      let expected = indices[(3 * place)..<(3 * place + 3)].reduce(Float(0)) {
        $0 + table.values[$1 * width + column]
      }
      #expect(abs(found[place * width + column] - expected) < 1e-6)
    }
  }

  @Test("Cross entropy, weighted, against its definition", arguments: [2, 16, 33])
  func crossEntropy(_ classes: Int) {
    var random = TestRandom(state: 6)
    let logits = random.tensor([2, 2, classes], from: -3, to: 3)
    let (targets, weights) = ([0, classes - 1, 1, 0], [Float(0.5), 2, 0, 1])
    expectGradients([logits]) { tape, x in
      tape.crossEntropy(x[0], targets: targets, weights: weights)
    }
    var tape = Tape(recording: false)
    let logs = tape.values(of: tape.logSoftmax(tape.input(logits)))
    let expected = targets.enumerated().reduce(Float(0)) {
      $0 - weights[$1.offset] * logs[$1.offset * classes + $1.element]
    }
    let found = tape.scalar(
      tape.crossEntropy(tape.input(logits), targets: targets, weights: weights))
    #expect(abs(found - expected) < 1e-5 * abs(expected))
  }

  @Test("Logits far apart give no number that is not finite")
  func extremes() {
    var tape = Tape()
    let logits = tape.input([1e4, -1e4, 0, -1e4], shape: [2, 2], needsGradient: true)
    let loss = tape.crossEntropy(logits, targets: [1, 0], weights: [1, 1])
    #expect(tape.scalar(loss) == 2e4)
    tape.backward(from: loss)
    let slopes = tape.gradient(of: logits).values
    #expect(zip(slopes, [1, -1, 0, 0]).allSatisfy { abs($0 - $1) < 1e-30 }, "\(slopes)")
  }

  @Test("Straight through: the values of another, the gradient of the identity")
  func straightThrough() {
    var tape = Tape()
    let a = tape.input([0.4, -1.6, 2.5], shape: [3], needsGradient: true)
    let rounded = tape.rounded(a)
    #expect(tape.values(of: rounded) == [0, -2, 2])
    let weights = tape.input([1, 10, 100], shape: [3])
    // a is used a second time, so that its gradient is added to
    tape.backward(from: tape.sum(tape.add(tape.multiply(rounded, weights), a)))
    #expect(tape.gradient(of: a).values == [2, 11, 101])
  }
}
