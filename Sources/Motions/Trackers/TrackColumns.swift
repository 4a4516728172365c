import Files

/// What the columns of a table of joints mean, by its header.
///
/// A joint has the columns `<joint>_x`, `_y`, `_z` and optionally `_visibility`, `_score` or
/// `_confidence`. A dot, a colon, a hyphen or a blank may stand for the bar, and nothing at all
/// before a capital (`HeadX`). Columns may give the frame's time, its number and who it shows.
struct TrackColumns {
  /// The most columns: a thousand joints with a confidence each, and the time.
  private static let mostColumns = 5000

  /// The byte between fields.
  private(set) var separator: UInt8
  private(set) var columnCount: Int
  private(set) var joints: [Joint] = []
  /// The column of the time, with the unit where its name states it.
  private(set) var time: (column: Int, unit: TimeUnit?)?
  /// The column of the frame's number.
  private(set) var frame: Int?
  /// The column of who a row shows, with its name.
  private(set) var person: (column: Int, name: String)?

  /// The columns of a joint.
  struct Joint {
    var name: String
    /// The columns of x, y and z.
    var axes: [Int?] = [nil, nil, nil]
    var confidence: Int?
  }

  /// What a joint's column holds.
  private enum Part: Hashable {
    case axis(Int)
    case confidence
  }

  /// Whether a table begins with a header of joints: with columns of axes of two joints at least.
  static func isLikely(_ bytes: [UInt8]) -> Bool {
    let header = bytes.prefix { $0 != 0x0A && $0 != 0x0D }.prefix(1 << 16)
    let fields = header.split { [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09].contains($0) }
    let axes = fields.count { field in
      let name = String(decoding: field, as: UTF8.self).filter { $0 != "\"" }
      if case .axis = part(of: name)?.part { return true }
      return false
    }
    return axes >= 4
  }

  /// The meaning of a header.
  init(_ header: ArraySlice<UInt8>, path: String) throws(MotionError) {
    let candidates: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
    let counts = candidates.map { separator in header.count { $0 == separator } }
    let separator = candidates[counts.firstIndex(of: counts.max() ?? 0) ?? 0]
    guard header.count(where: { $0 == separator }) < Self.mostColumns else {
      throw .malformedText(
        path: path, line: 1, column: 1, reason: "it has more than \(Self.mostColumns) columns")
    }
    let fields = header.split(separator: separator, omittingEmptySubsequences: false)
    self.separator = separator
    columnCount = fields.count
    var indices: [String: Int] = [:]
    for (column, field) in fields.enumerated() {
      guard let text = String(validating: field, as: UTF8.self) else {
        throw .malformedText(
          path: path, line: 1, column: column + 1, reason: "it is not UTF-8 text")
      }
      let name = text.filter { $0 != "\"" }
      if !takeKey(name, column), let (joint, part) = Self.part(of: name) {
        try take(part, of: joint, column, &indices, path)
      }
    }
    try settle(path)
  }

  /// Takes a column that says something about the frame; the first of its kind counts, and a time
  /// whose name states the unit goes before one that does not.
  private mutating func takeKey(_ name: String, _ column: Int) -> Bool {
    switch TrackKey(name) {
    case .time(let unit):
      if time == nil || time?.unit == nil && unit != nil { time = (column, unit) }
    case .frame: frame = frame ?? column
    case .person: person = person ?? (column, name.printable(limit: 40))
    case nil: return false
    }
    return true
  }

  /// The joint and the part that a column's name states; nil for other columns.
  private static func part(of name: String) -> (joint: String, part: Part)? {
    var words = name.split { "_.:- ".contains($0) }.map(String.init)
    guard let last = words.popLast() else { return nil }
    var stem = last
    if words.isEmpty {
      // HeadX: a capital at the end of a word.
      guard let axis = stem.popLast(), "XYZ".contains(axis), stem.last?.isLowercase == true else {
        return nil
      }
      return part(named: String(axis)).map { (stem, $0) }
    }
    guard let part = part(named: last) else { return nil }
    if words.count > 1, ["pos", "position"].contains(words[words.count - 1].lowercased()) {
      words.removeLast()
    }
    return (words.joined(separator: "_"), part)
  }

  private static func part(named word: String) -> Part? {
    let word = word.lowercased()
    if let axis = ["x", "y", "z"].firstIndex(of: word) { return .axis(axis) }
    let scores = ["visibility", "score", "confidence", "conf", "likelihood"]
    return scores.contains(word) ? .confidence : nil
  }

  private mutating func take(
    _ part: Part, of joint: String, _ column: Int, _ indices: inout [String: Int], _ path: String
  ) throws(MotionError) {
    let index = indices[joint] ?? joints.count
    if index == joints.count {
      joints.append(Joint(name: joint))
      indices[joint] = index
    }
    let isTaken: Bool
    switch part {
    case .axis(let axis):
      isTaken = joints[index].axes[axis] != nil
      joints[index].axes[axis] = column
    case .confidence:
      isTaken = joints[index].confidence != nil
      joints[index].confidence = column
    }
    guard !isTaken else {
      let suffix = if case .axis(let axis) = part { ["x", "y", "z"][axis] } else { "confidence" }
      throw .malformedText(
        path: path, line: 1, column: column + 1,
        reason: "two columns are called '\(joint.printable(limit: 60))_\(suffix)'")
    }
  }

  /// Leaves out what has no three axes.
  private mutating func settle(_ path: String) throws(MotionError) {
    let flat = joints.count { $0.axes[0] != nil && $0.axes[1] != nil && $0.axes[2] == nil }
    joints.removeAll { $0.axes.contains(nil) }
    guard joints.isEmpty else { return }
    guard flat < 3 else {
      throw .malformedText(
        path: path, line: 1, column: 1,
        reason: "its \(flat) joints have x and y but no z, so they are places in an image without"
          + " depth; expected positions in three dimensions")
    }
    throw .malformedText(
      path: path, line: 1, column: 1,
      reason: "no joint has columns, expected a header with '<joint>_x', '<joint>_y' and"
        + " '<joint>_z' for each joint")
  }
}
