import Files
import Foundation
import TestSupport
import Testing

@Suite(
  "Recorded motions of ../shared/data/motions",
  .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct RealMotionTests {
  /// Every twelfth file, so that all sources are among them.
  private static func sample() throws -> [String] {
    let folder = try SharedData.url("data/motions").path
    let motions = Work.files(in: folder).filter { $0.hasSuffix(".bvh") }
    return motions.indices.filter { $0.isMultiple(of: 12) }.map { "\(folder)/\(motions[$0])" }
  }

  @Test("Every limit holds, also three times faster", arguments: Subject.allCases, ["1", "3"])
  func limitsHold(_ subject: Subject, _ speed: String) throws {
    let motions = try Self.sample()
    try #require(motions.count >= 20)
    let output = try Work.folder()
    let run = try Tool.run(
      arguments: ["compile"] + motions
        + [
          "--robot", subject.rawValue, "--model", subject.model(), "-o", output, "--speed", speed,
          "--format", "csv", "--json",
        ])
    #expect(run.status == 0, "\(run.text)")
    #expect(try ReportLine.lines(run).count { $0.valid } == motions.count)
    let files = Work.files(in: output).filter { $0.hasSuffix(".safetensors") }
    let verified = try Tool.run(arguments: ["verify"] + files, folder: output)
    #expect(verified.status == 0, "\(verified.text)")
    let limits = try subject.limits()
    for file in Work.files(in: output) where file.hasSuffix(".csv") {
      #expect(try Samples(csv: "\(output)/\(file)").broken(limits) == [], "\(file)")
    }
  }
}

@Suite("Files written while something goes wrong")
struct WritingTests {
  @Test("compile killed at any moment leaves whole files or none", arguments: [1, 2, 3, 4, 5, 6])
  func killedCompile(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let subject = seed > 2 ? Subject.uarm : .humanoid
    let folder = try Work.folder()
    let text = try Work.text(Shipped.motion("wave"))
    for index in 0..<40 { try Work.write(text, "\(folder)/wave\(index).bvh") }
    let output = "\(folder)/out"
    let tool = try Tool.start([
      "compile", folder, "--robot", subject.rawValue, "--model", subject.model(), "-o", output,
      "--format", "json",
    ])
    let deadline = ContinuousClock().now + .seconds(20)
    // A file that was being written when the process died has a name of its own.
    func whole() -> [String] { Work.files(in: output).filter { !$0.hasSuffix(".partial") } }
    while whole().isEmpty, ContinuousClock().now < deadline { usleep(500) }
    usleep(UInt32.random(in: 0...200_000, using: &generator))
    tool.send(SIGKILL)
    _ = try tool.wait()
    let files = whole()
    #expect(!files.isEmpty)
    let natives = files.filter { $0.hasSuffix(".trajectory.safetensors") }
    let verified = try Tool.run(arguments: ["verify"] + natives, folder: output)
    #expect(verified.status == 0, "\(verified.text)")
    for file in files where file.hasSuffix(".json") {
      #expect(try JointTrajectory(json: "\(output)/\(file)").points.count == 181)
    }
    let again = try subject.compile(folder, to: output, "--format", "json")
    #expect(again.status == 0 && again.resultLines.count == 40, "\(again.text)")
  }

  @Test("Two at once into one folder: both succeed and every file is whole")
  func twoAtOnce() throws {
    let output = try Work.folder()
    let arguments = [
      "compile", try Shipped.folder(), "--robot", "uarm_swift_pro", "--model",
      try Subject.uarm.model(), "-o", output, "--format", "csv",
    ]
    let tools = try (0..<3).map { _ in try Tool.start(arguments) }
    for tool in tools {
      let run = try tool.wait()
      #expect(run.status == 0, "\(run.text)")
    }
    #expect(Work.files(in: output).count == 2 * Shipped.names.count)
    let natives = Shipped.names.map { "\(output)/\($0).trajectory.safetensors" }
    #expect(try Tool.run(arguments: ["verify"] + natives).status == 0)
  }
}
