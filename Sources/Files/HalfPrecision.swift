/// Numbers of IEEE 754's binary16 as bits; Swift's own Float16 is not on every platform.
enum HalfPrecision {
  /// The bits of the nearest number, ties to even; too large a number becomes infinite.
  static func bits(_ value: Float) -> UInt16 {
    let word = value.bitPattern
    let sign = UInt16(truncatingIfNeeded: word >> 16) & 0x8000
    let magnitude = word & 0x7fff_ffff
    if magnitude > 0x7f80_0000 { return sign | 0x7e00 }
    if magnitude >= 0x477f_f000 { return sign | 0x7c00 }
    if magnitude < 0x3880_0000 {
      // adding 0.5 leaves the multiple of 2^-24 in the last bits, rounded as the processor does
      let shifted = Float(bitPattern: magnitude) + 0.5
      return sign | UInt16(truncatingIfNeeded: shifted.bitPattern - 0x3f00_0000)
    }
    let odd = (magnitude >> 13) & 1
    let rounded = magnitude + 0xfff + odd - 0x3800_0000
    return sign | UInt16(truncatingIfNeeded: rounded >> 13)
  }

  /// The number of some bits.
  static func number(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7fff)
    if magnitude >= 0x7c00 {
      return Float(bitPattern: sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13)
    }
    if magnitude < 0x400 {
      let value = Float(magnitude) * 0x1p-24
      return sign == 0 ? value : -value
    }
    return Float(bitPattern: sign | (magnitude << 13) + 0x3800_0000)
  }
}
