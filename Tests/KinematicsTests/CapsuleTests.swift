import Files
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Kinematics

@Suite("Capsules, and robots made of them")
struct CapsuleTests {
  private func vectors(_ file: Safetensors, _ name: String) throws -> [Vector3] {
    let numbers = try file.tensor(name).doubles()
    return stride(from: 0, to: numbers.count, by: 3).map {
      [numbers[$0], numbers[$0 + 1], numbers[$0 + 2]]
    }
  }

  @Test(
    "Distances agree with the reference to 1e-9, in both orders and from both ends",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func golden() throws {
    let file = try Safetensors(contentsOf: SharedData.url("golden/capsules.safetensors").path)
    let (a, b) = (try vectors(file, "first_from"), try vectors(file, "first_to"))
    let (c, d) = (try vectors(file, "second_from"), try vectors(file, "second_to"))
    let (r, s) = (
      try file.tensor("first_radius").doubles(), try file.tensor("second_radius").doubles()
    )
    let expected = try file.tensor("distance").doubles()
    #expect(expected.count == 400)
    var worst = 0.0
    for i in expected.indices {
      let first = [(a[i], b[i]), (b[i], a[i])].map { Capsule(from: $0, to: $1, radius: r[i]) }
      let second = [(c[i], d[i]), (d[i], c[i])].map { Capsule(from: $0, to: $1, radius: s[i]) }
      for one in first {
        for other in second {
          worst = max(worst, abs(one.distance(to: other) - expected[i]))
          worst = max(worst, abs(other.distance(to: one) - expected[i]))
        }
      }
    }
    #expect(worst < 1e-9)
  }

  @Test("Capsules of a shape lie within it, and reach its faces")
  func within() {
    let frame = Pose(
      rotation: Quaternion(rotationVector: [0.3, -0.7, 0.2]), translation: [0.1, 0.2, -0.3])
    let shapes: [LinkShape.Kind] = [
      .box([0.2, 0.06, 0.03]), .box([0.05, 0.3, 0.3]), .box([0.1, 0.1, 0.1]), .sphere(radius: 0.2),
      .cylinder(radius: 0.05, length: 0.4), .cylinder(radius: 0.3, length: 0.05),
      .cylinder(radius: 0.1, length: 0.2),
    ]
    for kind in shapes {
      let shape = LinkShape(kind, linkFromShape: frame)
      let capsules = shape.capsules
      #expect(!capsules.isEmpty && capsules.allSatisfy { $0.radius > 0 })
      var groove = 1e-9
      if case .cylinder(let radius, let length) = kind, length < 2 * radius {
        groove = 0.07 * length
      }
      for axis in [Vector3.unitX, .unitY, .unitZ].flatMap({ [$0, -$0] }) {
        let direction = frame.rotation * axis
        let reach =
          capsules.map { capsule in
            max(capsule.from.dot(direction), capsule.to.dot(direction)) + capsule.radius
          }.max() ?? -.infinity
        // A flat cylinder's rim lies between two capsules where the row has no middle one.
        let short = shape.extent(along: direction) - reach
        #expect(short > -1e-9 && short < groove, "\(kind) along \(axis): \(short)")
      }
      for capsule in capsules {
        for direction in [Vector3(1, 2, 3), [-1, 0.5, 0.2], [0.1, -1, 1]].compactMap(\.normalized) {
          let reach =
            max(capsule.from.dot(direction), capsule.to.dot(direction)) + capsule.radius
          #expect(reach <= shape.extent(along: direction) + 1e-9, "\(kind)")
        }
      }
    }
  }

  @Test("A robot's model: joined bodies are left out, others are checked, and say by what")
  func models() throws {
    let g1 = CollisionModel(try Robot.named("unitree_g1"))
    #expect(g1.pairs.count > 200)
    #expect(g1.parts.allSatisfy { $0.source == .collision })
    #expect(g1.adjacentPairs.count == 29)
    let robot = try Robot.named("unitree_g1")
    let zero = [Double](repeating: 0, count: robot.coordinateCount)
    let placed = g1.placed(robot.worldFromLinks(zero))
    let hands = try #require(
      g1.pairs.first { pair in
        [pair.first, pair.second].allSatisfy { g1.bodyNames[$0].contains("wrist_yaw") }
      })
    let distance = g1.distance(hands, placed)
    #expect(distance > 0.1 && distance < 0.5, "\(distance)")
    let arm = CollisionModel(try Robot.named("uarm_swift_pro"))
    #expect(arm.pairs.count + arm.adjacentPairs.count + arm.touchingPairs.count > 10)
    #expect(arm.linksWithoutGeometry.isEmpty)
  }

  @Test(
    "Robots whose shapes are meshes get fitted capsules, and it is said which",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func fitted() throws {
    let robot = try Robot(urdf: SharedData.url("data/robots/booster_t1/t1_29dof.urdf").path)
    let model = CollisionModel(robot)
    let fitted = model.parts.filter { $0.source == .fitted }
    #expect(!fitted.isEmpty)
    for part in fitted {
      #expect(part.capsules.allSatisfy { $0.radius > 0 && $0.radius < 0.3 && $0.from.isFinite })
    }
  }
}
