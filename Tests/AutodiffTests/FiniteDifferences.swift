import Autodiff
import Testing

/// A small generator for tests, so that they do not lean on the one under test elsewhere.
struct TestRandom {
  var state: UInt64

  mutating func uniform() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(state >> 40) * 0x1p-24
  }

  mutating func tensor(_ shape: Shape, from lower: Float = -1, to upper: Float = 1) -> Tensor {
    Tensor((0..<shape.count).map { _ in lower + (upper - lower) * uniform() }, shape: shape)
  }
}

/// What a function of a tape computes from some inputs.
typealias TapeFunction = (inout Tape, [Variable]) -> Variable

/// The sum of the result's elements, each times a fixed weight, in double precision.
func weightedSum(_ inputs: [Tensor], _ f: TapeFunction) -> Double {
  var tape = Tape(recording: false)
  let variables = inputs.map { tape.input($0) }
  let values = tape.values(of: f(&tape, variables))
  return values.enumerated().reduce(0) { $0 + Double($1.element) * Double(weight($1.offset)) }
}

private func weight(_ index: Int) -> Float { 0.3 + 0.1 * Float(index * 7 % 11) }

/// The gradients of `weightedSum` as the tape gives them.
func tapeGradients(_ inputs: [Tensor], _ f: TapeFunction) -> [Tensor] {
  var tape = Tape()
  let variables = inputs.map { tape.input($0, needsGradient: true) }
  let result = f(&tape, variables)
  let weights = tape.input(
    (0..<result.shape.count).map { weight($0) }, shape: result.shape)
  let loss = tape.sum(tape.multiply(result, weights))
  tape.backward(from: loss)
  return variables.map { tape.gradient(of: $0) }
}

/// Holds every gradient of a function to central differences.
///
/// Float values limit the differences to about 1e-3 of the sum's size; a wrong rule is off by
/// far more in at least one element.
func expectGradients(
  _ inputs: [Tensor], step: Float = 1e-2, tolerance: Double = 4e-3,
  _ f: TapeFunction, sourceLocation: SourceLocation = #_sourceLocation
) {
  let gradients = tapeGradients(inputs, f)
  for (number, input) in inputs.enumerated() {
    for index in input.values.indices {
      var (up, down) = (inputs, inputs)
      up[number].values[index] += step
      down[number].values[index] -= step
      let width = Double(up[number].values[index]) - Double(down[number].values[index])
      let expected = (weightedSum(up, f) - weightedSum(down, f)) / width
      let found = Double(gradients[number].values[index])
      #expect(
        abs(found - expected) <= tolerance * max(1, abs(expected)),
        "input \(number), element \(index): \(found), by differences \(expected)",
        sourceLocation: sourceLocation)
    }
  }
}
