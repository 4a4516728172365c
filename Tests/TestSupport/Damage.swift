import Foundation

/// Damages bytes in the ways that files are damaged, the same for the same seed.
public struct Damage: RandomNumberGenerator {
  private var state: UInt64

  /// A source of damage.
  public init(seed: UInt64) { state = seed }

  /// How many files a test damages: this many, or what MOTIONC_FUZZ_FILES says in a long run.
  public static func rounds(_ usual: Int) -> Int {
    ProcessInfo.processInfo.environment["MOTIONC_FUZZ_FILES"].flatMap(Int.init) ?? usual
  }

  /// SplitMix64 (Steele, Lea, Flood 2014).
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// What is likely to mean something to a parser.
  private static let pieces = [
    "0", "-", "9", "99999999999999999999", "e308", "nan", "{", "}", "[", "]", ":", ",", "\"", "'",
    "\n", "\r", "\t", " ", "#", "&a", "*a", "- ", "? ", "!", "\\", "\u{0}", "1e", "-1", "&", "|",
  ].map { Array($0.utf8) }

  /// The bytes with some changes: flipped, set, cut, doubled, inserted or swapped.
  public mutating func damaged(_ bytes: [UInt8], changes: ClosedRange<Int> = 1...4) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: changes, using: &self) where !result.isEmpty {
      let at = Int.random(in: 0..<result.count, using: &self)
      let end = min(result.count, at + Int.random(in: 1...40, using: &self))
      switch Int.random(in: 0..<7, using: &self) {
      case 0: result[at] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 1: result[at] = UInt8.random(in: 0...255, using: &self)
      case 2: result.removeSubrange(at..<end)
      case 3: result.insert(contentsOf: Array(result[at..<end]), at: at)
      case 4:
        let piece = Int.random(in: 0..<Self.pieces.count, using: &self)
        result.insert(contentsOf: Self.pieces[piece], at: at)
      case 5:
        let piece = Int.random(in: 0..<Self.pieces.count, using: &self)
        result.replaceSubrange(at..<min(result.count, at + 1), with: Self.pieces[piece])
      default: result.removeLast(min(result.count, end - at))
      }
    }
    return result
  }
}
