import Autodiff
import CBLAS
import Dispatch
import Testing

/// One product by the rounded kernels, with room around C that must stay as it is.
private struct RoundedProduct: Sendable {
  var (m, n, k) = (1, 1, 1)
  var (leftTransposed, rightTransposed) = (false, false)
  var (leftStride, rightStride, stride) = (1, 1, 1)
  var beta: Float = 0
  var (a, b, c): ([Float], [Float], [Float]) = ([], [], [])

  init(_ random: inout TestRandom, upTo limit: Int) {
    func size() -> Int { 1 + Int(random.uniform() * Float(limit)) }
    (m, n, k) = (size(), size(), size())
    (leftTransposed, rightTransposed) = (random.uniform() < 0.5, random.uniform() < 0.5)
    beta = random.uniform() < 0.5 ? 0 : 1
    leftStride = (leftTransposed ? m : k) + size() % 4
    rightStride = (rightTransposed ? k : n) + size() % 4
    stride = n + size() % 4
    a = random.tensor([(leftTransposed ? k : m), leftStride]).values
    b = random.tensor([(rightTransposed ? n : k), rightStride]).values
    c = random.tensor([m, stride]).values
    if beta == 0 { for row in 0..<m { c[row * stride] = .nan } }
  }

  func left(_ row: Int, _ inner: Int) -> Float {
    a[leftTransposed ? inner * leftStride + row : row * leftStride + inner]
  }

  func right(_ inner: Int, _ column: Int) -> Float {
    b[rightTransposed ? column * rightStride + inner : inner * rightStride + column]
  }

  /// The packed factors begin as NaN, so that padding that is not written is seen.
  func computed() -> [Float] {
    let (m32, n32, k32) = (Int32(m), Int32(n), Int32(k))
    var left = [Float](repeating: .nan, count: motionc_bfloat16_left_count(m32, k32))
    var right = [Float](repeating: .nan, count: motionc_bfloat16_right_count(n32, k32))
    var result = c
    motionc_bfloat16_pack_left(leftTransposed ? 1 : 0, m32, k32, a, Int32(leftStride), &left)
    motionc_bfloat16_pack_right(rightTransposed ? 1 : 0, n32, k32, b, Int32(rightStride), &right)
    motionc_bfloat16_multiply(
      leftTransposed ? 1 : 0, m32, n32, k32, 1, left, right, beta, &result, Int32(stride))
    return result
  }

  /// Round to nearest, ties to even, eight bits.
  static func rounded(_ x: Float) -> Double {
    let bits = x.bitPattern
    return Double(Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000))
  }

  /// The largest difference from double precision, relative to what float sums lose.
  func error(of result: [Float]) -> Double {
    var worst = 0.0
    for row in 0..<m {
      for column in 0..<stride {
        let (found, old) = (result[row * stride + column], c[row * stride + column])
        if column >= n {
          if found.bitPattern != old.bitPattern { return .infinity }
          continue
        }
        var (sum, size) = (beta == 0 ? 0 : Double(old), 1.0)
        for inner in 0..<k {
          let term = Self.rounded(left(row, inner)) * Self.rounded(right(inner, column))
          sum += term
          size += abs(term)
        }
        let difference = abs(Double(found) - sum) / (size * 0x1p-24)
        if !(difference <= worst) { worst = difference.isNaN ? .infinity : difference }
      }
    }
    return worst
  }
}

@Suite(
  "Products of numbers rounded to bfloat16",
  .enabled(if: BLAS.supportsBFloat16, "this processor does not multiply bfloat16"))
struct PrecisionTests {
  @Test("agree with double precision, any size, transposed or not, added or not", arguments: 0..<16)
  func agrees(_ seed: Int) {
    var random = TestRandom(state: UInt64(seed))
    for index in 0..<125 {
      let product = RoundedProduct(&random, upTo: index % 5 == 0 ? 150 : 40)
      let error = product.error(of: product.computed())
      #expect(
        error <= 8,
        "\(product.m) x \(product.n) x \(product.k), \(product.leftTransposed), \(product.rightTransposed), \(product.beta): \(error)"
      )
    }
  }

  @Test("NaN and infinity reach every sum that they belong to and no other")
  func notANumber() {
    var random = TestRandom(state: 77)
    for _ in 0..<300 {
      var product = RoundedProduct(&random, upTo: 70)
      product.beta = 0
      let (row, inner) = (
        Int(random.uniform() * Float(product.m)), Int(random.uniform() * Float(product.k))
      )
      let place =
        product.leftTransposed
        ? inner * product.leftStride + row : row * product.leftStride + inner
      product.a[place] = random.uniform() < 0.5 ? .nan : .infinity
      let result = product.computed()
      for i in 0..<product.m {
        for j in 0..<product.n {
          #expect(result[i * product.stride + j].isFinite == (i != row))
        }
      }
    }
  }

  @Test("give the same bytes on many threads at once")
  func threads() {
    var random = TestRandom(state: 5)
    let products = (0..<40).map { _ in RoundedProduct(&random, upTo: 200) }
    let expected = products.map { $0.computed().map(\.bitPattern) }
    let same = UnsafeMutableBufferPointer<Bool>.allocate(capacity: products.count)
    defer { same.deallocate() }
    nonisolated(unsafe) let slots = same
    DispatchQueue.concurrentPerform(iterations: products.count) { index in
      slots[index] = products[index].computed().map(\.bitPattern) == expected[index]
    }
    #expect(same.allSatisfy { $0 })
  }

  private func linear(
    _ precision: Precision, _ inputs: [Tensor], activation: Activation
  ) -> [Tensor] {
    var tape = Tape()
    tape.precision = precision
    let x = inputs.map { tape.input($0, needsGradient: true) }
    let y = tape.linear(x[0], weight: x[1], bias: x[2], activation: activation)
    let z = tape.linear(y, weight: x[3], residual: x[0])
    tape.backward(from: tape.sum(tape.square(z)))
    return [tape.tensor(z)] + x.map { tape.gradient(of: $0) }
  }

  @Test(
    "carry linear maps and their gradients, near those of single precision", arguments: [1, 300])
  func linearMaps(_ rows: Int) {
    var random = TestRandom(state: 11)
    let inputs = [
      random.tensor([rows, 37]), random.tensor([70, 37]), random.tensor([70]),
      random.tensor([37, 70]),
    ]
    let exact = linear(.float32, inputs, activation: .gelu)
    let rounded = linear(.bfloat16, inputs, activation: .gelu)
    for (a, b) in zip(exact, rounded) {
      let size = a.values.reduce(0) { $0 + $1 * $1 }
      let error = zip(a.values, b.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      #expect((error / size).squareRoot() <= 8e-3)
      #expect(a.values != b.values)
    }
  }
}

@Suite("Precision")
struct PrecisionChoiceTests {
  @Test("is single unless it is chosen, and then the values are the library's to the bit")
  func usual() {
    var random = TestRandom(state: 3)
    let (x, w) = (random.tensor([5, 9]), random.tensor([7, 9]))
    var tape = Tape()
    #expect(tape.precision == .float32)
    let (a, b) = (tape.input(x), tape.input(w))
    let y = tape.linear(a, weight: b)
    let z = tape.product(a, b, transposingB: true)
    #expect(tape.values(of: y) == tape.values(of: z))
    tape.precision = .bfloat16
    // other products stay exact
    let again = tape.product(a, b, transposingB: true)
    #expect(tape.values(of: again) == tape.values(of: z))
    let rounded = tape.linear(a, weight: b)
    #expect((tape.values(of: rounded) == tape.values(of: z)) == !BLAS.supportsBFloat16)
  }
}

@Suite("Products of small matrices")
struct SmallProductTests {
  @Test("agree with double precision, whatever their strides, and write nothing beside C")
  func agrees() {
    var random = TestRandom(state: 21)
    for _ in 0..<2000 {
      let (m, n, k) = (
        1 + Int(random.uniform() * 40), 16 * (1 + Int(random.uniform() * 5)),
        Int(random.uniform() * 50)
      )
      let turned = random.uniform() < 0.5
      let (row, step) = turned ? (1, m + 3) : (k + 2, 1)
      let (ldb, ldc) = (n + Int(random.uniform() * 3), n + Int(random.uniform() * 3))
      let a = random.tensor([m * (k + 3) + 3 * k]).values
      let b = random.tensor([max(1, k * ldb)]).values
      var c = [Float](repeating: 7, count: m * ldc)
      motionc_small_product(
        Int32(m), Int32(n), Int32(k), a, Int32(row), Int32(step), b, Int32(ldb), &c, Int32(ldc))
      for i in 0..<m {
        for j in 0..<ldc {
          let sum = (0..<k).reduce(0.0) {
            $0 + Double(a[i * row + $1 * step]) * (j < n ? Double(b[$1 * ldb + j]) : 0)
          }
          #expect(j < n ? abs(Double(c[i * ldc + j]) - sum) <= 1e-5 : c[i * ldc + j] == 7)
        }
      }
    }
  }
}
