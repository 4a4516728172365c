import Files
import Foundation
import Geometry
import Motions
import TestSupport
import Testing

/// Rows of ../shared/data/reported about tracked joints, times and URDFs, through the tool.
@Suite("Reported files", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct ReportedTests {
  private func path(_ file: String) throws -> String {
    try SharedData.url("data/reported/\(file)").path
  }

  private func smooth(_ file: String, _ further: String...) throws -> (run: Run, output: String) {
    let output = try Work.folder()
    let run = try Tool.run(arguments: ["smooth", path(file), "-o", output] + further)
    return (run, output)
  }

  /// The walk that the tables hold: they begin at its frame 20.
  private func walk() throws -> MotionClip {
    let clip = try MotionFile.read(path("truth_walk.clip.safetensors")).clip
    return try clip.slice(20..<clip.frameCount)
  }

  private func clip(_ output: String, _ name: String) throws -> MotionClip {
    try MotionFile.read("\(output)/\(name).clip.safetensors").clip
  }

  /// The root mean square of the distances of joints in some frames [m].
  private func deviation(_ a: MotionClip, _ b: MotionClip, frames: some Sequence<Int>) -> Double {
    var (sum, count) = (0.0, 0)
    let (first, second) = (a.jointPositions(), b.jointPositions())
    for frame in frames {
      for joint in 0..<Skeleton.jointCount {
        let at = frame * Skeleton.jointCount + joint
        sum += (first[at] - second[at]).squaredLength
        count += 1
      }
    }
    return (sum / Double(max(count, 1))).squareRoot()
  }

  @Test("Times in milliseconds and a lost second: as the reference, the gap filled and marked")
  func times() throws {
    let reference = try smooth("times_reference.csv")
    #expect(reference.run.status == 0, "\(reference.run.text)")
    let good = try clip(reference.output, "times_reference")
    #expect(good.frameRate == 30 && good.frameCount == 120)
    let truth = try walk()
    #expect(deviation(good, truth, frames: 0..<120) < 0.02)

    let milliseconds = try smooth("time_in_ms.csv")
    let same = try clip(milliseconds.output, "time_in_ms")
    #expect(same.frameRate == 30 && same.frameCount == 120)
    #expect(deviation(same, good, frames: 0..<120) < 1e-6)

    let lost = try smooth("second_lost.csv", "--format", "clip,npz")
    #expect(lost.run.status == 0 && lost.run.output.contains("30 frames empty"), "\(lost.run.text)")
    let filled = try clip(lost.output, "second_lost")
    #expect(filled.frameRate == 30 && filled.frameCount == 120)
    let archive = try NumpyArchive(contentsOf: "\(lost.output)/second_lost.npz")
    let marks = try archive.array("filled_frames", in: lost.output).doubles()
    #expect(marks.count == 120 && marks.reduce(0, +) == 30)
    let seen = marks.indices.filter { marks[$0] == 0 }
    let elsewhere = deviation(filled, good, frames: seen)
    #expect(elsewhere < 0.02, "\(elsewhere) m")
    let within = deviation(filled, good, frames: marks.indices.filter { marks[$0] == 1 })
    #expect(within < 0.307, "\(within) m")
  }

  @Test("MediaPipe's spellings, an empty list and a wrong fps: as the reference")
  func mediapipe() throws {
    let reference = try smooth("mediapipe_reference.json")
    #expect(reference.run.status == 0, "\(reference.run.text)")
    let good = try clip(reference.output, "mediapipe_reference")
    #expect(good.frameRate == 30)
    for name in [
      "fps_against_times", "mediapipe_tasks_list_of_poses", "mediapipe_top_level_list",
      "mediapipe_camel_case", "mediapipe_nobody_is_empty_list",
    ] {
      let (run, output) = try smooth("\(name).json")
      #expect(run.status == 0, "\(run.text)")
      let other = try clip(output, name)
      #expect(other.frameRate == 30 && other.frameCount == 120)
      let limit = name.contains("nobody") ? 0.02 : 1e-6
      let worst = deviation(other, good, frames: 0..<120)
      #expect(worst < limit, "\(name): \(worst) m")
      if name == "fps_against_times" { #expect(run.output.contains("the times are taken")) }
    }
  }

  @Test("What is no motion of one person is refused, and one of two is chosen on demand")
  func refusals() throws {
    let (pixels, nothing) = try smooth("pixels_with_score.json")
    expectRefusal(pixels, nothing, says: "pixels of an image with a score")
    let (two, none) = try smooth("two_people_interleaved.csv", "--rate", "30")
    expectRefusal(two, none, says: "--person", "person_id")
    let (chosen, output) = try smooth("two_people_interleaved.csv", "--rate", "30", "--person", "1")
    #expect(chosen.status == 0 && chosen.output.contains("person '1'"), "\(chosen.text)")
    let truth = try walk()
    let one = try clip(output, "two_people_interleaved")
    #expect(deviation(one, truth, frames: 0..<60) < 0.02)
  }

  @Test("kinect_dotted.csv is read")
  func kinect() throws {
    let (run, output) = try smooth("kinect_dotted.csv")
    #expect(run.status == 0 && run.output.contains("'kinect'"), "\(run.text)")
    #expect(try clip(output, "kinect_dotted").frameCount == 60)
  }

  @Test("import reads tracked joints by fitting a skeleton to them")
  func imports() throws {
    let truth = try walk()
    let output = try Work.folder()
    let run = try Tool.run("import", try path("times_reference.csv"), "-o", output, "--json")
    #expect(run.status == 0 && run.output.contains("\"skeleton\":\"mediapipe\""), "\(run.text)")
    let own = try clip(output, "times_reference")
    let exact: [Skeleton.Joint] = [
      .leftKnee, .rightKnee, .leftAnkle, .rightAnkle, .leftElbow, .rightElbow, .leftWrist,
      .rightWrist,
    ]
    let (a, b) = (own.jointPositions(), truth.jointPositions())
    let worst = (0..<120).flatMap { frame in
      exact.map { (a[frame * 22 + $0.rawValue] - b[frame * 22 + $0.rawValue]).length }
    }.max()
    #expect(try #require(worst) < 0.02)
  }

  @Test("import refuses what misses joints, two people and pixels, with what would help")
  func importRefusals() throws {
    for (file, further, says) in [
      ("second_lost.csv", [], "motionc smooth"),
      ("mediapipe_nobody_is_empty_list.json", [], "smooth"),
      ("pixels_with_score.json", [], "pixels"),
      ("two_people_interleaved.csv", ["--source-rate", "30"], "--person"),
      ("times_reference.csv", ["--skeleton", "cmu"], "--joints"),
      ("rest_y_motion_z.bvh", ["--person", "2"], "no person '2'"),
    ] {
      let output = try Work.folder()
      let run = try Tool.run(arguments: ["import", path(file), "-o", output] + further)
      #expect(run.status == 65 && run.error.contains(says), "\(file): \(run.text)")
      #expect(Work.files(in: output).isEmpty)
    }
    let output = try Work.folder()
    let run = try Tool.run(
      "import", try path("two_people_interleaved.csv"), "-o", output, "--source-rate", "30",
      "--person", "2")
    #expect(run.status == 0, "\(run.text)")
  }

  @Test("inspect names what is doubtful in a URDF and reads what is new")
  func urdfs() throws {
    func inspect(_ name: String) throws -> Run { try Tool.run("inspect", try path("\(name).urdf")) }
    let degrees = try inspect("degrees")
    #expect(degrees.error.contains("'shoulder'") && degrees.error.contains("two turns"))
    let safety = try inspect("safety_narrow")
    #expect(safety.output.contains("-0.500     0.500"), "\(safety.text)")
    #expect(safety.output.contains("URDF safety_controller"))
    #expect(safety.error.contains("safety_controller"))
    let extended = try inspect("extended_limits")
    #expect(extended.output.contains("15.000     200.000"), "\(extended.text)")
    let zero = try inspect("zero_range")
    #expect(zero.error.contains("'shoulder' cannot move"), "\(zero.text)")
    for run in [degrees, safety, extended, zero] { #expect(run.status == 0) }
  }
}
