import Testing

@testable import Retargeting

@Suite("Mappings")
struct MappingTests {
  private let good = """
    skeleton: human
    robot: test
    origin: {joint: Pelvis}
    points:
      - {joint: L_Hip, link: a, offset: robot}
      - {joint: L_Knee, link: b, scale: 0.5}
    bones:
      - {from: L_Hip, to: L_Knee}
    direct:
      - {joint: L_Ankle, axis: [2, 0, 0], target: c}
    """

  @Test("A mapping is read, the parent of a point found in the skeleton")
  func read() throws {
    let mapping = try Mapping(parsing: good, path: "test")
    #expect(mapping.points[1].parent == 0)
    #expect(mapping.points[1].limb == .scaled(0.5))
    #expect(mapping.directMaps[0].axis == [1, 0, 0])
    #expect(!mapping.isSymmetric)
  }

  @Test("The shipped mappings fit the shipped robots", arguments: Subjects.names)
  func shipped(name: String) throws {
    let targets = try Subjects.targets(name)
    #expect(targets.mapping.isSymmetric == (name == "unitree_g1"))
  }

  @Test(
    "What is wrong is refused with a sentence that names it",
    arguments: [
      ("joint: L_Hip", "joint: L_Hipp", "L_Hipp"),
      ("link: a", "lonk: a", "lonk"),
      ("scale: 0.5", "scale: -1", "-1"),
      ("scale: 0.5", "scale: .nan", "finite"),
      ("scale: 0.5", "scale: x", "x"),
      ("scale: 0.5", "frame: Pelvis", "offset"),
      ("offset: robot", "offset: human", "human"),
      ("offset: robot", "offset: [1, 2]", "3 numbers"),
      ("axis: [2, 0, 0]", "axis: [0, 0, 0]", "zero"),
      ("to: L_Knee}", "to: L_Wrist}", "L_Hip"),
      ("to: L_Knee}", "to: L_Hip}", "two different"),
      ("joint: L_Knee, link: b", "joint: L_Hip, link: b", "already"),
      ("robot: test\n", "", "robot"),
      ("robot: test", "robot: test\nrobot: test", "robot"),
      ("origin: {joint: Pelvis}\n", "", "origin"),
      ("skeleton: human", "skeleton: [", "YAML"),
    ])
  func refused(part: String, replacement: String, word: String) {
    let text = good.replacing(part, with: replacement, maxReplacements: 1)
    #expect(text != good)
    let error = #expect(throws: RetargetingError.self) { try Mapping(parsing: text, path: "test") }
    #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
  }

  @Test("A link or joint that the robot does not have is refused with the names it has")
  func unknownNames() throws {
    let robot = try Subjects.robot("uarm_swift_pro")
    let mapping = try Mapping(parsing: good, path: "test")
    let error = #expect(throws: RetargetingError.self) {
      try HumanTargets(mapping: mapping, robot: robot)
    }
    #expect(error?.description.contains("'forearm'") == true, "\(error?.description ?? "")")
  }
}
