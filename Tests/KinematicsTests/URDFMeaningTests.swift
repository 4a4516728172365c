import Foundation
import Testing

@testable import Kinematics

@Suite("What a URDF means where it is odd")
struct URDFMeaningTests {
  private static let links = "<link name=\"base\"/><link name=\"a\"/><link name=\"b\"/>"

  private static func joint(
    _ name: String, from parent: String, to child: String, limits: String, mimic: String = ""
  ) -> String {
    "<joint name=\"\(name)\" type=\"revolute\"><parent link=\"\(parent)\"/>"
      + "<child link=\"\(child)\"/><axis xyz=\"0 0 1\"/><limit \(limits)/>\(mimic)</joint>"
  }

  private static let limits = "lower=\"-1\" upper=\"1\" effort=\"1\" velocity=\"2\""

  @Test(
    "A velocity limit of -1 is none, and it is said which joints have it",
    arguments: ["-1", "-1.0", "-1e0"])
  func minusOne(_ text: String) throws {
    let robot = try TemporaryRobot.make(
      Self.links
        + Self.joint(
          "first", from: "base", to: "a",
          limits: "lower=\"-1\" upper=\"1\" velocity=\"\(text)\" effort=\"1\"")
        + Self.joint("second", from: "a", to: "b", limits: Self.limits))
    #expect(robot.joints[0].limits.velocity == nil)
    #expect(robot.joints[1].limits.velocity?.value == 2)
    let notes = robot.warnings.filter { $0.contains("-1") }
    #expect(notes.count == 1 && notes[0].contains("'first'") && !notes[0].contains("second"))
    #expect(!robot.warnings.contains { $0.contains("gives no velocity limit") })
  }

  @Test("Any other velocity limit below zero is refused", arguments: ["-2", "-0.5", "-1.0001"])
  func negative(_ text: String) {
    let error = #expect(throws: KinematicsError.self) {
      try TemporaryRobot.make(
        "<link name=\"base\"/><link name=\"a\"/>"
          + Self.joint(
            "first", from: "base", to: "a",
            limits: "lower=\"-1\" upper=\"1\" velocity=\"\(text)\" effort=\"1\""))
    }
    #expect(error?.description.contains("'first'") == true)
  }

  @Test("Two robots in one file are refused, side by side and one in the other")
  func twoRobots() throws {
    let one = "<robot name=\"one\"><link name=\"base\"/></robot>"
    let two = "<robot name=\"two\"><link name=\"other\"/></robot>"
    for text in [
      one + two, one + "\n<!-- -->\n" + two, "<?xml version=\"1.0\"?>" + one + "<link name=\"x\"/>",
      "<robot name=\"one\"><link name=\"base\"/>\(two)</robot>",
    ] {
      let error = #expect(throws: KinematicsError.self, "\(text)") {
        try URDFFile(Array(text.utf8), path: "x.urdf")
      }
      #expect(
        error?.description.contains("a URDF holds one") == true, "\(error?.description ?? "")")
    }
    _ = try URDFFile(Array((one + "<!-- the end -->\n").utf8), path: "x.urdf")
  }

  @Test(
    "A joint that follows with the multiplier 0 stands still, which its own limits must allow",
    arguments: [
      ("0", true), ("0.5", true), ("1", true), ("-1", true), ("1.5", false), ("-1.01", false),
    ])
  func standsStill(offset: String, isAllowed: Bool) throws {
    let mimic = "<mimic joint=\"first\" multiplier=\"0\" offset=\"\(offset)\"/>"
    let text =
      Self.links + Self.joint("first", from: "base", to: "a", limits: Self.limits)
      + Self.joint("second", from: "a", to: "b", limits: Self.limits, mimic: mimic)
    guard isAllowed else {
      let error = #expect(throws: KinematicsError.self) { try TemporaryRobot.make(text) }
      #expect(error?.description.contains("'second'") == true)
      return
    }
    let robot = try TemporaryRobot.make(text)
    #expect(robot.warnings.contains { $0.contains("'second'") && $0.contains("stands still") })
    #expect(robot.foldedLimits[0].lower?.value == -1 && robot.foldedLimits[0].upper?.value == 1)
  }

  @Test("A chain of followers whose product is 0 stands still too")
  func chain() {
    let chain =
      "<link name=\"base\"/><link name=\"a\"/><link name=\"b\"/><link name=\"c\"/>"
      + Self.joint("first", from: "base", to: "a", limits: Self.limits)
      + Self.joint(
        "second", from: "a", to: "b", limits: Self.limits,
        mimic: "<mimic joint=\"first\" multiplier=\"0\" offset=\"0.9\"/>")
      + Self.joint(
        "third", from: "b", to: "c", limits: Self.limits,
        mimic: "<mimic joint=\"second\" multiplier=\"2\"/>")
    let error = #expect(throws: KinematicsError.self) { try TemporaryRobot.make(chain) }
    #expect(error?.description.contains("'third'") == true, "\(error?.description ?? "")")
  }
}

@Suite("Folders that hold a robot under another name")
struct RobotFolderTests {
  @Test("The files that are there are named, and exit as unreadable input")
  func names() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let empty = #expect(throws: KinematicsError.self) { try Robot.named(folder) }
    #expect(empty?.description.contains("nor any other URDF") == true)
    for name in ["R1.urdf", "notes.txt"] {
      try Data("<robot name=\"r\"><link name=\"l\"/></robot>".utf8)
        .write(to: URL(filePath: "\(folder)/\(name)"))
    }
    for path in [folder, folder + "/"] {
      let error = #expect(throws: KinematicsError.self) { try Robot.named(path) }
      let sentence = error?.description ?? ""
      #expect(sentence.contains("R1.urdf") && !sentence.contains("notes"), "\(sentence)")
    }
    #expect(try Robot.named("\(folder)/R1.urdf").name == "r")
  }
}
