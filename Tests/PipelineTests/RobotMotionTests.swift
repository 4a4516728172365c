import Files
import Foundation
import TestSupport
import Testing

@Suite("Robots' motion through the tool")
struct RobotMotionTests {
  private static let gmr = SharedData.fixtures.appending(path: "robot-motion-gmr.pkl").path

  private func compile(_ files: [String], to output: String, _ further: String...) throws -> Run {
    try Tool.run(
      arguments: ["compile"] + files + ["--robot", "unitree_g1", "-o", output] + further)
  }

  @Test("Our own exports compile to themselves, from tables and archives")
  func roundTrip() throws {
    let (first, second) = (try Work.folder(), try Work.folder())
    let run = try Subject.humanoid.compile(
      Shipped.motion("walk"), to: first, "--format", "csv,npz")
    #expect(run.status == 0, "\(run.text)")
    for ending in ["csv", "npz"] {
      let again = try compile(["\(first)/walk.\(ending)"], to: second, "--format", "csv", "--json")
      #expect(again.status == 0, "\(again.text)")
      let report = try #require(try ReportLine.lines(again).first)
      #expect(report.valid && report.deviation.map { $0.greatest < 1e-9 } == true, "\(again.text)")
      let (one, other) = (
        try Samples(csv: "\(first)/walk.csv"), try Samples(csv: "\(second)/walk.csv")
      )
      #expect(one.names == other.names && one.times == other.times)
      #expect(zip(one.rows.joined(), other.rows.joined()).allSatisfy { abs($0 - $1) < 1e-9 })
    }
  }

  @Test("GMR's pickle becomes a trajectory that is verified, with what was not certain")
  func pickle() throws {
    let output = try Work.folder()
    let run = try compile([Self.gmr], to: output, "--json")
    #expect(run.status == 0 && run.complaints.isEmpty, "\(run.text)")
    #expect(run.output.contains("in the order of the robot's URDF"), "\(run.text)")
    let verified = try Tool.run("verify", "\(output)/robot-motion-gmr.trajectory.safetensors")
    #expect(verified.status == 0, "\(verified.text)")
    let asked = try compile([Self.gmr], to: output, "--root-order", "sideways")
    #expect(asked.status == 64, "\(asked.text)")
  }

  @Test("A source beyond the limits is moved within them, and the deviation is stated")
  func beyond() throws {
    let (input, output) = (try Work.folder(), try Work.folder())
    // The knees jump from 0 to 2 rad within a frame, and end beyond their range.
    let rows = (0..<40).map { frame in
      let knee = frame < 20 ? 0.0 : 3.0
      let joints = (0..<29).map { $0 == 3 || $0 == 9 ? knee : 0 }
      return ([0, 0, 0.8, 0, 0, 0.38, 0.925] + joints).map { "\($0)" }.joined(separator: ",")
    }
    try Work.write(rows.joined(separator: "\n"), "\(input)/jump.csv")
    let run = try compile(
      ["\(input)/jump.csv"], to: output, "--source-rate", "50", "--format", "csv", "--json")
    #expect(run.status == 0, "\(run.text)")
    let report = try #require(try ReportLine.lines(run).first)
    #expect(report.valid && report.deviation.map { $0.greatest > 0.1 } == true, "\(run.text)")
    #expect(run.output.contains("is outside of its range in"), "\(run.text)")
    let broken = try Samples(csv: "\(output)/jump.csv").broken(Subject.humanoid.limits())
    #expect(broken == [])
  }

  @Test("import and inspect name it and the command that takes it")
  func named() throws {
    for arguments in [["import", Self.gmr, "-o", try Work.folder()], ["inspect", Self.gmr]] {
      let run = try Tool.run(arguments: arguments)
      #expect(run.status == 65 && run.saysOneSentence, "\(run.text)")
      #expect(run.error.contains("GMR: 29 joints, 6 frames at 30 Hz"), "\(run.text)")
      #expect(run.error.contains("motionc compile"), "\(run.text)")
    }
  }

  @Test("In a folder, compile takes robots' motion and import tracked joints; what is none is left")
  func folders() throws {
    let folder = try Work.folder()
    try AtomicFile.write(InputFile.bytes(of: Self.gmr), to: "\(folder)/robot.pkl")
    try Work.write(Work.text(Shipped.motion("wave")), "\(folder)/wave.bvh")
    try Work.write("file,split\nwave.bvh,train\n", "\(folder)/index.csv")
    try Work.write("{\"epochs\": 3, \"loss\": [1, 2]}", "\(folder)/card.json")
    let joints = ["pelvis", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle"]
    let columns = joints.flatMap { joint in ["x", "y", "z"].map { "\(joint)_\($0)" } }
    let row = joints.flatMap { _ in ["0.1", "0.2", "0.3"] }
    try Work.write(
      ([columns, row, row].map { $0.joined(separator: ",") }).joined(separator: "\n"),
      "\(folder)/tracked.csv")
    let compiled = try Tool.run(
      arguments: ["compile", folder, "--robot", "unitree_g1", "-o", "\(folder)/out"])
    #expect(compiled.status == 0 && compiled.outputLines.count >= 2, "\(compiled.text)")
    #expect(
      Work.files(in: "\(folder)/out")
        == ["robot.trajectory.safetensors", "wave.trajectory.safetensors"])
    #expect(compiled.error.contains("skipped as no motion: '\(folder)/card.json' and 1 more"))
    #expect(compiled.error.contains("skipped as tracked joints"), "\(compiled.text)")
    let imported = try Tool.run("import", folder, "-o", "\(folder)/clips")
    #expect(imported.error.contains("skipped as a robot's motion"), "\(imported.text)")
    #expect(imported.error.contains("skipped as no motion"), "\(imported.text)")
    // The tracker's file is tried, and says itself what it lacks.
    #expect(imported.output.contains("tracked.csv") && imported.status == 2, "\(imported.text)")
    #expect(Work.files(in: "\(folder)/clips") == ["wave.clip.safetensors"])
  }
}
