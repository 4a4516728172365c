import Foundation

/// A sentence as numbers: its words and pieces of words, hashed.
///
/// Each word without a usual ending, each pair of neighbouring words, and each sequence of three to
/// five letters of a word falls into one of `buckets` by its hash, with a sign (Weinberger et al.,
/// 2009). Networks learn a vector for each bucket, so that words of one origin lie near each other.
/// What a sentence says of the left and of the right side is kept in blocks of its own, which are
/// exchanged when motion is mirrored.
public enum TextFeatures {
  /// The numbers for words and pieces.
  static let buckets = 384
  /// The numbers for words after `left`, and for those after `right`.
  static let sided = 64
  /// The numbers of a sentence.
  public static let width = buckets + 2 * sided

  /// The longest text that is read, in characters.
  public static let longest = 1000

  /// Words that say nothing about a motion.
  private static let empty: Set<String> = [
    "a", "an", "and", "at", "by", "for", "from", "her", "his", "human", "in", "is", "it", "its",
    "man", "of", "on", "person", "somebody", "someone", "subject", "that", "the", "their", "then",
    "they", "to", "while", "who", "with", "woman",
  ]

  /// The words of a sentence that may say something about a motion, without their usual endings.
  public static func words(_ text: String) -> [String] {
    text.prefix(longest).lowercased().split { !$0.isASCII || !$0.isLetter }.map(String.init)
      .filter { $0.count > 1 && !empty.contains($0) }.map(stem)
  }

  /// A sentence as `width` numbers whose squares add up to 16; nil where it has no word.
  public static func vector(_ text: String) -> [Float]? {
    let words = words(text)
    var values = [Float](repeating: 0, count: width)
    var side: Int?
    for (index, word) in words.enumerated() {
      if word == "left" || word == "right" {
        side = word == "left" ? 0 : 1
        // The word alone, where nothing follows.
        add("side", 1, to: &values, block(side))
        continue
      }
      add(word, 1, to: &values, 0..<buckets)
      // Not with a side, which the blocks keep.
      if index > 0, side == nil {
        add("\(words[index - 1]) \(word)", 0.5, to: &values, 0..<buckets)
      }
      for piece in pieces(word) { add(piece, 0.3, to: &values, 0..<buckets) }
      if side != nil { add(word, 1, to: &values, block(side)) }
      side = nil
    }
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 0 ? values.map { 4 * $0 / length } : nil
  }

  /// The numbers of the sentence with left and right exchanged.
  public static func mirrored(_ values: [Float]) -> [Float] {
    guard values.count == width else { return values }
    return Array(
      values[..<buckets] + values[(buckets + sided)...] + values[buckets..<(buckets + sided)])
  }

  private static func block(_ side: Int?) -> Range<Int> {
    let start = buckets + (side ?? 0) * sided
    return start..<(start + sided)
  }

  /// Sequences of three to five letters, with marks at the word's ends.
  private static func pieces(_ word: String) -> [String] {
    let letters = Array("<\(word)>")
    return (3...5).flatMap { count in
      letters.count > count
        ? (0...(letters.count - count)).map { String(letters[$0..<($0 + count)]) } : []
    }
  }

  /// A word without -ing, -ed, -es or -s, and without the letter that they double.
  private static func stem(_ word: String) -> String {
    for (ending, isDoubled) in [("ing", true), ("ed", true), ("es", false), ("s", false)] {
      guard word.hasSuffix(ending), word.count >= ending.count + 3, !word.hasSuffix("ss") else {
        continue
      }
      var stem = Array(word.dropLast(ending.count))
      let (last, before) = (stem[stem.count - 1], stem[stem.count - 2])
      if isDoubled, last == before, !"lsz".contains(last) { stem.removeLast() }
      // `danc` of dancing is `danc` of dance.
      return ending == "es" || last != "e" ? String(stem) : String(stem.dropLast())
    }
    return word.count > 3 && word.hasSuffix("e") ? String(word.dropLast()) : word
  }

  private static func add(
    _ feature: String, _ weight: Float, to values: inout [Float], _ range: Range<Int>
  ) {
    // FNV-1a, whose value is the same everywhere and always.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in feature.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    // Its low bits alone are poor.
    hash ^= hash >> 29
    hash = hash &* 0xbf58_476d_1ce4_e5b9
    hash ^= hash >> 32
    let index = range.lowerBound + Int(hash % UInt64(range.count))
    values[index] += hash >> 63 == 0 ? weight : -weight
  }
}
