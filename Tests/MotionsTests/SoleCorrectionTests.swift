import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Level soles")
struct SoleCorrectionTests {
  /// A standing figure whose feet have frames that are tilted by these rotations.
  private func clip(
    frames: Int = 60, left: Quaternion, right: Quaternion, heading: Double = 0.7
  ) -> MotionClip {
    var clip = StandingFigure.clip(frames: frames, heading: heading)
    for (ankle, toe, tilt) in [
      (Skeleton.Joint.leftAnkle, Skeleton.Joint.leftFoot, left), (.rightAnkle, .rightFoot, right),
    ] {
      clip.skeleton.restOffsets[toe.rawValue] = tilt.inverse * clip.skeleton.restOffset(of: toe)
      for frame in 0..<frames {
        clip.rotations[frame * Skeleton.jointCount + ankle.rawValue] = tilt
      }
    }
    return clip
  }

  private func tilt(seed: UInt64, largest: Double = 0.5) -> Quaternion {
    var random = SeededGenerator(seed)
    let axis = Vector3(.random(in: -1...1, using: &random), 0, .random(in: -1...1, using: &random))
    return Quaternion(
      angle: .random(in: 0.02...largest, using: &random), axis: axis.normalized ?? .unitX)
  }

  private func up(_ clip: MotionClip, _ joint: Skeleton.Joint) -> Vector3 {
    clip.jointPoses(frame: clip.frameCount / 2)[joint.rawValue].rotation * .unitY
  }

  @Test("Tilted frames become level, no joint moves, and once is enough", arguments: 0..<100)
  func levels(seed: UInt64) throws {
    var clip = clip(left: tilt(seed: seed), right: tilt(seed: seed + 1000))
    let before = clip.jointPositions()
    let result = clip.levelSoles(by: Contact(clip))
    #expect(result.findings.map(\.kind) == [.levelledSoles])
    for joint in [Skeleton.Joint.leftAnkle, .rightAnkle, .leftFoot, .rightFoot] {
      #expect((up(clip, joint) - .unitZ).length < 1e-9)
    }
    for (a, b) in zip(before, clip.jointPositions()) { #expect((a - b).length < 1e-9) }
    let again = clip.levelSoles(by: Contact(clip))
    #expect(again.findings.isEmpty)
    guard case .turned(let angle) = again.left else {
      Issue.record("\(again.left)")
      return
    }
    #expect(angle < 1e-6)
  }

  @Test("The correction turns no foot about the vertical", arguments: 0..<20)
  func heading(seed: UInt64) throws {
    var clip = clip(left: tilt(seed: seed), right: .identity)
    let toe = Skeleton.Joint.leftFoot.rawValue
    let before = clip.skeleton.restOffsets[toe]
    clip.levelSoles(by: Contact(clip))
    let turn = Quaternion(
      turning: try #require(before.normalized),
      into: try #require(clip.skeleton.restOffsets[toe].normalized))
    #expect(
      abs((clip.skeleton.restOffsets[toe] - Skeleton.canonical.restOffsets[toe]).length) < 1e-9)
    #expect(turn.angle > 0)
  }

  @Test("Mirrored clips are corrected as mirror images", arguments: 0..<20)
  func mirrored(seed: UInt64) {
    var clip = clip(left: tilt(seed: seed), right: tilt(seed: seed + 1))
    var image = clip.mirrored
    clip.levelSoles(by: Contact(clip))
    image.levelSoles(by: Contact(image))
    for (a, b) in zip(clip.mirrored.rotations, image.rotations) { #expect(angle(a, b) < 1e-9) }
  }

  @Test("Feet that stand too little, too variously or on their edge are left as they are")
  func refusals() {
    var short = clip(frames: 10, left: tilt(seed: 1), right: tilt(seed: 2))
    let rotations = short.rotations
    #expect(
      short.levelSoles(by: Contact(short)).findings.map(\.kind) == [
        .unlevelledSoles, .unlevelledSoles,
      ])
    #expect(short.rotations == rotations)
    let edge = Quaternion(angle: 0.8, axis: .unitZ)
    var tilted = clip(left: edge, right: .identity)
    guard case .tooMuch = tilted.levelSoles(by: Contact(tilted)).left else {
      Issue.record("a foot on its edge was levelled")
      return
    }
    // Both feet roll about the balls, which do not move: no tilt is the right one.
    var unsteady = clip(left: .identity, right: .identity)
    for frame in 0..<60 {
      let roll = Quaternion(angle: frame % 20 < 10 ? 0.4 : -0.4, axis: .unitZ)
      unsteady.rotations[frame * Skeleton.jointCount + Skeleton.Joint.leftAnkle.rawValue] = roll
    }
    unsteady.skeleton.restOffsets[Skeleton.Joint.leftFoot.rawValue] = [0, 0, 0.15]
    guard case .unsteady = unsteady.levelSoles(by: Contact(unsteady)).left else {
      Issue.record("a foot without a steady tilt was levelled")
      return
    }
    var falling = clip(left: tilt(seed: 3), right: tilt(seed: 4))
    for frame in 0..<60 { falling.rootTranslations[frame].z -= 4.9 * Double(frame * frame) / 900 }
    guard case .tooLittleStance = falling.levelSoles(by: Contact(falling)).right else {
      Issue.record("a falling foot was levelled")
      return
    }
  }
}
