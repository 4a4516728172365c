import Foundation
import Geometry
import Kinematics
import TestSupport
import Testing

@Suite("Symmetry from geometry")
struct SymmetryTests {
  static let symmetric = [
    "unitree_g1_29dof/g1_29dof_rev_1_0", "unitree_g1_29dof/g1_29dof",
    "unitree_g1_23dof/g1_23dof_rev_1_0", "unitree_h1/h1", "unitree_h1_2/h1_2_handless",
    "fourier_gr1t1/gr1t1", "fourier_gr1t2/gr1t2", "fourier_gr2/gr2v3_8_7",
    "booster_t1/t1_29dof", "booster_t1/t1_23dof", "talos/talos_reduced",
    "robotis_op3/robotis_op3", "engineai_pm01/serial_pm01_edu", "valkyrie/valkyrie_sim",
    "atlas/atlas_minimal_contact", "icub/icub_reduced", "darwin_op/darwin",
    "berkeley_humanoid/berkeley_humanoid", "simple_humanoid/simple_humanoid", "nao/nao_v50",
    "poppy_humanoid/poppy_humanoid",
  ]

  @Test(
    "twice mirrored is as before, and the mirrored robot stands where its image does",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: symmetric)
  func laws(_ name: String) throws {
    let robot = try Robot(urdf: SharedData.url("data/robots/\(name).urdf").path)
    let symmetry = robot.symmetry()
    #expect(symmetry.isComplete)
    #expect(symmetry.normal == (name.contains("poppy") ? .unitX : .unitY))
    let led = Set(robot.joints.compactMap { $0.mimic?.leader })
    var random = BatchedTests.Random(state: 11)
    var worst = 0.0
    for _ in 0..<200 {
      let q = robot.foldedLimits.map { limits in
        let lower = limits.lower?.value ?? -1
        return Double.random(in: lower...max(lower, limits.upper?.value ?? 1), using: &random)
      }
      let flipped = symmetry.flip(q)
      #expect(symmetry.flip(flipped) == q)
      let (poses, images) = (robot.worldFromLinks(q), robot.worldFromLinks(flipped))
      for (coordinate, partner) in symmetry.partners.enumerated() {
        let joint = robot.configurationJoints[coordinate]
        // The image of a joint that others follow may be one of these (NAO's pelvis).
        guard let partner, !led.contains(joint) else { continue }
        let other = robot.joints[robot.configurationJoints[partner]].childLink
        let image = images[robot.joints[joint].childLink]
        var gap = mirrored(poses[other].translation, symmetry.normal) - image.translation
        // Vendors put origins anywhere along an axis.
        let axis = image.rotation * robot.joints[joint].axis
        gap -= gap.dot(axis) * axis
        worst = max(worst, gap.length)
      }
    }
    #expect(worst < 0.005)
  }

  private func mirrored(_ vector: Vector3, _ normal: Vector3) -> Vector3 {
    vector - 2 * vector.dot(normal) * normal
  }

  @Test("the whole G1 is mirrored, rotations too")
  func rotations() throws {
    let robot = try Robot.named("unitree_g1")
    let symmetry = robot.symmetry()
    var random = BatchedTests.Random(state: 5)
    for _ in 0..<200 {
      let q = (0..<29).map { _ in Double.random(in: -2...2, using: &random) }
      let (poses, images) = (robot.worldFromLinks(q), robot.worldFromLinks(symmetry.flip(q)))
      for (index, link) in robot.links.enumerated()
      where link.name.hasPrefix("left_") && link.name.hasSuffix("_yaw_link") {
        let other = try robot.linkIndex(
          named: "right_" + link.name.dropFirst("left_".count))
        let (a, b) = (poses[index], images[other])
        #expect((mirrored(a.translation, .unitY) - b.translation).length < 1e-4)
        let image = Quaternion(
          w: a.rotation.w, x: -a.rotation.x, y: a.rotation.y, z: -a.rotation.z)
        #expect((image.inverse * b.rotation).angle < 1e-4)
      }
    }
  }

  @Test("the G1's partners and signs are those that its names tell")
  func names() throws {
    let robot = try Robot.named("unitree_g1")
    let symmetry = robot.symmetry()
    for (coordinate, name) in robot.coordinateNames.enumerated() {
      let other =
        name.hasPrefix("left_")
        ? "right_" + name.dropFirst(5)
        : name.hasPrefix("right_") ? "left_" + name.dropFirst(6) : name
      #expect(symmetry.partners[coordinate] == (try robot.coordinateIndex(named: other)))
      let sign = name.contains("roll") || name.contains("yaw") ? -1.0 : 1
      #expect(symmetry.signs[coordinate] == sign, "\(name)")
    }
  }

  @Test("the uArm mirrors itself, a lone arm has no partner")
  func others() throws {
    let uarm = try Robot.named("uarm_swift_pro").symmetry()
    #expect(uarm.partners == [0, 1, 2, 3] && uarm.signs == [-1, 1, 1, -1])
    let arm = try TemporaryRobot.make(
      """
      <link name="a"/><link name="b"/>
      <joint name="j" type="continuous"><parent link="a"/><child link="b"/>
        <origin xyz="0.1 0.2 0"/><axis xyz="0 0 1"/></joint>
      """)
    #expect(arm.symmetry().partners == [nil] && arm.symmetry().flip([0.3]) == [0.3])
  }
}
