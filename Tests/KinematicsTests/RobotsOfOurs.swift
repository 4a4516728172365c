import Foundation
import Geometry
import Kinematics
import TestSupport
import Testing

@Suite("The robots that ship")
struct RobotsOfOurs {
  @Test("the names are found, an unknown one lists them")
  func names() throws {
    #expect(Robot.shippedNames == ["uarm_swift_pro", "unitree_g1"])
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
    #expect(ours.links == vendor.links)
    #expect(ours.coordinateNames == vendor.coordinateNames)
    #expect(ours.hasFloatingBase)
    for (mine, theirs) in zip(ours.joints, vendor.joints) {
      var limits = mine.limits
      #expect(!mine.isMovable || limits.acceleration?.value == 150 && limits.jerk?.value == 6000)
      limits.acceleration = nil
      limits.jerk = nil
      #expect(limits == theirs.limits)
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
}
