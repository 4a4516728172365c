import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("All reference motions", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct SharedMotionTests {
  /// The index of the motions, one dictionary a row.
  private func index() throws -> [[String: String]] {
    let text = try String(contentsOf: try SharedData.url("data/motions/index.csv"), encoding: .utf8)
    let lines = text.split(whereSeparator: \.isNewline).map(Self.cells)
    let header = lines[0]
    return lines.dropFirst().map { Dictionary(zip(header, $0)) { first, _ in first } }
  }

  /// The cells of a line, quotes respected.
  private static func cells(_ line: Substring) -> [String] {
    var cells = [""]
    var quoted = false
    for character in line {
      if character == "\"" {
        quoted.toggle()
      } else if character == ",", !quoted {
        cells.append("")
      } else {
        cells[cells.count - 1].append(character)
      }
    }
    return cells
  }

  @Test("skeleton, unit, axis, rate, T-pose and glitches are found as the index states them")
  func indexAgrees() throws {
    let rows = try index()
    #expect(rows.count == 300)
    for row in rows {
      let file = try #require(row["file"])
      let (clip, report) = try MotionFile.read(try SharedData.url("data/motions/\(file)").path)
      let dropped = row["tpose_first_frame"] == "1" ? 1 : 0
      // Six files have the names of CMU's skeleton and elbows that bend elsewhere: their hinges refute
      // the table.
      let isOther = file.hasPrefix("misc/style_")
      #expect(report.skeleton == (isOther ? "found" : row["skeleton"]), "\(file)")
      #expect(report.upAxis == row["up_axis"]?.lowercased(), "\(file)")
      #expect(report.droppedFrameCount == dropped, "\(file)")
      #expect(clip.frameCount + report.droppedFrameCount == Int(row["frames"] ?? ""), "\(file)")
      if let unit = Double(row["unit_to_m"] ?? "") {
        #expect(abs(report.metresPerUnit - unit) < 1e-6, "\(file)")
      }
      let rate = try #require(Double(row["fps"] ?? ""))
      #expect(abs(report.frameRate - rate) < 0.02, "\(file): \(report.frameRate)")
      #expect(!report.findings.contains { $0.kind == .doubtfulRate }, "\(file)")
      #expect(report.glitchFrames.isEmpty == (row["glitch"] == "0"), "\(file)")
    }
  }

  @Test("people stand on two legs, look ahead and bend knees and elbows the human way")
  func anatomy() throws {
    for row in try index() where row["glitch"] == "0" {
      let file = try #require(row["file"])
      let (clip, _) = try MotionFile.read(try SharedData.url("data/motions/\(file)").path)
      var knee = 0.0
      var elbow = 0.0
      var feet = 0.0
      var crooked = 0.0
      let frames = stride(from: 0, to: clip.frameCount, by: 5)
      for frame in frames {
        knee += clip.rotation(of: .leftKnee, frame: frame).rotationVector.x
        knee += clip.rotation(of: .rightKnee, frame: frame).rotationVector.x
        elbow -= clip.rotation(of: .leftElbow, frame: frame).rotationVector.y
        elbow += clip.rotation(of: .rightElbow, frame: frame).rotationVector.y
        for joint in [Skeleton.Joint.leftKnee, .rightKnee] {
          let bend = clip.rotation(of: joint, frame: frame).rotationVector
          crooked += max(abs(bend.y), abs(bend.z))
        }
        // Toes lie ahead of the ankles, seen from the pelvis.
        let poses = clip.jointPoses(frame: frame)
        for (toe, ankle) in [(10, 7), (11, 8)] {
          let foot = poses[toe].translation - poses[ankle].translation
          feet += foot.dot(poses[ankle].rotation * .unitZ)
        }
      }
      #expect(knee > -0.2 * Double(clip.frameCount) / 5, "\(file)")
      #expect(elbow > 0, "\(file)")
      #expect(feet > 0, "\(file)")
      // The knees of the style clips do turn about other axes (they were retargeted before).
      guard !file.contains("style_") else { continue }
      #expect(crooked < 0.25 * max(knee, 0) + 0.1, "\(file): \(crooked) \(knee)")
    }
  }

  @Test("a frame rate four times too high is doubted, the true one is not")
  func doubtfulRate() throws {
    let path = try SharedData.url("data/motions/cmu/cmux_train_walking_05.bvh").path
    let (_, report) = try MotionFile.read(path)
    #expect(!report.findings.contains { $0.kind == .doubtfulRate })
    let (_, fast) = try MotionFile.read(path, options: ImportOptions(frameRate: 120))
    #expect(fast.findings.contains { $0.kind == .doubtfulRate })
    #expect(fast.lines.contains { $0.contains("probably too high") })
  }

  @Test("AMASS archives stand on the canonical skeleton like the clips they were made from")
  func amass() throws {
    let folder = try SharedData.url("data/trackers/amass_layout")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".npz") }
    #expect(!files.isEmpty)
    for file in files {
      let (clip, report) = try MotionFile.read(folder.appending(path: file).path)
      #expect(report.format == "AMASS" && clip.frameRate == 120)
      let p = clip.jointPositions(frame: clip.frameCount / 2)
      #expect(p[15].z > p[0].z + 0.3, "\(file): the head is above the pelvis")
      #expect(p[7].z < p[0].z - 0.4 && p[8].z < p[0].z - 0.4, "\(file): ankles are below it")
    }
  }

  @Test("a file of 100,000 frames is read at 10,000 frames a second and more")
  func long() throws {
    let url = try SharedData.url("data/motions/cmu/02_01.bvh")
    let text = try String(contentsOf: url, encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let start = try #require(lines.firstIndex { $0.hasPrefix("Frame Time") })
    let rows = lines[(start + 1)...].filter { !$0.isEmpty }
    var long = lines[..<(start - 1)].joined(separator: "\n") + "\nFrames: 100000\n\(lines[start])\n"
    let block = rows.joined(separator: "\n") + "\n"
    for _ in 0..<100_000 / rows.count { long += block }
    long += rows.prefix(100_000 % rows.count).joined(separator: "\n") + "\n"
    let bytes = Array(long.utf8)
    let clock = ContinuousClock()
    var frames = 0
    let time = try clock.measure {
      frames = try BVHImport.read(bytes, path: "long.bvh", options: ImportOptions()).clip.frameCount
    }
    #expect(frames == 100_000)
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
    print("BVH import: \(Int(100_000 / seconds)) frames/s, \(bytes.count / 1_000_000) MB")
    #expect(seconds < 10)
  }
}
