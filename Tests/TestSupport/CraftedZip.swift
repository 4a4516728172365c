/// Zip archives of one deflated file that is little but zeros: a kilobyte stands for 150.
public enum CraftedZip {
  /// An archive with a file of a beginning and so many zeros behind it.
  public static func archive(name: String, beginning: [UInt8], zeros: Int) -> [UInt8] {
    let size = beginning.count + zeros
    let data = deflated(beginning, zeros: zeros)
    let checksum = checksum(beginning, zeros: zeros)
    let shared =
      little(20, 2) + little(0, 2) + little(8, 2) + little(0, 2) + little(0x21, 2)
      + little(checksum, 4) + little(data.count, 4) + little(size, 4) + little(name.utf8.count, 2)
    let local = little(0x0403_4b50, 4) + shared + little(0, 2) + Array(name.utf8)
    let central =
      little(0x0201_4b50, 4) + little(20, 2) + shared + little(0, 2) + little(0, 2) + little(0, 2)
      + little(0, 2) + little(0, 4) + little(0, 4) + Array(name.utf8)
    let end =
      little(0x0605_4b50, 4) + little(0, 4) + little(1, 2) + little(1, 2)
      + little(central.count, 4) + little(local.count + data.count, 4) + little(0, 2)
    return local + data + central + end
  }

  /// An `.npy` header for an array of a type and shape, with no elements behind it.
  public static func numpyHeader(_ type: String, _ shape: [Int]) -> [UInt8] {
    let extents = shape.map { "\($0)," }.joined(separator: " ")
    var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }"
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0] + little(header.utf8.count, 2)
      + Array(header.utf8)
  }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// One block of fixed Huffman codes (RFC 1951): literals, then runs of 258 at the distance 1.
  private static func deflated(_ beginning: [UInt8], zeros: Int) -> [UInt8] {
    var bits = Bits()
    bits.append(1, 1)
    bits.append(1, 2)
    for byte in beginning { bits.append(literal: byte) }
    var left = zeros
    if left > 0 {
      bits.append(literal: 0)
      left -= 1
    }
    while left >= 258 {
      bits.append(code: 0b1100_0101, 8)
      bits.append(code: 0, 5)
      left -= 258
    }
    for _ in 0..<left { bits.append(literal: 0) }
    bits.append(code: 0, 7)
    return bits.finished
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in
      value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1
    }
  }

  private static func checksum(_ beginning: [UInt8], zeros: Int) -> Int {
    var value: UInt32 = 0xFFFF_FFFF
    let table = table
    for byte in beginning { value = table[Int((value ^ UInt32(byte)) & 0xFF)] ^ value >> 8 }
    for _ in 0..<zeros { value = table[Int(value & 0xFF)] ^ value >> 8 }
    return Int(value ^ 0xFFFF_FFFF)
  }

  /// Bits in the order of deflate: the lowest of a byte first.
  private struct Bits {
    private var bytes: [UInt8] = []
    private var current: UInt32 = 0
    private var count = 0

    mutating func append(_ value: UInt32, _ length: Int) {
      current |= value << UInt32(count)
      count += length
      while count >= 8 {
        bytes.append(UInt8(truncatingIfNeeded: current))
        current >>= 8
        count -= 8
      }
    }

    /// A Huffman code, whose highest bit comes first.
    mutating func append(code: UInt32, _ length: Int) {
      for bit in (0..<length).reversed() { append(code >> UInt32(bit) & 1, 1) }
    }

    mutating func append(literal byte: UInt8) {
      if byte < 144 {
        append(code: 0b0011_0000 + UInt32(byte), 8)
      } else {
        append(code: 0b1_1001_0000 + UInt32(byte) - 144, 9)
      }
    }

    var finished: [UInt8] {
      var copy = self
      if copy.count > 0 { copy.append(0, 8 - copy.count) }
      return copy.bytes
    }
  }
}

/// Zip archives of files that are stored as they are, with checksums that fit.
public enum StoredZip {
  /// An archive of named files.
  public static func archive(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var (body, central): ([UInt8], [UInt8]) = ([], [])
    for (name, bytes) in files {
      let shared =
        little(20, 2) + little(0, 2) + little(0, 2) + little(0, 2) + little(0x21, 2)
        + little(Int(checksum(bytes)), 4) + little(bytes.count, 4) + little(bytes.count, 4)
        + little(name.utf8.count, 2)
      central +=
        little(0x0201_4b50, 4) + little(20, 2) + shared + little(0, 2) + little(0, 2)
        + little(0, 2) + little(0, 2) + little(0, 4) + little(body.count, 4) + Array(name.utf8)
      body += little(0x0403_4b50, 4) + shared + little(0, 2) + Array(name.utf8) + bytes
    }
    let end =
      little(0x0605_4b50, 4) + little(0, 4) + little(files.count, 2) + little(files.count, 2)
      + little(central.count, 4) + little(body.count, 4) + little(0, 2)
    return body + central + end
  }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// CRC-32 by a table of the remainders of bytes.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ ($0 >> 8) }
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 0 ? crc >> 1 : 0xEDB8_8320 ^ (crc >> 1) }
  }
}
