import Geometry

/// A rotation in six bytes: the three smallest components of its quaternion, 15 bits each, and
/// which one is left out (2 bits; the topmost bit of the third word is zero).
///
/// The largest component is made positive and follows from the others. The error is below 1e-4 rad.
enum PackedRotation {
  /// The bytes of a rotation.
  static let size = 6
  /// The difference of neighbouring values: ±1/√2 in 2^15 steps.
  static let step = Float(2).squareRoot() / 32767
  private static let lowest = -Float(0.5).squareRoot()

  /// The three words of a unit quaternion w x y z.
  static func encoded(_ q: SIMD4<Double>) -> (UInt16, UInt16, UInt16) {
    var largest = 0
    for lane in 1..<4 where abs(q[lane]) > abs(q[largest]) { largest = lane }
    let turned = q[largest] < 0 ? -q : q
    var scaled = SIMD3<Double>.zero
    var lane = 0
    for index in 0..<4 where index != largest {
      scaled[lane] = min(max((turned[index] - Double(lowest)) / Double(step), 0), 32767)
      lane += 1
    }
    let values = nearest(to: scaled, of: turned, largest)
    let index = UInt16(largest)
    return (values.x | (index & 1) << 15, values.y | (index >> 1) << 15, values.z)
  }

  /// The combination of rounding up and down of three numbers that gives the nearest quaternion.
  ///
  /// Rounding each to the nearest suffices unless all errors add up in the omitted component.
  private static func nearest(
    to scaled: SIMD3<Double>, of q: SIMD4<Double>, _ largest: Int
  ) -> SIMD3<UInt16> {
    func error(_ values: SIMD3<UInt16>) -> Double {
      let found = decoded(values.x, values.y, values.z, largest: largest)
      let difference = SIMD4<Double>(found.components) - q
      return (difference * difference).sum()
    }
    var best = SIMD3<UInt16>(scaled.rounded(.toNearestOrEven))
    var least = error(best)
    // Half of 8e-5 rad, squared.
    guard least > 1.6e-9 else { return best }
    let floor = SIMD3<UInt16>(scaled.rounded(.down))
    for corner in UInt16(0)..<8 {
      let step = SIMD3(corner & 1, corner >> 1 & 1, corner >> 2)
      let values = pointwiseMin(floor &+ step, SIMD3(repeating: 32767))
      let found = error(values)
      if found < least { (best, least) = (values, found) }
    }
    return best
  }

  /// The unit quaternion w x y z of three words; of any three words some unit quaternion.
  @inline(__always)
  static func decoded(_ a: UInt16, _ b: UInt16, _ c: UInt16) -> FloatQuaternion {
    decoded(a & 0x7fff, b & 0x7fff, c & 0x7fff, largest: Int(a >> 15 | (b >> 15) << 1))
  }

  @inline(__always)
  private static func decoded(
    _ a: UInt16, _ b: UInt16, _ c: UInt16, largest index: Int
  ) -> FloatQuaternion {
    var v = SIMD3(Float(a), Float(b), Float(c)) * step + lowest
    let sum = (v * v).sum()
    // Words that no rotation has: in a damaged file.
    if sum > 1 { v /= sum.squareRoot() }
    let rest = max(0, 1 - sum).squareRoot()
    return switch index {
    case 0: FloatQuaternion(w: rest, x: v.x, y: v.y, z: v.z)
    case 1: FloatQuaternion(w: v.x, x: rest, y: v.y, z: v.z)
    case 2: FloatQuaternion(w: v.x, x: v.y, y: rest, z: v.z)
    default: FloatQuaternion(w: v.x, x: v.y, y: v.z, z: rest)
    }
  }
}
