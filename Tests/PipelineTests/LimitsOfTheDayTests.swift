import Files
import Foundation
import Testing

@Suite("Which robot is meant, and whose limits apply")
struct LimitsOfTheDayTests {
  /// A folder in which a robot lies that is called as one that ships, with limits of its own.
  private func folder(limits: String?) throws -> String {
    let folder = try Work.folder()
    let robots = try #require(ProjectFolder.locate("Robots"))
    try FileManager.default.copyItem(
      atPath: "\(robots)/uarm_swift_pro", toPath: "\(folder)/uarm_swift_pro")
    if let limits { try Work.write(limits, "\(folder)/uarm_swift_pro/limits.yaml") }
    return folder
  }

  private static func shippedModel(_ robot: String) throws -> String {
    try #require(ProjectFolder.locate("Examples")) + "/Models/\(robot).safetensors"
  }

  private func compile(_ robot: String, _ further: String..., in folder: String) throws -> Run {
    try Tool.run(
      arguments: ["compile", Shipped.motion("wave"), "--robot", robot, "-o", "out"] + further,
      folder: folder)
  }

  @Test(
    "A plain name is the robot that ships, whatever lies in the working directory; a slash is a path",
    arguments: [
      "inspect", "verify t --robot", "jog", "park", "train retargeter -o m --robot",
      "compile w.bvh -o out --robot", "stream t --robot", "simulate uarm-v4 --link l --robot",
      "calibrate --port p -o c",
    ])
  func plainName(verb: String) throws {
    // A robot whose limits cannot be read: whoever takes it says so.
    let folder = try folder(limits: "nonsense: true\n")
    func run(_ robot: String) throws -> Run {
      var words = verb.split(separator: " ").map(String.init)
      words.append(robot)
      if verb == "jog" { words.append("none=1") }
      return try Tool.run(arguments: words, folder: folder, within: 6)
    }
    let plain = try run("uarm_swift_pro")
    #expect(!plain.error.contains("nonsense"), "\(plain.text)")
    #expect(
      plain.errorLines.contains {
        $0.hasPrefix("note: robot ") && $0.contains("/Robots/uarm_swift_pro/robot.urdf")
          && $0.contains("limits.yaml")
      }, "\(plain.text)")
    for path in ["./uarm_swift_pro", "uarm_swift_pro/", "uarm_swift_pro/robot.urdf"] {
      let own = try run(path)
      #expect(own.status == 65 && own.error.contains("nonsense"), "\(path): \(own.text)")
    }
  }

  @Test("A name that does not ship: those that do, and how to write a path")
  func unknownName() throws {
    let folder = try folder(limits: nil)
    try FileManager.default.moveItem(
      atPath: "\(folder)/uarm_swift_pro", toPath: "\(folder)/my_robot")
    let plain = try Tool.run("inspect", "my_robot", folder: folder)
    #expect(plain.status == 66 && plain.saysOneSentence, "\(plain.text)")
    #expect(plain.error.contains("'./my_robot'") && plain.error.contains("'unitree_g1'"))
    #expect(try Tool.run("inspect", "./my_robot", folder: folder).status == 0)
    try FileManager.default.moveItem(
      atPath: "\(folder)/my_robot/robot.urdf", toPath: "\(folder)/my_robot/R1.urdf")
    let other = try Tool.run("inspect", "./my_robot", folder: folder)
    #expect(other.status == 66 && other.error.contains("R1.urdf"), "\(other.text)")
    try FileManager.default.moveItem(
      atPath: "\(folder)/my_robot/R1.urdf", toPath: "\(folder)/R1.urdf")
    #expect(try Tool.run("inspect", "R1.urdf", folder: folder).status == 0)
    let none = try Tool.run("inspect", "none.urdf", folder: folder)
    #expect(none.status == 66 && none.saysOneSentence, "\(none.text)")
  }

  @Test("Limits beside the robot that are a link to nowhere: exit code 66, for every verb")
  func danglingLimits() throws {
    let folder = try folder(limits: nil)
    unlink("\(folder)/uarm_swift_pro/limits.yaml")
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder)/uarm_swift_pro/limits.yaml", withDestinationPath: "gone.yaml")
    for words in [
      ["inspect", "./uarm_swift_pro"],
      ["compile", try Shipped.motion("wave"), "-o", "out", "--robot", "./uarm_swift_pro"],
      ["verify", "x", "--robot", "./uarm_swift_pro"],
      ["stream", "x", "--robot", "./uarm_swift_pro"],
      ["train", "retargeter", "-o", "m", "--robot", "./uarm_swift_pro"],
    ] {
      let run = try Tool.run(arguments: words, folder: folder)
      #expect(run.status == 66 && run.saysOneSentence, "\(run.text)")
      #expect(run.error.contains("limits.yaml"), "\(run.text)")
    }
    // The same for the table that divides motions: its absence is one thing, this another.
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder)/index.csv", withDestinationPath: "gone.csv")
    try Work.write(Work.text(Shipped.motion("wave")), "\(folder)/wave.bvh")
    for words in [
      ["train", "retargeter", "-o", "m", "--robot", "uarm_swift_pro", "--motions", "."],
      ["train", "generator", "-o", "m", "--motions", "."],
      ["evaluate", "generator", "--motions", "."],
    ] {
      let run = try Tool.run(arguments: words, folder: folder)
      #expect(run.status == 66 && run.saysOneSentence, "\(run.text)")
    }
  }

  @Test("Two coupled limits of one name in one file are refused, in --limits as well")
  func repeatedName() throws {
    let folder = try Work.folder()
    try Work.write(
      """
      coupled_limits:
        - {name: a, terms: {left: 1, right: 1}, lower: 1, upper: 2}
        - {name: a, terms: {left: 1}, lower: 0, upper: 9}
      """, "\(folder)/twice.yaml")
    for words in [
      ["inspect", "uarm_swift_pro"],
      ["compile", try Shipped.motion("wave"), "-o", "out", "--robot", "uarm_swift_pro"],
    ] {
      let run = try Tool.run(arguments: words + ["--limits", "twice.yaml"], folder: folder)
      #expect(
        run.status == 65 && run.saysOneSentence && run.error.contains("line 3"), "\(run.text)")
    }
  }

  @Test("What was compiled under wider limits is checked against those of today, with a note")
  func otherLimits() throws {
    let folder = try folder(limits: nil)
    try Work.write("joint_limits: {wrist: {velocity: 0.01}}\n", "\(folder)/slow.yaml")
    try Work.write("joint_limits: {wrist: {jerk: 1e9}}\n", "\(folder)/wide.yaml")
    let path = "out/wave.trajectory.safetensors"
    let note = "was compiled for other limits"
    // Compiled for the shipped limits: nothing to note, in the working directory or elsewhere.
    #expect(try compile("uarm_swift_pro", in: folder).status == 0)
    let same = try Tool.run("verify", path, "--robot", "uarm_swift_pro", "--json", folder: folder)
    #expect(same.status == 0 && !same.error.contains(note), "\(same.text)")
    #expect(same.output.contains("\"compiled_for_other_limits\": false"))
    let slow = try Tool.run(
      "verify", path, "--robot", "uarm_swift_pro", "--limits", "slow.yaml", folder: folder)
    #expect(slow.status == 1 && slow.error.contains(note), "\(slow.text)")
    let stream = try Tool.run(
      "stream", path, "--robot", "uarm_swift_pro", "--limits", "slow.yaml", folder: folder)
    #expect(stream.status == 65 && stream.error.contains(note), "\(stream.text)")
    let text = try Work.text("\(folder)/uarm_swift_pro/limits.yaml")
    // The same robot with other limits beside it: the same URDF, and still not the same identity.
    try Work.write(text + "\n# nothing else\n", "\(folder)/uarm_swift_pro/limits.yaml")
    let comment = try Tool.run("verify", path, "--robot", "./uarm_swift_pro", folder: folder)
    #expect(comment.status == 0 && !comment.error.contains(note), "\(comment.text)")
    let wide = try Tool.run(
      "verify", path, "--robot", "./uarm_swift_pro", "--limits", "wide.yaml", "--json",
      folder: folder)
    #expect(wide.status == 0 && wide.error.contains(note), "\(wide.text)")
    #expect(wide.output.contains("\"compiled_for_other_limits\": true"))
  }

  @Test("--speed is in the file, and compile, verify and the exports say it")
  func speed() throws {
    let folder = try Work.folder()
    let run = try compile("uarm_swift_pro", "--speed", "2", "--format", "csv", "--json", in: folder)
    #expect(run.status == 0 && run.output.contains("\"speed\": 2"), "\(run.text)")
    let path = "out/wave.trajectory.safetensors"
    #expect(try Safetensors(contentsOf: "\(folder)/\(path)").metadata["speed"] == "2.0")
    let text = try Tool.run("verify", path, folder: folder)
    #expect(text.output.contains("2.00 times the speed"), "\(text.text)")
    let json = try Tool.run("verify", path, "--json", folder: folder)
    #expect(json.output.contains("\"speed\": 2"), "\(json.text)")
    #expect(try Work.text("\(folder)/out/wave.csv").contains("# speed of the motion: 2.0"))
    let usual = try compile("uarm_swift_pro", in: folder)
    #expect(!usual.output.contains("times the speed"), "\(usual.text)")
  }

  @Test(
    "Without --model the retargeter that ships for the robot is used; where none fits, inverse kinematics"
  )
  func shippedModel() throws {
    let folder = try Work.folder()
    for robot in ["robotis_op3", "uarm_metal", "uarm_swift", "uarm_swift_pro", "unitree_g1"] {
      let run = try compile(robot, "--json", in: folder)
      #expect(run.status == 0, "\(run.text)")
      let digest = Fingerprint.sha256(try Work.bytes(Self.shippedModel(robot)))
      let file = try Safetensors(contentsOf: "\(folder)/out/wave.trajectory.safetensors")
      #expect(file.metadata["provenance"]?.contains(digest) == true)
    }
    let robots = try #require(ProjectFolder.locate("Robots"))
    try FileManager.default.copyItem(
      atPath: "\(robots)/robotis_op3", toPath: "\(folder)/no_model")
    let none = try compile("./no_model", in: folder)
    #expect(none.status == 0 && none.output.contains("inverse kinematics"), "\(none.text)")
    // A robot of one's own that is only called so is not this one.
    let own = try self.folder(limits: nil)
    let urdf = "\(own)/uarm_swift_pro/robot.urdf"
    try Work.write(Work.text(urdf) + "\n<!-- changed -->\n", urdf)
    let other = try compile("./uarm_swift_pro", in: own)
    #expect(other.status == 0 && other.output.contains("inverse kinematics"), "\(other.text)")
    #expect(other.error.contains("it was trained for robot"), "\(other.text)")
  }

  @Test("How far the trajectory leaves the motion is said with unit and joint")
  func deviation() throws {
    let folder = try Work.folder()
    let run = try compile("uarm_swift_pro", "--speed", "5", in: folder)
    #expect(
      run.output.contains(/at most [0-9.e-]+ rad \(joint '[a-z]+' at [0-9.]+ s\)/), "\(run.text)")
    let json = try compile("uarm_swift_pro", "--speed", "5", "--json", in: folder)
    #expect(json.output.contains("\"unit\": \"rad\""), "\(json.text)")
  }
}
