import Foundation
import Geometry
import HumanBody
import Learning
import Motions
import Testing

@testable import MotionModels

@Suite("Leaps of decoded rotations")
struct RotationLeapTests {
  private static let columns = PoseFeatures.columns
  private static let joints = Skeleton.jointCount

  /// The channels of rotations that turn slowly, of 30 frames.
  private func slow(seed: UInt64) -> [Float] {
    let window = SmootherSubjects.window(frames: 30, seed: seed)
    return PoseFeatures.features(of: window)
  }

  private func turns(_ features: [Float], _ joint: Int) -> [Double] {
    let rows = stride(from: 0, to: features.count, by: Self.columns).flatMap {
      features[$0..<($0 + PoseFeatures.rotations)]
    }
    let found = BodyModel.quaternions(ofColumns: rows)
    let all = stride(from: 4 * joint, to: found.count, by: 4 * Self.joints).map {
      Quaternion(
        w: Double(found[$0]), x: Double(found[$0 + 1]), y: Double(found[$0 + 2]),
        z: Double(found[$0 + 3]))
    }
    return zip(all, all.dropFirst()).map { ($0.inverse * $1).rotationVector.length }
  }

  @Test("What does not leap stays bit for bit", arguments: 1...20)
  func calm(seed: UInt64) {
    var features = slow(seed: seed)
    let before = features
    RotationLeaps.spread(&features)
    #expect(features == before)
  }

  @Test(
    "A column that passes near zero turns a joint over in many frames instead of one; all else stays bit for bit",
    arguments: 0..<22)
  func leap(joint: Int) {
    var features = slow(seed: 3)
    let before = features
    for frame in 0..<30 {
      // The second column goes through nearly nothing to its opposite.
      let share = Float(14.5 - Double(frame)) / 14.5
      for axis in 3..<6 { features[frame * Self.columns + 6 * joint + axis] *= share }
    }
    let leaping = features
    #expect((turns(leaping, joint).max() ?? 0) > 2.5)
    RotationLeaps.spread(&features)
    #expect((turns(features, joint).max() ?? 9) < 50 / 180 * Double.pi)
    for at in features.indices {
      let (frame, column) = (at / Self.columns, at % Self.columns)
      let isOther = column / 6 != joint || column >= PoseFeatures.rotations
      if isOther { #expect(features[at] == before[at]) }
      if abs(Double(frame) - 14.5) > 5 { #expect(features[at] == leaping[at]) }
    }
  }
}
