import Foundation
import Geometry
import HumanBody
import Motions
import TestSupport
import Testing

@testable import MotionModels

@Suite("Tracks that are shorter than a window")
struct ShortTrackTests {
  @Test(
    "A part of a real track that is shorter than a window becomes half as noisy, its ends included",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), .timeLimit(.minutes(5)),
    arguments: [10, 20, 30, 45])
  func real(length: Int) throws {
    let smoother = try Smoother(
      contentsOf: SharedData.checkout.appending(path: "Examples/Models/smoother.safetensors").path)
    var (smoothed, input, ends, endsBefore) = (0.0, 0.0, 0.0, 0.0)
    for truth in try HeldOutTracks.positions(every: 4) {
      let noisy = HeldOutTracks.noisy(truth, seed: 5)
      for start in stride(from: 0, through: truth.count / 66 - length, by: 60) {
        let range = (66 * start)..<(66 * (start + length))
        let part = JointTrack(Array(noisy[range]), frameRate: 30)
        let result = try smoother.smooth(part)
        #expect(result.clip.frameCount == length && result.positions.count == range.count)
        #expect(result.covariances?.count == 2 * range.count)
        let (own, seen) = (Array(truth[range]), Array(noisy[range]))
        smoothed += SmootherSubjects.distance(result.positions, own)
        input += SmootherSubjects.distance(seen, own)
        for end in [0..<66, (own.count - 66)..<own.count] {
          ends += SmootherSubjects.distance(Array(result.positions[end]), Array(own[end]))
          endsBefore += SmootherSubjects.distance(Array(seen[end]), Array(own[end]))
        }
      }
    }
    #expect(smoothed < 0.5 * input, "\(smoothed / input)")
    #expect(ends < 0.75 * endsBefore, "\(ends / endsBefore)")
  }

  @Test(
    "A fast foot in a short track is where it was in the first and the last frame",
    arguments: [12, 30, 52])
  func fastEnds(frames: Int) throws {
    let still = SmootherSubjects.window(frames: 1, seed: 3).clip(name: "", frameRate: 30)
    var clip = MotionClip(
      name: "kick", skeleton: still.skeleton, frameRate: 30,
      rootTranslations: Array(repeating: still.rootTranslations[0], count: frames),
      rotations: (0..<frames).flatMap { _ in still.rotations })
    let hip = Skeleton.Joint.rightHip.rawValue
    for frame in 0..<frames {
      // Faster and faster, the foot by more than 6 m/s in the end.
      let angle = 0.2 * Double(frame * frame) / Double(frames - 1)
      let at = frame * Skeleton.jointCount + hip
      clip.rotations[at] = Quaternion(angle: angle, axis: .unitX) * clip.rotations[at]
    }
    let smoothed = try SmootherSubjects.smoother(frames: 63).smooth(JointTrack(clip)).clip
    let foot = Skeleton.Joint.rightFoot.rawValue
    #expect(
      (clip.jointPositions(frame: frames - 1)[foot] - clip.jointPositions(frame: frames - 2)[foot])
        .length > 0.2)
    for frame in [0, frames - 1] {
      let (old, new) = (clip.jointPositions(frame: frame), smoothed.jointPositions(frame: frame))
      #expect((old[foot] - new[foot]).length < 0.03, "\(frame)")
    }
  }

  @Test("One frame, two frames, and a gap in few frames", arguments: [1, 2, 3, 14])
  func few(frames: Int) throws {
    let smoother = SmootherSubjects.smoother(frames: 15, covariance: true)
    let truth = SmootherTruth(SmootherSubjects.window(frames: frames, seed: 3)).positions
    var track = JointTrack(truth, frameRate: 30)
    track.confidences[18] = 0
    let result = try smoother.smooth(track)
    #expect(result.clip.frameCount == frames && result.positions.count == truth.count)
    #expect(result.positions.allSatisfy { $0.isFinite })
    #expect(SmootherSubjects.distance(result.positions, truth) < 0.03)
  }
}
