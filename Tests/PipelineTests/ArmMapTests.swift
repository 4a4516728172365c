import Files
import Foundation
import Testing

@Suite("motionc map of a single arm")
struct ArmMapTests {
  /// An arm whose links are each 0.3 m long, with these axes.
  static func arm(_ axes: [String]) -> String {
    var text = "<robot name=\"arm\"><link name=\"l0\"/>"
    for (index, axis) in axes.enumerated() {
      text +=
        "<link name=\"l\(index + 1)\"/><joint name=\"j\(index + 1)\" type=\"revolute\">"
        + "<origin xyz=\"\(index == 0 ? "0 0 0.3" : "0.3 0 0")\"/><parent link=\"l\(index)\"/>"
        + "<child link=\"l\(index + 1)\"/><axis xyz=\"\(axis)\"/>"
        + "<limit lower=\"-2\" upper=\"2\" velocity=\"2\" effort=\"20\"/></joint>"
    }
    return text + "</robot>\n"
  }

  private struct Map: Decodable {
    struct Arm: Decodable {
      var side: String
      var elbow: Bool
      var scale: Double?
      var place: [Double]
      var sentences: [String]
    }
    var arm: Arm?
  }

  private func map(_ words: String...) throws -> Map.Arm {
    let run = try Tool.run(arguments: ["map", "uarm_swift", "--json"] + words)
    #expect(run.status == 0, "\(run.text)")
    return try #require(JSONDecoder().decode(Map.self, from: Data(run.output.utf8)).arm)
  }

  @Test(
    "Arms that ship: the mapping found keeps the example motions inside, and they are compiled",
    arguments: ["uarm_swift", "uarm_metal"])
  func ships(name: String) throws {
    let folder = try Work.folder()
    let mapped = try Tool.run(arguments: ["map", name, "-o", "\(folder)/m.yaml"])
    #expect(mapped.status == 0, "\(mapped.text)")
    #expect(mapped.output.contains("follows a person's right hand with its tip"), "\(mapped.text)")
    let compiled = try Tool.run(
      arguments: ["compile", try Shipped.folder(), "--robot", name, "--ik", "-o", "\(folder)/out"])
    #expect(compiled.status == 0, "\(compiled.text)")
    #expect(compiled.output.contains("human-to-\(name).yaml"), "\(compiled.text)")
    #expect(compiled.error.contains("4 compiled, 0 failed"), "\(compiled.text)")
    let evaluated = try Tool.run(
      arguments: [
        "evaluate", "retargeter", "--ik", "--robot", name, "--all", "--json", "--optimum-poses",
        "20",
        "--motions", try Shipped.folder(),
      ])
    let object =
      try JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Any]
    // Less than a millimetre: the path is inside of the workspace, to within the cells that it was sampled in.
    #expect(object?["meanDistance"] as? Double ?? 1 < 1e-3, "\(evaluated.text)")
    // What ships is what is found now, below what the file says of itself.
    let mappings = try #require(ProjectFolder.locate("Mappings"))
    let shipped = try Work.text("\(mappings)/human-to-\(name).yaml")
    #expect(shipped.hasSuffix(try Work.text("\(folder)/m.yaml")))
  }

  @Test("The arm, the scale and the place that are stated are taken")
  func stated() throws {
    let found = try map()
    #expect(found.side == "right" && !found.elbow)
    let scale = try #require(found.scale)
    #expect(scale > 0.05 && scale < 1 && found.sentences.count == 2)
    #expect(try map("--arm", "left").side == "left")
    let smaller = try map("--scale", "0.05")
    #expect(smaller.scale == 0.05)
    let placed = try map("--scale", "0.05", "--place", "0.15,0.01,0.1")
    #expect(placed.place == [0.15, 0.01, 0.1] && placed.scale == 0.05)
    let other = try map("--motions", Shipped.motion("wave"))
    #expect(other.sentences.contains { $0.contains("of 1 motion ") })
  }

  @Test(
    "What is no number, no place or for another robot is refused",
    arguments: [
      ("uarm_swift --scale 0", Int32(64)), ("uarm_swift --scale nan", 64),
      ("uarm_swift --place 1,2", 64), ("uarm_swift --place=nan,0,0", 64),
      ("uarm_swift --arm up", 64), ("unitree_g1 --arm left", 65), ("unitree_g1 --scale 1", 65),
      ("uarm_swift --motions nowhere.bvh", 66), ("uarm_swift --check m.yaml --arm left", 64),
      ("uarm_swift --check m.yaml --scale 1", 64),
    ])
  func refused(words: String, status: Int32) throws {
    let run = try Tool.run(
      arguments: ["map"] + words.split(separator: " ").map(String.init), folder: Work.folder())
    #expect(run.status == status, "\(run.text)")
    if status != 64 { #expect(run.saysOneSentence, "\(run.text)") }
  }

  @Test(
    "A mapping for the left arm is right by --check, and one for a path too large is soon found bad"
  )
  func leftAndLarge() throws {
    let folder = try Work.folder()
    let mapping = "\(folder)/m.yaml"
    let mapped = try Tool.run(
      arguments: ["map", "uarm_swift", "--arm", "left", "-o", mapping])
    #expect(mapped.status == 0, "\(mapped.text)")
    let checked = try Tool.run(arguments: ["map", "uarm_swift", "--check", mapping])
    #expect(checked.status == 0 && !checked.output.contains("error:"), "\(checked.text)")
    let large = try Tool.run(
      arguments: ["map", "uarm_swift", "--scale", "100"], within: 60)
    #expect(large.status == 0, "\(large.text)")
  }

  /// An arm like a person's: shoulder, elbow and wrist of three, one and three joints.
  private static func humanArm(left: Bool) -> String {
    let out = left ? 1.0 : -1.0
    let roll = left ? (-0.3, 2.0) : (-2.0, 0.3)
    let joints: [(origin: String, axis: String, lower: Double, upper: Double)] = [
      ("0 \(0.2 * out) 0.4", "0 1 0", -2.5, 2.5), ("0 0 0", "1 0 0", roll.0, roll.1),
      ("0 0 0", "0 0 1", -1.8, 1.8), ("0 0 -0.3", "0 1 0", -2.3, 0),
      ("0 0 -0.15", "0 0 1", -1.8, 1.8), ("0 0 -0.1", "0 1 0", -0.8, 0.8),
      ("0 0 0", "1 0 0", -0.8, 0.8),
    ]
    var text = "<robot name=\"arm\"><link name=\"l0\"/>"
    for (index, joint) in joints.enumerated() {
      text +=
        "<link name=\"l\(index + 1)\"><visual><origin xyz=\"0 0 -0.05\"/><geometry>"
        + "<cylinder radius=\"0.02\" length=\"0.1\"/></geometry></visual></link>"
        + "<joint name=\"j\(index + 1)\" type=\"revolute\"><origin xyz=\"\(joint.origin)\"/>"
        + "<parent link=\"l\(index)\"/><child link=\"l\(index + 1)\"/><axis xyz=\"\(joint.axis)\"/>"
        + "<limit lower=\"\(joint.lower)\" upper=\"\(joint.upper)\" velocity=\"5\" effort=\"20\"/>"
        + "</joint>"
    }
    return text + "</robot>\n"
  }

  @Test(
    "An arm built like a person's follows elbow and tip, of the side that it has",
    arguments: [true, false])
  func elbow(left: Bool) throws {
    let folder = try Work.folder()
    let urdf = try Work.write(Self.humanArm(left: left), "\(folder)/arm.urdf")
    let run = try Tool.run(arguments: ["map", urdf, "--json"])
    let found = try #require(JSONDecoder().decode(Map.self, from: Data(run.output.utf8)).arm)
    #expect(found.elbow && found.side == (left ? "left" : "right"), "\(run.text)")
    #expect(found.sentences.contains { $0.contains("its front +x") }, "\(run.text)")
  }

  @Test("A joint whose range is more than half a turn is used on all of it, not half")
  func wideRange() throws {
    let folder = try Work.folder()
    // The same arm with the zero of its first joint moved by 2.5 rad: a range of 0.5 to 4.5.
    let plain = Self.arm(["0 0 1", "0 1 0", "0 1 0", "0 1 0"])
    let moved = plain.replacing(
      "<origin xyz=\"0 0 0.3\"/>", with: "<origin xyz=\"0 0 0.3\" rpy=\"0 0 -2.5\"/>",
      maxReplacements: 1
    ).replacing("lower=\"-2\" upper=\"2\"", with: "lower=\"0.5\" upper=\"4.5\"", maxReplacements: 1)
    let found = try [plain, moved].enumerated().map { index, text in
      let urdf = try Work.write(text, "\(folder)/arm\(index).urdf")
      let run = try Tool.run(arguments: ["map", urdf, "--json"])
      return try #require(
        JSONDecoder().decode(Map.self, from: Data(run.output.utf8)).arm, "\(run.text)")
    }
    #expect(found[0].place == found[1].place && found[0].scale == found[1].scale)
  }

  @Test("An arm nobody has seen is compiled for at once")
  func stranger() throws {
    let folder = try Work.folder()
    let urdf = try Work.write(
      Self.arm(["0 0 1", "0 1 0", "0 1 0", "0 1 0"]), "\(folder)/arm.urdf")
    let run = try Tool.run(
      arguments: ["compile", try Shipped.motion("reach"), "--robot", urdf, "-o", "\(folder)/out"])
    #expect(run.status == 0, "\(run.text)")
    #expect(run.error.contains("follows a person's right hand"), "\(run.text)")
    #expect(run.output.contains("mapping found by 'motionc map'"), "\(run.text)")
  }
}
