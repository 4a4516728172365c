import Files
import Foundation
import Geometry
import Kinematics
import TestSupport
import Testing

@Suite("Inverse dynamics")
struct InverseDynamicsTests {
  static let robots = ["g1_29dof", "robotis_op3", "h1", "t1_29dof"]

  private struct Golden {
    var robot: Robot
    var names: [String]
    var configurations: [[Double]]
    var velocities: [[Double]]
    var accelerations: [[Double]]
    var torques: [[Double]]
    var centers: [[Double]]

    init(_ name: String, _ base: String) throws {
      let path = try SharedData.url("golden/dynamics-\(name)-\(base).safetensors").path
      let file = try Safetensors(contentsOf: path)
      func rows(_ name: String) throws -> [[Double]] {
        let tensor = try file.tensor(name)
        let (numbers, width) = (tensor.doubles(), tensor.shape[1])
        return stride(from: 0, to: numbers.count, by: width).map {
          Array(numbers[$0..<($0 + width)])
        }
      }
      let urdf = try SharedData.url("data/robots/\(try #require(file.metadata["urdf"]))").path
      // The reference has followers as joints of their own.
      let text = try InputFile.text(of: urdf).replacing(/<mimic[^>]*>/, with: "")
      let own = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).urdf").path
      try AtomicFile.write(text, to: own)
      defer { try? FileManager.default.removeItem(atPath: own) }
      robot = try Robot(urdf: own)
      names = try JSONDecoder().decode(
        [String].self, from: Data(try #require(file.metadata["joints"]).utf8))
      configurations = try rows("configuration")
      velocities = try rows("velocity")
      accelerations = try rows("acceleration")
      torques = try rows("torque")
      centers = try rows("centre_of_mass")
    }

    /// Numbers of the reference's order in the robot's.
    func ordered(_ numbers: ArraySlice<Double>, _ names: [String]) throws -> [Double] {
      var result = [Double](repeating: 0, count: robot.coordinateCount)
      for (name, number) in zip(names, numbers) {
        result[try robot.coordinateIndex(named: name)] = number
      }
      return result
    }
  }

  @Test(
    "Torques of a robot that is bolted down, to 1e-8 of Pinocchio's",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: robots)
  func fixed(_ name: String) throws {
    let golden = try Golden(name, "fixed")
    let dynamics = try #require(InverseDynamics(golden.robot))
    try #require(golden.names.count == golden.robot.coordinateCount, "\(golden.names)")
    for sample in golden.configurations.indices {
      let q = try golden.ordered(golden.configurations[sample][...], golden.names)
      let forces = dynamics.forces(
        configuration: q,
        velocities: try golden.ordered(golden.velocities[sample][...], golden.names),
        accelerations: try golden.ordered(golden.accelerations[sample][...], golden.names))
      let expected = try golden.ordered(golden.torques[sample][...], golden.names)
      for (found, expected) in zip(forces.efforts, expected) {
        #expect(abs(found - expected) < 1e-8 * max(1, abs(expected)))
      }
    }
  }

  @Test(
    "Torques, the base's forces and the centre of mass of a robot that floats, to 1e-8 of Pinocchio's",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: robots)
  func floating(_ name: String) throws {
    let golden = try Golden(name, "floating")
    let dynamics = try #require(InverseDynamics(golden.robot))
    let names = Array(golden.names.dropFirst())
    try #require(names.count == golden.robot.coordinateCount, "\(names)")
    for sample in golden.configurations.indices {
      let (q, v, a) = (
        golden.configurations[sample], golden.velocities[sample], golden.accelerations[sample]
      )
      let rotation = Quaternion(w: q[6], x: q[3], y: q[4], z: q[5])
      func world(_ numbers: [Double], _ at: Int) -> Vector3 {
        rotation * [numbers[at], numbers[at + 1], numbers[at + 2]]
      }
      // The reference's acceleration is spatial: that of the origin lacks omega cross velocity.
      let base = BaseMotion(
        pose: Pose(rotation: rotation, translation: [q[0], q[1], q[2]]), velocity: world(v, 0),
        angularVelocity: world(v, 3), acceleration: world(a, 0) + world(v, 3).cross(world(v, 0)),
        angularAcceleration: world(a, 3))
      let forces = dynamics.forces(
        configuration: try golden.ordered(q[7...], names),
        velocities: try golden.ordered(v[6...], names),
        accelerations: try golden.ordered(a[6...], names), base: base)
      let expected = try golden.ordered(golden.torques[sample][6...], names)
      for (found, expected) in zip(forces.efforts, expected) {
        #expect(abs(found - expected) < 1e-8 * max(1, abs(expected)))
      }
      let links = golden.robot.worldFromLinks(try golden.ordered(q[7...], names))
      let center = dynamics.centerOfMass(links.map { base.pose * $0 })
      for axis in 0..<3 { #expect(abs(center[axis] - golden.centers[sample][axis]) < 1e-9) }
      let force = rotation.inverse * forces.base.force
      let moment =
        rotation.inverse
        * (forces.base.moment - base.pose.translation.cross(forces.base.force))
      for axis in 0..<3 {
        let torque = golden.torques[sample]
        #expect(abs(force[axis] - torque[axis]) < 1e-8 * max(1, abs(torque[axis])))
        #expect(abs(moment[axis] - torque[3 + axis]) < 1e-8 * max(1, abs(torque[3 + axis])))
      }
    }
  }

  @Test(
    "A robot whose links have no mass has no dynamics, and the reference's torques are zero",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func massless() throws {
    let golden = try Golden("franka", "fixed")
    #expect(InverseDynamics(golden.robot) == nil)
    let largest = golden.torques.joined().map { abs($0) }.max() ?? .infinity
    #expect(largest == 0)
  }

  @Test("Standing still on one foot, the foot carries the weight and the base needs nothing more")
  func contact() throws {
    let robot = try Robot.named("unitree_g1")
    let dynamics = try #require(InverseDynamics(robot))
    let zeros = [Double](repeating: 0, count: robot.coordinateCount)
    let free = dynamics.forces(configuration: zeros, velocities: zeros, accelerations: zeros)
    #expect(abs(free.base.force.z - 9.81 * dynamics.mass) < 1e-9)
    let foot = try robot.linkIndex(named: "left_ankle_roll_link")
    let held = dynamics.forces(
      configuration: zeros, velocities: zeros, accelerations: zeros,
      contacts: [(foot, free.base)])
    #expect(held.base.force.length < 1e-9 && held.base.moment.length < 1e-9)
    // The knee of the standing leg now carries what is above it, the other's hangs.
    let knee = try robot.coordinateIndex(named: "left_knee_joint")
    #expect(abs(held.efforts[knee]) > abs(free.efforts[knee]))
  }
}
