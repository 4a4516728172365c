// Elementary functions on sixteen numbers at once.
//
// Goals in order: (1) no instruction that leaves vector code, (2) a relative error of about 2e-7,
// (3) speed. Polynomials are our own near-minimax fits (reweighted least squares on Chebyshev
// nodes, in double precision). Arguments out of range saturate; NaN stays NaN or saturates.

typealias Vector = SIMD16<Float>

enum VectorMath {
  /// 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits.
  private static var roundingShift: Vector { Vector(repeating: 12_582_912) }

  /// The larger of two numbers lane by lane; the first where either is NaN.
  ///
  /// The library's `pointwiseMax` is a call that took a third of all time here.
  @inline(__always)
  static func larger(_ a: Vector, _ b: Vector) -> Vector { a.replacing(with: b, where: a .< b) }

  /// The smaller of two numbers lane by lane; the first where either is NaN.
  @inline(__always)
  static func smaller(_ a: Vector, _ b: Vector) -> Vector { a.replacing(with: b, where: a .> b) }

  /// e to the power of `x`; 0 to 2.2e-38 below -87.3, 1.6e38 above 87.9.
  @inline(__always)
  static func exp(_ x: Vector) -> Vector {
    let bounded = smaller(larger(x, Vector(repeating: -87.3)), Vector(repeating: 87.9))
    let shifted = roundingShift.addingProduct(
      bounded, Vector(repeating: 1.442_695_040_888_963_4))
    let whole = shifted - roundingShift
    var rest = bounded.addingProduct(whole, Vector(repeating: -0.693_359_375))
    rest.addProduct(whole, Vector(repeating: 2.121_944_400_546_905_8e-4))
    var sum = Vector(repeating: 1.394_121_685_936_467e-3)
    sum = Vector(repeating: 8.363_235_072_554_133e-3).addingProduct(sum, rest)
    sum = Vector(repeating: 4.166_637_409_826_867e-2).addingProduct(sum, rest)
    sum = Vector(repeating: 0.166_665_766_463_639_8).addingProduct(sum, rest)
    sum = Vector(repeating: 0.500_000_002_709_374_8).addingProduct(sum, rest)
    sum = (rest + Vector(repeating: 1)).addingProduct(sum, rest * rest)
    let exponent = unsafeBitCast(shifted, to: SIMD16<UInt32>.self) &<< 23
    return unsafeBitCast(
      unsafeBitCast(sum, to: SIMD16<UInt32>.self) &+ exponent, to: Vector.self)
  }

  /// The absolute value.
  @inline(__always)
  static func abs(_ x: Vector) -> Vector {
    unsafeBitCast(
      unsafeBitCast(x, to: SIMD16<UInt32>.self) & SIMD16<UInt32>(repeating: 0x7fff_ffff),
      to: Vector.self)
  }

  /// The magnitude of one number with the sign of another.
  @inline(__always)
  static func copySign(_ magnitude: Vector, of x: Vector) -> Vector {
    let sign = unsafeBitCast(x, to: SIMD16<UInt32>.self) & SIMD16<UInt32>(repeating: 0x8000_0000)
    return unsafeBitCast(
      unsafeBitCast(magnitude, to: SIMD16<UInt32>.self) | sign, to: Vector.self)
  }

  /// The hyperbolic tangent.
  @inline(__always)
  static func tanh(_ x: Vector) -> Vector {
    let size = abs(x)
    let square = x * x
    var sum = Vector(repeating: -6.062_240_061_788_562e-3)
    sum = Vector(repeating: 2.097_502_111_966_624e-2).addingProduct(sum, square)
    sum = Vector(repeating: -5.384_669_751_198_721e-2).addingProduct(sum, square)
    sum = Vector(repeating: 0.133_327_464_587_402_27).addingProduct(sum, square)
    sum = Vector(repeating: -0.333_333_287_814_756_13).addingProduct(sum, square)
    let near = x.addingProduct(x * square, sum)
    let far = 1 - 2 / (exp(size + size) + 1)
    return copySign(far, of: x).replacing(with: near, where: size .< 0.625)
  }

  /// The logistic function.
  @inline(__always)
  static func sigmoid(_ x: Vector) -> Vector { 1 / (1 + exp(-x)) }

  /// log(1 + e^x).
  @inline(__always)
  static func softplus(_ x: Vector) -> Vector {
    // log(1 + u) = 2 atanh(u / (2 + u)), with u = e^-|x| up to 1
    let u = exp(-abs(x))
    let s = u / (2 + u)
    let square = s * s
    var sum = Vector(repeating: 0.116_268_894_401_170_33)
    sum = Vector(repeating: 0.108_500_211_175_728_12).addingProduct(sum, square)
    sum = Vector(repeating: 0.142_964_053_359_556_34).addingProduct(sum, square)
    sum = Vector(repeating: 0.199_998_481_533_628_87).addingProduct(sum, square)
    sum = Vector(repeating: 0.333_333_336_775_719_2).addingProduct(sum, square)
    let logarithm = (s + s).addingProduct((s + s) * square, sum)
    return larger(x, .zero) + logarithm
  }

  /// The standard normal distribution's cumulative function and density.
  ///
  /// Uses erfc(t) = e^(-t²) P(1 / (1 + 0.3 t)) for t ≥ 0, so that both tails keep their relative
  /// precision and one exponential serves both results.
  @inline(__always)
  static func normal(_ x: Vector) -> (cumulative: Vector, density: Vector) {
    let t = abs(x) * Vector(repeating: 0.707_106_781_186_547_5)
    let bell = exp(t * t * Vector(repeating: -1))
    let u = 1 / (Vector(repeating: 1).addingProduct(t, Vector(repeating: 0.3)))
    var sum = Vector(repeating: -0.129_523_967_541_782_83)
    sum = Vector(repeating: 0.485_568_486_542_269_25).addingProduct(sum, u)
    sum = Vector(repeating: -0.512_289_233_706_788_9).addingProduct(sum, u)
    sum = Vector(repeating: 0.547_733_074_562_127_5).addingProduct(sum, u)
    sum = Vector(repeating: -0.094_659_954_319_541_31).addingProduct(sum, u)
    sum = Vector(repeating: 0.214_930_085_217_411_5).addingProduct(sum, u)
    sum = Vector(repeating: 0.148_338_115_345_040_46).addingProduct(sum, u)
    sum = Vector(repeating: 0.170_715_378_143_062_42).addingProduct(sum, u)
    sum = Vector(repeating: 0.169_187_996_169_036_93).addingProduct(sum, u)
    let tail = Vector(repeating: 0.5) * bell * sum * u
    let cumulative = (1 - tail).replacing(with: tail, where: x .< 0)
    return (cumulative, bell * Vector(repeating: 0.398_942_280_401_432_7))
  }

  /// GELU in its exact form, x Φ(x), and its derivative.
  @inline(__always)
  static func gelu(_ x: Vector) -> (value: Vector, derivative: Vector) {
    let (cumulative, density) = normal(x)
    return (x * cumulative, cumulative.addingProduct(x, density))
  }

  /// GELU in its tanh form, and its derivative.
  @inline(__always)
  static func geluTanh(_ x: Vector) -> (value: Vector, derivative: Vector) {
    // 0.5 (1 + tanh u) = sigmoid(2u), u = sqrt(2/π) (x + 0.044715 x³)
    let k = Vector(repeating: 1.595_769_121_605_730_7)
    let cubic = Vector(repeating: 0.071_354_816_272_600_24)
    let square = x * x
    let s = sigmoid(x * k.addingProduct(square, cubic))
    let slope = k.addingProduct(square, cubic * 3)
    return (x * s, s.addingProduct(x * slope, s * (1 - s)))
  }
}

extension UnsafeMutablePointer<Float> {
  /// The sixteen numbers from an index on.
  @inline(__always)
  func vector(_ index: Int) -> Vector {
    UnsafeRawPointer(self + index).loadUnaligned(as: Vector.self)
  }

  /// Stores sixteen numbers from an index on.
  @inline(__always)
  func store(_ vector: Vector, _ index: Int) {
    UnsafeMutableRawPointer(self + index).storeBytes(of: vector, as: Vector.self)
  }
}

extension UnsafePointer<Float> {
  /// The sixteen numbers from an index on.
  @inline(__always)
  func vector(_ index: Int) -> Vector {
    UnsafeRawPointer(self + index).loadUnaligned(as: Vector.self)
  }
}
