import Autodiff
import Foundation
import Geometry
import Learning
import Motions
import Testing

@testable import HumanBody
@testable import MotionModels

@Suite("What observed frames say of those after them")
struct LookAheadTests {
  private let frames = 32

  /// Smooth motions of all joints: a few slow waves for each, with phases by chance.
  private func windows(_ count: Int, seed: UInt64) -> [MotionWindow] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in
      var rotations: [Float] = []
      let joints = BodyModel.jointCount
      let phases = (0..<joints).map { _ in 6.28 * random.uniform() }
      let speeds = (0..<joints).map { _ in 0.05 + 0.1 * random.uniform() }
      for frame in 0..<frames {
        for joint in 0..<joints {
          let angle = 0.4 * sin(phases[joint] + speeds[joint] * Float(frame))
          let axis = joint % 3
          var q: [Float] = [cos(angle / 2), 0, 0, 0]
          q[axis + 1] = sin(angle / 2)
          rotations += q
        }
      }
      let pace = 0.05 * random.uniform()
      return MotionWindow(
        frames: frames, root: (0..<frames).flatMap { [pace * Float($0), 0, 1] },
        rotations: rotations, offsets: BodyModel.offsets(of: .canonical))
    }
  }

  private func model() -> (PriorStatistics, MotionMixture) {
    let all = windows(600, seed: 1)
    let scale = Standardization(all)
    let (components, prior, members) = MotionMixture.measure(
      all.flatMap { scale.standardized($0) }, labels: all.map { _ in nil }, labelCount: 0,
      frames: frames, components: 64, seed: 1)
    let bodies = ComponentBodies(
      all.flatMap(\.offsets), of: members, components: prior.components)
    return (PriorStatistics(standardization: scale, prior: prior, bodies: bodies), components)
  }

  @Test("The estimate goes on from the past without a jump, and is better the longer the past")
  func past() {
    let (model, components) = model()
    var random = RandomSource(seed: 2)
    let time: Float = 0.1
    var errors: [Int: Double] = [:]
    var jumps: [Int: Double] = [:]
    let all = windows(50, seed: 3)
    for window in all {
      let clean = model.standardization.standardized(window)
      let state = clean.map { time * $0 + (1 - time) * random.normal() }
      for count in [0, 2, 8, 16] {
        let past =
          count > 0
          ? ObservedFrames(window, count: count, standardization: model.standardization) : nil
        let estimate = PosteriorMean(
          states: state, times: [time], components: components.components(of: clean, labels: [nil]),
          pasts: [past],
          model: model)
        let made = MotionWindow(
          frames: frames, root: model.root(estimate.root),
          rotations: BodyModel.quaternions(ofColumns: estimate.rotations),
          offsets: BodyModel.offsets(of: .canonical))
        let (found, wanted) = (
          BodyModel.positions(of: made), BodyModel.positions(of: window)
        )
        let width = Standardization.channels
        errors[count, default: 0] += error(found, wanted, (16 * width)..<(24 * width))
        if count > 0 {
          for at in 0..<(count * width) { #expect(abs(found[at] - wanted[at]) < 1e-3) }
          jumps[count, default: 0] += error(
            found, wanted, (count * width)..<((count + 1) * width))
        }
      }
    }
    // errors in square metres a coordinate, root mean squares over 50 windows
    let found = [0, 2, 8, 16].map { ((errors[$0] ?? .nan) / 50).squareRoot() }
    #expect(zip(found, found.dropFirst()).allSatisfy { $0 > $1 }, "\(found)")
    for (count, sum) in jumps { #expect((sum / 50).squareRoot() < 0.01, "after \(count)") }
  }

  @Test("Turns of bones about themselves go on as they were last seen")
  func twist() {
    let (model, components) = model()
    var window = windows(1, seed: 4)[0]
    // the left forearm turned about its own axis, which its positions do not show
    let joint = Skeleton.Joint.leftElbow.rawValue
    let axis = BodyModel.chain.directions[(3 * joint + 3)..<(3 * joint + 6)]
    #expect(axis.count == 3)
    for frame in 0..<frames {
      let at = 4 * (frame * BodyModel.jointCount + joint)
      let turn =
        SIMD4<Float>(cos(0.4), 0, 0, 0) + SIMD4(
          0, axis[axis.startIndex], axis[axis.startIndex + 1], axis[axis.startIndex + 2]) * sin(0.4)
      let new = window.rotation(at / 4) * FloatQuaternion(turn)
      for part in 0..<4 { window.rotations[at + part] = new.components[part] }
    }
    let clean = model.standardization.standardized(window)
    let past = ObservedFrames(window, count: 16, standardization: model.standardization)
    let estimate = PosteriorMean(
      states: clean, times: [0.999], components: components.components(of: clean, labels: [nil]),
      pasts: [past],
      model: model)
    let wanted = BodyModel.rotationColumns(of: window)
    let at = 6 * (20 * BodyModel.jointCount + joint)
    let difference = (0..<6).map { abs(estimate.rotations[at + $0] - wanted[at + $0]) }.max() ?? 1
    #expect(difference < 0.15)
  }

  private func error(_ found: [Float], _ wanted: [Float], _ range: Range<Int>) -> Double {
    range.reduce(0.0) { $0 + Double((found[$1] - wanted[$1]) * (found[$1] - wanted[$1])) }
      / Double(range.count)
  }
}

extension PriorStatistics {
  /// The pelvis in the world of standardised values.
  fileprivate func root(_ values: [Float]) -> [Float] {
    values.enumerated().map {
      $0.element * standardization.deviation[$0.offset % 3] + standardization.mean[$0.offset % 3]
    }
  }
}
