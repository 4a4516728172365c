import Geometry
import Learning
import Motions
import Testing

@testable import Generation

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
      for joint in 1..<22 { window.lengths[joint] *= random.uniform(from: 0.8, to: 1.2) }
      if index % 2 == 1 { window.lengths[3] = 0 }
      return window
    }
  }

  @Test("Fitted rotations give back the positions of a figure, also where a bone has no length")
  func fit() {
    for window in windows(200, frames: 4, seed: 1) {
      let positions = HumanFigure.positions(of: window)
      var again = window
      again.rotations = HumanFigure.quaternions(ofColumns: FrameFit.columns(of: positions))
      // the figure with one scale for both sides of pelvis and chest is met exactly
      let found = HumanFigure.positions(of: again)
      for (a, b) in zip(found, positions) { #expect(abs(a - b) < 0.02) }
    }
  }

  @Test("Fitted rotations of the canonical figure are exact to a centimetre, mostly much less")
  func exact() {
    var sum: (error: Float, count: Float) = (0, 0)
    for var window in windows(200, frames: 4, seed: 2) {
      window.lengths = HumanFigure.canonicalLengths
      let positions = HumanFigure.positions(of: window)
      var again = window
      again.rotations = HumanFigure.quaternions(ofColumns: FrameFit.columns(of: positions))
      for (a, b) in zip(HumanFigure.positions(of: again), positions) {
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
      #expect(FrameFit.columns(of: positions).allSatisfy { $0.isFinite })
    }
  }

  @Test("The Gaussian's estimate beats the plain linear one, and is the state itself at the end")
  func gaussian() {
    let frames = 16
    let all = windows(400, frames: frames, seed: 3)
    let scale = Standardization(all)
    let states = all.map { scale.standardized($0) }
    let prior = GaussianPrior(frames: frames, windows: Array(states.prefix(300)))
    var random = RandomSource(seed: 4)
    var errors = (plain: 0.0, prior: 0.0)
    let time: Float = 0.6
    for clean in states.suffix(100) {
      let state = clean.map { time * $0 + (1 - time) * random.normal() }
      let found = prior.estimate(state, times: [time])
      let factor = time / (time * time + (1 - time) * (1 - time))
      for index in clean.indices {
        errors.prior += Double((found[index] - clean[index]) * (found[index] - clean[index]))
        let plain = factor * state[index] - clean[index]
        errors.plain += Double(plain * plain)
      }
    }
    #expect(errors.prior < 0.2 * errors.plain)
    let end = prior.estimate(states[350], times: [1])
    for (found, wanted) in zip(end, states[350]) { #expect(abs(found - wanted) < 0.01) }
  }

  @Test("Of windows that are Gaussian and independent in time it is Wiener's filter exactly")
  func wiener() {
    var random = RandomSource(seed: 5)
    let frames = 4
    let windows = (0..<4000).map { _ in
      (0..<(66 * frames)).map { index in Float(1 + index % 66 % 3) * random.normal() }
    }
    let prior = GaussianPrior(frames: frames, windows: windows)
    let time: Float = 0.5
    let state = [Float](repeating: 1, count: 66 * frames)
    for (index, value) in prior.estimate(state, times: [time]).enumerated() {
      let variance = Float((1 + index % 3) * (1 + index % 3))
      #expect(abs(value - 0.5 * variance / (0.25 * variance + 0.25)) < 0.25)
    }
  }
}
