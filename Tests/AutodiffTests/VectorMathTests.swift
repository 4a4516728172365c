import CBLAS
import Foundation
import Testing

@testable import Autodiff

@Suite("Vector functions against double precision")
struct VectorMathTests {
  /// The largest relative error over a range, against a floor for results near zero.
  private func worst(
    from lower: Double, to upper: Double, floor: Double = 0, _ f: (SIMD16<Float>) -> SIMD16<Float>,
    _ reference: (Double) -> Double
  ) -> Double {
    var worst = 0.0
    for index in 0..<20_000 {
      let x = Float(lower + (upper - lower) * Double(index) / 19_999)
      let expected = reference(Double(x))
      let error = abs(Double(f(SIMD16(repeating: x))[index % 16]) - expected)
      worst = max(worst, error / max(abs(expected), floor, 1e-300))
    }
    return worst
  }

  @Test("exp, tanh, softplus, the logistic function and both forms of GELU")
  func functions() {
    #expect(worst(from: -86, to: 87, VectorMath.exp, exp) < 3e-7)
    #expect(worst(from: -12, to: 12, VectorMath.tanh, tanh) < 3e-7)
    #expect(worst(from: -80, to: 80, VectorMath.softplus) { log1p(exp($0)) } < 4e-7)
    #expect(worst(from: -80, to: 80, VectorMath.sigmoid) { 1 / (1 + exp(-$0)) } < 4e-7)
    #expect(
      worst(
        from: -5, to: 8, { VectorMath.gelu($0).value }, { $0 * 0.5 * erfc(-$0 / 2.squareRoot()) })
        < 3e-6)
    let slope = { (x: Double) in
      0.5 * erfc(-x / 2.squareRoot()) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
    }
    #expect(
      worst(from: -30, to: 30, floor: 0.1, { VectorMath.gelu($0).derivative }, slope) < 2e-6)
  }

  @Test("extreme and undefined arguments")
  func extremes() {
    let vector = { (x: Float) in SIMD16<Float>(repeating: x) }
    #expect(VectorMath.exp(vector(-.infinity))[0] < 1e-37)
    #expect(VectorMath.exp(vector(1000))[0].isFinite)
    #expect(VectorMath.exp(vector(.nan))[0].isNaN)
    #expect(VectorMath.tanh(vector(.infinity))[0] == 1)
    #expect(VectorMath.tanh(vector(-.infinity))[0] == -1)
    #expect(VectorMath.tanh(vector(.nan))[0].isNaN)
    #expect(VectorMath.gelu(vector(.nan)).value[0].isNaN)
    #expect(VectorMath.gelu(vector(1e10)).value[0] == 1e10)
    #expect(VectorMath.gelu(vector(-1e10)).value[0] == 0)
  }

  @Test("a block transposed holds each number in its place")
  func transposition() {
    let source = FloatBuffer((0..<(16 * 20)).map(Float.init))
    let target = FloatBuffer(count: 16 * 24)
    Transposition.block(source.pointer, stride: 20, rows: 13, into: target.pointer, stride: 24)
    for row in 0..<16 {
      for column in 0..<16 {
        #expect(target.values[column * 24 + row] == (row < 13 ? Float(row * 20 + column) : 0))
      }
    }
  }

  @Test("the library is loaded with one thread and the widest kernels that the processor has")
  func library() throws {
    try BLAS.require()
    #expect(BLAS.threads == 1)
    #expect(BLAS.configuration.contains("OpenBLAS"))
    if BLAS.processorHasAVX512, ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil {
      #expect(["SkylakeX", "Cooperlake", "Sapphirerapids"].contains(BLAS.kernels))
    }
  }

  @Test("bounded outputs never leave their bounds, also where rounding would push")
  func bounded() {
    var tape = Tape(recording: false)
    var random = TestRandom(state: 9)
    for _ in 0..<1000 {
      let lower = (random.uniform() - 0.5) * 10
      let upper = lower + random.uniform()
      let x = tape.input([-1e9, 1e9, (random.uniform() - 0.5) * 40], shape: [3, 1])
      let y = tape.values(of: tape.bounded(x, lower: [lower], upper: [upper]))
      #expect(y.allSatisfy { lower <= $0 && $0 <= upper })
      tape.reset()
    }
  }
}
