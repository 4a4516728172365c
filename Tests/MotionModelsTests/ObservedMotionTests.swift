import Foundation
import Geometry
import Learning
import Motions
import Testing

@testable import HumanBody
@testable import MotionModels

@Suite("A motion that goes on")
struct ObservedMotionTests {
  /// A smooth motion: every joint turns slowly about an axis of its own.
  ///
  /// A person's bones at rest point elsewhere than the figure's by up to a tenth of a metre.
  private func clip(frames: Int, seed: UInt64, heading: Double, isPerson: Bool = false)
    -> MotionClip
  {
    var random = RandomSource(seed: seed)
    func number() -> Double { Double(random.uniform(from: -1, to: 1)) }
    let axes = (0..<22).map { _ in Vector3(number(), number(), number()) }
    let turn = Quaternion(angle: heading, axis: .unitZ)
    var skeleton = Skeleton.canonical
    if isPerson {
      for joint in 1..<22 {
        skeleton.restOffsets[joint] += Vector3(number(), number(), number()) * 0.05
      }
    }
    return MotionClip(
      name: "past", skeleton: skeleton,
      frameRate: 30,
      rootTranslations: (0..<frames).map { turn * [0.03 * Double($0), 0.2, 0.9] },
      rotations: (0..<frames).flatMap { frame in
        (0..<22).map { joint in
          let angle: Double = 0.4 * sin(0.1 * Double(frame))
          let bend = Quaternion(rotationVector: axes[joint] * angle)
          return joint == 0 ? turn * Skeleton.worldFromBodyAtRest * bend : bend
        }
      })
  }

  @Test(
    "It joins the past without a jump in position or velocity, whatever the window says",
    arguments: 1...50)
  func joins(seed: UInt64) throws {
    let past = clip(frames: 20, seed: seed, heading: Double(seed), isPerson: true)
    let observed = ObservedMotion(past)
    // a window whose figure differs from the past by several degrees and centimetres
    let other = clip(frames: 64, seed: seed, heading: 0.1)
    var rough = MotionWindow(other, frames: 0..<64)
    rough.offsets = BodyModel.offsets(of: past.skeleton)
    for frame in 0..<64 { rough.root[3 * frame] += 0.05 }
    var motion = observed
    motion.goOn(with: rough, after: observed)
    #expect(motion.frameCount == 64)
    let result = motion.clip(frames: 0..<64, name: "", frameRate: 30, label: nil)
    let before = past.jointPositions(frames: 18..<20)
    let after = result.jointPositions(frames: 20..<21)
    for joint in 0..<22 {
      let (a, b, c) = (before[joint], before[22 + joint], after[joint])
      // what the next frame is expected at, from the last two
      #expect(((b - a) * 2 + a - c).length < 0.01, "joint \(joint)")
      #expect(((c - b) - (b - a)).length * 30 < 0.2, "joint \(joint)")
    }
    // the past itself stays as it was
    #expect(result.rootTranslations[0..<20] == past.rootTranslations[0..<20])
  }

  @Test("A window that shows the past as it was is taken nearly as it is, in the past's world")
  func exact() throws {
    let whole = clip(frames: 64, seed: 9, heading: 2)
    let past = ObservedMotion(whole).suffix(64)
    var head = ObservedMotion(try whole.slice(0..<16))
    let shown = head
    guard let window = past.normalized else { return }
    head.goOn(with: window, after: shown)
    let result = head.clip(frames: 0..<64, name: "", frameRate: 30, label: nil)
    for (found, wanted) in zip(result.jointPositions(), whole.jointPositions()) {
      // the first new frame is led to where the past leads; the truth accelerates
      if (found - wanted).length > 0.05 { Issue.record("\((found - wanted).length) m") }
    }
  }
}
