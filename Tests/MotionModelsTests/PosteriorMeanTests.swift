import Geometry
import Learning
import Motions
import Testing

@testable import HumanBody

@Suite("What can be said without a network")
struct EstimateTests {
  /// Windows of smooth random figures, with the first joint of the spine missing in every other.
  private func windows(_ count: Int, frames: Int, seed: UInt64) -> [MotionWindow] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { index in
      var from = RandomPose.sample(using: &random)
      var to = RandomPose.sample(using: &random)
      let turn = Double(random.uniform(from: -3, to: 3))
      from[0] = Quaternion(angle: turn, axis: .unitZ) * Skeleton.worldFromBodyAtRest
      to[0] = Quaternion(angle: turn + 0.5, axis: .unitZ) * Skeleton.worldFromBodyAtRest
      let clip = MotionClip(
        name: "", skeleton: .canonical, frameRate: 30,
        rootTranslations: (0..<frames).map { [0.02 * Double($0), 0, 0.9] },
        rotations: (0..<frames).flatMap { frame in
          zip(from, to).map {
            $0.interpolated(to: $1, fraction: Double(frame) / Double(frames))
          }
        })
      var window = MotionWindow(clip, frames: 0..<frames)
      for column in 3..<66 {
        window.offsets[column] *= random.uniform(from: 0.8, to: 1.2)
        window.offsets[column] += random.uniform(from: -0.03, to: 0.03)
      }
      if index % 2 == 1 { for column in 9..<12 { window.offsets[column] = 0 } }
      return window
    }
  }

  @Test("Fitted rotations give back the positions of any body, also where a bone has no length")
  func fit() {
    for window in windows(200, frames: 4, seed: 1) {
      let positions = BodyModel.positions(of: window)
      var again = window
      again.rotations = BodyModel.quaternions(
        ofColumns: BoneDirectionFit.columns(of: positions, body: window.offsets))
      // short bones lean a little to where their parent points
      let found = BodyModel.positions(of: again)
      for (a, b) in zip(found, positions) { #expect(abs(a - b) < 0.01) }
    }
  }

  @Test("Fitted rotations of the canonical figure are exact to a centimetre, mostly much less")
  func exact() {
    var sum: (error: Float, count: Float) = (0, 0)
    for var window in windows(200, frames: 4, seed: 2) {
      window.offsets = BodyModel.offsets(of: .canonical)
      let positions = BodyModel.positions(of: window)
      var again = window
      again.rotations = BodyModel.quaternions(
        ofColumns: BoneDirectionFit.columns(of: positions, body: window.offsets))
      for (a, b) in zip(BodyModel.positions(of: again), positions) {
        sum = (sum.error + abs(a - b), sum.count + 1)
        if abs(a - b) > 0.01 { Issue.record("\(a) for \(b)") }
      }
    }
    // short bones lean a little to where their parent points
    #expect(sum.error / sum.count < 5e-4)
  }

  @Test("Positions that all coincide, or lie on a line, give finite rotations")
  func degenerate() {
    let line = (0..<66).map { $0 % 3 == 2 ? Float($0 / 3) : 0 }
    for positions in [[Float](repeating: 0, count: 66), line, line.map { -$0 }] {
      #expect(
        BoneDirectionFit.columns(of: positions, body: BodyModel.offsets(of: .canonical))
          .allSatisfy { $0.isFinite })
    }
  }
}
