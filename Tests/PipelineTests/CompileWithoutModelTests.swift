import Files
import Foundation
import Testing

@Suite("motionc compile without a model, and map --check")
struct CompileWithoutModelTests {
  /// The URDF of a robot that ships under another name, alone in a folder: no limits, no mapping, no
  /// model.
  private func stranger(_ name: String) throws -> (folder: String, urdf: String) {
    let folder = try Work.folder()
    let robots = try #require(ProjectFolder.locate("Robots"))
    let path = "\(folder)/stranger.urdf"
    let text = try String(contentsOfFile: "\(robots)/\(name)/robot.urdf", encoding: .utf8)
    let named = "<robot name=\"\(name)\""
    try #require(text.contains(named))
    try Work.write(text.replacing(named, with: "<robot name=\"stranger\""), path)
    return (folder, path)
  }

  private func compile(_ urdf: String, _ folder: String, _ further: String...) throws -> Run {
    try Tool.run(
      arguments: ["compile", try Shipped.motion("walk"), "--robot", urdf, "-o", "\(folder)/out"]
        + further)
  }

  @Test("A robot nobody has seen walks at once, and all limits hold")
  func stranger() throws {
    let (folder, urdf) = try stranger("unitree_g1")
    let run = try compile(urdf, folder)
    #expect(run.status == 0, "\(run.text)")
    #expect(run.output.contains("poses by inverse kinematics (mapping found by 'motionc map')"))
    #expect(run.text.contains("29 of 29 joints are estimated from effort over inertia"))
    let file = "\(folder)/out/walk.trajectory.safetensors"
    let verified = try Tool.run(arguments: ["verify", file, "--robot", urdf])
    #expect(verified.status == 0, "\(verified.text)")
    let trajectory = try Safetensors(contentsOf: file)
    #expect(trajectory.metadata.values.contains { $0.contains("inverse kinematics") })
  }

  @Test("A model that ships is used, unless --ik says otherwise; JSON says which")
  func method() throws {
    let folder = try Work.folder()
    let network = try compile("unitree_g1", folder, "--json")
    #expect(network.output.contains("\"retargeting\": {\"network\":"), "\(network.text)")
    let own = try compile("unitree_g1", folder, "--json", "--ik")
    #expect(own.output.contains("\"retargeting\": {\"inverse_kinematics\":"), "\(own.text)")
  }

  @Test(
    "What map refuses, compile refuses with the same sentence",
    arguments: [
      (["0 0 1", "0 0 1"], "a chain of 2 joints"),
      (["0 0 1", "0 0 1", "0 0 1"], "stays on a surface"),
    ])
  func refusal(axes: [String], word: String) throws {
    let folder = try Work.folder()
    let urdf = try Work.write(ArmMapTests.arm(axes), "\(folder)/arm.urdf")
    let mapped = try Tool.run(arguments: ["map", urdf, "-o", "\(folder)/mapping.yaml"])
    let compiled = try compile(urdf, folder)
    #expect(mapped.status == 65 && compiled.status == 65)
    let sentence = try #require(mapped.errorLines.last)
    #expect(sentence.contains(word), "\(sentence)")
    #expect(compiled.errorLines.last == sentence)
  }

  @Test(
    "Options that contradict each other are refused",
    arguments: [
      ["--model", "m", "--ik"], ["--model", "m", "--mapping", "x"], ["--model", "m", "--front=+x"],
      ["--mapping", "x", "--front=+x"],
    ])
  func contradictions(options: [String]) throws {
    let run = try Tool.run(
      arguments: ["compile", "walk.bvh", "--robot", "unitree_g1", "-o", "out"] + options)
    #expect(run.status == 64, "\(run.text)")
  }

  @Test("A mapping that map wrote is compiled by, and judged right; changed ones are judged wrong")
  func check() throws {
    let (folder, urdf) = try stranger("unitree_g1")
    let mapping = "\(folder)/mapping.yaml"
    let mapped = try Tool.run(arguments: ["map", urdf, "-o", mapping])
    #expect(mapped.status == 0 && mapped.output.contains("verdict: on 200 poses"), "\(mapped.text)")
    let compiled = try compile(urdf, folder, "--mapping", mapping)
    #expect(compiled.status == 0 && compiled.output.contains("mapping.yaml"), "\(compiled.text)")
    let right = try Tool.run(arguments: ["map", urdf, "--check", mapping])
    #expect(right.status == 0, "\(right.text)")
    let text = try String(contentsOfFile: mapping, encoding: .utf8)
    for (old, new, word) in [
      ("joint: L_Knee, link: left_knee_link", "joint: L_Knee, link: right_knee_link", "other side"),
      (
        "target: right_wrist_roll_joint, factor: -1", "target: right_wrist_roll_joint",
        "wrong way"
      ),
      ("joint: L_Hip, axis", "joint: R_Hip, axis", "is on the side of L_Hip"),
    ] {
      try #require(text.contains(old))
      let wrong = try Work.write(text.replacing(old, with: new), "\(folder)/wrong.yaml")
      let run = try Tool.run(arguments: ["map", urdf, "--check", wrong])
      #expect(run.status == 65, "\(old): \(run.text)")
      #expect(run.output.contains("error: ") && run.output.contains(word), "\(run.text)")
    }
  }

  @Test("A mapping of another robot is refused by name")
  func otherRobot() throws {
    let (folder, urdf) = try stranger("unitree_g1")
    let mappings = try #require(ProjectFolder.locate("Mappings"))
    let run = try compile(urdf, folder, "--mapping", "\(mappings)/human-to-uarm_swift_pro.yaml")
    #expect(run.status == 65 && run.saysOneSentence, "\(run.text)")
  }
}
