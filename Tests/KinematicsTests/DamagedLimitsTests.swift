import Foundation
import Kinematics
import TestSupport
import Testing

@Suite("Damaged and awkward files of limits")
struct DamagedLimitsTests {
  private static let good = """
    floating_base: true
    defaults: {unit: degrees, acceleration: 180, velocity: 10}
    defaults_prismatic:
      velocity: 0.2
      jerk: 7
    joint_limits:
      lead: {unit: degrees, lower: -45, upper: 45, jerk: 90}
      slide:
        has_velocity_limits: true
        max_velocity: 0.4
    coupled_limits:
      - {name: sum, terms: {lead: 1, follow: 1}, lower: -1, upper: 1}
    """

  @Test("Thousands of damaged files are refused in a line or read to usable limits")
  func fuzz() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "motionc-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let robot = folder.appending(path: "robot.urdf")
    try Data("<robot name=\"odd\">\(LimitsTests.links)</robot>".utf8).write(to: robot)
    let limits = folder.appending(path: "limits.yaml")
    var random = Damage(seed: 3)
    var readCount = 0
    for _ in 0..<2000 {
      try Data(random.damaged(Array(Self.good.utf8), changes: 1...2)).write(to: limits)
      do {
        let robot = try Robot(urdf: robot.path)
        readCount += 1
        for joint in robot.joints {
          let rates = [
            joint.limits.velocity, joint.limits.acceleration, joint.limits.jerk,
          ]
          #expect(rates.allSatisfy { $0.map { $0.value.isFinite && $0.value >= 0 } ?? true })
        }
      } catch {
        #expect(!error.description.contains("\n") && error.description.count < 2000)
      }
    }
    #expect(readCount > 20 && readCount < 1980, "\(readCount)")
  }

  @Test("A path with ', defaults' in it does not make its limits defaults")
  func path() throws {
    let robot = try TemporaryRobot.make(
      LimitsTests.links, limits: nil,
      further: """
        joint_limits: {lead: {acceleration: 5}}
        defaults: {acceleration: 1, jerk: 2}
        """, furtherName: "a, defaults.yaml")
    let lead = robot.joints[0].limits
    #expect(lead.acceleration?.value == 5 && lead.jerk?.value == 2)
  }

  @Test("A later default replaces an earlier one, and no stated limit")
  func defaults() throws {
    let robot = try TemporaryRobot.make(
      LimitsTests.links, limits: "defaults: {acceleration: 1, jerk: 2}",
      further: "joint_limits: {lead: {jerk: 9}}\ndefaults: {acceleration: 3, jerk: 4}")
    let lead = robot.joints[0].limits
    #expect(lead.acceleration?.value == 3 && lead.jerk?.value == 9 && lead.velocity?.value == 3)
  }

  @Test(
    "The line of what is wrong is named",
    arguments: [
      ("floating_base: true\njoint_limits:\n  led: {velocity: 1}", "line 3"),
      ("joint_limits:\n  lead:\n    velocity: 1\n    velocity: 2", "line 3"),
      ("defaults:\n  jerk: 1\n  yank: 2", "line 3"),
      ("defaults: &d {jerk: 1}", "line 1"),
      ("coupled_limits:\n  - {name: x,\n     terms: {no: 1}, lower: 0, upper: 1}", "line 3"),
    ])
  func lines(text: String, line: String) {
    let error = #expect(throws: KinematicsError.self) {
      try TemporaryRobot.make(LimitsTests.links, limits: text)
    }
    #expect(error?.description.contains(": \(line): ") == true, "\(String(describing: error))")
  }
}
