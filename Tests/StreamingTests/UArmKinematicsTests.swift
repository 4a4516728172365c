import Foundation
import TestSupport
import Testing

@testable import Streaming

@Suite("uArm: the firmware's kinematics")
struct UArmKinematicsTests {
  /// x, y, z; base; left and right with V4's constants, then with V3's (wire protocols, 3.4).
  static let inverse: [[Double]] = [
    [200, 0, 150, 90, 100.990, 8.077, 101.033, 7.78],
    [150, 0, 150, 90, 123.617, 0.418, 123.61, 0.13],
    [200, 100, 100, 116.565, 84.591, 27.890, 84.75, 27.58],
    [250, -80, 20, 72.255, 50.192, 50.187, 50.44, 49.96],
    [300, 0, 0, 90, 33.979, 44.978, 34.21, 44.81],
  ]

  @Test("The reference poses come out", arguments: inverse)
  func reference(row: [Double]) throws {
    let point = UArmKinematics.Point(x: row[0], y: row[1], z: row[2])
    let v4 = try #require(UArmKinematics().angles(point))
    #expect(abs(v4.base - row[3]) < 0.001)
    #expect(abs(v4.left - row[4]) < 0.001 && abs(v4.right - row[5]) < 0.001)
    let v3 = try #require(UArmKinematics.swiftProV3.angles(point))
    #expect(abs(v3.left - row[6]) < 0.01 && abs(v3.right - row[7]) < 0.01)
    #expect(UArmKinematics().refusal(v4) == nil)
  }

  @Test(
    "The reference points come out",
    arguments: [
      [90, 90, 0, 228.660, 0, 174.920], [90, 45, 45, 282.604, 0, 21.013],
      [120, 60, 20, 251.249, 145.059, 101.570],
    ])
  func forward(row: [Double]) {
    let point = UArmKinematics().point(.init(base: row[0], left: row[1], right: row[2]))
    #expect(abs(point.x - row[3]) < 0.001)
    #expect(abs(point.y - row[4]) < 0.001)
    #expect(abs(point.z - row[5]) < 0.001)
  }

  static let models: [UArmKinematics] = [
    UArmKinematics(), .swiftProV3, .swift, .metal,
  ]

  @Test("Forward and inverse undo each other on every model, as the simulated arms see it too")
  func roundTrip() throws {
    var random = Damage(seed: 34)
    let geometries: [ArmGeometry] = [.v4(mode: 0), .v3, .swift, .metal]
    for (model, geometry) in zip(Self.models, geometries) {
      var count = 0
      while count < 2000 {
        let angles = UArmKinematics.Angles(
          base: .random(in: 1...179, using: &random),
          left: .random(in: model.leftLimits, using: &random),
          right: .random(in: model.rightLimits, using: &random))
        guard model.refusal(angles) == nil else { continue }
        count += 1
        let point = model.point(angles)
        let back = try #require(model.angles(point))
        #expect(back.distance(angles) < 1e-6)
        let tip = geometry.tip(SIMD3(angles.base, angles.left, angles.right))
        #expect(point.distance(to: .init(x: tip.x, y: tip.y, z: tip.z)) < 1e-9)
        let solved = try #require(geometry.solve(tip))
        #expect(abs(solved.y - angles.left) < 1e-6 && abs(solved.z - angles.right) < 1e-6)
      }
    }
  }

  @Test("What the firmware refuses is refused, NaN too")
  func refusals() {
    let model = UArmKinematics()
    func isRefused(_ base: Double, _ left: Double, _ right: Double) -> Bool {
      model.refusal(.init(base: base, left: left, right: right)) != nil
    }
    #expect(!isRefused(90, 90, 0))
    #expect(isRefused(-1, 90, 0) && isRefused(181, 90, 0))
    #expect(isRefused(90, 136, 20) && isRefused(90, -5, 40) && isRefused(90, 40, 121))
    // The elbow: 180 - L - R within 10 and 151.
    #expect(isRefused(90, 100, 71) && !isRefused(90, 100, 69))
    #expect(isRefused(90, 20, 8) && !isRefused(90, 20, 10))
    // Behind the base's axis.
    var folded = model
    folded.front = -200
    #expect(folded.refusal(.init(base: 90, left: 100, right: 60)) != nil)
    for bad in [Double.nan, .infinity, -.infinity] {
      #expect(isRefused(bad, 90, 0) && isRefused(90, bad, 0) && isRefused(90, 90, bad))
    }
    #expect(model.angles(.init(x: 500, y: 0, z: 0)) == nil)
    #expect(model.angles(.init(x: 20, y: 0, z: 150)).map { model.refusal($0) != nil } ?? true)
    #expect(UArmKinematics.swiftProV4(mode: 7) == nil && UArmKinematics.swiftProV4(mode: 9) != nil)
  }

  @Test("A Metal is told points that its cut leaves within the limits, on their edges too")
  func cut() throws {
    var random = Damage(seed: 11)
    let metal = UArmKinematics.metal
    var worst = 0.0
    var wouldFail = 0
    for index in 0..<4000 {
      // On the elbow's limits, and on those of left and right.
      let left = Double.random(in: 5...120, using: &random)
      let right = [150 - left, 30 - left, 5, 120][index % 4]
      let angles = UArmKinematics.Angles(
        base: .random(in: 0...180, using: &random), left: left, right: right)
      guard metal.refusal(angles) == nil else { continue }
      let point = metal.point(angles)
      func heard(_ value: Double) -> Double {
        ((Double(fixed(value, 2) ?? "") ?? .nan) * 10).rounded(.towardZero) / 10
      }
      func cut(_ said: UArmKinematics.Point) -> SIMD3<Double> {
        SIMD3(heard(said.x), heard(said.y), heard(said.z))
      }
      // The simulated firmware's own geometry and limits judge.
      func isTaken(_ tip: SIMD3<Double>) -> Bool {
        ArmGeometry.metal.solve(tip).map(ArmGeometry.metal.isLegal) ?? false
      }
      if !isTaken(cut(point)) { wouldFail += 1 }
      let tip = cut(metal.cuttable(point))
      #expect(isTaken(tip), "\(angles)")
      let way = tip - SIMD3(point.x, point.y, point.z)
      worst = max(worst, (way * way).sum().squareRoot())
    }
    #expect(wouldFail > 100)
    #expect(worst < 0.18)
  }

  @Test("On a Metal, forward is +y")
  func metalFrame() {
    let point = UArmKinematics.metal.point(.init(base: 90, left: 90, right: 30))
    #expect(abs(point.x) < 1e-9 && point.y > 100)
  }
}
