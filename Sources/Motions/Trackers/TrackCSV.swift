import Files
import Geometry

/// Joint positions as a table: one row per frame, for each joint the columns `<joint>_x`, `_y`,
/// `_z` and optionally `_visibility`, `_score` or `_confidence`; `time_s` or `time` is optional
/// too.
///
/// Fields are separated by commas, semicolons or tabs. An empty field means a missing joint.
enum TrackCSV {
  /// The most columns: a thousand joints with a confidence each, and the time.
  private static let mostColumns = 5000

  /// The meaning of the columns.
  private struct Layout {
    var separator: UInt8
    var columnCount: Int
    var joints: [Joint] = []
    var time: Int?

    struct Joint {
      var name: String
      /// The columns of x, y and z.
      var axes: [Int?] = [nil, nil, nil]
      var confidence: Int?
    }
  }

  static func read(_ bytes: [UInt8], path: String) throws(MotionError) -> SourceTrack {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let body = bytes.starts(with: mark) ? bytes[3...] : bytes[...]
    var lines = Lines(bytes: body)
    guard let header = lines.next() else {
      throw .malformed(path: path, reason: "it is empty")
    }
    let layout = try layout(of: header, path)
    var track = SourceTrack(path: path, format: "CSV", jointCount: layout.joints.count)
    track.jointNames = layout.joints.map(\.name)
    var times: [Double] = []
    while let line = lines.next() {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
      try MotionClip.check(frameCount: track.frameCount, path: path)
      let row = try row(line, layout, lines.number, path)
      for joint in layout.joints {
        let place = joint.axes.map { $0.map { row[$0] } ?? .nan }
        // Without a confidence a joint that is there is believed; with an empty one it is missing.
        let confidence = joint.confidence.map { row[$0].isNaN ? 0 : row[$0] } ?? 1
        try track.append([place[0], place[1], place[2]], confidence: confidence)
      }
      if let column = layout.time { times.append(row[column]) }
    }
    guard track.frameCount > 0 else {
      throw .malformed(path: path, reason: "it has a header and no rows")
    }
    if layout.time != nil, times.allSatisfy(\.isFinite) { track.times = times }
    return track
  }

  private static func layout(of header: ArraySlice<UInt8>, _ path: String) throws(MotionError)
    -> Layout
  {
    let candidates: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
    let counts = candidates.map { separator in header.count { $0 == separator } }
    let separator = candidates[counts.firstIndex(of: counts.max() ?? 0) ?? 0]
    guard header.count(where: { $0 == separator }) < mostColumns else {
      throw .malformedText(
        path: path, line: 1, column: 1, reason: "it has more than \(mostColumns) columns")
    }
    let fields = header.split(separator: separator, omittingEmptySubsequences: false)
    var layout = Layout(separator: separator, columnCount: fields.count)
    var indices: [String: Int] = [:]
    for (column, field) in fields.enumerated() {
      guard let name = String(validating: field, as: UTF8.self) else {
        throw .malformedText(
          path: path, line: 1, column: column + 1, reason: "it is not UTF-8 text")
      }
      let plain = name.filter { $0 != "\"" && $0 != " " }
      if ["time_s", "time", "t"].contains(plain.lowercased()) { layout.time = column }
      guard let bar = plain.lastIndex(of: "_"), bar != plain.startIndex else { continue }
      let joint = String(plain[..<bar])
      let part = plain[plain.index(after: bar)...].lowercased()
      let axis = ["x", "y", "z"].firstIndex(of: part)
      guard axis != nil || ["visibility", "score", "confidence"].contains(part) else { continue }
      let index = indices[joint] ?? layout.joints.count
      if index == layout.joints.count {
        layout.joints.append(.init(name: joint))
        indices[joint] = index
      }
      let isTaken =
        axis.map { layout.joints[index].axes[$0] != nil }
        ?? (layout.joints[index].confidence != nil)
      guard !isTaken else {
        throw .malformedText(
          path: path, line: 1, column: column + 1,
          reason: "two columns are called '\(plain.printable(limit: 60))'")
      }
      if let axis {
        layout.joints[index].axes[axis] = column
      } else {
        layout.joints[index].confidence = column
      }
    }
    layout.joints.removeAll { $0.axes.contains(nil) }
    guard !layout.joints.isEmpty else {
      throw .malformedText(
        path: path, line: 1, column: 1,
        reason: "no joint has columns, expected a header with '<joint>_x', '<joint>_y' and"
          + " '<joint>_z' for each joint")
    }
    return layout
  }

  /// The numbers of a row; NaN where a field is empty.
  private static func row(
    _ line: ArraySlice<UInt8>, _ layout: Layout, _ number: Int, _ path: String
  ) throws(MotionError) -> [Double] {
    // Counted before anything is made of them.
    let count = 1 + line.count { $0 == layout.separator }
    guard count == layout.columnCount else {
      throw .malformedText(
        path: path, line: number, column: 1,
        reason: "the row has \(Wording.count(count, "field")), expected"
          + " \(layout.columnCount) as in the header")
    }
    let fields = line.split(separator: layout.separator, omittingEmptySubsequences: false)
    var values: [Double] = []
    values.reserveCapacity(fields.count)
    for (column, field) in fields.enumerated() {
      let text = String(decoding: field.prefix(64), as: UTF8.self).filter { $0 != " " }
      if text.isEmpty || text.lowercased() == "nan" {
        values.append(.nan)
      } else if let value = Double(text), value.isFinite, field.count <= 64 {
        values.append(value)
      } else {
        throw .malformedText(
          path: path, line: number, column: column + 1,
          reason: "'\(text.printable)' is not a number")
      }
    }
    return values
  }

  /// The lines of a text, without their ends.
  private struct Lines {
    var bytes: ArraySlice<UInt8>
    /// The number of the last line, from one.
    var number = 0

    init(bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    mutating func next() -> ArraySlice<UInt8>? {
      guard !bytes.isEmpty else { return nil }
      number += 1
      let end = bytes.firstIndex(of: 0x0A) ?? bytes.endIndex
      var line = bytes[bytes.startIndex..<end]
      bytes = end == bytes.endIndex ? [] : bytes[(end + 1)...]
      if line.last == 0x0D { line.removeLast() }
      return line
    }
  }
}
