import Foundation
import Testing

@testable import Files

@Suite("PNG images")
struct PNGImageTests {
  /// Undoes Deflate's fixed code, written from RFC 1951's tables and not from its writer.
  private struct Inflater {
    let bytes: ArraySlice<UInt8>
    var place = 0

    mutating func bit() -> Int {
      defer { place += 1 }
      return Int(bytes[bytes.startIndex + place / 8]) >> (place % 8) & 1
    }

    mutating func bits(_ count: Int) -> Int {
      (0..<count).reduce(0) { $0 | bit() << $1 }
    }

    mutating func symbol() -> Int {
      var code = 0
      for length in 1...9 {
        code = code << 1 | bit()
        if length == 7, code <= 0b0010111 { return 256 + code }
        if length == 8, 0b00110000...0b10111111 ~= code { return code - 0b00110000 }
        if length == 8, 0b11000000...0b11000111 ~= code { return 280 + code - 0b11000000 }
        if length == 9, 0b110010000...0b111111111 ~= code { return 144 + code - 0b110010000 }
      }
      return -1
    }

    mutating func all() -> [UInt8] {
      let lengths = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115,
        131, 163, 195, 227, 258,
      ]
      let distances = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
        2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
      ]
      guard bits(1) == 1, bits(2) == 1 else { return [] }
      var out: [UInt8] = []
      while true {
        let symbol = symbol()
        if symbol == 256 { return out }
        guard symbol > 256 else {
          guard symbol >= 0 else { return [] }
          out.append(UInt8(symbol))
          continue
        }
        let index = symbol - 257
        let length = lengths[index] + (index == 28 ? 0 : bits(max(0, index / 4 - 1)))
        let code = (0..<5).reduce(0) { value, _ in value << 1 | bit() }
        let distance = distances[code] + bits(max(0, code / 2 - 1))
        for _ in 0..<length { out.append(out[out.count - distance]) }
      }
    }
  }

  @Test("Pixels come back from the file, of flat, striped and random pictures")
  func roundTrip() {
    var generator = SystemRandomNumberGenerator()
    for (width, height) in [(1, 1), (7, 5), (300, 40), (1500, 20)] {
      let pictures: [(Int, Int) -> UInt8] = [
        { _, _ in 255 }, { x, _ in UInt8(x % 7 * 30) }, { _, y in UInt8(y % 3 * 100) },
        { _, _ in UInt8.random(in: 0...255, using: &generator) },
      ]
      for picture in pictures {
        var pixels: [UInt8] = []
        var rows: [UInt8] = []
        for y in 0..<height {
          let line = (0..<(3 * width)).map { picture($0, y) }
          pixels += line
          rows += [0] + line
        }
        let file = PNGImage(width: width, height: height, pixels: pixels).encoded()
        #expect(file.starts(with: [0x89, 0x50, 0x4E, 0x47]))
        // Signature 8, IHDR 25, then length and name of IDAT and zlib's head.
        var inflater = Inflater(bytes: file[(8 + 25 + 8 + 2)...])
        let raw = inflater.all()
        #expect(raw == rows, "\(width) by \(height)")
      }
    }
  }

  @Test("The checksum of the standard's example")
  func checksum() {
    #expect(PNGImage.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(PNGImage.checksum(Array("IEND".utf8)) == 0xAE42_6082)
  }
}
