import Foundation
import Geometry
import Testing

@Suite("Rotations")
struct RotationTests {
  static let rounds = 5000

  @Test("are a group that acts on vectors")
  func group() {
    var random = RandomGeometry(state: 1)
    for _ in 0..<Self.rounds {
      let (a, b, c) = (random.rotation(), random.rotation(), random.rotation())
      let v = random.vector(10)
      #expect(abs(abs(((a * b) * c).dot(a * (b * c))) - 1) < 1e-12)
      #expect((a * a.inverse).angle < 1e-12)
      #expect((Quaternion.identity * a) == a && (a * Quaternion.identity) == a)
      #expect(((a * b) * v - a * (b * v)).length < 1e-12 * 100)
      #expect(abs((a * v).length - v.length) < 1e-12 * 100)
      #expect((-a * v - a * v).length < 1e-12 * 100)
    }
  }

  @Test("roll, pitch and yaw are those of matrices multiplied out")
  func rollPitchYaw() {
    var random = RandomGeometry(state: 2)
    for _ in 0..<Self.rounds {
      let (roll, pitch, yaw) = (random.number(-4...4), random.number(-4...4), random.number(-4...4))
      let matrix = Matrix.turn(2, yaw) * Matrix.turn(1, pitch) * Matrix.turn(0, roll)
      let rotation = Quaternion(roll: roll, pitch: pitch, yaw: yaw)
      #expect(matrix.distance(to: rotation) < 1e-12)
      let again = Quaternion(columns: matrix.column(0), matrix.column(1), matrix.column(2))
      #expect(matrix.distance(to: again) < 1e-12)
    }
  }

  @Test("columns lead back to the rotation near half turns too")
  func columns() {
    var random = RandomGeometry(state: 3)
    for round in 0..<Self.rounds {
      let angle = Double.pi + (round % 2 == 0 ? 0 : random.number(-1e-9...1e-9))
      let rotation = Quaternion(angle: angle, axis: random.direction())
      let (x, y, z) = rotation.columns
      #expect(abs(abs(Quaternion(columns: x, y, z).dot(rotation)) - 1) < 1e-12)
    }
  }

  @Test("exp and log undo each other, for tiny angles and near half turns too")
  func logarithm() {
    var random = RandomGeometry(state: 4)
    for round in 0..<Self.rounds {
      let limit = [1e-12, 1e-5, 1e-3, 1, Double.pi - 1e-6][round % 5]
      let vector = random.direction() * random.number(0...limit)
      let back = Quaternion(rotationVector: vector).rotationVector
      #expect((back - vector).length <= 1e-12 + 1e-9 * vector.length)
      let rotation = random.rotation()
      #expect(rotation.rotationVector.length <= .pi + 1e-12)
      #expect(
        (Quaternion(rotationVector: rotation.rotationVector).inverse * rotation).angle < 1e-7)
      #expect(abs(rotation.rotationVector.length - rotation.angle) < 1e-12)
    }
    #expect(Quaternion(rotationVector: .zero) == .identity)
    #expect(Quaternion.identity.rotationVector == .zero)
  }

  @Test("slerp goes the short way at an even speed, whatever the sign of the quaternions")
  func slerp() {
    var random = RandomGeometry(state: 5)
    for _ in 0..<Self.rounds {
      let (a, b) = (random.rotation(), random.rotation())
      let fraction = random.number(0...1)
      let whole = (a.inverse * b).angle
      let mid = a.interpolated(to: b, fraction: fraction)
      #expect(abs((a.inverse * mid).angle - fraction * whole) < 1e-7)
      #expect(abs((mid.inverse * b).angle - (1 - fraction) * whole) < 1e-7)
      let other = a.interpolated(to: -b, fraction: fraction)
      #expect((mid.inverse * other).angle < 1e-7)
    }
  }

  @Test("a twist about an axis is found behind any swing at a right angle to it")
  func swingTwist() {
    var random = RandomGeometry(state: 6)
    for _ in 0..<Self.rounds {
      let axis = random.direction()
      let angle = random.number(-3.1...3.1)
      guard let across = axis.cross(random.direction()).normalized else { continue }
      let swing = Quaternion(angle: random.number(-3...3), axis: across)
      let rotation = swing * Quaternion(angle: angle, axis: axis)
      #expect(abs(rotation.twistAngle(about: axis) - angle) < 1e-9)
      #expect(abs((-rotation).twistAngle(about: axis) - angle) < 1e-9)
    }
    #expect(Quaternion(angle: .pi, axis: .unitX).twistAngle(about: .unitZ).magnitude < 1e-9)
  }

  @Test("the smallest turn of one direction into another")
  func turning() {
    var random = RandomGeometry(state: 7)
    for round in 0..<Self.rounds {
      let from = random.direction()
      let to = round % 3 == 0 ? -from : random.direction()
      let turn = Quaternion(turning: from, into: to)
      #expect((turn * from - to).length < 1e-6)
      #expect(abs(turn.angle - acos(max(-1, min(1, from.dot(to))))) < 1e-6)
    }
  }

  @Test("in single precision too, also nearly into the opposite direction")
  func turningInSinglePrecision() {
    var random = RandomGeometry(state: 8)
    for round in 0..<Self.rounds {
      let from = random.direction()
      // Off the opposite direction by 1e-7 to 1 rad.
      let off = pow(10, -7 * Double(round) / Double(Self.rounds))
      let to = Quaternion(angle: off, axis: from.anyPerpendicular) * -from
      let turn = FloatQuaternion(turning: SIMD3<Float>(from), into: SIMD3<Float>(to))
      let found = turn * SIMD3<Float>(from)
      #expect((Vector3(found) - to).length < 1.2e-5)
      #expect(2 * abs(turn.w) < Float(off) + 1e-5)
    }
  }

  @Test("lengths that are zero or not finite")
  func degenerate() {
    #expect(Vector3.zero.normalized == nil)
    #expect(Vector3(.nan, 1, 0).normalized == nil && Vector3(.infinity, 1, 0).normalized == nil)
    #expect(abs((Vector3(3e-200, 4e-200, 0).normalized ?? .zero).x - 0.6) < 1e-12)
    #expect(abs((Vector3(3e200, 0, 4e200).normalized ?? .zero).z - 0.8) < 1e-12)
    #expect(Quaternion(w: 0, x: 0, y: 0, z: 0).normalized == .identity)
    #expect(Quaternion(w: .nan, x: 0, y: 0, z: 0).normalized == .identity)
    #expect(!Quaternion(w: 1, x: .nan, y: 0, z: 0).isFinite)
  }
}

@Suite("Poses")
struct PoseTests {
  @Test("are a group that acts on points")
  func group() {
    var random = RandomGeometry(state: 8)
    for _ in 0..<RotationTests.rounds {
      let (a, b, c) = (random.pose(), random.pose(), random.pose())
      let point = random.vector(5)
      #expect(((a * b) * point - a * (b * point)).length < 1e-11)
      let (left, right) = ((a * b) * c, a * (b * c))
      #expect((left.translation - right.translation).length < 1e-11)
      #expect((left.rotation.inverse * right.rotation).angle < 1e-7)
      #expect((a.inverse * (a * point) - point).length < 1e-11)
      #expect((a * a.inverse).translation.length < 1e-11)
      #expect(Pose.identity * point == point)
    }
  }
}
