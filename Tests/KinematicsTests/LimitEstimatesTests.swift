import Foundation
import Testing

@testable import Kinematics

@Suite("Estimated limits of acceleration and jerk")
struct LimitEstimatesTests {
  /// An arm: a joint about z at the origin, a mass on a rod, and a second joint half way.
  private static func arm(
    limit: String = "lower=\"-1\" upper=\"1\" velocity=\"2\" effort=\"10\"",
    mass: String = "<mass value=\"2\"/>", more: String = "", limits: String? = nil
  ) throws -> Robot {
    try TemporaryRobot.make(
      """
      <link name="base"/>
      <link name="a"><inertial><origin xyz="0.5 0 0" rpy="0 0 0"/>\(mass)
        <inertia ixx="0.1" iyy="0.2" izz="0.3" ixy="0" ixz="0" iyz="0"/></inertial></link>
      <joint name="first" type="revolute"><parent link="base"/><child link="a"/>
        <axis xyz="0 0 1"/><limit \(limit)/>\(more)</joint>
      """, limits: limits)
  }

  @Test("Effort over inertia about the joint's axis, with its figures, and jerk beside it")
  func analytic() throws {
    let limits = try Self.arm().joints[0].limits
    let acceleration = try #require(limits.acceleration)
    // 0.3 about its centre and 2 · 0.5² of the centre.
    #expect(abs(acceleration.value - 10 / 0.8) < 1e-9)
    #expect(acceleration.source == "estimated: 10 N·m over 0.8 kg·m²")
    #expect(abs((limits.jerk?.value ?? 0) - 40 * 10 / 0.8) < 1e-6)
    #expect(try Self.arm().estimateSummary?.contains("1 of 1 joints") == true)
  }

  @Test("A turned inertial frame turns the tensor")
  func turned() throws {
    let robot = try TemporaryRobot.make(
      """
      <link name="base"/>
      <link name="a"><inertial><origin xyz="0 0 0" rpy="1.5707963267948966 0 0"/><mass value="1"/>
        <inertia ixx="0.1" iyy="0.2" izz="0.3" ixy="0" ixz="0" iyz="0"/></inertial></link>
      <joint name="first" type="revolute"><parent link="base"/><child link="a"/>
        <axis xyz="0 0 1"/><limit lower="-1" upper="1" velocity="2" effort="1"/></joint>
      """)
    // A quarter turn about x puts the tensor's y along the link's z.
    #expect(abs((robot.joints[0].limits.acceleration?.value ?? 0) - 1 / 0.2) < 1e-6)
  }

  @Test("The rotor's inertia is added where the file has it")
  func armature() throws {
    let robot = try Self.arm(more: "<dynamics armature=\"0.2\"/>")
    #expect(abs((robot.joints[0].limits.acceleration?.value ?? 0) - 10) < 1e-9)
  }

  @Test(
    "Estimates are bounded, and it is said",
    arguments: [("1e5", LimitEstimates.fastest), ("1e-3", LimitEstimates.slowest)])
  func bounded(effort: String, value: Double) throws {
    let robot = try Self.arm(
      limit: "lower=\"-1\" upper=\"1\" velocity=\"2\" effort=\"\(effort)\"")
    let limit = try #require(robot.joints[0].limits.acceleration)
    #expect(limit.value == value && limit.source.hasSuffix("bounded"))
  }

  @Test("What a file states is not estimated")
  func stated() throws {
    let inURDF = try Self.arm(
      limit: "lower=\"-1\" upper=\"1\" velocity=\"2\" effort=\"10\" acceleration=\"7\" jerk=\"70\"")
    #expect(inURDF.joints[0].limits.acceleration?.value == 7)
    #expect(inURDF.joints[0].limits.jerk?.value == 70)
    #expect(inURDF.estimateSummary == nil)
    let beside = try Self.arm(limits: "defaults: {acceleration: 9, jerk: 90}\n")
    #expect(beside.joints[0].limits.acceleration?.value == 9)
    #expect(beside.estimatedLimits.isEmpty)
  }

  @Test("Without a mass or an effort nothing is estimated", arguments: [true, false])
  func nothing(hasMass: Bool) throws {
    let robot = try Self.arm(
      limit: "lower=\"-1\" upper=\"1\" velocity=\"2\" effort=\"\(hasMass ? 0 : 10)\"",
      mass: "<mass value=\"\(hasMass ? 2 : 0)\"/>")
    #expect(robot.joints[0].limits.acceleration == nil)
    #expect(robot.joints[0].limits.jerk == nil)
    #expect(robot.estimateSummary == nil)
  }
}
