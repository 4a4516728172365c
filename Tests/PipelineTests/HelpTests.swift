import Foundation
import Testing

@Suite("Help, completions and reports")
struct HelpTests {
  @Test(
    "Every verb explains itself with examples",
    arguments: [
      "inspect", "import", "train retargeter", "evaluate retargeter", "evaluate generator",
      "compile", "verify",
      "stream", "jog", "park", "simulate", "doctor", "bench",
    ])
  func help(_ verb: String) throws {
    let run = try Tool.run(arguments: verb.split(separator: " ").map(String.init) + ["--help"])
    #expect(run.status == 0 && run.error.isEmpty, "\(run.text)")
    let lines = run.outputLines.map { $0.trimmingCharacters(in: .whitespaces) }
    let examples = lines.filter { $0.hasPrefix("motionc \(verb)") }
    #expect(!examples.isEmpty, "\(run.text)")
    #expect(run.output.contains("USAGE: motionc \(verb)"), "\(run.text)")
  }

  @Test("The tool lists its verbs; without any it does the same")
  func overview() throws {
    for arguments in [["--help"], []] {
      let run = try Tool.run(arguments: arguments)
      #expect(run.status == 0, "\(run.text)")
      for verb in [
        "inspect", "import", "train", "evaluate", "compile", "verify", "doctor", "bench",
      ] {
        #expect(run.output.contains("\n  \(verb) "), "\(verb): \(run.text)")
      }
    }
  }

  @Test("It says its version and prints completions", arguments: ["bash", "zsh", "fish"])
  func completions(_ shell: String) throws {
    let version = try Tool.run("--version")
    #expect(version.status == 0)
    #expect(version.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(version.text)")
    let script = try Tool.run("--generate-completion-script", shell)
    #expect(script.status == 0)
    #expect(script.output.contains("motionc") && script.output.contains("inspect"))
  }

  @Test(
    "The bash completions are a script that bash can read",
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/bin/bash"), "needs bash"))
  func bash() throws {
    let script = try Tool.run("--generate-completion-script", "bash")
    let path = try Work.write(script.output, "\(Work.folder())/completions")
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-n", path]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  @Test("doctor says what is there, for people and for machines")
  func doctor() throws {
    let run = try Tool.run("doctor", "--json")
    #expect(run.status == 0, "\(run.text)")
    let checks = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]])
    let names = checks.compactMap { $0["check"] as? String }
    #expect(
      names == ["OpenBLAS", "build", "Robots", "Mappings", "Skeletons", "Examples", "robots"])
    #expect(checks.allSatisfy { $0["good"] is Bool && $0["found"] is String })
    let plain = try Tool.run("doctor")
    #expect(plain.status == 0)
    #expect(plain.outputLines.count == names.count)
  }

  @Test("inspect gives each limit with its source", arguments: Subject.allCases)
  func inspect(_ subject: Subject) throws {
    let report = try subject.limits()
    #expect(report.joints.count == (subject == .uarm ? 4 : 29))
    for joint in report.joints {
      let bounds = [joint.lower, joint.upper, joint.velocity, joint.acceleration, joint.jerk]
      for bound in bounds {
        let bound = try #require(bound, "\(joint.name)")
        #expect(bound.value.isFinite && !bound.source.isEmpty, "\(joint.name)")
      }
      #expect(joint.acceleration?.source.contains("limits.yaml") == true)
      #expect(joint.unit == "rad")
    }
    #expect(report.coupledLimits.isEmpty == (subject == .humanoid))
    #expect(report.coupledLimits.allSatisfy { $0.source.contains("limits.yaml") })
    let plain = try Tool.run("inspect", subject.rawValue)
    #expect(plain.status == 0, "\(plain.text)")
    for joint in report.joints { #expect(plain.output.contains(joint.name)) }
    for line in report.tree { #expect(plain.output.contains(line)) }
  }

  @Test(
    "Robots and mappings are found from any working directory", arguments: ["/", "/tmp", "/usr"])
  func anyFolder(_ folder: String) throws {
    let inspected = try Tool.run("inspect", "unitree_g1", folder: folder)
    #expect(inspected.status == 0, "\(inspected.text)")
    let model = "\(try Work.folder())/model"
    let trained = try Tool.run(
      "train", "retargeter", "--robot", "uarm_swift_pro", "-o", model, "--width", "8", "--layers",
      "1", "--time-limit", "0.05s", folder: folder)
    #expect(trained.status == 0, "\(trained.text)")
  }

  @Test("Paths may be relative and hold spaces and letters of any script")
  func relativePaths() throws {
    let folder = try Work.folder()
    try FileManager.default.createDirectory(
      atPath: "\(folder)/meine Bewegungen", withIntermediateDirectories: true)
    try Work.write(Work.text(Shipped.motion("wave")), "\(folder)/meine Bewegungen/größe 手.bvh")
    let run = try Tool.run(
      "compile", "meine Bewegungen", "--robot", "uarm_swift_pro", "--model",
      try Subject.uarm.model(), "-o", "aus gabe", "--format", "csv", folder: folder)
    #expect(run.status == 0, "\(run.text)")
    #expect(
      Work.files(in: "\(folder)/aus gabe")
        == ["größe 手.csv", "größe 手.trajectory.safetensors"])
  }
}
