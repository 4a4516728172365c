import Files

/// The choice of one person in a file that shows several.
enum PersonChoice {
  /// The label of the person to read; nil where the file tells nobody apart.
  ///
  /// - Parameters:
  ///   - labels: The label of each row or pose, in the file's order.
  ///   - asked: The label that the user asks for.
  ///   - where: How the file tells people apart, as in "by its column 'person_id'".
  ///   - path: The file.
  static func label(
    among labels: some Sequence<String>, asked: String?, where place: String, path: String
  ) throws(MotionError) -> String? {
    var counts: [String: Int] = [:]
    var order: [String] = []
    for label in labels {
      if counts[label] == nil { order.append(label) }
      counts[label, default: 0] += 1
    }
    let shown = order.prefix(8).map {
      "\($0.printable(limit: 40)) in \(Wording.count(counts[$0] ?? 0, "frame"))"
    }
    let list = shown.joined(separator: ", ") + (order.count > 8 ? ", …" : "")
    if let asked {
      guard counts[asked] != nil else {
        throw .malformed(
          path: path,
          reason: "it shows no person '\(asked.printable(limit: 40))'; \(place) there are \(list)")
      }
      return asked
    }
    guard order.count > 1 else { return order.first }
    throw .malformed(
      path: path,
      reason: "it shows \(order.count) people \(place) (\(list)); choose one with --person")
  }

  /// Refuses a person in a file that tells nobody apart, but for the first, who is all it has.
  static func refuse(_ asked: String?, path: String) throws(MotionError) {
    guard let asked, asked != "1" else { return }
    throw .malformed(
      path: path,
      reason: "it does not tell people apart, so there is no person '\(asked.printable(limit: 40))'"
        + " to choose")
  }
}
