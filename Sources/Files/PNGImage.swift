/// An image of 8-bit colours as a PNG file (ISO/IEC 15948).
///
/// Compressed by Deflate with its fixed code (RFC 1951) and two kinds of repetition: of the pixel
/// before, and of the row above, which drawings consist of.
public struct PNGImage: Sendable {
  /// The width [px].
  public let width: Int
  /// The height [px].
  public let height: Int
  /// Red, green and blue of each pixel, row by row from the top.
  public let pixels: [UInt8]

  /// An image; three bytes for each pixel.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && width <= 10_000 && height > 0 && pixels.count == 3 * width * height,
      "\(pixels.count) bytes for \(width) by \(height) pixels")
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }

  /// The bytes of the file.
  public func encoded() -> [UInt8] {
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    // Eight bits, red, green and blue, no interlacing.
    append("IHDR", Self.bytes(width) + Self.bytes(height) + [8, 2, 0, 0, 0], to: &file)
    append("IDAT", compressed(), to: &file)
    append("IEND", [], to: &file)
    return file
  }

  private func append(_ name: String, _ data: [UInt8], to file: inout [UInt8]) {
    let body = Array(name.utf8) + data
    file += Self.bytes(data.count) + body + Self.bytes(Int(Self.checksum(body)))
  }

  private static func bytes(_ number: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }

  /// CRC-32.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var value: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }
    return ~value
  }

  // MARK: - Deflate

  private func compressed() -> [UInt8] {
    let row = 3 * width
    var raw: [UInt8] = []
    raw.reserveCapacity((row + 1) * height)
    for line in 0..<height {
      raw.append(0)
      raw += pixels[(line * row)..<((line + 1) * row)]
    }
    var writer = BitWriter()
    writer.put(1, 1)
    writer.put(1, 2)
    var at = 0
    while at < raw.count {
      let matches = [3, row + 1].map { ($0, Self.match(raw, at, $0)) }
      let best = matches.max { $0.1 < $1.1 } ?? (0, 0)
      if best.1 >= 4 {
        writer.putLength(best.1)
        writer.putDistance(best.0)
        at += best.1
      } else {
        writer.putSymbol(Int(raw[at]))
        at += 1
      }
    }
    writer.putSymbol(256)
    var (low, high) = (1, 0)
    for byte in raw {
      low = (low + Int(byte)) % 65_521
      high = (high + low) % 65_521
    }
    return [0x78, 0x01] + writer.finished() + Self.bytes(high << 16 | low)
  }

  /// How many bytes repeat those a distance before, 258 at most.
  private static func match(_ raw: [UInt8], _ at: Int, _ distance: Int) -> Int {
    guard at >= distance else { return 0 }
    var count = 0
    while count < 258, at + count < raw.count, raw[at + count] == raw[at + count - distance] {
      count += 1
    }
    return count
  }
}

/// Writes bits from the lowest of each byte, and symbols of Deflate's fixed code.
private struct BitWriter {
  private var bytes: [UInt8] = []
  private var (open, count): (UInt32, Int) = (0, 0)

  mutating func put(_ value: Int, _ bits: Int) {
    open |= UInt32(value) << UInt32(count)
    count += bits
    while count >= 8 {
      bytes.append(UInt8(truncatingIfNeeded: open))
      open >>= 8
      count -= 8
    }
  }

  /// A Huffman code, whose highest bit goes first.
  private mutating func putCode(_ code: Int, _ bits: Int) {
    for bit in (0..<bits).reversed() { put(code >> bit & 1, 1) }
  }

  mutating func putSymbol(_ symbol: Int) {
    switch symbol {
    case 0...143: putCode(0x30 + symbol, 8)
    case 144...255: putCode(0x190 + symbol - 144, 9)
    case 256...279: putCode(symbol - 256, 7)
    default: putCode(0xC0 + symbol - 280, 8)
    }
  }

  mutating func putLength(_ length: Int) {
    guard length < 258 else { return putSymbol(285) }
    guard length > 10 else { return putSymbol(254 + length) }
    // Four symbols for each number of extra bits.
    let value = length - 3
    let extra = (Int.bitWidth - 1 - value.leadingZeroBitCount) - 2
    putSymbol(257 + 4 * extra + (value >> extra))
    put(value & (1 << extra - 1), extra)
  }

  mutating func putDistance(_ distance: Int) {
    let value = distance - 1
    guard value > 3 else { return putCode(value, 5) }
    let extra = (Int.bitWidth - 1 - value.leadingZeroBitCount) - 1
    putCode(2 * extra + (value >> extra), 5)
    put(value & (1 << extra - 1), extra)
  }

  func finished() -> [UInt8] {
    count > 0 ? bytes + [UInt8(truncatingIfNeeded: open)] : bytes
  }
}
