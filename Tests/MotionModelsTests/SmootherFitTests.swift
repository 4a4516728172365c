import Foundation
import Geometry
import Learning
import Motions
import TestSupport
import Testing

@testable import HumanBody
@testable import MotionModels

@Suite("The figure behind positions")
struct SmootherFitTests {
  @Test("A figure that moves without noise is met exactly", arguments: 1...20)
  func exact(seed: UInt64) {
    var random = RandomSource(seed: seed, stream: 1)
    let window = SmootherSubjects.window(frames: 31, seed: seed)
    let truth = SmootherTruth.varied(window, using: &random)
    let fit = SkeletonFit(truth.positions)
    let worst = zip(fit.positions, truth.positions).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(worst < 2e-4)
    for (a, b) in zip(fit.restOffsets, truth.restOffsets) { #expect((a - b).length < 2e-5) }
    // Pelvis and chest are seen whole, twist and all.
    var turn: Float = 0
    for frame in 0..<31 {
      for joint in [0, 9] {
        let (a, b) = (fit.axes[22 * frame + joint], truth.axes[22 * frame + joint])
        turn = max(turn, (a.x - b.x).length + (a.y - b.y).length)
      }
    }
    #expect(turn < 1e-3)
  }

  @Test("Rotations stay rotations where joints coincide or limbs point backwards")
  func degenerate() {
    var positions = [Float](repeating: 1, count: 2 * 66)
    for at in stride(from: 66, to: 132, by: 3) { positions[at + 2] = -Float(at) }
    let fit = SkeletonFit(positions)
    for axes in fit.axes {
      #expect(abs(axes.x.length - 1) < 1e-4)
      #expect(abs(axes.x.dot(axes.y)) < 1e-4)
    }
    #expect(fit.positions.allSatisfy { $0.isFinite })
  }

  @Test("A fit's clip has the fit's positions and constant bones")
  func clip() {
    let window = SmootherSubjects.window(frames: 9, seed: 4)
    let fit = SkeletonFit(SmootherTruth(window).positions)
    let clip = fit.clip(name: "fit", frameRate: 30, shift: [1, 2, 3])
    for (index, place) in clip.jointPositions().enumerated() {
      for axis in 0..<3 {
        let expected = fit.positions[3 * index + axis] + Float(axis + 1)
        #expect(abs(Float(place[axis]) - expected) < 1e-4)
      }
    }
  }

  @Test("The rotation that lays vectors onto others is found, reflections never")
  func rotationFit() {
    var random = RandomSource(seed: 5)
    for _ in 0..<300 {
      let q = SIMD4(
        random.normal(), random.normal(), random.normal(), random.normal())
      let turn = RotationMatrix(FloatQuaternion(q).normalized)
      let vectors = (0..<3).map { _ in
        SIMD3(random.normal(), random.normal(), random.normal())
      }
      let found = WahbaProblem.rotation(vectors, onto: vectors.map { turn($0) })
      #expect((found.x - turn.x).length + (found.y - turn.y).length < 1e-4)
      let mirrored = WahbaProblem.rotation(vectors, onto: vectors.map { [-$0.x, $0.y, $0.z] })
      #expect(abs(mirrored.x.cross(mirrored.y).dot(mirrored.z) - 1) < 1e-4)
    }
  }

  @Test("Polynomials of the second order pass the filter unchanged, ends included")
  func polynomials() {
    let filter = LocalPolynomial(frames: 31, reach: 10, order: 2)
    let values = (0..<31).flatMap { frame -> [Float] in
      let t = Float(frame) / 10
      return [1 + t - 0.5 * t * t, 3 * t]
    }
    for (a, b) in zip(filter.applied(to: values, width: 2), values) { #expect(abs(a - b) < 1e-4) }
  }

  /// A figure that stands, whose right foot moves along a half circle in some frames from the twentieth on [m],
  /// seen from this angle.
  private func kick(frames: Int, angle: Float) -> [Float] {
    let one = SmootherTruth(SmootherSubjects.window(frames: 1, seed: 8)).positions
    let axes = RotationMatrix(FloatQuaternion(Quaternion(angle: Double(angle), axis: .unitZ)))
    return (0..<63).flatMap { frame -> [Float] in
      let phase = min(max(Float(frame - 20) / Float(frames), 0), 1)
      return (0..<22).flatMap { joint -> [Float] in
        var place = SIMD3(one[3 * joint], one[3 * joint + 1], one[3 * joint + 2])
        if joint == Skeleton.Joint.rightFoot.rawValue {
          // Slowly at first and at last, so that it leaves and arrives at rest.
          let turn = Float.pi * phase * phase * (3 - 2 * phase)
          let radius: Float = 0.8
          place += [radius * (1 - cos(turn)), radius * sin(turn), radius * turn / 4]
        }
        let seen = axes(place)
        return [seen.x, seen.y, seen.z]
      }
    }
  }

  @Test(
    "A foot that is kicked is no outlier, whichever way the window faces; one thrown off for a frame or two is",
    arguments: [6, 8, 10])
  func kicks(frames: Int) {
    let filter = TrackFilter(frames: 63)
    let foot = Skeleton.Joint.rightFoot.rawValue
    let seen = [Float](repeating: 1, count: 63 * 22)
    for step in 0..<24 {
      let places = kick(frames: frames, angle: Float(step) / 24 * 2 * .pi)
      let track = FilteredTrack(places, confidences: seen, filter: filter)
      #expect(zip(track.smooth, places).allSatisfy { abs($0 - $1) < 1e-4 })
      for thrown in [[10], [50, 51]] {
        var wrong = places
        for frame in thrown { wrong[3 * (22 * frame + foot) + step % 3] += 0.3 }
        let mended = FilteredTrack(wrong, confidences: seen, filter: filter)
        #expect(zip(mended.smooth, places).allSatisfy { abs($0 - $1) < 1e-4 })
      }
    }
  }

  @Test("What the filter makes of a noisy track with outliers turns with it")
  func turned() {
    let filter = TrackFilter(frames: 63)
    let seen = [Float](repeating: 1, count: 63 * 22)
    var random = RandomSource(seed: 5)
    var places = kick(frames: 6, angle: 0)
    for at in places.indices {
      places[at] += 0.03 * Float(random.normal()) + (random.uniform() < 0.02 ? 0.4 : 0)
    }
    let plain = FilteredTrack(places, confidences: seen, filter: filter).smooth
    for step in 1..<12 {
      let axes = RotationMatrix(
        FloatQuaternion(Quaternion(angle: Double(step) / 12 * 2 * .pi, axis: .unitZ)))
      func turned(_ values: [Float]) -> [Float] {
        stride(from: 0, to: values.count, by: 3).flatMap { at -> [Float] in
          let place = axes(SIMD3(values[at], values[at + 1], values[at + 2]))
          return [place.x, place.y, place.z]
        }
      }
      let found = FilteredTrack(turned(places), confidences: seen, filter: filter).smooth
      let worst = zip(found, turned(plain)).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst < 1e-3, "\(worst) m at \(step)")
    }
  }

  @Test("Gaps are crossed in straight lines, joints never seen stand beside the others")
  func gaps() {
    let window = SmootherSubjects.window(frames: 5, seed: 8)
    var positions = SmootherTruth(window).positions
    let truth = positions
    var trust = [Float](repeating: 1, count: 5 * 22)
    for frame in 1..<4 {
      trust[frame * 22 + 20] = 0
      for axis in 0..<3 { positions[3 * (frame * 22 + 20) + axis] = .nan }
    }
    for frame in 0..<5 {
      trust[frame * 22 + 5] = 0
      for axis in 0..<3 { positions[3 * (frame * 22 + 5) + axis] = .nan }
    }
    let filled = TrackFilling.filled(positions, confidences: trust)
    #expect(filled.allSatisfy { $0.isFinite })
    for axis in 0..<3 {
      let (a, b) = (truth[3 * 20 + axis], truth[3 * (4 * 22 + 20) + axis])
      #expect(abs(filled[3 * (2 * 22 + 20) + axis] - (a + b) / 2) < 1e-5)
    }
    let nothing = TrackFilling.filled(
      positions, confidences: [Float](repeating: 0, count: 5 * 22))
    #expect(nothing.allSatisfy { $0 == 0 })
  }
}
