import Foundation
import Geometry
import TestSupport
import Testing

@testable import Kinematics

/// Mesh files as other programs write them, and what is kept of a mesh.
@Suite("Meshes")
struct MeshTests {
  private static let box = Vector3(0.2, 0.1, 0.06)

  /// The corners of a box about a place, three for each of twelve triangles.
  private static func triangles(_ size: Vector3, about center: Vector3 = .zero) -> [Vector3] {
    func half(_ index: Int, _ axis: Int) -> Double { index & (1 << axis) == 0 ? -0.5 : 0.5 }
    let corners = (0..<8).map { index -> Vector3 in
      center + size * Vector3(half(index, 0), half(index, 1), half(index, 2))
    }
    let faces = [
      [0, 2, 1], [1, 2, 3], [4, 5, 6], [5, 7, 6], [0, 1, 4], [1, 5, 4], [2, 6, 3], [3, 6, 7],
      [0, 4, 2],
      [2, 4, 6], [1, 3, 5], [3, 7, 5],
    ]
    return faces.flatMap { $0.map { corners[$0] } }
  }

  private static func binarySTL(_ corners: [Vector3]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0x20, count: 80)
    func add(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { bytes += Array($0) }
    }
    add(UInt32(corners.count / 3))
    for start in stride(from: 0, to: corners.count, by: 3) {
      for vector in [.zero] + corners[start..<(start + 3)] {
        for axis in 0..<3 { add(Float(vector[axis]).bitPattern) }
      }
      add(UInt16(0))
    }
    return bytes
  }

  private static func textSTL(_ corners: [Vector3]) -> String {
    let facets = stride(from: 0, to: corners.count, by: 3).map { start in
      let vertices = corners[start..<(start + 3)].map { "vertex \($0.x) \($0.y) \($0.z)\n" }
      return "facet normal 0 0 1\nouter loop\n\(vertices.joined())endloop\nendfacet\n"
    }
    return "solid box\n\(facets.joined())endsolid box\n"
  }

  private static func obj(_ corners: [Vector3]) -> String {
    "mtllib absent.mtl\no box\n" + corners.map { "v \($0.x) \($0.y) \($0.z)\n" }.joined()
      + (0..<(corners.count / 3)).map { "f \(3 * $0 + 1) \(3 * $0 + 2) \(3 * $0 + 3)\n" }.joined()
  }

  /// In centimetres, y up, moved by a node.
  private static func collada(_ corners: [Vector3], moved: Vector3) -> String {
    let places = corners.map { 100 * ($0 - moved) }.map { "\($0.x) \($0.y) \($0.z)" }.joined(
      separator: " ")
    let indices = corners.indices.map { "\($0)" }.joined(separator: " ")
    return """
      <?xml version="1.0" encoding="utf-8"?>
      <COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
      <asset><unit name="centimeter" meter="0.01"/><up_axis>Y_UP</up_axis></asset>
      <library_geometries><geometry id="g"><mesh>
      <source id="p"><float_array id="a" count="\(3 * corners.count)">\(places)</float_array>
      <technique_common><accessor source="#a" count="\(corners.count)" stride="3">
      <param name="X" type="float"/><param name="Y" type="float"/><param name="Z" type="float"/>
      </accessor></technique_common></source>
      <vertices id="v"><input semantic="POSITION" source="#p"/></vertices>
      <triangles count="\(corners.count / 3)"><input semantic="VERTEX" source="#v" offset="0"/><p>\(indices)</p></triangles>
      </mesh></geometry></library_geometries>
      <library_visual_scenes><visual_scene id="s"><node id="n">
      <translate>\(100 * moved.x) \(100 * moved.y) \(100 * moved.z)</translate><instance_geometry url="#g"/>
      </node></visual_scene></library_visual_scenes>
      <scene><instance_visual_scene url="#s"/></scene>
      </COLLADA>
      """
  }

  /// The box in every format, by endings.
  private static var files: [(ending: String, bytes: [UInt8])] {
    let corners = triangles(box, about: [0.01, 0.02, 0.03])
    return [
      ("stl", binarySTL(corners)), ("STL", Array(textSTL(corners).utf8)),
      ("obj", Array(obj(corners).utf8)),
      ("dae", Array(collada(corners, moved: [0.3, -0.1, 0.2]).utf8)),
    ]
  }

  private func inFolder<T>(_ body: (String) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "meshes-\(UUID().uuidString)"
    ).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }

  private func robot(_ geometry: String, at path: String) throws -> Robot {
    let text =
      "<robot name=\"r\"><link name=\"base\"><collision><origin xyz=\"0 0 1\"/><geometry>\(geometry)</geometry>"
      + "</collision></link></robot>"
    try Data(text.utf8).write(to: URL(filePath: path))
    return try Robot(urdf: path)
  }

  @Test(
    "Every format is read, with its unit and nodes, the scale of the URDF, and packages without ROS"
  )
  func formats() throws {
    try inFolder { folder in
      let package = folder + "/some_description"
      for part in ["meshes", "urdf"] {
        try FileManager.default.createDirectory(
          atPath: "\(package)/\(part)", withIntermediateDirectories: true)
      }
      for (ending, bytes) in Self.files {
        try Data(bytes).write(to: URL(filePath: "\(package)/meshes/box.\(ending)"))
        for name in [
          "package://some_description/meshes/box.\(ending)", "../meshes/box.\(ending)",
          "file://\(package)/meshes/box.\(ending)", "package://another/meshes/box.\(ending)",
        ] {
          let robot = try robot(
            "<mesh filename=\"\(name)\" scale=\"1 2 -1\"/>", at: "\(package)/urdf/r.urdf")
          let link = robot.links[0]
          #expect(robot.warnings.isEmpty && !link.hasUnreadShape, "\(name): \(robot.warnings)")
          let shape = try #require(link.shapes.first, "\(name)")
          #expect(shape.supportPoints.count == 8)
          let wanted: [(Vector3, Double)] = [
            (.unitX, 0.11), (-.unitX, 0.09), (.unitY, 0.14), (-.unitY, 0.06), (.unitZ, 1),
            (-.unitZ, -0.94),
          ]
          for (direction, reach) in wanted {
            #expect(abs(shape.extent(along: direction) - reach) < 1e-6, "\(name) \(direction)")
          }
        }
      }
    }
  }

  @Test("A mesh that is not found is no shape; one that is not read is named")
  func absent() throws {
    try inFolder { folder in
      let absent = try robot("<mesh filename=\"package://a/b.stl\"/>", at: folder + "/r.urdf")
      #expect(
        absent.links[0].shapes.isEmpty && absent.links[0].hasUnreadShape && absent.warnings.isEmpty)
      for (name, bytes) in [
        ("empty.stl", []), ("text.stl", Array("nothing".utf8)), ("some.docx", [1, 2, 3]),
        ("nan.obj", Array("v nan nan nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n".utf8)),
      ] as [(String, [UInt8])] {
        try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
        let robot = try robot("<mesh filename=\"\(name)\"/>", at: folder + "/r.urdf")
        #expect(robot.links[0].shapes.isEmpty && robot.links[0].hasUnreadShape)
        #expect(
          robot.warnings.count == 1 && robot.warnings[0].contains("'\(name)' is not read"),
          "\(robot.warnings)")
      }
      try FileManager.default.createDirectory(
        atPath: folder + "/x.stl", withIntermediateDirectories: true)
      let folderAsMesh = try robot("<mesh filename=\"x.stl\"/>", at: folder + "/r.urdf")
      #expect(folderAsMesh.links[0].shapes.isEmpty)
    }
  }

  @Test("Damaged files neither crash nor hang", arguments: 0..<4)
  func damaged(format: Int) throws {
    try inFolder { folder in
      let (ending, bytes) = Self.files[format]
      var random = Damage(seed: UInt64(format))
      let path = "\(folder)/damaged.\(ending)"
      for _ in 0..<Damage.rounds(400) {
        let damaged = random.damaged(bytes)
        try Data(damaged).write(to: URL(filePath: path))
        // Whatever is read is numbers.
        if let mesh = try? MeshFile(contentsOf: path) {
          let hull = MeshHull(corners: mesh.corners)
          #expect(hull.points.allSatisfy { $0.isFinite })
        }
      }
    }
  }

  @Test("Hulls reach as far as meshes, and capsules stay within them and come near to the surface")
  func hulls() {
    var random = SeededGenerator(7)
    for round in 0..<30 {
      // Bodies of revolution about a random axis, of random outlines.
      let turn = Quaternion(
        rotationVector: [
          Double.random(in: -2...2, using: &random), Double.random(in: -2...2, using: &random),
          Double.random(in: -2...2, using: &random),
        ])
      let (length, width) = (
        Double.random(in: 0.1...0.5, using: &random), Double.random(in: 0.03...0.1, using: &random)
      )
      let phase = Double.random(in: 0...6, using: &random)
      func place(_ i: Int, _ k: Int) -> Vector3 {
        let share = Double(i) / 24
        let radius = width * (0.2 + abs(sin(.pi * share)) + 0.2 * sin(5 * share + phase))
        let angle = 2 * .pi * Double(k) / 24
        return turn * Vector3(radius * cos(angle), 0.7 * radius * sin(angle), length * share)
      }
      var corners: [Vector3] = []
      for i in 0..<24 {
        for k in 0..<24 {
          corners += [place(i, k), place(i + 1, k), place(i, k + 1)]
          corners += [place(i + 1, k), place(i + 1, k + 1), place(i, k + 1)]
        }
      }
      let shape = LinkShape(.mesh(MeshHull(corners: corners)))
      for _ in 0..<300 {
        let direction =
          Vector3(
            Double.random(in: -1...1, using: &random), Double.random(in: -1...1, using: &random),
            Double.random(in: -1...1, using: &random)
          ).normalized
          ?? .unitX
        let reach = corners.map { $0.dot(direction) }.max() ?? 0
        let own = shape.extent(along: direction)
        #expect(own <= reach + 1e-12 && own > reach - 1.5e-3, "\(round)")
        let capsules = shape.capsules.map {
          max($0.from.dot(direction), $0.to.dot(direction)) + $0.radius
        }
        #expect((capsules.max() ?? 1) < reach + 0.006, "\(round)")
      }
      let gaps = corners.map { corner in
        shape.capsules.map { Capsule(from: corner, to: corner, radius: 0).distance(to: $0) }.min()
          ?? 1
      }.sorted()
      #expect(
        gaps[gaps.count / 2] < 0.012 && gaps[gaps.count * 95 / 100] < 0.03,
        "\(round): \(gaps[gaps.count / 2])")
    }
  }
}
