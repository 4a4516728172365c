import Foundation
import TestSupport
import Testing

@testable import Kinematics

@Suite("Limits of a URDF that are doubted, narrowed or new")
struct LimitDoubtsTests {
  private static func robot(
    _ limit: String, more: String = "", type: String = "revolute", limits: String? = nil
  ) throws -> Robot {
    try TemporaryRobot.make(
      "<link name=\"base\"/><link name=\"a\"/><joint name=\"first\" type=\"\(type)\">"
        + "<parent link=\"base\"/><child link=\"a\"/><axis xyz=\"0 0 1\"/><limit \(limit)/>\(more)"
        + "</joint>", limits: limits)
  }

  private static func bounds(_ lower: String, _ upper: String) -> String {
    "lower=\"\(lower)\" upper=\"\(upper)\" velocity=\"2\" effort=\"1\""
  }

  private static func safety(_ soft: String) -> String {
    "<safety_controller k_velocity=\"1\" \(soft)/>"
  }

  @Test(
    "A turning joint's range beyond two turns is doubted, up to two turns it is not",
    arguments: [("-90", "90", true), ("-6.2832", "6.2832", false), ("-0.5", "12.6", true)])
  func degrees(lower: String, upper: String, isDoubted: Bool) throws {
    let robot = try Self.robot(Self.bounds(lower, upper))
    #expect(robot.warnings.contains { $0.contains("in degrees") } == isDoubted)
    let sliding = try Self.robot(Self.bounds(lower, upper), type: "prismatic")
    #expect(!sliding.warnings.contains { $0.contains("in degrees") })
  }

  @Test("The limits that hold are doubted, not those that a file of limits replaces")
  func replaced() throws {
    let text = "joint_limits:\n  first: {lower: -1.5, upper: 1.5}\n"
    let mended = try Self.robot(Self.bounds("-90", "90"), limits: text)
    #expect(!mended.warnings.contains { $0.contains("in degrees") })
    let broken = "joint_limits:\n  first: {lower: -90, upper: 90}\n"
    let doubted = try Self.robot(Self.bounds("-1", "1"), limits: broken)
    #expect(doubted.warnings.contains { $0.contains("degrees") && $0.contains("limits.yaml") })
  }

  @Test("A joint that cannot move is named")
  func zeroRange() throws {
    for value in ["0", "0.25"] {
      let robot = try Self.robot(Self.bounds(value, value))
      #expect(robot.warnings.contains { $0.contains("'first' cannot move") })
    }
    #expect(try !Self.robot(Self.bounds("0", "0.1")).warnings.contains { $0.contains("move") })
  }

  @Test(
    "Of <limit> and <safety_controller> the narrower bound holds, each on its own",
    arguments: [
      ("soft_lower_limit=\"-0.5\" soft_upper_limit=\"0.4\"", -0.5, 0.4),
      ("soft_lower_limit=\"-2\" soft_upper_limit=\"0.4\"", -1, 0.4),
      ("soft_lower_limit=\"-0.5\"", -0.5, 1),
      ("soft_lower_limit=\"-9\" soft_upper_limit=\"9\"", -1, 1),
      ("soft_lower_limit=\"0\" soft_upper_limit=\"0\"", -1, 1), ("", -1, 1),
    ])
  func safety(soft: String, lower: Double, upper: Double) throws {
    let robot = try Self.robot(Self.bounds("-1", "1"), more: Self.safety(soft))
    let limits = robot.joints[0].limits
    #expect(limits.lower?.value == lower && limits.upper?.value == upper)
    let isNarrower = lower > -1 || upper < 1
    #expect(
      robot.warnings.contains { $0.contains("'first'") && $0.contains("narrower") } == isNarrower)
    #expect((limits.lower?.source == "URDF safety_controller") == (lower > -1))
    #expect((limits.upper?.source == "URDF safety_controller") == (upper < 1))
  }

  @Test("Soft limits that leave nothing, or are no numbers, are refused; an empty range is ignored")
  func badSafety() throws {
    for soft in [
      "soft_lower_limit=\"2\" soft_upper_limit=\"3\"", "soft_lower_limit=\"nan\"",
      "soft_upper_limit=\"1,5\"", "soft_upper_limit=\"\"",
    ] {
      let error = #expect(throws: KinematicsError.self, "\(soft)") {
        try Self.robot(Self.bounds("-1", "1"), more: Self.safety(soft))
      }
      #expect(error?.description.contains("'first'") == true)
    }
    let empty = try Self.robot(
      Self.bounds("-1", "1"),
      more: Self.safety("soft_lower_limit=\"0.5\" soft_upper_limit=\"-0.5\""))
    #expect(empty.joints[0].limits.lower?.value == -1)
    #expect(empty.warnings.contains { $0.contains("leave no range") })
  }

  @Test("Acceleration, deceleration and jerk of <limit> are read; zero, -1 and absurd mean none")
  func rates() throws {
    let plain = Self.bounds("-1", "1")
    let robot = try Self.robot(plain + " acceleration=\"20\" deceleration=\"15\" jerk=\"200\"")
    #expect(robot.joints[0].limits.acceleration == SourcedLimit(15, source: "URDF"))
    #expect(robot.joints[0].limits.jerk == SourcedLimit(200, source: "URDF"))
    let one = try Self.robot(plain + " acceleration=\"20\"")
    #expect(one.joints[0].limits.acceleration?.value == 20 && one.joints[0].limits.jerk == nil)
    for none in ["0", "-1", "1e16"] {
      let robot = try Self.robot(plain + " acceleration=\"\(none)\" jerk=\"\(none)\"")
      #expect(robot.joints[0].limits.acceleration == nil && robot.joints[0].limits.jerk == nil)
    }
    #expect(throws: KinematicsError.self) { try Self.robot(plain + " jerk=\"many\"") }
    // A file of limits goes before the URDF, its defaults do not.
    let text = "defaults: {acceleration: 5, jerk: 7}\njoint_limits:\n  first: {jerk: 9}\n"
    let further = try Self.robot(plain + " acceleration=\"20\" jerk=\"200\"", limits: text)
    #expect(further.joints[0].limits.acceleration?.value == 20)
    #expect(further.joints[0].limits.jerk?.value == 9)
  }

  @Test(
    "The reported URDFs",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func reported() throws {
    func robot(_ name: String) throws -> Robot {
      try Robot(urdf: SharedData.url("data/reported/\(name).urdf").path)
    }
    let degrees = try robot("degrees")
    #expect(degrees.warnings.contains { $0.contains("'shoulder'") && $0.contains("two turns") })
    #expect(!degrees.warnings.contains { $0.contains("'elbow'") })
    let safety = try robot("safety_narrow")
    #expect(safety.joints[0].limits.lower?.value == -0.5)
    #expect(safety.joints[0].limits.upper?.value == 0.5)
    #expect(
      safety.warnings.contains { $0.contains("safety_controller") && $0.contains("shoulder") })
    let extended = try robot("extended_limits")
    #expect(extended.joints[0].limits.acceleration?.value == 15)
    #expect(extended.joints[0].limits.jerk?.value == 200)
    #expect(extended.joints[1].limits.acceleration == nil)
    let zero = try robot("zero_range")
    #expect(zero.warnings.contains { $0.contains("'shoulder' cannot move") })
    #expect(!zero.warnings.contains { $0.contains("'elbow'") })
  }
}
