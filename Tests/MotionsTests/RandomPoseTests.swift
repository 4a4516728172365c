import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Random poses")
struct RandomPoseTests {
  @Test("every pose lies inside the ranges", arguments: RandomPose.Spread.allCases)
  func inside(spread: RandomPose.Spread) {
    var random = SeededGenerator(7)
    for _ in 0..<2_000 {
      let pose = RandomPose.sample(using: &random, spread: spread)
      #expect(pose.count == 22)
      for joint in Skeleton.Joint.allCases.dropFirst() {
        let range = HumanJointRanges.adult[joint]
        let turn = pose[joint.rawValue]
        // Where an arm points straight up or down, forward and twist are one.
        let angles = range.angles(of: turn)
        guard abs(angles.z) < 1.5 else { continue }
        #expect(range.contains(turn, tolerance: 1e-6), "\(joint): \(angles)")
      }
    }
  }

  @Test("the same seed gives the same pose, another seed another one")
  func deterministic() {
    var a = SeededGenerator(1)
    var b = SeededGenerator(1)
    var c = SeededGenerator(2)
    let pose = RandomPose.sample(using: &a)
    #expect(pose == RandomPose.sample(using: &b))
    #expect(pose != RandomPose.sample(using: &c))
  }

  @Test("left and right ranges are mirror images")
  func mirrored() {
    for joint in Skeleton.Joint.allCases.dropFirst() {
      let here = HumanJointRanges.adult[joint]
      let there = HumanJointRanges.adult[joint.mirrored]
      let turn = here.rotation((here.lower + here.upper * 2) / 3)
      #expect(there.contains(MotionClip.mirroredJoint(turn), tolerance: 1e-9))
    }
  }

  @Test("uniform poses reach both ends of the ranges")
  func coverage() {
    var random = SeededGenerator(3)
    let range = HumanJointRanges.adult[.leftKnee]
    let angles = (0..<1_000).map { _ in
      range.angles(of: RandomPose.sample(using: &random, spread: .uniform)[4]).x
    }
    #expect((angles.min() ?? 1) < 0.05 && (angles.max() ?? 0) > range.upper.x - 0.05)
  }
}
