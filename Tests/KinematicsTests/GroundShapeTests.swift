import Foundation
import Geometry
import Testing

@testable import Kinematics

@Suite("What a robot stands on")
struct GroundShapeTests {
  private func robot(_ foot: String, _ marker: String) throws -> Robot {
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).urdf").path
    let text = """
      <robot name="r">
        <link name="base"><visual><geometry><sphere radius="0.1"/></geometry></visual></link>
        <link name="foot">\(foot)</link>
        <link name="marker">\(marker)</link>
        <joint name="ankle" type="revolute"><parent link="base"/><child link="foot"/>
          <axis xyz="0 1 0"/><limit lower="-1" upper="1" velocity="1" effort="1"/></joint>
        <joint name="glue" type="fixed"><parent link="foot"/><child link="marker"/>
          <origin xyz="0 0 -0.05"/></joint>
      </robot>
      """
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try Robot(urdf: path)
  }

  private static let box =
    "<collision><geometry><box size=\"0.2 0.1 0.04\"/></geometry></collision>"
  private static let ball = "<visual><geometry><sphere radius=\"0.03\"/></geometry></visual>"

  @Test("What only shows counts where nothing of the body collides")
  func markers() throws {
    let shod = try robot(Self.box, Self.ball)
    #expect(shod.groundShapes.map(\.count) == [1, 1, 0])
    #expect(shod.groundShapes[1] == shod.links[1].shapes)
    let bare = try robot(Self.ball, Self.ball)
    #expect(bare.groundShapes.map(\.count) == [1, 1, 1])
    #expect(try robot("", "").groundShapes.map(\.count) == [1, 0, 0])
  }

  @Test("Links of which a shape is not read are named")
  func inPart() throws {
    let lost =
      "<collision><geometry><mesh filename=\"package://nowhere/x.stl\"/></geometry></collision>"
    #expect(CollisionModel(try robot(Self.box + lost, "")).linksReadInPart == ["foot"])
    #expect(CollisionModel(try robot(lost + Self.ball, "")).linksReadInPart == ["foot"])
    #expect(CollisionModel(try robot(Self.box, Self.ball)).linksReadInPart == [])
  }
}
