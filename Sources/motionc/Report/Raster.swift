import Files
import Foundation
import TrajectoryMetrics

/// A picture of rounded lines with smooth edges, and of short texts.
struct Raster {
  typealias Colour = SIMD3<Double>

  let width: Int
  let height: Int
  private var pixels: [Colour]

  /// A white picture.
  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    pixels = [Colour](repeating: [255, 255, 255], count: width * height)
  }

  /// A colour of six hexadecimal digits.
  static func colour(_ hex: Int) -> Colour {
    [Double(hex >> 16 & 255), Double(hex >> 8 & 255), Double(hex & 255)]
  }

  /// Draws a rounded line; nothing of it where a number is not finite [px].
  mutating func line(
    from a: SIMD2<Double>, to b: SIMD2<Double>, width thickness: Double, _ colour: Colour
  ) {
    let radius = max(0.5, thickness / 2)
    let (low, high) = (
      SIMD2(min(a.x, b.x), min(a.y, b.y)) - radius - 1,
      SIMD2(max(a.x, b.x), max(a.y, b.y)) + radius + 1
    )
    guard low.x.isFinite, low.y.isFinite, high.x.isFinite, high.y.isFinite else { return }
    let columns = Self.range(low.x, high.x, width)
    let way = b - a
    let length = (way * way).sum()
    for y in Self.range(low.y, high.y, height) {
      for x in columns {
        let point = SIMD2(Double(x) + 0.5, Double(y) + 0.5) - a
        let share = length > 0 ? min(max((point * way).sum() / length, 0), 1) : 0
        let off = point - share * way
        let cover = min(max(radius - (off * off).sum().squareRoot() + 0.5, 0), 1)
        guard cover > 0 else { continue }
        let index = y * width + x
        pixels[index] += cover * (colour - pixels[index])
      }
    }
  }

  private static func range(_ low: Double, _ high: Double, _ count: Int) -> Range<Int> {
    let from = Int(min(max(low, 0), Double(count)))
    let to = Int(min(max(high.rounded(.up), 0), Double(count)))
    return from..<max(from, to)
  }

  /// Writes digits, points and the letter s, from the left [px].
  mutating func write(_ text: String, x: Int, y: Int, _ colour: Colour, scale: Int = 2) {
    for (place, letter) in text.enumerated() {
      guard let rows = Self.letters[letter] else { continue }
      for (row, bits) in rows.enumerated() {
        for column in 0..<5 where bits >> (4 - column) & 1 == 1 {
          for dy in 0..<scale {
            for dx in 0..<scale {
              let (px, py) = (x + scale * (6 * place + column) + dx, y + scale * row + dy)
              guard 0 <= px, px < width, 0 <= py, py < height else { continue }
              pixels[py * width + px] = colour
            }
          }
        }
      }
    }
  }

  /// Letters of five by seven points, a row a number.
  private static let letters: [Character: [Int]] = [
    "0": [14, 17, 19, 21, 25, 17, 14], "1": [4, 12, 4, 4, 4, 4, 14],
    "2": [14, 17, 1, 2, 4, 8, 31], "3": [31, 2, 4, 2, 1, 17, 14],
    "4": [2, 6, 10, 18, 31, 2, 2], "5": [31, 16, 30, 1, 1, 17, 14],
    "6": [6, 8, 16, 30, 17, 17, 14], "7": [31, 1, 2, 4, 8, 8, 8],
    "8": [14, 17, 17, 14, 17, 17, 14], "9": [14, 17, 17, 15, 1, 2, 12],
    ".": [0, 0, 0, 0, 0, 12, 12], "s": [0, 0, 15, 16, 14, 1, 30],
  ]

  /// The picture as a PNG file.
  func encoded() -> [UInt8] {
    let bytes = pixels.flatMap { pixel in
      (0..<3).map { UInt8(min(max(pixel[$0].rounded(), 0), 255)) }
    }
    return PNGImage(width: width, height: height, pixels: bytes).encoded()
  }
}
