import Foundation
import Geometry
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
    let still = SmootherTruth(SmootherSubjects.window(frames: 1, seed: 3)).positions
    let foot = Skeleton.Joint.rightFoot.rawValue
    var positions = (0..<frames).flatMap { _ in still }
    for frame in 0..<frames {
      // Faster and faster, up to 9 m/s.
      let time = Float(frame) / Float(frames - 1)
      positions[66 * frame + 3 * foot] += 0.15 * Float(frames) * time * time
    }
    let filtered = FilteredTrack(
      positions + [Float](repeating: 0, count: 66 * (63 - frames)),
      confidences: (0..<(22 * 63)).map { $0 < 22 * frames ? 1 : 0 }, filter: TrackFilter(frames: 63)
    )
    for frame in [0, frames - 1] {
      let at = 66 * frame + 3 * foot
      #expect(abs(filtered.smooth[at] - positions[at]) < 0.03, "\(frame)")
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
