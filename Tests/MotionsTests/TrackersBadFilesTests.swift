import Files
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Bad tracker files", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct TrackersBadFilesTests {
  private struct Row {
    var file: String
    var expected: String
  }

  private func rows() throws -> [Row] {
    let text = try String(contentsOf: SharedData.url("data/bad/index.csv"), encoding: .utf8)
    let rows = text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }.compactMap { fields -> Row? in
      guard
        fields[0].hasPrefix("json/") || fields[0].hasPrefix("csv/") || fields[0].hasPrefix("npz/")
      else { return nil }
      let expected = fields.first { ["accept", "reject", "either"].contains($0) }
      return expected.map { Row(file: fields[0], expected: $0) }
    }
    try #require(rows.count >= 36)
    return rows
  }

  private func url(_ file: String) throws -> String {
    try SharedData.url("data/bad/\(file)").path
  }

  @Test("are refused in a sentence or read as the index says")
  func asIndexed() throws {
    for row in try rows() {
      // Pixels have no depth: valid or not, OpenPose's frames are not for us.
      let expected = row.file.contains("openpose") ? "reject" : row.expected
      do {
        let track = try TrackFile.read(url(row.file)).track
        #expect(expected != "reject", "\(row.file) was read")
        #expect(track.frameCount > 0 && MotionClip.rates.contains(track.frameRate))
        #expect(zip(track.positions, track.confidences).allSatisfy { $0.isFinite == ($1 > 0) })
      } catch let error as MotionError {
        #expect(expected != "accept", "\(row.file): \(error)")
        #expect(!error.description.contains("\n") && error.description.utf8.count < 600)
      }
    }
  }

  @Test("a person who is lost leaves empty frames")
  func missingFrames() throws {
    let (track, report) = try TrackFile.read(url("json/missing_frames.json"))
    #expect(report.emptyFrameCount == 2 && report.missingJointCount == 44)
    for joint in Skeleton.Joint.allCases {
      #expect(!track.place(joint, 3).isFinite && !track.place(joint, 4).isFinite)
      #expect(track.place(joint, 2).isFinite && track.place(joint, 5).isFinite)
    }
  }

  @Test("a score of zero is a missing joint, not a place at the origin")
  func zeroConfidence() throws {
    let (track, report) = try TrackFile.read(url("json/zero_confidence_joint.json"))
    let missing = (0..<track.frameCount).filter { !track.place(.leftWrist, $0).isFinite }
    #expect(missing.count == 5 && report.missingJointCount == 5)
  }

  @Test("a wrist metres away is taken for missing, however sure the tracker is")
  func spike() throws {
    let (track, report) = try TrackFile.read(url("json/spike.json"))
    let good = try TrackFile.read(url("json/ok_reference.json")).track
    let missing = (0..<track.frameCount).filter { !track.place(.rightWrist, $0).isFinite }
    #expect(missing.count == 1 && report.missingJointCount == 1)
    #expect(report.findings.contains { $0.kind == .glitch })
    for (a, b) in zip(track.positions, good.positions) where a.isFinite {
      #expect((a - b).length < 1e-9)
    }
  }

  @Test("semicolons part fields as well as commas; empty fields are missing joints")
  func tables() throws {
    let table = try TrackFile.read(url("csv/semicolons.csv")).track
    #expect(table.frameRate == 60 && table.confidences.allSatisfy { $0 > 0 })
    let (gaps, report) = try TrackFile.read(url("csv/empty_cells.csv"))
    #expect(report.missingJointCount < 22 && gaps.frameCount == table.frameCount)
  }
}

@Suite("Tracker files made up")
struct TrackersMadeUpTests {
  private func read(_ text: String, _ path: String = "x.json") throws -> (
    track: JointTrack, report: TrackReport
  ) {
    try TrackFile.read(Array(text.utf8), path: path, joints: nil, frameRate: nil)
  }

  private func reason(_ text: String, _ path: String = "x.json") -> String {
    do {
      _ = try read(text, path)
      return "read"
    } catch { return "\(error)" }
  }

  @Test("JSON is read as RFC 8259 says")
  func json() throws {
    let text = #" {"a": [1, -2.5e1, 0.0, true, false, null], "b\u00e9\ud83d\ude00": "\n\/"} "#
    let value = try JSONReader.read(Array(text.utf8)[...], mostValues: 100)
    #expect(value["a"]?.elements?.compactMap(\.number) == [1, -25, 0])
    #expect(value["bé😀"]?.text == "\n/")
    let bad = [
      "", "{", "[1,]", "[01]", "[1.]", "[.5]", "[+1]", "[NaN]", "[Infinity]", "[1e999]", "[-]",
      "{\"a\"}", "{a:1}", "{\"a\":1,}", "[1] 2", "\"\u{1}\"", "\"\\x\"", "\"\\ud800\"", "\"\\ud8",
      "nul", "[1 2]", "'a'", "\"a", "[1e]", "\"\\u00g0\"",
    ]
    for text in bad {
      #expect(throws: JSONReader.Fault.self, "\(text)") {
        try JSONReader.read(Array(text.utf8)[...], mostValues: 100)
      }
    }
  }

  @Test("nesting without end is refused, in lists, objects and both")
  func nesting() {
    for piece in ["[", "{\"a\":", "[{\"a\":"] {
      let text = String(repeating: piece, count: 300_000)
      #expect(reason(text).contains("nest deeper"))
    }
  }

  @Test("sentences name the place and what was expected")
  func sentences() {
    #expect(reason("[1, 2").contains("line 1, column 6"))
    #expect(reason("[1, 2, 3]").contains("expected an object with 'fps' and 'frames'"))
    #expect(reason("{\"frames\": [{\"pose_landmarks\": []}]}").contains("no depth"))
    #expect(reason("{\"frames\": [{}]}").contains("keypoints"))
    #expect(reason("hello").contains("expected a JSON value"))
    #expect(reason("hello", "x.txt").contains("known are"))
    #expect(reason("a,b\n1,2\n", "x.csv").contains("'<joint>_x'"))
    #expect(reason("nose_x,nose_y,nose_z\n1,2,three\n", "x.csv").contains("line 2, column 3"))
    #expect(reason("nose_x,nose_y,nose_z,nose_x\n", "x.csv").contains("two columns"))
    #expect(reason("nose_x,nose_y,nose_z\n1,2,3\n", "x.csv").contains("coco17"))
  }

  @Test("damage by the thousand never crashes", arguments: [1, 2, 3])
  func damage(_ seed: UInt64) throws {
    let clip = randomClip(seed: seed, frames: 4)
    let json = TrackerText.json(clip)
    let table = TrackerText.table(clip)
    let archive = try TrackerText.archive(clip).encoded()
    let array = NumpyArray.numbers(
      try #require(TrackerText.archive(clip).arrays["positions"])
    ).encoded()
    var random = Damage(seed: seed)
    var readCount = 0
    let subjects: [(good: [UInt8], path: String, set: JointSet?)] = [
      (Array(json.utf8), "x.json", nil), (Array(table.utf8), "x.csv", nil),
      (archive, "x.npz", nil), (array, "/nowhere/x.npy", .canonical),
    ]
    for (good, path, set) in subjects {
      _ = try TrackFile.read(good, path: path, joints: set, frameRate: 30)
      for _ in 0..<500 {
        let bytes = random.damaged(good)
        do {
          let (track, report) = try TrackFile.read(bytes, path: path, joints: set, frameRate: 30)
          #expect(zip(track.positions, track.confidences).allSatisfy { $0.isFinite == ($1 > 0) })
          #expect(report.lines.allSatisfy { !$0.contains("\n") })
          readCount += 1
        } catch {
          #expect(!error.description.contains("\n"), "\(error)")
          #expect(error.description.utf8.count < 2000)
        }
      }
    }
    #expect(readCount > 50 && readCount < 1950, "\(readCount)")
  }
}

/// Clips written as trackers write them.
enum TrackerText {
  static func json(_ clip: MotionClip) -> String {
    let frames = (0..<clip.frameCount).map { frame in
      let joints = clip.jointPositions(frame: frame).map { "[\($0.x),\($0.y),\($0.z),0.9]" }
      return
        "{\"t\":\(Double(frame) / clip.frameRate),\"keypoints\":[\(joints.joined(separator: ","))]}"
    }
    let names = Skeleton.Joint.names.map { "\"\($0)\"" }.joined(separator: ",")
    return "{\"fps\":\(clip.frameRate),\"axes\":\"z up\",\"unit\":\"m\",\"joint_names\":[\(names)],"
      + "\"frames\":[\(frames.joined(separator: ","))]}"
  }

  static func table(_ clip: MotionClip) -> String {
    let header = Skeleton.Joint.names.map { "\($0)_x,\($0)_y,\($0)_z" }.joined(separator: ",")
    let rows = (0..<clip.frameCount).map { frame in
      "\(Double(frame) / clip.frameRate),"
        + clip.jointPositions(frame: frame).map { "\($0.x),\($0.y),\($0.z)" }
        .joined(separator: ",")
    }
    return (["time_s," + header] + rows).joined(separator: "\n")
  }

  static func archive(_ clip: MotionClip) -> NumpyArchive {
    let values = clip.jointPositions().flatMap { [$0.x, $0.y, $0.z] }
    return NumpyArchive(
      arrays: [
        "positions": StoredTensor(values, shape: [clip.frameCount, Skeleton.jointCount, 3]),
        "fps": StoredTensor([clip.frameRate], shape: []),
      ], strings: ["names": Skeleton.Joint.names])
  }
}
