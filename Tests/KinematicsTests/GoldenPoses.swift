import Files
import Foundation
import Geometry
import Kinematics
import TestSupport
import Testing

/// Poses and Jacobians that Pinocchio computed for one URDF.
struct GoldenKinematics: CustomStringConvertible {
  let name: String
  let urdf: String
  let joints: [String]
  let links: [String]
  /// [sample, joint] in the reference's order of joints.
  let configurations: [Double]
  /// The poses [sample, link, 4, 4].
  let poses: [Double]
  /// The Jacobians [sample, link, 6, joint].
  let jacobians: [Double]

  var description: String { name }
  var sampleCount: Int { configurations.count / joints.count }
  var jacobianSampleCount: Int { jacobians.count / (links.count * 6 * joints.count) }

  /// The project's own robots, and where the reference data is there, all robots of it.
  static let paths: [String] = {
    let fixtures = SharedData.fixtures
    let own = ["unitree_g1", "uarm_swift_pro"].map {
      fixtures.appending(path: "kinematics-\($0).safetensors").path
    }
    guard let golden = try? SharedData.url("golden"),
      let files = try? FileManager.default.contentsOfDirectory(atPath: golden.path)
    else { return own }
    // ToddlerBot's values are there, its URDF is not.
    let others = files.filter { name in
      name.hasPrefix("kinematics-") && name.hasSuffix(".safetensors")
        && !name.contains("toddlerbot")
    }
    return own + others.sorted().map { golden.appending(path: $0).path }
  }()

  init(_ path: String) throws {
    let file = try Safetensors(contentsOf: path)
    func list(_ key: String) throws -> [String] {
      try JSONDecoder().decode([String].self, from: Data(#require(file.metadata[key]).utf8))
    }
    name = URL(filePath: path).lastPathComponent
    let place = try #require(file.metadata["urdf"])
    urdf =
      place.hasPrefix("Robots/")
      ? SharedData.checkout.appending(path: place).path : try SharedData.url(place).path
    joints = try list("joints")
    links = try list("links")
    configurations = try file.tensor("configuration").doubles()
    poses = try file.tensor("world_from_link").doubles()
    jacobians = try file.tensor("jacobian").doubles()
  }

  /// A sample in the order of a robot's configuration.
  func configuration(_ sample: Int, of robot: Robot) throws -> [Double] {
    var configuration = [Double](repeating: .nan, count: robot.coordinateCount)
    for (joint, name) in joints.enumerated() {
      configuration[try robot.coordinateIndex(named: name)] =
        configurations[sample * joints.count + joint]
    }
    return configuration
  }

  /// The origin and the columns of the rotation of a link.
  func pose(_ sample: Int, _ link: Int) -> (origin: Vector3, columns: [Vector3]) {
    let start = (sample * links.count + link) * 16
    func column(_ index: Int) -> Vector3 {
      [poses[start + index], poses[start + 4 + index], poses[start + 8 + index]]
    }
    return (column(3), [column(0), column(1), column(2)])
  }
}

@Suite("Link poses and Jacobians agree with Pinocchio")
struct GoldenPoses {
  @Test("poses to 1e-9", arguments: GoldenKinematics.paths)
  func poses(_ name: String) throws {
    let golden = try GoldenKinematics(name)
    let robot = try Robot(urdf: golden.urdf)
    #expect(robot.coordinateCount == golden.joints.count)
    #expect(robot.links.count == golden.links.count)
    let links = try golden.links.map { try robot.linkIndex(named: $0) }
    var worst = 0.0
    for sample in 0..<golden.sampleCount {
      let worldFromLinks = robot.worldFromLinks(try golden.configuration(sample, of: robot))
      for (index, link) in links.enumerated() {
        let expected = golden.pose(sample, index)
        let found = worldFromLinks[link]
        let columns = found.rotation.columns
        worst = max(
          worst, (found.translation - expected.origin).length,
          (columns.0 - expected.columns[0]).length, (columns.1 - expected.columns[1]).length,
          (columns.2 - expected.columns[2]).length)
      }
    }
    #expect(worst <= 1e-9)
  }

  @Test("Jacobians to 1e-8", arguments: GoldenKinematics.paths)
  func jacobians(_ name: String) throws {
    let golden = try GoldenKinematics(name)
    let robot = try Robot(urdf: golden.urdf)
    let coordinates = try golden.joints.map { try robot.coordinateIndex(named: $0) }
    let count = golden.joints.count
    var worst = 0.0
    for sample in 0..<golden.jacobianSampleCount {
      let configuration = try golden.configuration(sample, of: robot)
      for (index, name) in golden.links.enumerated() {
        let found = robot.jacobian(ofLink: try robot.linkIndex(named: name), at: configuration)
        let start = (sample * golden.links.count + index) * 6 * count
        for row in 0..<6 {
          for (joint, coordinate) in coordinates.enumerated() {
            let expected = golden.jacobians[start + row * count + joint]
            worst = max(worst, abs(found[row * count + coordinate] - expected))
          }
        }
      }
    }
    #expect(worst <= 1e-8)
  }
}
