import Foundation
import Geometry
import Kinematics
import TestSupport
import Testing

@Suite("The robots that ship")
struct RobotsOfOurs {
  @Test("the names are found, an unknown one lists them")
  func names() throws {
    #expect(
      Robot.shippedNames == [
        "robotis_op3", "uarm_metal", "uarm_swift", "uarm_swift_pro", "unitree_g1",
      ])
    let error = #expect(throws: KinematicsError.self) { try Robot.named("uarm") }
    #expect(error?.description.contains("'uarm_swift_pro', 'unitree_g1'") == true)
  }

  /// B, L, R [degrees] and x, y, z [mm] of the firmware's formulas (V4 constants, mode 0).
  static let reference: [(motors: [Double], tip: [Double])] = [
    ([90, 100.990, 8.077], [200, 0, 150]),
    ([90, 123.617, 0.418], [150, 0, 150]),
    ([116.565, 84.591, 27.890], [200, 100, 100]),
    ([72.255, 50.192, 50.187], [250, -80, 20]),
    ([90, 33.979, 44.978], [300, 0, 0]),
    ([90, 90, 0], [228.660, 0, 174.920]),
    ([90, 45, 45], [282.604, 0, 21.013]),
    ([120, 60, 20], [251.249, 145.059, 101.570]),
  ]

  @Test("the uArm's tip is where the firmware has it", arguments: reference.indices)
  func uarm(_ row: Int) throws {
    let (motors, tip) = Self.reference[row]
    let robot = try Robot.named("uarm_swift_pro")
    #expect(robot.coordinateNames == ["base", "left", "right", "wrist"])
    let degrees = Double.pi / 180
    for wrist in [-90.0, 0, 30] {
      let poses = robot.worldFromLinks([
        (motors[0] - 90) * degrees, motors[1] * degrees, motors[2] * degrees, wrist * degrees,
      ])
      let found = poses[try robot.linkIndex(named: "tip")]
      for axis in 0..<3 {
        #expect(abs(found.translation[axis] * 1000 - tip[axis]) < 0.05)
      }
      // The end plate stays level and turns with base and wrist only.
      let expected = Quaternion(angle: (motors[0] - 90 + wrist) * degrees, axis: .unitZ)
      #expect((expected.inverse * found.rotation).angle < 0.02 * degrees)
    }
  }

  @Test("the uArm's reference poses lead back to the firmware's motor angles")
  func inverse() throws {
    let robot = try Robot.named("uarm_swift_pro")
    let tip = try robot.linkIndex(named: "tip")
    let degrees = Double.pi / 180
    for (motors, target) in Self.reference {
      var q = [(motors[0] - 85) * degrees, (motors[1] + 4) * degrees, (motors[2] + 3) * degrees, 0]
      for _ in 0..<30 {
        let jacobian = robot.jacobian(ofLink: tip, at: q)
        let pose = robot.worldFromLinks(q)[tip]
        let columns = (0..<3).map { column in
          Vector3(jacobian[column], jacobian[4 + column], jacobian[8 + column])
        }
        let error = Vector3(target[0], target[1], target[2]) / 1000 - pose.translation
        // Cramer's rule for the three motors that move the tip.
        let determinant = columns[0].dot(columns[1].cross(columns[2]))
        q[0] += error.dot(columns[1].cross(columns[2])) / determinant
        q[1] += columns[0].dot(error.cross(columns[2])) / determinant
        q[2] += columns[0].dot(columns[1].cross(error)) / determinant
      }
      #expect(abs(q[0] / degrees + 90 - motors[0]) < 0.02)
      #expect(abs(q[1] / degrees - motors[1]) < 0.02)
      #expect(abs(q[2] / degrees - motors[2]) < 0.02)
    }
  }

  @Test("the uArm has its limits, coupled ones too")
  func uarmLimits() throws {
    let robot = try Robot.named("uarm_swift_pro")
    let coupled = try #require(robot.coupledLimits.first)
    #expect(coupled.terms.map(\.coordinate) == [1, 2] && coupled.terms.map(\.factor) == [1, 1])
    #expect(abs(coupled.lower - 29 * .pi / 180) < 1e-12)
    #expect(abs(coupled.upper - 170 * .pi / 180) < 1e-12)
    for limits in robot.foldedLimits {
      #expect(limits.lower != nil && limits.upper != nil && limits.velocity != nil)
      #expect(limits.acceleration?.source == "limits.yaml, defaults")
      #expect(limits.jerk != nil && limits.effort == nil)
    }
    #expect(!robot.hasFloatingBase)
  }

  @Test(
    "the G1 has the vendor's names, order, limits and poses",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func unitree() throws {
    let ours = try Robot.named("unitree_g1")
    let golden = try GoldenKinematics(
      SharedData.url("golden/kinematics-g1_29dof_rev_1_0.safetensors").path)
    let vendor = try Robot(urdf: golden.urdf)
    #expect(ours.links.map(\.name) == vendor.links.map(\.name))
    #expect(ours.links.map(\.parentJoint) == vendor.links.map(\.parentJoint))
    #expect(ours.coordinateNames == vendor.coordinateNames)
    #expect(ours.hasFloatingBase)
    for (mine, theirs) in zip(ours.joints, vendor.joints) {
      var limits = mine.limits
      #expect(!mine.isMovable || limits.acceleration?.value == 150 && limits.jerk?.value == 6000)
      (limits.acceleration, limits.jerk) = (nil, nil)
      // The vendor's file states neither: what is there is estimated.
      var stated = theirs.limits
      #expect(stated.acceleration?.source.hasPrefix("estimated") != false)
      (stated.acceleration, stated.jerk) = (nil, nil)
      #expect(limits == stated)
    }
    for sample in 0..<golden.sampleCount {
      let poses = ours.worldFromLinks(try golden.configuration(sample, of: ours))
      for (index, name) in golden.links.enumerated() {
        let found = poses[try ours.linkIndex(named: name)]
        let expected = golden.pose(sample, index)
        #expect((found.translation - expected.origin).length < 1e-9)
        #expect((found.rotation.columns.0 - expected.columns[0]).length < 1e-9)
        #expect((found.rotation.columns.1 - expected.columns[1]).length < 1e-9)
      }
    }
  }

  /// A, C, o, z0, front [m] of the firmware's formula, the limits of L, R and L + R [degrees].
  static let olderArms: [String: (lengths: [Double], limits: [ClosedRange<Double>])] = [
    "uarm_swift": ([0.14207, 0.1588, 0.010, 0.0889, 0.0294], [0...130, 0...120, 29...170]),
    "uarm_metal": ([0.14825, 0.1602, 0.02117, 0.10745, 0.025], [5...120, 5...120, 30...150]),
  ]

  @Test("older uArms' tips are where their firmware has them", arguments: olderArms.keys.sorted())
  func olderArm(_ name: String) throws {
    let (lengths, bounds) = try #require(Self.olderArms[name])
    let robot = try Robot.named(name)
    #expect(robot.name == name)
    #expect(robot.coordinateNames == ["base", "left", "right", "wrist"])
    let tip = try robot.linkIndex(named: "tip")
    var random = Damage(seed: 4)
    for _ in 0..<1000 {
      let q = robot.foldedLimits.map { limits in
        Double.random(in: (limits.lower?.value ?? 0)...(limits.upper?.value ?? 0), using: &random)
      }
      let pose = robot.worldFromLinks(q)[tip]
      let reach = lengths[0] * cos(q[1]) + lengths[1] * cos(q[2]) + lengths[2] + lengths[4]
      let height = lengths[0] * sin(q[1]) - lengths[1] * sin(q[2]) + lengths[3]
      let expected = Vector3(reach * cos(q[0]), reach * sin(q[0]), height)
      #expect((pose.translation - expected).length < 1e-9)
      let level = Quaternion(angle: q[0] + q[3], axis: .unitZ)
      #expect((level.inverse * pose.rotation).angle < 1e-6)
    }
    let limits = robot.foldedLimits
    let degrees = 180 / Double.pi
    for (coordinate, bound) in [(1, bounds[0]), (2, bounds[1])] {
      #expect(abs((limits[coordinate].lower?.value ?? .nan) * degrees - bound.lowerBound) < 1e-6)
      #expect(abs((limits[coordinate].upper?.value ?? .nan) * degrees - bound.upperBound) < 1e-6)
    }
    let coupled = try #require(robot.coupledLimits.first)
    #expect(abs(coupled.lower * degrees - bounds[2].lowerBound) < 1e-9)
    #expect(abs(coupled.upper * degrees - bounds[2].upperBound) < 1e-9)
    for limit in limits {
      #expect(limit.velocity != nil && limit.acceleration != nil && limit.jerk != nil)
    }
  }

  /// The axes as the vendor's table has them, by id.
  static let axes: [(joint: String, axis: Vector3)] = [
    ("r_sho_pitch", [0, -1, 0]), ("l_sho_pitch", [0, 1, 0]), ("r_sho_roll", [-1, 0, 0]),
    ("l_sho_roll", [-1, 0, 0]), ("r_el", [1, 0, 0]), ("l_el", [1, 0, 0]),
    ("r_hip_yaw", [0, 0, -1]), ("l_hip_yaw", [0, 0, -1]), ("r_hip_roll", [-1, 0, 0]),
    ("l_hip_roll", [-1, 0, 0]), ("r_hip_pitch", [0, -1, 0]), ("l_hip_pitch", [0, 1, 0]),
    ("r_knee", [0, -1, 0]), ("l_knee", [0, 1, 0]), ("r_ank_pitch", [0, 1, 0]),
    ("l_ank_pitch", [0, -1, 0]), ("r_ank_roll", [1, 0, 0]), ("l_ank_roll", [1, 0, 0]),
    ("head_pan", [0, 0, 1]), ("head_tilt", [0, -1, 0]),
  ]

  @Test("the OP3 has its twenty joints in the order of their ids, with axes and limits")
  func op3() throws {
    let robot = try Robot.named("robotis_op3")
    #expect(robot.coordinateNames == Self.axes.map(\.joint))
    #expect(robot.hasFloatingBase)
    for (index, limits) in robot.foldedLimits.enumerated() {
      #expect(robot.joints[robot.configurationJoints[index]].axis == Self.axes[index].axis)
      let lower = try #require(limits.lower?.value)
      let upper = try #require(limits.upper?.value)
      #expect(-2.83 < lower && lower < upper && upper < 2.83)
      #expect(limits.velocity?.value == 4.5029)
      #expect(limits.acceleration != nil && limits.jerk != nil && limits.effort?.value == 3.8)
    }
  }

  @Test("the OP3's initial posture is its own mirror image and brings the feet below the body")
  func posture() throws {
    let robot = try Robot.named("robotis_op3")
    let left: [String: Double] = [
      "sho_pitch": -15, "sho_roll": 45, "el": -45, "hip_pitch": -70, "knee": 142, "ank_pitch": 70,
    ]
    let q = robot.coordinateNames.map { name -> Double in
      if name == "head_tilt" { return -10 * .pi / 180 }
      let degrees = left[String(name.dropFirst(2))] ?? 0
      return (name.hasPrefix("r_") ? -degrees : degrees) * .pi / 180
    }
    for (position, limits) in zip(q, robot.foldedLimits) {
      #expect((limits.lower?.value ?? 0) <= position && position <= (limits.upper?.value ?? 0))
    }
    let poses = robot.worldFromLinks(q)
    for name in ["ank_roll_link", "el_link", "knee_link"] {
      let left = poses[try robot.linkIndex(named: "l_" + name)].translation
      let right = poses[try robot.linkIndex(named: "r_" + name)].translation
      #expect((left - Vector3(right.x, -right.y, right.z)).length < 1e-12)
    }
    let foot = poses[try robot.linkIndex(named: "l_ank_roll_link")]
    #expect(foot.translation.z < -0.05 && abs(foot.translation.x) < 0.05)
    // The sole is level to the two degrees that 70 + 70 lack to 142.
    let tilt = acos(min(1, foot.rotation.columns.2.z)) * 180 / .pi
    #expect(abs(tilt - 2) < 0.01)
    #expect(poses[try robot.linkIndex(named: "l_knee_link")].translation.x > 0.05)
  }

  @Test(
    "the OP3 has the vendor's poses", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func vendorsOP3() throws {
    let ours = try Robot.named("robotis_op3")
    let golden = try GoldenKinematics(
      SharedData.url("golden/kinematics-robotis_op3.safetensors").path)
    for sample in 0..<golden.sampleCount {
      let poses = ours.worldFromLinks(try golden.configuration(sample, of: ours))
      for (index, name) in golden.links.enumerated() where name != "cam_gazebo_link" {
        let found = poses[try ours.linkIndex(named: name)]
        let expected = golden.pose(sample, index)
        #expect((found.translation - expected.origin).length < 1e-9)
        #expect((found.rotation.columns.0 - expected.columns[0]).length < 1e-9)
        #expect((found.rotation.columns.1 - expected.columns[1]).length < 1e-9)
      }
    }
    let vendor = try Robot(urdf: golden.urdf)
    #expect(Set(vendor.coordinateNames) == Set(ours.coordinateNames))
  }
}
