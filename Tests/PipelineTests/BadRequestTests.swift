import Files
import Foundation
import Testing

@Suite("Requests that cannot be met")
struct BadRequestTests {
  private static let robot = """
    <robot name="two"><link name="base"/><link name="l1"/><link name="l2"/>
    <joint name="j1" type="revolute"><parent link="base"/><child link="l1"/><axis xyz="0 0 1"/>
    <limit lower="-1" upper="1" effort="1" velocity="2"/></joint>
    <joint name="j2" type="revolute"><parent link="l1"/><child link="l2"/><axis xyz="0 1 0"/>
    <limit lower="-1" upper="1" effort="1" velocity="2"/></joint></robot>
    """

  @Test("The robot that the wrong ones are made from is right")
  func rightRobot() throws {
    let path = try Work.write(Self.robot, "\(Work.folder())/robot.urdf")
    #expect(try Tool.run("inspect", path).status == 0)
  }

  @Test(
    "A URDF with two roots, a cycle, NaN, a mimic of nothing",
    arguments: [
      ("<link name=\"l2\"/>", "<link name=\"l2\"/><link name=\"alone\"/>", "alone"),
      ("<parent link=\"base\"/>", "<parent link=\"l2\"/>", "root"),
      ("<axis xyz=\"0 1 0\"/>", "<origin xyz=\"nan 0 0\"/><axis xyz=\"0 1 0\"/>", "j2"),
      ("lower=\"-1\"", "lower=\"nan\"", "j1"),
      ("velocity=\"2\"", "velocity=\"inf\"", "j1"),
      ("<axis xyz=\"0 1 0\"/>", "<axis xyz=\"0 1 0\"/><mimic joint=\"ghost\"/>", "ghost"),
    ])
  func wrongRobot(found: String, replacement: String, named: String) throws {
    let path = try Work.write(
      Self.robot.replacing(found, with: replacement), "\(Work.folder())/robot.urdf")
    let run = try Tool.run("inspect", path, within: 10)
    #expect(run.status == 65 && run.saysOneSentence, "\(run.text)")
    #expect(run.error.contains(named), "\(run.text)")
    #expect(run.output.isEmpty)
  }

  @Test("Compiling for a robot without a velocity limit is refused with the joint's name")
  func noVelocityLimit() throws {
    let folder = try Work.folder()
    let robots = try #require(ProjectFolder.locate("Robots"))
    let mappings = try #require(ProjectFolder.locate("Mappings"))
    let text = try Work.text("\(robots)/uarm_swift_pro/robot.urdf")
    let joint = try #require(text.range(of: "<joint name=\"base\""))
    let limit = try #require(
      text.range(of: " velocity=\"1.04719755\"", range: joint.upperBound..<text.endIndex))
    let urdf = try Work.write(
      text.replacingCharacters(in: limit, with: ""), "\(folder)/arm.urdf")
    let mapping = "\(mappings)/human-to-uarm_swift_pro.yaml"
    let model = "\(folder)/model"
    let trained = try Tool.run(
      "train", "retargeter", "--robot", urdf, "--mapping", mapping, "-o", model, "--width", "8",
      "--layers", "1", "--time-limit", "0.05s")
    try #require(trained.status == 0, "\(trained.text)")
    let compile = [
      "compile", try Shipped.motion("wave"), "--robot", urdf, "--model", model, "-o",
      "\(folder)/out",
    ]
    let run = try Tool.run(arguments: compile)
    #expect(run.status == 65 && run.saysOneSentence, "\(run.text)")
    #expect(run.error.contains("'base'") && run.error.contains("velocity"), "\(run.text)")
    #expect(Work.files(in: "\(folder)/out") == [])
    let limits = try Work.write(
      "joint_limits:\n  base: {max_velocity: 0.5}\n", "\(folder)/more.yaml")
    let given = try Tool.run(arguments: compile + ["--limits", limits])
    #expect(given.status == 0, "\(given.text)")
    let inspected = try Tool.run("inspect", urdf, "--limits", limits, "--json")
    let report = try JSONDecoder().decode(RobotLimits.self, from: Data(inspected.output.utf8))
    let base = try #require(report.joints.first { $0.name == "base" })
    #expect(base.velocity?.value == 0.5)
    #expect(base.velocity?.source.contains("more.yaml") == true)
  }

  @Test("A model of another robot is refused, naming both")
  func otherRobotsModel() throws {
    let output = "\(try Work.folder())/out"
    let run = try Tool.run(
      "compile", try Shipped.motion("wave"), "--robot", "unitree_g1", "--model",
      try Subject.uarm.model(), "-o", output)
    #expect(run.status == 65 && run.saysOneSentence, "\(run.text)")
    #expect(run.error.contains("uarm_swift_pro") && run.error.contains("unitree_g1"), "\(run.text)")
    #expect(Work.files(in: output) == [])
  }

  @Test("A model that is cut, damaged or none")
  func damagedModel() throws {
    let folder = try Work.folder()
    let bytes = try Work.bytes(Subject.uarm.model())
    for length in [0, 8, 100, bytes.count / 2, bytes.count - 1] {
      try AtomicFile.write(Array(bytes.prefix(length)), to: "\(folder)/cut")
      let run = try compile(model: "\(folder)/cut", to: "\(folder)/out")
      #expect(run.status == 65 && run.saysOneSentence, "\(length) bytes: \(run.text)")
    }
    var file = try Safetensors(contentsOf: Subject.uarm.model())
    file.metadata["contents_sha256"] = nil
    let name = try #require(file.tensors.keys.sorted().first)
    let tensor = try #require(file.tensors[name])
    file.tensors[name] = StoredTensor(tensor.floats().map { _ in Float.nan }, shape: tensor.shape)
    try file.write(to: "\(folder)/nan")
    let run = try compile(model: "\(folder)/nan", to: "\(folder)/out")
    #expect(run.status == 65 && run.error.contains(name), "\(run.text)")
    let none = try compile(model: "\(folder)/none", to: "\(folder)/out")
    #expect(none.status == 66 && none.saysOneSentence, "\(none.text)")
    #expect(Work.files(in: "\(folder)/out") == [])
  }

  private func compile(_ motions: [String]? = nil, model: String? = nil, to output: String) throws
    -> Run
  {
    try Tool.run(
      arguments: ["compile"] + (motions ?? [Shipped.motion("wave")])
        + ["--robot", "uarm_swift_pro", "--model", model ?? Subject.uarm.model(), "-o", output])
  }

  @Test("What is not there: a motion, a folder's motions, a robot")
  func missing() throws {
    let folder = try Work.folder()
    for verb in ["compile", "import"] {
      let further =
        verb == "import" ? [] : ["--robot", "uarm_swift_pro", "--model", try Subject.uarm.model()]
      let none = try Tool.run(
        arguments: [verb, "\(folder)/none.bvh", "-o", "\(folder)/out"] + further)
      #expect(
        none.status == 66 && none.saysOneSentence && none.error.contains("none.bvh"), "\(none.text)"
      )
      let empty = try Tool.run(arguments: [verb, folder, "-o", "\(folder)/out"] + further)
      #expect(empty.status == 65 && empty.saysOneSentence, "\(empty.text)")
    }
    for arguments in [
      ["inspect", "r2d2"],
      ["train", "retargeter", "--robot", "r2d2", "-o", "\(folder)/model"],
      ["compile", "x.bvh", "--robot", "r2d2", "--model", "m", "-o", "\(folder)/out"],
    ] {
      let run = try Tool.run(arguments: arguments)
      #expect(run.status == 66 && run.saysOneSentence, "\(run.text)")
      #expect(
        run.error.contains("uarm_swift_pro") && run.error.contains("unitree_g1"), "\(run.text)")
    }
    #expect(Work.files(in: folder) == [])
  }

  @Test("Two motions that would be written to one file are refused before anything is written")
  func oneName() throws {
    let folder = try Work.folder()
    for part in ["a", "b"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(part)", withIntermediateDirectories: true)
      try Work.write(Work.text(Shipped.motion("wave")), "\(folder)/\(part)/wave.bvh")
    }
    let run = try compile([folder], to: "\(folder)/out")
    #expect(run.status == 65 && run.saysOneSentence, "\(run.text)")
    #expect(run.error.contains("a/wave.bvh") && run.error.contains("b/wave.bvh"), "\(run.text)")
    let imported = try Tool.run("import", folder, "-o", "\(folder)/out")
    #expect(imported.status == 65, "\(imported.text)")
    #expect(Work.files(in: "\(folder)/out") == [])

    let clip = try Tool.run("import", "\(folder)/a/wave.bvh", "-o", folder)
    #expect(clip.status == 0, "\(clip.text)")
    let both = try compile(
      ["\(folder)/a/wave.bvh", "\(folder)/wave.clip.safetensors"], to: "\(folder)/out")
    #expect(both.status == 65, "\(both.text)")
    #expect(Work.files(in: "\(folder)/out") == [])
  }

  @Test("A clip's name inside its file leads nowhere outside of the output folder")
  func nameLeadsOutside() throws {
    let folder = try Work.folder()
    let clip = try Tool.run("import", try Shipped.motion("wave"), "-o", folder)
    try #require(clip.status == 0)
    var file = try Safetensors(contentsOf: "\(folder)/wave.clip.safetensors")
    file.metadata["name"] = "../outside"
    try file.write(to: "\(folder)/wave.clip.safetensors")
    let run = try compile(["\(folder)/wave.clip.safetensors"], to: "\(folder)/out")
    #expect(run.status == 0, "\(run.text)")
    #expect(Work.files(in: folder) == ["out/wave.trajectory.safetensors", "wave.clip.safetensors"])
    let again = try Tool.run("import", "\(folder)/wave.clip.safetensors", "-o", "\(folder)/out2")
    #expect(again.status == 0, "\(again.text)")
    #expect(Work.files(in: "\(folder)/out2") == ["wave.clip.safetensors"])
  }

  @Test("An output folder that cannot be made: exit code 73")
  func cannotCreate() throws {
    let folder = try Work.folder()
    try Work.write("x", "\(folder)/file")
    for output in ["\(folder)/file", "\(folder)/file/below", "/proc/motionc-none"] {
      let run = try compile(to: output)
      #expect(run.status == 73 && run.saysOneSentence, "\(output): \(run.text)")
      let imported = try Tool.run("import", try Shipped.motion("wave"), "-o", output)
      #expect(imported.status == 73 && imported.saysOneSentence, "\(output): \(imported.text)")
    }
    #expect(Work.files(in: folder) == ["file"])
  }

  @Test(
    "A read-only output folder: exit code 73, the old file intact",
    .enabled(if: geteuid() != 0, "root may write to read-only folders"))
  func readOnly() throws {
    let folder = try Work.folder()
    let old = try Work.write("old", "\(folder)/wave.trajectory.safetensors")
    chmod(folder, 0o555)
    defer { chmod(folder, 0o755) }
    let run = try compile(to: folder)
    #expect(run.status == 73 && run.saysOneSentence, "\(run.text)")
    #expect(try Work.text(old) == "old")
  }

  @Test("A disk that is full: exit code 74, the old file intact, no partial file")
  func fullDisk() throws {
    // A limit on the size of files fails writes as a full disk does, in their middle.
    let full = "trap '' XFSZ; ulimit -f 4"
    let folder = try Work.folder()
    try Work.write("old", "\(folder)/wave.trajectory.safetensors")
    try Work.write("old", "\(folder)/wave.clip.safetensors")
    let compiled = try Tool.run(
      "compile", try Shipped.motion("wave"), "--robot", "uarm_swift_pro", "--model",
      try Subject.uarm.model(), "-o", folder, prelude: full)
    #expect(compiled.status == 74 && compiled.saysOneSentence, "\(compiled.text)")
    let imported = try Tool.run(
      "import", try Shipped.motion("wave"), "-o", folder, prelude: full)
    #expect(imported.status == 74 && imported.saysOneSentence, "\(imported.text)")
    let trained = try Tool.run(
      "train", "retargeter", "--robot", "uarm_swift_pro", "-o", "\(folder)/model", "--width", "8",
      "--layers", "1", "--time-limit", "0.05s", prelude: full)
    #expect(trained.status == 74, "\(trained.text)")
    #expect(Work.files(in: folder) == ["wave.clip.safetensors", "wave.trajectory.safetensors"])
    for name in Work.files(in: folder) { #expect(try Work.text("\(folder)/\(name)") == "old") }
  }

  @Test("Results that cannot be written are no success")
  func outputCloses() throws {
    for arguments in [["inspect", "unitree_g1"], ["inspect", "unitree_g1", "--json"]] {
      let run = try Tool.run(arguments: arguments, prelude: "exec >/dev/full")
      #expect(run.status == 74 && run.saysOneSentence, "\(run.text)")
    }
  }

  @Test(
    "Wrong usage: exit code 64, and nothing is done",
    arguments: [
      "fly", "inspect", "inspect unitree_g1 --unknown", "train retargeter",
      "train retargeter --robot uarm_swift_pro -o m --batch 3",
      "train retargeter --robot uarm_swift_pro -o m --epochs 0",
      "train retargeter --robot uarm_swift_pro -o m --epochs 9223372036854775807",
      "train retargeter --robot uarm_swift_pro -o m --width 6",
      "train retargeter --robot uarm_swift_pro -o m --layers 0",
      "train retargeter --robot uarm_swift_pro -o m --rate nan",
      "train retargeter --robot uarm_swift_pro -o m --random-share 1.5",
      "train retargeter --robot uarm_swift_pro -o m --weight beauty=1",
      "train retargeter --robot uarm_swift_pro -o m --weight distance=nan",
      "train retargeter --robot uarm_swift_pro -o m --time-limit soon",
      "train retargeter --robot uarm_swift_pro -o m --threads 0",
      "compile", "compile w.bvh", "compile w.bvh --robot unitree_g1 --model m",
      "compile w.bvh --robot unitree_g1 --model m -o o --format xml",
      "compile w.bvh --robot unitree_g1 --model m -o o --rate 0",
      "compile w.bvh --robot unitree_g1 --model m -o o --rate nan",
      "compile w.bvh --robot unitree_g1 --model m -o o --rate inf",
      "compile w.bvh --robot unitree_g1 --model m -o o --speed -1",
      "compile w.bvh --robot unitree_g1 --model m -o o --tolerance nan",
      "compile w.bvh --robot unitree_g1 --model m -o o --timing fast",
      "compile w.bvh --robot unitree_g1 --model m -o o --threads 0", "verify", "import w.bvh",
      "bench --only nothing",
    ])
  func usage(_ line: String) throws {
    let folder = try Work.folder()
    let run = try Tool.run(
      arguments: line.split(separator: " ").map(String.init), folder: folder, within: 20)
    #expect(run.status == 64, "\(run.text)")
    #expect(!run.error.isEmpty && run.output.isEmpty, "\(run.text)")
    #expect(Work.files(in: folder) == [])
  }

  @Test(
    "Numbers at the edge of sense are answered or refused, never a crash",
    arguments: [
      "--rate 1e-300", "--rate 1e5", "--rate 1e300", "--speed 1e-300", "--speed 1e300",
      "--scale 1e-300", "--scale nan", "--scale -1", "--source-rate 1e300", "--source-rate 0",
      "--tolerance 1e-300 --timing stretch", "--tolerance inf --timing stretch",
      "--threads 9223372036854775807", "--skeleton none",
    ])
  func edges(_ options: String) throws {
    let output = try Work.folder()
    let run = try Tool.run(
      arguments: [
        "compile", Shipped.motion("wave"), "--robot", "uarm_swift_pro", "--model",
        Subject.uarm.model(), "-o", output,
      ] + options.split(separator: " ").map(String.init), prelude: "ulimit -v 4000000", within: 30)
    #expect([0, 64, 65].contains(run.status), "\(run.text)")
    if run.status == 65 {
      #expect(run.saysOneSentence && Work.files(in: output) == [], "\(run.text)")
    }
    if run.status == 0 {
      #expect(try Tool.run("verify", "\(output)/wave.trajectory.safetensors").status == 0)
    }
  }
}
