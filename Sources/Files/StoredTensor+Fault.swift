extension StoredTensor {
  /// What is wrong with a tensor that should hold numbers in a shape, in words; nil where nothing is.
  ///
  /// - Parameters:
  ///   - name: The tensor's name.
  ///   - expected: The extents; nil for any.
  ///   - bound: What every number is below, up to its sign.
  public func fault(_ name: String, shape expected: [Int?], below bound: Float) -> String? {
    let fits =
      shape.count == expected.count && zip(shape, expected).allSatisfy { $1 == nil || $0 == $1 }
    guard fits else {
      let extents = expected.map { $0.map { "\($0)" } ?? "n" }.joined(separator: ", ")
      return "'\(name)' has the shape \(shape), [\(extents)] expected"
    }
    guard let wrong = floats().first(where: { !(abs($0) < bound) }) else { return nil }
    return "'\(name)' holds \(wrong), numbers of less than \(bound) expected"
  }
}
