import Files
import Foundation
import Geometry

/// Markers as TRC, the table of OpenSim, Pose2Sim and Motion Analysis.
///
/// Five lines stand before the rows: the kind of file, the names and the values of the facts
/// (`DataRate`, `NumFrames`, `NumMarkers`, `Units`), the markers' names over three columns each, and
/// the axes. Fields are separated by tabs; an empty field means a missing marker.
enum TrackTRC {
  /// The most markers of a frame.
  private static let mostMarkers = 1000

  /// Whether the bytes begin as such a table.
  static func isSigned(_ bytes: [UInt8]) -> Bool {
    let mark: [UInt8] = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? [0xEF, 0xBB, 0xBF] : []
    return bytes.starts(with: mark + Array("PathFileType".utf8))
  }

  static func read(_ bytes: [UInt8], path: String) throws(MotionError) -> SourceTrack {
    var rest = bytes[...]
    var header: [[String]] = []
    while header.count < 5, let line = next(&rest) { header.append(line) }
    guard header.count == 5, isSigned(bytes) else {
      throw .malformed(path: path, reason: "it has \(header.count) lines, expected five and rows")
    }
    let facts = Dictionary(zip(header[1], header[2])) { first, _ in first }
    let names = try names(header[3], path)
    if let stated = facts["NumMarkers"].flatMap({ Int($0) }), stated != names.count {
      throw .malformed(
        path: path, reason: "its header states \(stated) markers and names \(names.count)")
    }
    var track = SourceTrack(path: path, format: "TRC", jointCount: names.count)
    track.jointNames = names
    track.statedRate = facts["DataRate"].flatMap { Double($0) }
    try takeUnit(facts["Units"], into: &track)
    var number = 5
    var (times, frames): ([Double], [Double]) = ([], [])
    while let line = next(&rest) {
      number += 1
      guard line.contains(where: { !$0.isEmpty }) else { continue }
      try append(line, number, to: &track)
      frames.append(Double(line[0]) ?? .nan)
      times.append(line.count > 1 ? Double(line[1]) ?? .nan : .nan)
    }
    if times.allSatisfy(\.isFinite) { track.times = FrameTimes(values: times, unit: .seconds) }
    if frames.allSatisfy(\.isFinite) { track.frameNumbers = frames }
    let stated = facts["NumFrames"].flatMap { Int($0) } ?? track.frameCount
    if stated != track.frameCount {
      track.findings.append(
        .init(
          .note,
          "its header states \(Wording.count(stated, "frame")), it has \(track.frameCount)"))
    }
    return track
  }

  /// The fields of the next line, no more of them than the markers allow; nil at the end.
  private static func next(_ rest: inout ArraySlice<UInt8>) -> [String]? {
    guard !rest.isEmpty else { return nil }
    let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
    let line = rest[..<end]
    rest = end == rest.endIndex ? [] : rest[(end + 1)...]
    let most = 3 * mostMarkers + 16
    return line.split(separator: 0x09, maxSplits: most, omittingEmptySubsequences: false).map {
      String(decoding: $0.prefix(200), as: UTF8.self).trimmingCharacters(
        in: .whitespacesAndNewlines)
    }
  }

  /// The names of the markers, each over three columns.
  private static func names(_ line: [String], _ path: String) throws(MotionError) -> [String] {
    var names: [String] = []
    for (column, field) in line.enumerated().dropFirst(2) where !field.isEmpty {
      guard column == 2 + 3 * names.count else {
        throw .malformedText(
          path: path, line: 4, column: column + 1,
          reason: "the marker '\(field.printable(limit: 60))' stands in column \(column + 1),"
            + " expected a name over every three columns")
      }
      names.append(field)
    }
    guard !names.isEmpty, names.count <= mostMarkers else {
      throw .malformed(
        path: path, reason: "it names \(names.count) markers, expected 1 to \(mostMarkers)")
    }
    return names
  }

  private static func takeUnit(_ unit: String?, into track: inout SourceTrack) throws(MotionError) {
    guard let unit, !unit.isEmpty else { return }
    let known = [
      "m": 1, "meters": 1, "metres": 1, "cm": 0.01, "mm": 0.001, "in": 0.0254, "inches": 0.0254,
    ]
    guard let metres = known[unit.lowercased()] else {
      throw .malformed(
        path: track.path,
        reason: "its unit is '\(unit.printable(limit: 40))', expected m, cm, mm or in")
    }
    track.metresPerUnit = metres
  }

  /// Appends a row: the frame's number, its time, and three numbers a marker.
  private static func append(_ line: [String], _ number: Int, to track: inout SourceTrack)
    throws(MotionError)
  {
    try MotionClip.check(frameCount: track.frameCount, path: track.path)
    guard line.count <= 3 * track.jointCount + 8 else {
      throw .malformedText(
        path: track.path, line: number, column: 1,
        reason: "the row has \(line.count) fields, expected \(3 * track.jointCount + 2)")
    }
    for marker in 0..<track.jointCount {
      var place = Vector3(repeating: .nan)
      for axis in 0..<3 {
        let column = 2 + 3 * marker + axis
        // Rows may end before their last markers.
        guard column < line.count, !line[column].isEmpty, line[column].lowercased() != "nan" else {
          continue
        }
        guard let value = Double(line[column]), value.isFinite else {
          throw .malformedText(
            path: track.path, line: number, column: column + 1,
            reason: "'\(line[column].printable(limit: 40))' is no number")
        }
        place[axis] = value
      }
      // A marker that was lost is written at the origin by some programs.
      try track.append(place, confidence: place == .zero ? 0 : 1)
    }
  }
}
