/// The descriptions of clips as embeddings, and the words in them.
struct ClipTexts: Sendable {
  private let descriptions: ClipColumn

  /// The column `description` of an index, or of those of the folders of motions.
  init(of index: String?, motions: [String]) throws {
    descriptions = try ClipColumn("description", of: index, motions: motions)
  }

  /// All descriptions as text.
  var text: String { descriptions.text }

  /// The embedding of a clip's description; nil where it has none, or one without words.
  func embedding(ofClip file: String) -> [Float]? {
    descriptions[file].flatMap(TextFeatures.vector)
  }

  /// The words in the descriptions of some clips, sorted.
  func vocabulary(of files: [String]) -> [String] {
    Set(files.flatMap { TextFeatures.words(descriptions[$0] ?? "") }).sorted()
  }
}
