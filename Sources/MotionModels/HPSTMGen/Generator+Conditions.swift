import MotionData

extension Generator {
  /// The embedding of a request: of its sentence, or its own; nil without either.
  func embedding(of request: MotionRequest) throws(GenerationError) -> [Float]? {
    if let text = request.text { return try embedding(ofText: text, request) }
    guard let embedding = request.embedding else { return nil }
    guard configuration.vocabulary == nil else {
      throw .request("the model was trained on descriptions: it takes a text and no embedding")
    }
    guard embedding.count == configuration.embeddingWidth else {
      throw .request(
        "the embedding has \(embedding.count) numbers, the model expects "
          + (configuration.embeddingWidth == 0
            ? "none: it was trained without embeddings" : "\(configuration.embeddingWidth)"))
    }
    guard embedding.allSatisfy(\.isFinite) else {
      throw .request("the embedding holds a number that is not finite")
    }
    return embedding
  }

  private func embedding(ofText text: String, _ request: MotionRequest) throws(GenerationError)
    -> [Float]
  {
    guard let vocabulary = configuration.vocabulary else {
      throw .request(
        "the model was trained without descriptions and reads no text; `train generator --text`"
          + " trains one that does")
    }
    guard request.embedding == nil else {
      throw .request("a text and an embedding were given, one of them expected")
    }
    guard text.count <= TextFeatures.longest else {
      throw .request(
        "the text has \(text.count) characters, at most \(TextFeatures.longest) expected")
    }
    let words = TextFeatures.words(text)
    guard words.contains(where: Set(vocabulary).contains),
      let embedding = TextFeatures.vector(text)
    else {
      throw .request(
        "no word of the text '\(text)' occurs in the descriptions that the model was trained on")
    }
    return embedding
  }

  /// The words of a request's text that no description had.
  func unknownWords(of request: MotionRequest) -> [String] {
    guard let text = request.text, let vocabulary = configuration.vocabulary else { return [] }
    let known = Set(vocabulary)
    let words = TextFeatures.words(text)
    let unknown = words.filter { !known.contains($0) }
    // Where all are unknown the request is refused.
    guard !unknown.isEmpty, unknown.count < words.count else { return [] }
    let shown = unknown.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
    return [
      "the model knows no word that begins like \(shown): it goes by the text's other words"
    ]
  }
}
