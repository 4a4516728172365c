internal import CBLAS

/// The precision of the factors of linear maps.
///
/// Sums, and everything besides linear maps, are in single precision either way.
public enum Precision: String, Sendable, Hashable, CaseIterable {
  /// Single precision: no rounding.
  case float32
  /// bfloat16 (eight significant bits) on processors with instructions for it, which is twice as
  /// fast; single precision on others.
  case bfloat16
}

extension BLAS {
  /// Whether this processor and system multiply numbers rounded to bfloat16.
  public static let supportsBFloat16 = motionc_has_bfloat16() != 0
}

/// Products of rounded factors; only where `BLAS.supportsBFloat16`.
enum BFloat16 {
  typealias Pointer = UnsafeMutablePointer<Float>

  /// The number of words of a packed left factor.
  static func leftCount(rows: Int, inner: Int) -> Int {
    motionc_bfloat16_left_count(Int32(rows), Int32(inner))
  }

  /// The number of words of a packed right factor.
  static func rightCount(columns: Int, inner: Int) -> Int {
    motionc_bfloat16_right_count(Int32(columns), Int32(inner))
  }

  /// Packs [rows, inner], or what is stored as [inner, rows].
  static func packLeft(
    _ a: Pointer, stride: Int, transposed: Bool, rows: Int, inner: Int, into packed: Pointer
  ) {
    motionc_bfloat16_pack_left(
      transposed ? 1 : 0, Int32(rows), Int32(inner), a, Int32(stride), packed)
  }

  /// Packs rows `from` ..< `from + count` of what is stored as [inner, rows].
  static func packTurned(
    _ a: Pointer, from: Int, count: Int, rows: Int, inner: Int, into packed: Pointer
  ) {
    motionc_bfloat16_pack_left_part(
      Int32(rows), Int32(inner), Int32(from), Int32(count), a, Int32(rows), packed)
  }

  /// Packs [inner, columns], or what is stored as [columns, inner].
  static func packRight(
    _ b: Pointer, stride: Int, transposed: Bool, columns: Int, inner: Int, into packed: Pointer
  ) {
    motionc_bfloat16_pack_right(
      transposed ? 1 : 0, Int32(columns), Int32(inner), b, Int32(stride), packed)
  }

  /// Sets `c` to `left right + beta c`.
  static func multiply(
    left: Pointer, transposed: Bool, right: Pointer, into c: Pointer, stride: Int, rows: Int,
    columns: Int, inner: Int, beta: Float
  ) {
    motionc_bfloat16_multiply(
      transposed ? 1 : 0, Int32(rows), Int32(columns), Int32(inner), 1, left, right, beta, c,
      Int32(stride))
  }
}
