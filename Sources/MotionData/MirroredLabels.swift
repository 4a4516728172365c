/// What labels are in a mirror: where a name says left or right, the one that says the other side.
package struct MirroredLabels: Sendable, Hashable {
  /// The label of each mirrored window; nil where none of the labels says the other side.
  private let partners: [Int?]

  /// The labels by their names: words of letters, of which `left`, `right`, `l` and `r` are sides.
  package init(_ names: [String]) {
    partners = names.map { name in names.firstIndex(of: Self.mirrored(name)) }
  }

  /// The label of a window's mirror image; nil where it has none, and the window is not to be mirrored.
  package func mirrored(_ label: Int) -> Int? {
    partners.indices.contains(label) ? partners[label] : label
  }

  /// A name with its sides exchanged.
  static func mirrored(_ name: String) -> String {
    let sides = ["left": "right", "right": "left", "l": "r", "r": "l"]
    var (result, word) = ("", "")
    for character in name + "\n" {
      if character.isLetter {
        word.append(character)
        continue
      }
      result += sides[word] ?? word
      result.append(character)
      word = ""
    }
    return String(result.dropLast())
  }
}
