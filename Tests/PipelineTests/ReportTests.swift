import Files
import Foundation
import Testing

/// Trajectories of the shipped motions, compiled once, with a report's JSON.
enum Reported {
  /// The folder of a robot's trajectory of a shipped motion.
  static func trajectory(_ subject: Subject, _ motion: String) throws -> String {
    let output = try Work.folder()
    let run = try Tool.run(
      "compile", Shipped.motion(motion), "--robot", subject.rawValue, "-o", output)
    try #require(run.status == 0, "\(run.text)")
    return "\(output)/\(motion).trajectory.safetensors"
  }

  /// The measures of the first report of a run with --json.
  static func measures(_ run: Run) throws -> [String: [String: Any]] {
    let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    let reports = try #require(object?["reports"] as? [[String: Any]])
    return try #require(reports.first?["measures"] as? [String: [String: Any]])
  }

  static func value(_ measures: [String: [String: Any]], _ group: String, _ name: String) -> Double?
  {
    let figures = measures[group]?["figures"] as? [String: [String: Any]]
    return figures?[name]?["value"] as? Double
  }
}

@Suite("motionc report")
struct ReportTests {
  @Test("A shipped robot's trajectory against its motion: every group in text and in JSON")
  func humanoid() throws {
    let file = try Reported.trajectory(.humanoid, "walk")
    let walk = try Shipped.motion("walk")
    let text = try Tool.run("report", file, "--against", walk)
    #expect(text.status == 0, "\(text.text)")
    for word in [
      "slip of standing soles", "least distance", "torque", "centre of mass", "left out",
    ] {
      #expect(text.output.contains(word), "\(word): \(text.text)")
    }
    let run = try Tool.run("report", file, "--against", walk, "--json")
    let measures = try Reported.measures(run)
    for (group, name) in [
      ("limits", "position"), ("joints", "step_max"), ("base", "speed_max"),
      ("stance", "slip_mean"), ("stance", "floating_share_30mm"), ("collision", "distance_min"),
      ("likeness", "link_mean"), ("likeness", "trunk_mean"), ("torque", "share_max"),
      ("balance", "com_margin_min"), ("smoothness", "jerk_rms"), ("deviation", "angle_max"),
      ("time", "stretch"),
    ] {
      let value = try #require(Reported.value(measures, group, name), "\(group).\(name)")
      #expect(value.isFinite)
    }
    for quantity in ["position", "velocity", "acceleration"] {
      #expect(try #require(Reported.value(measures, "limits", quantity)) <= 1)
    }
    #expect(try #require(Reported.value(measures, "likeness", "link_mean")) < 100)
  }

  @Test("A bolted arm, with and without a motion: what cannot be measured is one sentence each")
  func arm() throws {
    let file = try Reported.trajectory(.uarm, "reach")
    for further in [[], ["--against", try Shipped.motion("reach")]] {
      let run = try Tool.run(arguments: ["report", file, "--json"] + further)
      #expect(run.status == 0, "\(run.text)")
      let measures = try Reported.measures(run)
      let absence = measures["stance"]?["not_measured"] as? String
      #expect(absence?.contains("bolted down") == true, "\(run.text)")
      #expect(Reported.value(measures, "collision", "distance_min") != nil)
      #expect((Reported.value(measures, "likeness", "link_mean") != nil) == !further.isEmpty)
    }
  }

  @Test("A gate: exit code 1 with the reason, 0 where every threshold holds")
  func gate() throws {
    let folder = try Work.folder()
    let file = try Reported.trajectory(.uarm, "wave")
    try Work.write("limits.position: 1\njoints.jumps: 0\n", "\(folder)/good.yaml")
    try Work.write("limits.velocity: 0.0001\nstance.slip_mean: 1\n", "\(folder)/bad.yaml")
    try Work.write("limits.position: [\n", "\(folder)/broken.yaml")
    let good = try Tool.run("report", file, "--gate", "\(folder)/good.yaml")
    #expect(good.status == 0 && good.output.contains("every threshold holds"), "\(good.text)")
    let bad = try Tool.run("report", file, "--gate", "\(folder)/bad.yaml")
    #expect(bad.status == 1, "\(bad.text)")
    #expect(bad.output.contains("limits.velocity is") && bad.output.contains("bolted down"))
    let object =
      try JSONSerialization.jsonObject(
        with: Data(
          try Tool.run("report", file, "--gate", "\(folder)/bad.yaml", "--json").output.utf8))
      as? [String: Any]
    #expect(object?["passed"] as? Bool == false)
    let broken = try Tool.run("report", file, "--gate", "\(folder)/broken.yaml")
    #expect(broken.status == 65 && broken.saysOneSentence, "\(broken.text)")
  }

  @Test("By the mapping that it was compiled with, or with a note")
  func mapping() throws {
    let folder = try Work.folder()
    let motion = try Shipped.motion("wave")
    let mappings = try #require(ProjectFolder.locate("Mappings"))
    let shipped = try Work.text("\(mappings)/human-to-uarm_swift_pro.yaml")
    let own = try Work.write("# My own.\n" + shipped, "\(folder)/own.yaml")
    let other = try Work.write("# Another one.\n" + shipped, "\(folder)/other.yaml")
    let compiled = try Tool.run(
      "compile", motion, "--robot", "uarm_swift_pro", "--mapping", own, "-o", folder)
    try #require(compiled.status == 0, "\(compiled.text)")
    let file = "\(folder)/wave.trajectory.safetensors"
    for (options, isNoted) in [
      ([], true), (["--mapping", other], true), (["--mapping", own], false),
    ] {
      let run = try Tool.run(arguments: ["report", file, "--against", motion] + options)
      #expect(run.status == 0 && run.output.contains("distance of links"), "\(run.text)")
      #expect(run.output.contains("made by another mapping than this") == isNoted, "\(run.text)")
    }
    for arguments in [[file, "--mapping", own], [motion, "--mapping", own]] {
      #expect(try Tool.run(arguments: ["report"] + arguments).status == 64)
    }
    let wrong = try Tool.run("report", file, "--against", motion, "--mapping", motion)
    #expect(wrong.status == 65 && wrong.saysOneSentence, "\(wrong.text)")
  }

  @Test("What is no trajectory, or is of another motion or robot, is refused in one sentence")
  func refused() throws {
    let folder = try Work.folder()
    let file = try Reported.trajectory(.uarm, "wave")
    let run = try Tool.run(
      "compile", Shipped.motion("reach"), "--robot", "uarm_swift_pro", "-o", folder, "--format",
      "npz")
    try #require(run.status == 0, "\(run.text)")
    try Work.write("nothing", "\(folder)/nothing.safetensors")
    for arguments in [
      ["\(folder)/reach.npz"], ["\(folder)/nothing.safetensors"], [folder],
      [file, "--against", try Shipped.motion("squat")], [file, "--against", file],
      [file, "--robot", "unitree_g1"], [file, "--robot", "no_such_robot"],
      [try Shipped.motion("walk"), "--against", try Shipped.motion("walk")],
      [file, "--scale", "0.01"], [file, file, "--ground", "keep"],
    ] {
      let run = try Tool.run(arguments: ["report"] + arguments)
      #expect([65, 66].contains(run.status) && run.saysOneSentence, "\(arguments): \(run.text)")
    }
    let many = try Tool.run(
      arguments: ["report"] + [String](repeating: file, count: 5) + ["--html", "\(folder)/x.html"])
    #expect(many.status == 64, "\(many.text)")
  }

  @Test("A file for a robot that is none of the shipped ones, or that does not say which")
  func unknownRobot() throws {
    let folder = try Work.folder()
    var file = try Safetensors(contentsOf: Reported.trajectory(.uarm, "wave"))
    file.metadata["robot_sha256"] = String(repeating: "0", count: 64)
    try file.write(to: "\(folder)/other.safetensors")
    let other = try Tool.run("report", "\(folder)/other.safetensors")
    #expect(other.status == 65 && other.saysOneSentence && other.error.contains("--robot"))
    file.metadata["robot_sha256"] = nil
    file.metadata["robot"] = nil
    file.metadata["deviation"] = nil
    try file.write(to: "\(folder)/unnamed.safetensors")
    let unnamed = try Tool.run("report", "\(folder)/unnamed.safetensors")
    #expect(unnamed.status == 65 && unnamed.saysOneSentence && unnamed.error.contains("--robot"))
    let named = try Tool.run(
      "report", "\(folder)/unnamed.safetensors", "--robot", "uarm_swift_pro")
    #expect(named.status == 0, "\(named.text)")
    #expect(named.output.contains("does not say how far the limit program left the motion"))
    file.metadata["deviation"] = "{\"factor\": 1, \"greatest_time_rms\": [[1, 2]]}"
    try file.write(to: "\(folder)/wrong.safetensors")
    let wrong = try Tool.run("verify", "\(folder)/wrong.safetensors")
    #expect(wrong.status == 65 && wrong.saysOneSentence, "\(wrong.text)")
  }

  @Test("A picture of a strip of frames, for robots and people")
  func strip() throws {
    let folder = try Work.folder()
    let file = try Reported.trajectory(.humanoid, "squat")
    let run = try Tool.run(
      "report", file, try Reported.trajectory(.uarm, "squat"), "--against",
      try Shipped.motion("squat"), "--png", "\(folder)/strip.png")
    #expect(run.status == 0, "\(run.text)")
    let person = try Tool.run(
      "report", try Shipped.motion("walk"), "--png", "\(folder)/person.png")
    #expect(person.status == 0, "\(person.text)")
    for name in ["strip", "person"] {
      let bytes = try Work.bytes("\(folder)/\(name).png")
      #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) && bytes.count > 5000, "\(bytes.count)")
    }
  }
}
