import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Inverse kinematics of legs")
struct LegIKTests {
  @Test("The ankle arrives, the foot keeps its orientation, nothing else moves")
  func arrives() {
    for seed in 1...1000 {
      var random = SeededGenerator(UInt64(seed))
      let clip = randomClip(seed: UInt64(seed), frames: 1)
      for leg in [LegIK.left, .right] {
        var moved = clip
        let old = clip.jointPoses(frame: 0)
        let hip = old[leg.hip.rawValue].translation
        let ankle = old[leg.ankle.rawValue].translation
        let far = leg.length(clip.skeleton) * Double.random(in: 0.4...0.99, using: &random)
        let way = (ankle - hip).normalized ?? .unitZ
        let turn = Quaternion(
          rotationVector: Vector3(
            Double.random(in: -0.5...0.5, using: &random),
            Double.random(in: -0.5...0.5, using: &random),
            Double.random(in: -0.5...0.5, using: &random)))
        let target = hip + turn * way * far
        leg.move(to: target, in: &moved, frame: 0)
        let new = moved.jointPoses(frame: 0)
        #expect((new[leg.ankle.rawValue].translation - target).length < 1e-6, "seed \(seed)")
        let foot = new[leg.ankle.rawValue].rotation.inverse * old[leg.ankle.rawValue].rotation
        #expect(foot.rotationVector.length < 1e-9)
        for joint in Skeleton.Joint.allCases
        where ![leg.hip, leg.knee, leg.ankle].contains(joint) {
          #expect(
            moved.rotation(of: joint, frame: 0) == clip.rotation(of: joint, frame: 0))
        }
      }
    }
  }

  @Test("Where the place is out of reach the leg points there")
  func outOfReach() throws {
    for seed in 1...200 {
      let clip = randomClip(seed: UInt64(seed), frames: 1)
      var moved = clip
      let old = clip.jointPositions(frame: 0)
      let hip = old[Skeleton.Joint.leftHip.rawValue]
      let way = try #require((old[Skeleton.Joint.leftAnkle.rawValue] - hip).normalized)
      LegIK.left.move(to: hip + way * 3, in: &moved, frame: 0)
      let new = moved.jointPositions(frame: 0)[Skeleton.Joint.leftAnkle.rawValue] - hip
      let longest = max(
        LegIK.left.length(clip.skeleton), (old[Skeleton.Joint.leftAnkle.rawValue] - hip).length)
      // The knee's angle is an arc cosine, blunt near a straight leg.
      #expect((new - way * longest).length < 1e-4)
    }
  }

  @Test(
    "A knee that bends backwards bends forwards as far, from the same hip to the same ankle; others stay bit for bit"
  )
  func backwards() {
    for bend in stride(from: -1.2, through: 1.2, by: 0.1) {
      for turn in [0.0, 0.7, 2.5] {
        var clip = StandingFigure.clip(frames: 1)
        clip.rotations[0] = Quaternion(angle: turn, axis: .unitZ) * clip.rotations[0]
        clip.rotations[Skeleton.Joint.leftKnee.rawValue] = Quaternion(angle: bend, axis: .unitX)
        let (before, old) = (clip, clip.jointPoses(frame: 0))
        LegIK.left.bendForward(in: &clip, after: 0)
        let new = clip.jointPoses(frame: 0)
        if bend > 0.15 { #expect(clip.rotations == before.rotations) }
        if bend < -0.15 { #expect(clip.rotations != before.rotations) }
        for joint in Skeleton.Joint.allCases where joint != .leftKnee {
          let moved = new[joint.rawValue].translation - old[joint.rawValue].translation
          #expect(moved.length < 1e-9, "\(joint)")
        }
        let foot = new[Skeleton.Joint.leftAnkle.rawValue].rotation.inverse
        let turned = foot * old[Skeleton.Joint.leftAnkle.rawValue].rotation
        #expect(turned.rotationVector.length < 1e-9)
        /// The angle between thigh and shank about the body's left.
        func angle(_ poses: [Pose]) -> Double {
          let places = [Skeleton.Joint.leftHip, .leftKnee, .leftAnkle].map {
            poses[$0.rawValue].translation
          }
          let (thigh, shank) = (places[1] - places[0], places[2] - places[1])
          let left = poses[0].rotation * .unitX
          return atan2(thigh.cross(shank).dot(left), thigh.dot(shank))
        }
        #expect(abs(angle(new) - abs(angle(old))) < 1e-6, "\(bend)")
      }
    }
  }

  @Test(
    "A leg that is folded all the way stays as it is, whichever side its knee is on",
    arguments: [-3.1, -2.8, 2.8, 3.1])
  func folded(bend: Double) {
    var clip = StandingFigure.clip(frames: 1)
    clip.rotations[Skeleton.Joint.rightKnee.rawValue] = Quaternion(angle: bend, axis: .unitX)
    let before = clip
    LegIK.right.bendForward(in: &clip, after: 0)
    #expect(clip.rotations == before.rotations)
  }

  @Test(
    "A knee that swings back and forth through straight does not jump; one that goes on from a past or folds stays",
    arguments: [0.3, 1.2, 2.5])
  func swinging(reach: Double) {
    var clip = StandingFigure.clip(frames: 60)
    func angle(_ frame: Int) -> Double { reach * sin(Double(frame) / 60 * 4 * .pi) }
    for frame in 0..<60 {
      clip.rotations[frame * Skeleton.jointCount + Skeleton.Joint.leftKnee.rawValue] =
        Quaternion(angle: angle(frame), axis: .unitX)
    }
    var moved = clip
    LegIK.left.bendForward(in: &moved, after: 0)
    let isMirrored = reach < .pi / 2 - 0.2
    #expect((moved.rotations == clip.rotations) == !isMirrored)
    let knees = (0..<60).map {
      moved.jointPositions(frame: $0)[Skeleton.Joint.leftKnee.rawValue]
    }
    let steps = zip(knees, knees.dropFirst()).map { ($1 - $0).length }
    #expect(steps.allSatisfy { $0 < 0.1 * reach })
    // The second swing backwards begins behind frame 45: a past that ends in it is gone on from.
    var past = clip
    LegIK.left.bendForward(in: &past, after: 50)
    #expect(past.rotations == clip.rotations)
  }

  @Test("A knee goes on bending forwards, also from a straight leg")
  func knees() {
    var clip = StandingFigure.clip(frames: 1)
    for joint in [Skeleton.Joint.leftHip, .leftKnee, .leftAnkle] {
      clip.rotations[joint.rawValue] = .identity
    }
    let old = clip.jointPositions(frame: 0)
    let ankle = old[Skeleton.Joint.leftAnkle.rawValue]
    LegIK.left.move(to: ankle + [0, 0, 0.15], in: &clip, frame: 0)
    let new = clip.jointPoses(frame: 0)
    let bend = clip.rotation(of: .leftKnee, frame: 0).rotationVector
    #expect(bend.x > 0.5 && abs(bend.y) < 1e-6 && abs(bend.z) < 1e-6)
    #expect((new[Skeleton.Joint.leftAnkle.rawValue].translation - ankle).z > 0.149)
  }
}

@Suite("Feet held in place")
struct FootLockTests {
  private static let balls = [Skeleton.Joint.leftFoot.rawValue, Skeleton.Joint.rightFoot.rawValue]

  /// Somebody who stands and glides along x by a speed [m/s].
  private func gliding(_ speed: Double, frames: Int = 60, depth: Double = 0) -> MotionClip {
    var clip = StandingFigure.clip(frames: 1)
    let low = Self.balls.map { clip.jointPositions(frame: 0)[$0].z }.min() ?? 0
    let start = clip.rootTranslations[0] - Vector3(0, 0, low - GroundContact.standing + depth)
    clip.rootTranslations = (0..<frames).map { start + Vector3(speed * Double($0) / 30, 0, 0) }
    clip.rotations = (0..<frames).flatMap { _ in clip.rotations.prefix(Skeleton.jointCount) }
    return clip
  }

  private func held(_ clip: MotionClip, fixed: Int = 0) -> MotionClip {
    FootLock.holdSampled(clip, fixed: fixed, floor: GroundContact.standing).clip
  }

  private func feet(_ clip: MotionClip) -> [[Vector3]] {
    let places = clip.jointPositions()
    return Self.balls.map { ball in
      (0..<clip.frameCount).map { places[$0 * Skeleton.jointCount + ball] }
    }
  }

  @Test("A motion whose feet stand still comes back as it is")
  func still() {
    let clip = gliding(0)
    #expect(held(clip).rotations == clip.rotations)
    #expect(held(clip).rootTranslations == clip.rootTranslations)
    let captured = StandingFigure.clip(frames: 90)
    let (again, _) = FootLock.hold(captured)
    for (a, b) in zip(feet(captured), feet(again)) {
      for (p, q) in zip(a, b) { #expect((p - q).length < 1e-9) }
    }
  }

  @Test("A foot that the sampler says moves is let go, the other one is held")
  func contacts() {
    let clip = gliding(0.2)
    let stands = [[Double](repeating: 1, count: 60), [Double](repeating: 0.1, count: 60)]
    let result = FootLock.holdSampled(
      clip, fixed: 0, floor: GroundContact.standing, contacts: stands
    ).clip
    let (old, new) = (feet(clip), feet(result))
    for place in new[0] { #expect((place - new[0][0]).length < 2e-3) }
    for (a, b) in zip(old[1], new[1]) { #expect((a - b).length < 2e-3) }
    #expect(
      FootLock.holdSampled(
        clip, fixed: 0, floor: GroundContact.standing,
        contacts: [[Double](repeating: 1, count: 60), [Double](repeating: 1, count: 60)]
      ).clip.rotations == held(clip).rotations)
  }

  @Test("Feet that glide stand in one place each; the pelvis keeps its way", arguments: [0.1, 0.2])
  func glides(speed: Double) {
    let clip = gliding(speed)
    #expect(feet(clip)[0][59].x - feet(clip)[0][0].x > 0.19)
    let result = held(clip)
    for track in feet(result) {
      for place in track { #expect((place - track[0]).length < 2e-3) }
    }
    for (old, new) in zip(clip.rootTranslations, result.rootTranslations) {
      #expect(old.x == new.x && old.y == new.y && new.z <= old.z && new.z > old.z - 0.081)
    }
  }

  @Test("Feet below the ground are lifted onto it")
  func sunken() {
    let result = held(gliding(0.3, depth: 0.05))
    for track in feet(result) {
      for place in track { #expect(place.z > GroundContact.standing - 1e-6) }
    }
  }

  @Test(
    "A motion that is sunk is raised as a whole: no pose changes, nothing fixed moves, nothing is raised twice"
  )
  func raised() {
    for seed in 1...100 {
      var clip = randomClip(seed: UInt64(seed), frames: 90)
      let depth = Double(seed) / 200
      for frame in clip.rootTranslations.indices {
        clip.rootTranslations[frame].z -= depth * sin(Double(frame) / 20) * sin(Double(frame) / 20)
      }
      // The height of a standing foot on the ground that nothing is below.
      func ground(_ clip: MotionClip) -> [Double] {
        GroundContact.ground(
          below: RestingHeights(clip).lowest.map { $0 + GroundContact.standing },
          reach: GroundContact.reach(at: clip.frameRate))
      }
      let floor = (ground(clip).max() ?? 0) - depth / 2
      let result = GroundContact.raised(clip, above: floor, after: 0)
      #expect(result.rotations == clip.rotations)
      for (old, new) in zip(clip.rootTranslations, result.rootTranslations) {
        #expect(new.x == old.x && new.y == old.y && new.z >= old.z)
      }
      let low = zip(feet(result)[0], feet(result)[1]).map { min($0.z, $1.z) }
      #expect(low.allSatisfy { $0 > floor - 1e-9 })
      let rests = RestingHeights(result).lowest.map { $0 + GroundContact.standing }
      #expect(rests.allSatisfy { $0 > floor - 1e-9 })
      let begun = GroundContact.raised(clip, above: floor, after: 40)
      #expect(begun.rootTranslations.prefix(40) == clip.rootTranslations.prefix(40))
      #expect(begun.rootTranslations.suffix(40) == result.rootTranslations.suffix(40))
      let high = (ground(clip).min() ?? 0) - 0.01
      #expect(
        GroundContact.raised(clip, above: high, after: 0).rootTranslations == clip.rootTranslations)
    }
  }

  @Test("A foot that swings between two stances in the air keeps the height of its swing")
  func swing() {
    // The left foot stands 4 cm above the ground, glides a little, and swings in between.
    var clip = gliding(0.15, frames: 60)
    for frame in 0..<60 {
      let x = min(1, max(0, Double(frame - 23) / 13))
      let ankle = clip.jointPositions(frame: frame)[Skeleton.Joint.leftAnkle.rawValue]
      LegIK.left.move(
        to: ankle + Vector3(0.1 * sin(.pi * x), 0, 0.04 + 0.06 * sin(.pi * x)), in: &clip,
        frame: frame)
    }
    let (old, new) = (feet(clip)[0], feet(held(clip))[0])
    #expect(new[10].z < GroundContact.standing + 2e-3 && new[50].z < GroundContact.standing + 2e-3)
    #expect((29..<32).allSatisfy { abs(new[$0].z - old[$0].z) < 0.01 })
  }

  @Test("Frames that are fixed do not change, and the feet go on from there")
  func fixed() {
    let clip = gliding(0.15)
    let result = held(clip, fixed: 20)
    #expect(result.rotations.prefix(20 * 22) == clip.rotations.prefix(20 * 22))
    #expect(result.rootTranslations.prefix(20) == clip.rootTranslations.prefix(20))
    for (track, old) in zip(feet(result), feet(clip)) {
      for frame in 20..<60 { #expect((track[frame] - old[19]).length < 3e-3, "\(frame)") }
    }
  }

  @Test("Turned and shifted motion is held alike", arguments: 1...5)
  func invariance(seed: Int) {
    let clip = gliding(0.2)
    let turn = Quaternion(angle: Double(seed), axis: .unitZ)
    let shift = Vector3(Double(seed), -2, 0)
    var moved = clip
    moved.rootTranslations = clip.rootTranslations.map { turn * $0 + shift }
    for frame in 0..<clip.frameCount {
      moved.rotations[22 * frame] = (turn * clip.rotations[22 * frame]).normalized
    }
    let (a, b) = (held(clip).jointPositions(), held(moved).jointPositions())
    for (p, q) in zip(a, b) { #expect((turn * p + shift - q).length < 1e-6) }
  }

  @Test("Random motion, short and empty motion: finite, and bones keep their lengths")
  func random() {
    for seed in 1...200 {
      let clip = randomClip(seed: UInt64(seed), frames: seed % 40)
      for result in [held(clip, fixed: seed % 7), FootLock.hold(clip).clip] {
        #expect(result.frameCount == clip.frameCount)
        let norms = result.rotations.map { abs($0.dot($0) - 1) }
        #expect((norms.max() ?? 0) < 1e-9)
        let isFinite = result.rootTranslations.allSatisfy(\.isFinite)
        #expect(isFinite)
      }
    }
  }
}
