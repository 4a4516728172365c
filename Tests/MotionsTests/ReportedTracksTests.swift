import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

/// The files of ../shared/data/reported that hold tracked joints, and what is right for them.
enum Reported {
  static func path(_ file: String) throws -> String {
    try SharedData.url("data/reported/\(file)").path
  }

  static func read(
    _ file: String, rate: Double? = nil, person: String? = nil
  ) throws -> (track: JointTrack, report: TrackReport) {
    try TrackFile.read(path(file), frameRate: rate, person: person)
  }

  static func refusal(_ file: String, rate: Double? = nil, person: String? = nil) -> String {
    do {
      _ = try read(file, rate: rate, person: person)
      return "read"
    } catch { return "\(error)" }
  }

  /// The walk that the tables hold: they begin at its frame 20.
  static func walk() throws -> JointTrack {
    let clip = try MotionFile.read(path("truth_walk.clip.safetensors")).clip
    return JointTrack(try clip.slice(20..<clip.frameCount))
  }

  /// The joints that landmarks give without a guess.
  static let exact: [Skeleton.Joint] = [
    .leftHip, .rightHip, .leftKnee, .rightKnee, .leftAnkle, .rightAnkle, .leftShoulder,
    .rightShoulder, .leftElbow, .rightElbow, .leftWrist, .rightWrist,
  ]

  /// The largest distance between places of some frames in two tracks [m].
  static func worst(
    _ a: JointTrack, _ b: JointTrack, frames: some Sequence<Int>,
    joints: [Skeleton.Joint] = Skeleton.Joint.allCases
  ) -> Double {
    frames.reduce(0) { worst, frame in
      joints.reduce(worst) { max($0, (a.place($1, frame) - b.place($1, frame)).length) }
    }
  }
}

@Suite("Reported tracker files", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct ReportedTracksTests {
  @Test("times_reference.csv is the walk")
  func reference() throws {
    let (track, report) = try Reported.read("times_reference.csv")
    #expect(track.frameRate == 30 && track.frameCount == 120 && report.emptyFrameCount == 0)
    let worst = Reported.worst(track, try Reported.walk(), frames: 0..<120, joints: Reported.exact)
    #expect(worst < 2e-5, "\(worst) m")
    #expect(!report.findings.contains { $0.kind == .doubtfulRate || $0.kind == .gap })
  }

  @Test("time_in_ms.csv: milliseconds by their step")
  func milliseconds() throws {
    let reference = try Reported.read("times_reference.csv").track
    let (track, report) = try Reported.read("time_in_ms.csv")
    #expect(track.frameRate == 30 && track.frameCount == 120)
    #expect(report.rateReason.contains("ms"), "\(report.rateReason)")
    #expect(Reported.worst(track, reference, frames: 0..<120) < 1e-9)
  }

  @Test("second_lost.csv: placed by its times, the second stays empty and is reported")
  func secondLost() throws {
    let reference = try Reported.read("times_reference.csv").track
    let (track, report) = try Reported.read("second_lost.csv")
    #expect(track.frameRate == 30 && track.frameCount == 120)
    #expect(report.gapFrameCount == 30 && report.emptyFrameCount == 30)
    let empty = (0..<120).filter { !track.place(.pelvis, $0).isFinite }
    #expect(empty.count == 30 && empty.last.map { $0 - empty[0] } == 29)
    let rest = (0..<120).filter { !empty.contains($0) }
    #expect(Reported.worst(track, reference, frames: rest) < 1e-9)
    let gaps = report.findings.filter { $0.kind == .gap }
    #expect(gaps.count == 1 && gaps[0].message.contains("30 frames"), "\(gaps)")
  }

  @Test("fps_against_times.json: the times win, and it is said")
  func fpsAgainstTimes() throws {
    let (track, report) = try Reported.read("fps_against_times.json")
    let reference = try Reported.read("mediapipe_reference.json").track
    #expect(track.frameRate == 30 && reference.frameRate == 30)
    #expect(
      report.findings.contains {
        $0.kind == .doubtfulRate && $0.message.contains("60") && $0.message.contains("30")
      })
    #expect(Reported.worst(track, reference, frames: 0..<120) < 1e-9)
  }

  @Test("pixels_with_score.json is refused as what it looks like")
  func pixels() {
    let sentence = Reported.refusal("pixels_with_score.json")
    #expect(sentence.contains("pixels of an image with a score"), "\(sentence)")
  }

  @Test("two_people_interleaved.csv: refused with both, one of them on demand")
  func twoPeople() throws {
    let sentence = Reported.refusal("two_people_interleaved.csv", rate: 30)
    #expect(sentence.contains("2 people") && sentence.contains("--person"), "\(sentence)")
    #expect(sentence.contains("'person_id'"), "\(sentence)")
    #expect(Reported.refusal("two_people_interleaved.csv", rate: 30, person: "3").contains("'3'"))
    let reference = try Reported.read("times_reference.csv").track
    for person in ["1", "2"] {
      let (track, report) = try Reported.read(
        "two_people_interleaved.csv", rate: 30, person: person)
      #expect(track.frameCount == 60 && report.emptyFrameCount == 0)
      #expect(report.findings.contains { $0.message.contains("person '\(person)'") })
      // Each moves as one body: no joint jumps.
      let steps = (1..<60).map { (track.place(.pelvis, $0) - track.place(.pelvis, $0 - 1)).length }
      #expect(steps.allSatisfy { $0 < 0.1 })
      guard person == "1" else { continue }
      #expect(Reported.worst(track, reference, frames: 0..<60) < 1e-9)
    }
  }

  @Test(
    "MediaPipe's spellings are one motion",
    arguments: [
      "mediapipe_tasks_list_of_poses.json", "mediapipe_top_level_list.json",
      "mediapipe_camel_case.json", "mediapipe_nobody_is_empty_list.json",
    ])
  func mediapipe(_ file: String) throws {
    let reference = try Reported.read("mediapipe_reference.json").track
    let (track, report) = try Reported.read(file)
    #expect(track.frameRate == 30 && track.frameCount == 120)
    let empty = (0..<120).filter { !track.place(.pelvis, $0).isFinite }
    #expect(empty == (file.contains("nobody") ? Array(40...45) : []))
    #expect(report.emptyFrameCount == empty.count && report.gapFrameCount == 0)
    // What was seen decides the tilt and the ground; six frames of 120 move them a little.
    let rest = (0..<120).filter { !empty.contains($0) }
    let worst = Reported.worst(track, reference, frames: rest)
    #expect(worst < (empty.isEmpty ? 1e-9 : 0.01), "\(worst) m")
  }

  @Test("mediapipe_reference.json is the walk about its hips, level and on the ground")
  func mediapipeReference() throws {
    let (track, report) = try Reported.read("mediapipe_reference.json")
    let truth = try Reported.walk()
    #expect(report.findings.contains { $0.message.contains("relative to the hips") })
    var worst = 0.0
    for frame in 0..<120 {
      // Heights do not change with the direction that the camera looks in.
      let hips = (track.place(.leftHip, frame) + track.place(.rightHip, frame)) / 2
      let real = (truth.place(.leftHip, frame) + truth.place(.rightHip, frame)) / 2
      for joint in Reported.exact {
        let height = (track.place(joint, frame) - hips).z - (truth.place(joint, frame) - real).z
        worst = max(worst, abs(height))
      }
    }
    #expect(worst < 0.05, "\(worst) m")
    let ankles = (0..<120).map {
      min(track.place(.leftAnkle, $0).z, track.place(.rightAnkle, $0).z)
    }
    let lowest = try #require(ankles.min())
    #expect((0.02...0.12).contains(lowest), "\(lowest) m")
  }

  @Test("kinect_dotted.csv is the walk")
  func kinect() throws {
    let (track, report) = try Reported.read("kinect_dotted.csv")
    #expect(report.joints == "kinect" && track.frameRate == 30 && track.frameCount == 60)
    #expect(report.upAxis == "y up")
    let truth = try Reported.walk()
    // The camera's place and direction are its own: lengths and heights are the walk's.
    var worst = 0.0
    for frame in 0..<60 {
      for joint in Reported.exact {
        let own = track.place(joint, frame) - track.place(.leftAnkle, frame)
        let real = truth.place(joint, frame) - truth.place(.leftAnkle, frame)
        worst = max(worst, abs(own.z - real.z), abs(own.length - real.length))
      }
    }
    #expect(worst < 2e-4, "\(worst) m")
    #expect(!report.findings.contains { $0.message.contains("mirror image") })
  }

  @Test("frames_no_colon.bvh and frame_time_0016.bvh: the header is read")
  func bvhHeaders() throws {
    for (file, rate) in [("frames_no_colon.bvh", 30.0), ("frame_time_0016.bvh", 62.5)] {
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: Reported.path(file))))
      var reader = try BVHReader(bytes, path: file)
      #expect(reader.declaredFrameCount == 24 && reader.frameRate == rate)
      var row = [Double](repeating: 0, count: reader.hierarchy.channelCount)
      var count = 0
      while try reader.nextFrame(into: &row) { count += 1 }
      #expect(count == 24)
    }
  }
}
