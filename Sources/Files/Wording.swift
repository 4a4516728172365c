/// Helpers for composing sentences.
public enum Wording {
  /// A count and what is counted, in the plural unless it is one: `1 frame`, `2 frames`.
  public static func count(_ count: Int, _ noun: String) -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
  }
}
