import Files

/// Matching of joint names written by different programs.
enum JointName {
  /// The normalised name: `L_Hip`, `LHip`, `HipLeft` and `left_hip` are equal.
  static func key(_ name: String) -> String {
    var side = ""
    var rest = ""
    for word in words(name) {
      switch word {
      case "l", "left": side += "left"
      case "r", "right": side += "right"
      default: rest += word
      }
    }
    return side + rest
  }

  /// The words of a name, in small letters: split at capitals and at what is no letter or digit.
  private static func words(_ name: String) -> [String] {
    var words: [String] = []
    var word = ""
    let letters = Array(name.unicodeScalars)
    for (index, letter) in letters.enumerated() {
      guard letter.properties.isAlphabetic || letter.properties.numericType != nil else {
        words.append(word)
        word = ""
        continue
      }
      let followsSmall = index > 0 && !letters[index - 1].properties.isUppercase
      let leadsSmall = index + 1 < letters.count && letters[index + 1].properties.isLowercase
      if letter.properties.isUppercase, followsSmall || leadsSmall {
        words.append(word)
        word = ""
      }
      word += letter.properties.lowercaseMapping
    }
    return (words + [word]).filter { !$0.isEmpty }
  }
}

/// The columns of a set's joints in a file.
struct JointColumns {
  /// The set.
  var set: JointSet
  /// The file's column of each joint of the set; nil where the file has none.
  var columns: [Int?]
  /// How the set was determined.
  var reason: String

  /// The file's columns of elbows, wrists, knees, ankles and toes.
  var limbs: Set<Int> {
    let joints: [Skeleton.Joint] = [.leftElbow, .leftWrist, .leftKnee, .leftAnkle, .leftFoot]
    return Set(
      joints.flatMap { [$0, $0.mirrored] }.compactMap { joint in
        guard let terms = set.recipes[joint.rawValue]?.terms, terms.count == 1 else { return nil }
        return columns[terms[0].joint]
      })
  }

  /// The columns in the set's own order.
  init(inOrderOf set: JointSet, count: Int, path: String) throws(MotionError) {
    let fits = set.mayGoOn ? count >= set.joints.count : count == set.joints.count
    guard fits else {
      throw .malformed(
        path: path,
        reason: "it has \(count) joints, expected \(set.joints.count)"
          + "\(set.mayGoOn ? " or more" : "") as in the set '\(set.name)'")
    }
    self.set = set
    columns = set.joints.indices.map { $0 }
    reason = "as you said, in the set's order"
  }

  /// The columns by the names in the file, of this set or of the set that they fit.
  init(named names: [String], as given: JointSet?, path: String) throws(MotionError) {
    let keys = names.map(JointName.key)
    let candidates = (given.map { [$0] } ?? JointSet.all).map { set in
      (set: set, columns: set.joints.map { keys.firstIndex(of: JointName.key($0)) })
    }
    // The fullest of the sets that the names make up: MediaPipe's joints are COCO's and more.
    let complete = candidates.filter { Self.missing($0.set, $0.columns).isEmpty }
    func known(_ set: JointSet) -> Float { set.recipes.reduce(0) { $0 + ($1?.certainty ?? 0) } }
    guard let best = complete.max(by: { known($0.set) < known($1.set) }) else {
      throw Self.unknown(names, candidates, path)
    }
    for (joint, column) in best.columns.enumerated() {
      guard let column, let again = keys[(column + 1)...].firstIndex(of: keys[column]) else {
        continue
      }
      throw .malformed(
        path: path,
        reason: "two joints are called '\(names[column].printable)' and '\(names[again].printable)'"
          + ", expected one '\(best.set.joints[joint])'")
    }
    set = best.set
    columns = best.columns
    reason = given == nil ? "by the names of the joints" : "as you said, by the names of the joints"
  }

  /// The joints that recipes need and the file lacks.
  private static func missing(_ set: JointSet, _ columns: [Int?]) -> [String] {
    let needed = Set(set.recipes.compactMap(\.self).flatMap { $0.terms.map(\.joint) })
    return needed.sorted().filter { columns[$0] == nil }.map { set.joints[$0] }
  }

  private static func unknown(
    _ names: [String], _ candidates: [(set: JointSet, columns: [Int?])], _ path: String
  ) -> MotionError {
    let lacks = candidates.map { (set: $0.set, missing: missing($0.set, $0.columns)) }
    let nearest = lacks.min { $0.missing.count < $1.missing.count }
    let shown = names.prefix(12).map { $0.printable(limit: 40) }
    return .unknownSkeleton(
      path: path,
      reason: "its joints (\(shown.joined(separator: ", "))\(names.count > 12 ? ", …" : "")) fit no"
        + " known set; the nearest is '\(nearest?.set.name ?? "")', which also needs"
        + " \(nearest?.missing.prefix(8).joined(separator: ", ") ?? ""); the sets are "
        + JointSet.all.map(\.name).joined(separator: ", "))
  }
}
