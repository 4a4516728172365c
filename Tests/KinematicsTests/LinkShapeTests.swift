import Foundation
import Geometry
import Testing

@testable import Kinematics

@Suite("Shapes of links")
struct LinkShapeTests {
  /// Points all over a shape, in the link's frame.
  private func points(_ shape: LinkShape) -> [Vector3] {
    let steps = (0...40).map { Double($0) / 20 - 1 }
    var own: [Vector3] = []
    switch shape.kind {
    case .box(let size):
      for x in [-1.0, 1] {
        for y in [-1.0, 1] { for z in [-1.0, 1] { own.append(size * [x, y, z] / 2) } }
      }
    case .sphere(let radius):
      for z in steps {
        for turn in steps {
          let side = (1 - z * z).squareRoot()
          own.append(Vector3(side * cos(.pi * turn), side * sin(.pi * turn), z) * radius)
        }
      }
    case .cylinder(let radius, let length):
      for z in [-0.5, 0.5] {
        for turn in steps {
          own.append([radius * cos(.pi * turn), radius * sin(.pi * turn), z * length])
        }
      }
    case .mesh(let hull): own = hull.points
    }
    return own.map { shape.linkFromShape * $0 }
  }

  @Test("A shape extends as far as the farthest of its points", arguments: 0..<40)
  func extents(seed: Int) {
    let phase = Double(seed)
    let pose = Pose(
      rotation: Quaternion(rotationVector: [sin(phase), cos(2 * phase), sin(3 * phase)]),
      translation: [0.3 * cos(phase), 0.1, -0.2])
    let direction =
      Vector3(sin(5 * phase), cos(7 * phase), sin(11 * phase) + 0.1).normalized ?? .unitX
    for kind in [
      LinkShape.Kind.box([0.2, 0.07, 0.02]), .sphere(radius: 0.1),
      .cylinder(radius: 0.05, length: 0.3),
    ] {
      let shape = LinkShape(kind, linkFromShape: pose)
      let farthest = points(shape).map { $0.dot(direction) }.max() ?? .nan
      #expect(shape.extent(along: direction) >= farthest - 1e-12)
      #expect(shape.extent(along: direction) < farthest + 0.002)
    }
  }

  @Test("Boxes, balls and cylinders are read; meshes and what is malformed are passed over")
  func reading() throws {
    func collision(_ geometry: String, _ origin: String = "") -> String {
      "<collision>\(origin)<geometry>\(geometry)</geometry></collision>"
    }
    let robot = try TemporaryRobot.make(
      "<link name=\"base\">"
        + collision("<box size=\"1 2 3\"/>", "<origin xyz=\"0 0 -1\" rpy=\"0 1.5 0\"/>")
        + collision("<mesh filename=\"foot.stl\"/>") + collision("<sphere radius=\"0.5\"/>")
        + collision("<cylinder radius=\"0.1\" length=\"2\"/>") + collision("<box size=\"1 2\"/>")
        + collision("<sphere radius=\"-1\"/>") + collision("<sphere radius=\"nan\"/>")
        + collision("<sphere radius=\"1\"/>", "<origin xyz=\"0 0\"/>") + "<collision/>"
        + "<visual><geometry><sphere radius=\"9\"/></geometry></visual></link>")
    #expect(
      robot.links[0].shapes == [
        LinkShape(
          .box([1, 2, 3]),
          linkFromShape: Pose(
            rotation: Quaternion(roll: 0, pitch: 1.5, yaw: 0), translation: [0, 0, -1])),
        LinkShape(.sphere(radius: 0.5)), LinkShape(.cylinder(radius: 0.1, length: 2)),
      ])
    #expect(robot.warnings.isEmpty)
  }

  @Test("The G1's feet reach 35 mm below their links")
  func feet() throws {
    let robot = try Robot.named("unitree_g1")
    for name in ["left_ankle_roll_link", "right_ankle_roll_link"] {
      let link = robot.links[try robot.linkIndex(named: name)]
      let depth = link.shapes.map { $0.extent(along: -.unitZ) }.max() ?? .nan
      #expect(abs(depth - 0.035) < 1e-9)
    }
  }
}
