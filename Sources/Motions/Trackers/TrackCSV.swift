import Files
import Geometry

/// Joint positions as a table: one row per frame, with the columns that `TrackColumns` describes.
///
/// Fields are separated by commas, semicolons or tabs. An empty field means a missing joint.
enum TrackCSV {
  static func read(
    _ bytes: [UInt8], path: String, person: String? = nil
  ) throws(MotionError) -> SourceTrack {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let body = bytes.starts(with: mark) ? bytes[3...] : bytes[...]
    var lines = Lines(bytes: body)
    guard let header = lines.next() else {
      throw .malformed(path: path, reason: "it is empty")
    }
    let columns = try TrackColumns(header, path: path)
    var track = SourceTrack(path: path, format: "CSV", jointCount: columns.joints.count)
    track.jointNames = columns.joints.map(\.name)
    var (times, numbers, people): ([Double], [Double], [String]) = ([], [], [])
    while let line = lines.next() {
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
      try MotionClip.check(frameCount: track.frameCount, path: path)
      let fields = try fields(line, columns, lines.number, path)
      if let person = columns.person { people.append(text(fields[person.column])) }
      let row = try row(fields, columns, lines.number, path)
      for joint in columns.joints {
        let place = joint.axes.map { $0.map { row[$0] } ?? .nan }
        // Without a confidence a joint that is there is believed; with an empty one it is missing.
        let confidence = joint.confidence.map { row[$0].isNaN ? 0 : row[$0] } ?? 1
        try track.append([place[0], place[1], place[2]], confidence: confidence)
      }
      if let time = columns.time { times.append(row[time.column]) }
      if let column = columns.frame { numbers.append(row[column]) }
    }
    guard track.frameCount > 0 else {
      throw .malformed(path: path, reason: "it has a header and no rows")
    }
    if let time = columns.time { track.times = FrameTimes(values: times, unit: time.unit) }
    if columns.frame != nil { track.frameNumbers = numbers }
    try choose(people, in: &track, columns, asked: person)
    return track
  }

  /// Keeps the rows of one person; rows that name nobody are left out where others do.
  private static func choose(
    _ people: [String], in track: inout SourceTrack, _ columns: TrackColumns, asked: String?
  ) throws(MotionError) {
    guard let column = columns.person?.name, people.contains(where: { !$0.isEmpty }) else {
      return try PersonChoice.refuse(asked, path: track.path)
    }
    let chosen = try PersonChoice.label(
      among: people.filter { !$0.isEmpty }, asked: asked, where: "by its column '\(column)'",
      path: track.path)
    let rows = people.indices.filter { people[$0] == chosen }
    guard rows.count < people.count, let chosen else { return }
    track.keep(frames: rows)
    track.findings.append(
      .init(
        .note,
        "the \(Wording.count(rows.count, "row")) of person '\(chosen.printable(limit: 40))' were"
          + " chosen of \(people.count)"))
  }

  /// The fields of a row, as many as the header has.
  private static func fields(
    _ line: ArraySlice<UInt8>, _ columns: TrackColumns, _ number: Int, _ path: String
  ) throws(MotionError) -> [ArraySlice<UInt8>] {
    // Counted before anything is made of them.
    let count = 1 + line.count { $0 == columns.separator }
    guard count == columns.columnCount else {
      throw .malformedText(
        path: path, line: number, column: 1,
        reason: "the row has \(Wording.count(count, "field")), expected"
          + " \(columns.columnCount) as in the header")
    }
    return line.split(separator: columns.separator, omittingEmptySubsequences: false)
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix(64), as: UTF8.self).filter { $0 != " " && $0 != "\"" }
  }

  /// The numbers of a row; NaN where a field is empty, and in the column of the person.
  private static func row(
    _ fields: [ArraySlice<UInt8>], _ columns: TrackColumns, _ number: Int, _ path: String
  ) throws(MotionError) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(fields.count)
    for (column, field) in fields.enumerated() {
      let text = text(field)
      if text.isEmpty || text.lowercased() == "nan" || column == columns.person?.column {
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
