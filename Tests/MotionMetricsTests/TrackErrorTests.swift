import Foundation
import Geometry
import Learning
import Testing

@testable import HumanBody
@testable import MotionMetrics

@Suite("Measures and filters of tracks")
struct MeasuresTrackTests {
  private func track(_ frames: Int, joints: Int = 22, seed: UInt64) -> [Float] {
    var random = RandomSource(seed: seed)
    return (0..<(3 * joints * frames)).map { _ in random.normal() }
  }

  @Test("A constant shift is the position error, and no error relative to the root")
  func shift() {
    let truth = track(5, seed: 1)
    let shifted = truth.indices.map { truth[$0] + [0.3, 0, 0.4][$0 % 3] }
    #expect(abs(TrackErrors.position(shifted, truth) - 0.5) < 1e-6)
    #expect(TrackErrors.rootRelativePosition(shifted, truth) < 1e-6)
    #expect(TrackErrors.acceleration(shifted, truth, frameRate: 30) < 1e-2)
    #expect(TrackErrors.position(truth, truth) == 0)
  }

  @Test("Turned and moved poses are at 0 after alignment, mirrored ones are not")
  func alignment() {
    var random = RandomSource(seed: 2)
    for seed in 0..<UInt64(200) {
      let truth = track(1, seed: seed)
      let q = SIMD4(random.normal(), random.normal(), random.normal(), random.normal())
      let unit = FloatQuaternion(q).normalized
      let moved = stride(from: 0, to: truth.count, by: 3).flatMap { at -> [Float] in
        let p = unit * SIMD3(truth[at], truth[at + 1], truth[at + 2])
        return [p.x + 1, p.y - 2, p.z + 0.5]
      }
      #expect(TrackErrors.alignedPosition(moved, truth) < 1e-5)
      #expect(TrackErrors.position(moved, truth) > 0.5)
      let mirrored = truth.indices.map { $0 % 3 == 0 ? -truth[$0] : truth[$0] }
      #expect(TrackErrors.alignedPosition(mirrored, truth) > 0.1)
    }
    // No scale: twice the size stays wrong.
    let truth = track(3, seed: 9)
    #expect(TrackErrors.alignedPosition(truth.map { 2 * $0 }, truth) > 0.3)
  }

  @Test("Alignment never makes a pose worse in least squares")
  func alignmentImproves() {
    for seed in 0..<UInt64(100) {
      let (a, b) = (track(1, seed: seed), track(1, seed: seed + 1000))
      func squares(_ x: [Float]) -> Float {
        zip(x, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
      #expect(squares(RigidAlignment.aligned(a, to: b)) <= squares(a) + 1e-4)
    }
  }

  @Test("Acceleration and jerk of polynomials in time are exact")
  func derivatives() {
    let frameRate = 30.0
    let cubic = (0..<20).flatMap { frame -> [Float] in
      let t = Double(frame) / frameRate
      return [Float(t * t * t), Float(2 * t * t), Float(t)]
    }
    // x‴ = 6, y″ = 4.
    #expect(abs(TrackErrors.jerk(cubic, frameRate: frameRate, joints: 1) - 6) < 0.05)
    let still = [Float](repeating: 0, count: cubic.count)
    let square = cubic.indices.map { $0 % 3 == 1 ? cubic[$0] : 0 }
    #expect(
      abs(TrackErrors.acceleration(square, still, frameRate: frameRate, joints: 1) - 4) < 0.01)
    #expect(TrackErrors.jerk([0, 0, 0], frameRate: frameRate, joints: 1) == 0)
  }

  @Test("Bones that change their length are seen")
  func bones() {
    // One bone whose length is 1 and 3 in turn: deviation 1.
    let track: [Float] = (0..<10).flatMap { frame -> [Float] in
      [0, 0, 0, frame % 2 == 0 ? 1 : 3, 0, 0]
    }
    #expect(abs(TrackErrors.boneLengthDeviation(track, parents: [-1, 0]) - 1) < 1e-6)
  }

  @Test("Savitzky–Golay leaves cubics as they are, edges included", arguments: [15, 16, 40, 5])
  func cubics(frames: Int) {
    let track = (0..<frames).flatMap { frame -> [Float] in
      let t = Float(frame) / 10
      return [t * t * t - 2 * t, 1 - t * t, 3]
    }
    let filtered = SavitzkyGolay().filtered(track, channels: 3)
    for (a, b) in zip(track, filtered) { #expect(abs(a - b) < 1e-5 * max(1, abs(a))) }
  }

  @Test("Savitzky–Golay has the published weights and smooths noise")
  func weights() {
    // Savitzky and Golay's table for 5 points and order 2 or 3: −3 12 17 12 −3, by 35.
    var impulse = [Float](repeating: 0, count: 11)
    impulse[5] = 35
    let found = SavitzkyGolay(window: 5, order: 2).filtered(impulse, channels: 1)
    for (a, b) in zip(found[3...7], [-3, 12, 17, 12, -3] as [Float]) { #expect(abs(a - b) < 1e-4) }
    let noise = track(200, joints: 1, seed: 3)
    let smooth = SavitzkyGolay().filtered(noise, channels: 3)
    let zero = [Float](repeating: 0, count: noise.count)
    #expect(TrackErrors.position(smooth, zero) < 0.6 * TrackErrors.position(noise, zero))
    #expect(SavitzkyGolay().filtered([1, 2, 3], channels: 1) == [1, 2, 3])
  }

  @Test("The One-Euro filter follows constants, lags behind steps as its cutoff says")
  func oneEuro() {
    let constant = [Float](repeating: 2, count: 30)
    #expect(OneEuroFilter().filtered(constant, channels: 3, frameRate: 30) == constant)
    let step = (0..<30).map { Float($0 == 0 ? 0 : 1) }
    let found = OneEuroFilter(minimumCutoff: 1).filtered(step, channels: 1, frameRate: 30)
    let share = 1 / (1 + 30 / (2 * Float.pi))
    for frame in 0..<30 { #expect(abs(found[frame] - (1 - pow(1 - share, Float(frame)))) < 1e-5) }
    let quick = OneEuroFilter(minimumCutoff: 1, speedFactor: 1)
      .filtered(step, channels: 1, frameRate: 30)
    #expect(quick[3] > found[3])
  }

  @Test("Tuning finds a filter better than the usual one, the same one for the same seed")
  func tuning() {
    var random = RandomSource(seed: 1)
    let truth = (0..<300).flatMap { frame -> [Float] in
      [sin(Float(frame) / 8), cos(Float(frame) / 15), 0]
    }
    let noisy = truth.map { $0 + 0.03 * random.normal() }
    func tuned() -> OneEuroFilter {
      var random = RandomSource(seed: 7)
      return .tuned(on: [(noisy, truth)], channels: 3, frameRate: 30, using: &random)
    }
    let best = tuned()
    #expect(best == tuned())
    func error(_ filter: OneEuroFilter) -> Double {
      TrackErrors.position(filter.filtered(noisy, channels: 3, frameRate: 30), truth)
    }
    #expect(error(best) < 0.7 * error(OneEuroFilter()))
    #expect(error(best) < TrackErrors.position(noisy, truth))
  }

  @Test("Ellipsoids of true covariances hold nine of ten points, too small ones fewer")
  func calibration() {
    var random = RandomSource(seed: 5)
    let count = 20_000
    let factor: [Float] = [0.03, 0.01, 0.02, -0.02, 0.01, 0.04]
    let truth = (0..<count).flatMap { _ -> [Float] in
      let e = (0..<3).map { _ in random.normal() }
      return [
        factor[0] * e[0], factor[1] * e[0] + factor[2] * e[1],
        factor[3] * e[0] + factor[4] * e[1] + factor[5] * e[2],
      ]
    }
    let track = [Float](repeating: 0, count: truth.count)
    func share(_ scale: Float) -> Double {
      let factors = (0..<count).flatMap { _ in factor.map { scale * $0 } }
      return CovarianceCalibration.share(track, truth, factors: factors)
    }
    #expect(abs(share(1) - 0.9) < 0.01)
    #expect(share(0.5) < 0.5)
    #expect(share(2) > 0.99)
  }
}
