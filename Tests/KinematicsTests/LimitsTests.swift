import Foundation
import Kinematics
import Testing

@Suite("Limits and where they are from")
struct LimitsTests {
  static let links = """
    <link name="a"/><link name="b"/><link name="c"/><link name="d"/>
    <joint name="lead" type="revolute"><parent link="a"/><child link="b"/>
      <limit lower="-2" upper="2" velocity="3" effort="9"/></joint>
    <joint name="follow" type="revolute"><parent link="b"/><child link="c"/>
      <mimic joint="lead" multiplier="-2" offset="0.5"/>
      <limit lower="-1.5" upper="3.5" velocity="4" effort="1"/></joint>
    <joint name="slide" type="prismatic"><parent link="c"/><child link="d"/>
      <limit lower="0" upper="0.1" velocity="0" effort="5"/></joint>
    """

  @Test("a mimic joint hands its limits to the joint it follows")
  func folding() throws {
    let robot = try TemporaryRobot.make(Self.links)
    let lead = robot.foldedLimits[0]
    // -1.5 ≤ -2 q + 0.5 ≤ 3.5 is -1.5 ≤ q ≤ 1.
    #expect(lead.lower == SourcedLimit(-1.5, source: "mimic joint 'follow'"))
    #expect(lead.upper == SourcedLimit(1, source: "mimic joint 'follow'"))
    #expect(lead.velocity == SourcedLimit(2, source: "mimic joint 'follow'"))
    #expect(lead.effort == SourcedLimit(9, source: "URDF"))
    #expect(robot.foldedLimits[1].velocity == nil)
    #expect(robot.warnings.contains { $0.contains("no velocity") && $0.contains("'slide'") })
  }

  @Test("a chain of mimics leads to the independent joint")
  func chain() throws {
    let robot = try TemporaryRobot.make(
      """
      <link name="a"/><link name="b"/><link name="c"/><link name="d"/>
      <joint name="j3" type="continuous"><parent link="a"/><child link="b"/>
        <mimic joint="j2" multiplier="3" offset="1"/></joint>
      <joint name="j2" type="continuous"><parent link="b"/><child link="c"/>
        <mimic joint="j1" multiplier="-2" offset="0.5"/></joint>
      <joint name="j1" type="continuous"><parent link="c"/><child link="d"/></joint>
      """)
    #expect(robot.coordinateNames == ["j1"])
    // 3 (-2 q + 0.5) + 1
    let mimic = try #require(robot.joints[0].mimic)
    #expect(mimic.leader == 2 && mimic.multiplier == -6 && mimic.offset == 2.5)
    #expect(robot.jointPositions([0.25]) == [1, 0, 0.25])
  }

  @Test("our keys, in degrees, with defaults and a further file on top")
  func ourKeys() throws {
    let robot = try TemporaryRobot.make(
      Self.links,
      limits: """
        floating_base: true
        defaults: {unit: degrees, acceleration: 180, velocity: 10}
        defaults_prismatic: {velocity: 0.2, jerk: 7}
        joint_limits:
          lead: {unit: degrees, lower: -45, upper: 45, jerk: 90}
        coupled_limits:
          - {name: sum, terms: {lead: 1, follow: 1}, lower: -1, upper: 1}
        """, further: "joint_limits: {lead: {velocity: 0.5}}\ndefaults: {acceleration: 2}")
    let lead = robot.joints[0].limits
    #expect(lead.lower == SourcedLimit(-.pi / 4, source: "limits.yaml"))
    #expect(lead.jerk == SourcedLimit(.pi / 2, source: "limits.yaml"))
    #expect(lead.velocity?.value == 0.5 && lead.velocity?.source.hasPrefix("--limits ") == true)
    #expect(lead.acceleration?.value == 2)
    #expect(robot.joints[1].limits.acceleration == nil)
    let slide = robot.foldedLimits[1]
    #expect(slide.velocity == SourcedLimit(0.2, source: "limits.yaml, defaults_prismatic"))
    #expect(slide.jerk?.value == 7 && slide.acceleration == nil)
    #expect(robot.hasFloatingBase)
    // q + (-2 q + 0.5) within ±1 is -q within -1.5 … 0.5.
    let sum = try #require(robot.coupledLimits.first)
    #expect(sum.terms == [CoupledLimit.Term(coordinate: 0, factor: -1)])
    #expect(sum.lower == -1.5 && sum.upper == 0.5)
  }

  @Test("MoveIt's keys")
  func moveIt() throws {
    let robot = try TemporaryRobot.make(
      Self.links,
      limits: """
        default_velocity_scaling_factor: 0.1
        joint_limits:
          slide:
            has_velocity_limits: true
            max_velocity: 0.4
            has_acceleration_limits: true
            max_acceleration: 3
            has_deceleration_limits: true
            max_deceleration: -2.5
            has_jerk_limits: false
            max_jerk: 100
            has_position_limits: true
            min_position: 0.01
            max_position: 0.09
        """)
    let slide = robot.foldedLimits[1]
    #expect(slide.velocity?.value == 0.4 && slide.acceleration?.value == 2.5)
    #expect(slide.jerk == nil && slide.lower?.value == 0.01 && slide.upper?.value == 0.09)
    #expect(robot.warnings.contains { $0.contains("default_velocity_scaling_factor") })
  }

  @Test(
    "a bad file of limits is refused in a sentence",
    arguments: [
      ("", "empty"), ("joints: {}", "'joint_limits'"), ("a: [", "YAML"), ("[1]", "keys"),
      ("joint_limits: {led: {velocity: 1}}", "'lead', 'follow', 'slide'"),
      ("joint_limits: {lead: {speed: 1}}", "'speed'"),
      ("joint_limits: {lead: {velocity: fast}}", "number"),
      ("joint_limits: {lead: {velocity: .nan}}", "number"),
      ("joint_limits: {lead: {velocity: 0}}", "more than 0"),
      ("joint_limits: {lead: {jerk: -1}}", "more than 0"),
      ("joint_limits: {lead: {lower: 1, upper: 0}}", "above"),
      ("joint_limits: {lead: {lower: 3}}", "above"),
      ("joint_limits: {lead: {unit: gon}}", "degrees"),
      ("joint_limits: {slide: {unit: degrees}}", "prismatic"),
      ("joint_limits: {lead: {has_jerk_limits: true}}", "max_jerk"),
      ("joint_limits: {lead: {velocity: 1, max_velocity: 2}}", "both"),
      ("joint_limits: {lead: {velocity: 1, velocity: 2}}", "line"),
      ("coupled_limits: {}", "list"), ("coupled_limits: [{name: x}]", "terms"),
      ("coupled_limits: [{name: x, terms: {}, lower: 0, upper: 1}]", "no terms"),
      ("coupled_limits: [{name: x, terms: {no: 1}, lower: 0, upper: 1}]", "'no'"),
      ("coupled_limits: [{name: x, terms: {lead: 1}, lower: 2, upper: 1}]", "above"),
      ("floating_base: maybe", "true or false"),
    ])
  func refused(_ text: String, _ part: String) throws {
    let error = #expect(throws: KinematicsError.self) {
      try TemporaryRobot.make(Self.links, limits: text)
    }
    let sentence = try #require(error?.description)
    #expect(sentence.contains(part) && sentence.contains("limits.yaml"), "\(sentence)")
    #expect(!sentence.contains("\n"))
  }

  @Test("limits that leave no position are refused with both sources")
  func empty() throws {
    let error = #expect(throws: KinematicsError.self) {
      try TemporaryRobot.make(
        Self.links, limits: "joint_limits: {lead: {lower: 1.5, upper: 2}}")
    }
    #expect(error?.description.contains("mimic joint 'follow'") == true)
  }

  @Test("deep, wide and endless files are small and quick")
  func hostile() {
    let clock = ContinuousClock()
    let start = clock.now
    let deep = String(repeating: "<x>", count: 200_000)
    let wide = "<link " + (0..<20_000).map { "a\($0)=\"1\"" }.joined(separator: " ") + "/>"
    let chains = (0..<9900).map {
      "<link name=\"l\($0)\"/><joint name=\"j\($0)\" type=\"fixed\"><parent link=\"l\($0)\"/>"
        + "<child link=\"l\($0 + 1)\"/></joint>"
    }.joined()
    for text in [deep, wide, chains, "<!DOCTYPE a>", "<![CDATA[", "<!--", "<", "\u{0}"] {
      #expect(throws: KinematicsError.self) { try TemporaryRobot.make(text) }
    }
    #expect(throws: KinematicsError.self) {
      try TemporaryRobot.make(
        Self.links, limits: String(repeating: "[", count: 100_000))
    }
    #expect(clock.now - start < .seconds(20))
  }
}
