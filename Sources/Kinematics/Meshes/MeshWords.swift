/// The words of a text, and numbers among them.
struct MeshWords: Sequence, IteratorProtocol {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) { (self.bytes, position) = (bytes, bytes.startIndex) }

  mutating func next() -> ArraySlice<UInt8>? {
    while position < bytes.endIndex, bytes[position] <= 0x20 { position += 1 }
    guard position < bytes.endIndex else { return nil }
    let start = position
    while position < bytes.endIndex, bytes[position] > 0x20 { position += 1 }
    return bytes[start..<position]
  }

  /// The next word as a number; nil where there is none or it is none.
  mutating func number() -> Double? { next().flatMap(Self.number) }

  static func number(_ word: ArraySlice<UInt8>) -> Double? {
    guard word.count < 64 else { return nil }
    return Double(String(decoding: word, as: UTF8.self))
  }
}
