// Goals, in order: vector code without a call or a branch, 1e-7 accuracy. `.rounded()` and
// conversions to integers fall out of vector code, so rounding is done by adding 1.5 · 2²³ and
// the quadrant is taken from the bits.

/// Sixteen samples side by side.
typealias Lanes = SIMD16<Float>

/// `a · b + c`, one instruction where the build uses the processor.
@inline(__always)
func fused(_ a: Lanes, _ b: Lanes, _ c: Lanes) -> Lanes { c.addingProduct(a, b) }

/// `a · b + c` with the same constant for all samples.
@inline(__always)
func fused(_ a: Lanes, _ b: Float, _ c: Lanes) -> Lanes {
  c.addingProduct(a, Lanes(repeating: b))
}

/// Sine and cosine of angles [rad], to 1.2e-7 for angles up to some thousand turns.
@inline(__always)
func sineAndCosine(_ angle: Lanes) -> (sine: Lanes, cosine: Lanes) {
  let magic: Float = 12_582_912
  let shifted = fused(angle, 2 / .pi, Lanes(repeating: magic))
  let turns = shifted - Lanes(repeating: magic)
  // π/2 in three parts (Cody and Waite), so that the remainder keeps its digits.
  var x = fused(turns, -1.570_796_370_506_286_6, angle)
  x = fused(turns, 4.371_139_000_186_243e-8, x)
  x = fused(turns, 1.715_124_51e-15, x)
  let square = x * x
  // Minimax polynomials on ±π/4 with the coefficients of Cephes (sinf, cosf).
  var odd = fused(
    square, Lanes(repeating: -1.951_529_589_1e-4), Lanes(repeating: 8.332_160_873_6e-3))
  odd = fused(odd, square, Lanes(repeating: -1.666_665_461_1e-1))
  let sine = fused(odd * square, x, x)
  var even = fused(
    square, Lanes(repeating: 2.443_315_711_809_948e-5),
    Lanes(repeating: -1.388_731_625_493_765e-3))
  even = fused(even, square, Lanes(repeating: 4.166_664_568_298_827e-2))
  let cosine = fused(even * square, square, fused(square, -0.5, Lanes(repeating: 1)))
  let quadrant = unsafeBitCast(shifted, to: SIMD16<UInt32>.self)
  let swap = SIMD16<UInt32>(repeating: 0) &- (quadrant & SIMD16(repeating: 1))
  let sineBits = unsafeBitCast(sine, to: SIMD16<UInt32>.self)
  let cosineBits = unsafeBitCast(cosine, to: SIMD16<UInt32>.self)
  let difference = (sineBits ^ cosineBits) & swap
  let sineSign = (quadrant & SIMD16(repeating: 2)) &<< SIMD16(repeating: 30)
  let cosineSign =
    ((quadrant &+ SIMD16(repeating: 1)) & SIMD16(repeating: 2)) &<< SIMD16(repeating: 30)
  return (
    unsafeBitCast(sineBits ^ difference ^ sineSign, to: Lanes.self),
    unsafeBitCast(cosineBits ^ difference ^ cosineSign, to: Lanes.self)
  )
}

/// Three numbers for each sample.
struct Lanes3 {
  var x: Lanes
  var y: Lanes
  var z: Lanes

  @inline(__always)
  init(_ x: Lanes, _ y: Lanes, _ z: Lanes) {
    self.x = x
    self.y = y
    self.z = z
  }

  @inline(__always)
  init(_ pointer: UnsafePointer<Lanes>) {
    self.init(pointer[0], pointer[1], pointer[2])
  }

  @inline(__always)
  init(_ pointer: UnsafeMutablePointer<Lanes>) {
    self.init(pointer[0], pointer[1], pointer[2])
  }

  @inline(__always)
  func store(_ pointer: UnsafeMutablePointer<Lanes>) {
    pointer[0] = x
    pointer[1] = y
    pointer[2] = z
  }

  /// This plus a multiple of another.
  @inline(__always)
  func adding(_ other: Lanes3, times factor: Lanes) -> Lanes3 {
    Lanes3(fused(other.x, factor, x), fused(other.y, factor, y), fused(other.z, factor, z))
  }

  /// This plus a multiple of another.
  @inline(__always)
  func adding(_ other: Lanes3, times factor: Float) -> Lanes3 {
    adding(other, times: Lanes(repeating: factor))
  }

  @inline(__always)
  static func * (a: Lanes3, factor: Lanes) -> Lanes3 {
    Lanes3(a.x * factor, a.y * factor, a.z * factor)
  }

  @inline(__always)
  static func + (a: Lanes3, b: Lanes3) -> Lanes3 { Lanes3(a.x + b.x, a.y + b.y, a.z + b.z) }

  @inline(__always)
  func dot(_ other: Lanes3) -> Lanes { fused(x, other.x, fused(y, other.y, z * other.z)) }
}

/// A sum of vector products, its positive and negative halves apart, so that each step is one
/// fused operation.
struct CrossSum {
  private var plus: Lanes3
  private var minus: Lanes3

  /// A sum that begins with a vector.
  @inline(__always)
  init(_ start: Lanes3) {
    plus = start
    minus = Lanes3(.zero, .zero, .zero)
  }

  /// Adds `a × b`.
  @inline(__always)
  mutating func add(_ a: Lanes3, _ b: Lanes3) {
    plus = Lanes3(fused(a.y, b.z, plus.x), fused(a.z, b.x, plus.y), fused(a.x, b.y, plus.z))
    minus = Lanes3(fused(a.z, b.y, minus.x), fused(a.x, b.z, minus.y), fused(a.y, b.x, minus.z))
  }

  /// The sum.
  @inline(__always)
  var value: Lanes3 { Lanes3(plus.x - minus.x, plus.y - minus.y, plus.z - minus.z) }
}

/// What acts on a rigid body: a force, and a torque about the root frame's origin.
struct Wrench {
  var force: Lanes3
  var torque: Lanes3

  @inline(__always)
  init(force: Lanes3, torque: Lanes3) {
    self.force = force
    self.torque = torque
  }

  @inline(__always)
  init(_ pointer: UnsafeMutablePointer<Lanes>) {
    force = Lanes3(pointer)
    torque = Lanes3(pointer + 3)
  }

  @inline(__always)
  func store(_ pointer: UnsafeMutablePointer<Lanes>) {
    force.store(pointer)
    torque.store(pointer + 3)
  }

  @inline(__always)
  static func + (a: Wrench, b: Wrench) -> Wrench {
    Wrench(force: a.force + b.force, torque: a.torque + b.torque)
  }
}
