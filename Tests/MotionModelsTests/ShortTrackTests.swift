import Foundation
import Geometry
import Motions
import TestSupport
import Testing

@testable import MotionModels

@Suite("Tracks that are shorter than a window")
struct ShortTrackTests {
  @Test(
    "A part of a real track alone is nearer to the truth than with frames without anybody behind it",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), .timeLimit(.minutes(5)),
    arguments: [10, 20, 30, 45])
  func real(length: Int) throws {
    let smoother = try Smoother(
      contentsOf: SharedData.checkout.appending(path: "Examples/Models/smoother.safetensors").path)
    var (alone, before) = (0.0, 0.0)
    for truth in try HeldOutTracks.positions(every: 4) {
      let noisy = HeldOutTracks.noisy(truth, seed: 5)
      for start in stride(from: 0, through: truth.count / 66 - length, by: 60) {
        let range = (66 * start)..<(66 * (start + length))
        let part = JointTrack(Array(noisy[range]), frameRate: 30)
        let result = try smoother.smooth(part)
        #expect(result.clip.frameCount == length && result.positions.count == range.count)
        #expect(result.covariances?.count == 2 * range.count)
        var longer = part
        longer.positions += [Vector3](repeating: .zero, count: 22 * (smoother.frames - length))
        longer.confidences += [Float](repeating: 0, count: 22 * (smoother.frames - length))
        let other = try smoother.smooth(longer).positions
        alone += SmootherSubjects.distance(result.positions, Array(truth[range]))
        before += SmootherSubjects.distance(Array(other.prefix(range.count)), Array(truth[range]))
      }
    }
    #expect(alone < before, "\(alone / before)")
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
