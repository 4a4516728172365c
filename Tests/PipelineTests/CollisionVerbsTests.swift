import Files
import Foundation
import Testing

@Suite("motionc verify and compile on what touches")
struct CollisionVerbsTests {
  /// What the JSON line says of pairs or of the ground.
  private struct Line: Decodable {
    struct Gap: Decodable {
      var first: String
      var second: String?
      var distanceM: Double?
      var provenM: Double
      var timeS: Double?
    }

    struct Checked: Decodable {
      var checked: Int
      var reason: String?
      var touching: Int?
      var unproven: Int?
      var provenM: Double?
      var nearest: Gap?
      var touches: [Gap]?
      var fitted: [String]?
      var withoutGeometry: [String]?
      var alwaysTouching: [[String]]?
      var joined: Int?
    }

    var collision: Checked
    var ground: Checked

    init(_ run: Run) throws {
      let line = try #require(run.outputLines.last)
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      self = try decoder.decode(Line.self, from: Data(line.utf8))
    }
  }

  /// A table of a G1 whose legs swing towards each other by an angle [rad].
  private static func legs(_ angle: Double, height: Double = 1) throws -> String {
    let path = "\(try Work.folder())/legs.csv"
    let rows = (0..<41).map { frame in
      let turn = angle * (0.5 - 0.5 * cos(2 * Double.pi * Double(frame) / 40))
      let joints = (0..<29).map { $0 == 1 ? -turn : $0 == 7 ? turn : 0 }
      return ([0, 0, height, 0, 0, 0, 1] + joints).map { "\($0)" }.joined(separator: ",")
    }
    try Work.write(rows.joined(separator: "\n"), path)
    return path
  }

  private func compile(_ table: String, to output: String, _ further: String...) throws -> Run {
    try Tool.run(
      arguments: ["compile", table, "--robot", "unitree_g1", "-o", output, "--source-rate", "30"]
        + further)
  }

  @Test("Legs that swing into each other are reported, and refused where that is asked for")
  func legsTouch() throws {
    let table = try Self.legs(0.5)
    let output = try Work.folder()
    let run = try compile(table, to: output)
    #expect(run.status == 0, "\(run.text)")
    let sentence = try #require(run.outputLines.last)
    #expect(sentence.contains("self-collision: ") && sentence.contains("touch"), "\(run.text)")
    #expect(sentence.contains("'left_") && sentence.contains("'right_"), "\(run.text)")
    #expect(sentence.contains("ground: "), "\(run.text)")

    let line = try Line(compile(table, to: output, "--json"))
    let worst = try #require(line.collision.touches?.first)
    let (distance, time) = (try #require(worst.distanceM), try #require(worst.timeS))
    #expect(distance < -0.001 && worst.provenM <= distance && abs(time - 0.67) < 0.2)
    #expect(line.ground.touching == 0 && line.ground.checked > 20)

    let empty = try Work.folder()
    let refused = try compile(table, to: empty, "--collision", "refuse")
    #expect(refused.status == 65 && refused.saysOneSentence, "\(refused.text)")
    #expect(refused.error.contains("the robot touches itself: 'left_"), "\(refused.text)")
    #expect(refused.error.contains("legs.csv") && refused.error.contains(" mm at "))
    #expect(Work.files(in: empty).isEmpty)

    let file = "\(output)/legs.trajectory.safetensors"
    let verified = try Tool.run("verify", file, "--robot", "unitree_g1")
    #expect(verified.status == 0, "\(verified.text)")
    let strict = try Tool.run("verify", file, "--robot", "unitree_g1", "--collision", "refuse")
    #expect(strict.status == 1 && strict.output.contains("touches itself"), "\(strict.text)")
  }

  @Test("Legs that do not are proven apart, with the margin, and what was left out is named")
  func legsApart() throws {
    let output = try Work.folder()
    let run = try compile(try Self.legs(-0.2), to: output, "--collision", "refuse")
    #expect(run.status == 0, "\(run.text)")
    let file = "\(output)/legs.trajectory.safetensors"
    let verified = try Tool.run("verify", file, "--robot", "unitree_g1", "--collision", "refuse")
    #expect(verified.status == 0, "\(verified.text)")
    for part in [
      "every limit", "mm apart at every instant", "by the collision shapes of",
      "with a joint between", "ground: ", "above it at every instant",
    ] {
      #expect(verified.output.contains(part), "\(part): \(verified.text)")
    }
    let line = try Line(Tool.run("verify", file, "--robot", "unitree_g1", "--json"))
    #expect(line.collision.touching == 0 && line.collision.unproven == 0)
    #expect(line.collision.checked > 200 && (line.collision.provenM ?? -1) > 0)
    #expect(line.collision.joined == 29 && line.collision.fitted == [])
  }

  @Test("A robot that is lowered into the ground")
  func sunken() throws {
    let output = try Work.folder()
    let table = try Self.legs(-0.2, height: 0.7)
    let refused = try compile(table, to: output, "--collision", "refuse")
    #expect(refused.status == 65 && refused.saysOneSentence, "\(refused.text)")
    #expect(refused.error.contains("goes through the ground: '"), "\(refused.text)")
    let reported = try compile(table, to: output)
    #expect(reported.status == 0 && reported.output.contains(" mm in it"), "\(reported.text)")
  }

  @Test("An arm stands on no ground; without a robot nothing is checked, and both are said")
  func notChecked() throws {
    let output = try Work.folder()
    let run = try Subject.uarm.compile(Shipped.motion("wave"), to: output)
    #expect(run.output.contains("the ground was not checked: "), "\(run.text)")
    let file = "\(output)/wave.trajectory.safetensors"
    let alone = try Tool.run("verify", file)
    #expect(alone.status == 0 && alone.output.contains("not checked"), "\(alone.text)")
    let refused = try Tool.run("verify", file, "--collision", "refuse")
    #expect(refused.status == 64 && refused.error.contains("--robot"), "\(refused.text)")
    let odd = try Tool.run("verify", file, "--robot", "uarm_swift_pro", "--collision", "maybe")
    #expect(odd.status == 64, "\(odd.text)")
    let line = try Line(Tool.run("verify", file, "--robot", "uarm_swift_pro", "--json"))
    #expect(line.ground.checked == 0 && line.ground.reason?.isEmpty == false)
  }

  @Test(
    "The file states what was checked; what it denies is refused, and what nobody looked at is said"
  )
  func stated() throws {
    let output = try Work.folder()
    let run = try Tool.run("compile", Shipped.motion("walk"), "--robot", "unitree_g1", "-o", output)
    try #require(run.status == 0, "\(run.text)")
    let path = "\(output)/walk.trajectory.safetensors"
    let verify = { (further: [String]) in try Tool.run(arguments: ["verify", path] + further) }
    let robot = ["--robot", "unitree_g1"]
    let alone = try verify([])
    #expect(alone.status == 0, "\(alone.text)")
    #expect(alone.output.contains("confirmed: limits, base"), "\(alone.text)")
    #expect(
      alone.output.contains("not checked here: collision, ground, footholds"), "\(alone.text)")
    let whole = try verify(robot)
    #expect(
      whole.output.contains("confirmed: limits, base, collision, ground, footholds"),
      "\(whole.text)")
    #expect(try verify(robot + ["--json"]).output.contains("\"unconfirmed\": [], \"excess\": []"))

    let sound = try Safetensors(contentsOf: path)
    let text = try #require(sound.metadata["checks"])
    func changed(_ from: String, _ to: String) throws {
      var file = sound
      let other = text.replacing(try Regex(from), with: to)
      #expect(other != text, "\(text)")
      file.metadata["checks"] = other
      try file.write(to: path)
    }
    for (from, to, what) in [
      (#""collision":(.*?)"proven_m":[-0-9.e]+"#, "", "distance of the robot from itself"),
      (#""farthest_m":[-0-9.e]+"#, "\"farthest_m\":0", "within 0.0 mm of where they are held"),
    ] {
      let start = to.isEmpty ? text.firstMatch(of: try Regex(from))?.output[1].substring ?? "" : ""
      try changed(from, to.isEmpty ? "\"collision\":\(start)\"proven_m\":0.5" : to)
      let refused = try verify(robot)
      #expect(refused.status == 1, "\(refused.text)")
      #expect(
        refused.output.contains("the file states") && refused.output.contains(what),
        "\(refused.text)")
      // Without the robot nobody knows.
      #expect(try verify([]).status == 0)
    }
    try changed(#""share":[0-9.]+"#, "\"share\":0.001")
    let limits = try verify([])
    #expect(limits.status == 1 && limits.output.contains("limits are used, but "), "\(limits.text)")

    var old = sound
    old.metadata["checks"] = nil
    try old.write(to: path)
    let silent = try verify(robot)
    #expect(silent.status == 0 && silent.output.contains("does not state"), "\(silent.text)")

    let off = try Tool.run(
      "compile", Shipped.motion("walk"), "--robot", "unitree_g1", "-o", output, "--collision", "off"
    )
    try #require(off.status == 0, "\(off.text)")
    let reason = try Safetensors(contentsOf: path).metadata["checks"]
    #expect(reason?.contains("by --collision off") == true)
    #expect(try verify(robot).output.contains("confirmed: limits, base, footholds"))
  }

  @Test("Of a robot without shapes it is said in one sentence that nothing was checked")
  func noShapes() throws {
    let folder = try Work.folder()
    let robots = try #require(ProjectFolder.locate("Robots"))
    var urdf = try Work.text("\(robots)/unitree_g1/robot.urdf")
    for element in ["collision", "visual", "inertial"] {
      urdf = urdf.replacing(try Regex("(?s)<\(element)\\b.*?</\(element)>"), with: "")
    }
    try Work.write(urdf, "\(folder)/bare.urdf")
    try Work.write(Work.text("\(robots)/unitree_g1/limits.yaml"), "\(folder)/limits.yaml")
    let table = try Self.legs(0.5)
    let run = try Tool.run(
      "compile", table, "--robot", "./bare.urdf", "-o", "out", "--source-rate", "30",
      "--collision", "refuse", folder: folder)
    #expect(run.status == 0, "\(run.text)")
    #expect(run.output.contains("self-collision was not checked: "), "\(run.text)")
    #expect(run.output.contains("the ground was not checked: "), "\(run.text)")
  }
}
