import Foundation
import Geometry
import Learning
import MotionData
import Motions
import TestSupport
import Testing

@testable import MotionModels

/// Real clips that no model was trained on, as tracks at 30 Hz.
enum HeldOutTracks {
  /// Every `step`-th clip of the split 'val', positions [frames, 22, 3].
  static func positions(every step: Int = 1) throws -> [[Float]] {
    let folder = try SharedData.url("data/motions").path
    let files = try MotionSplit(paths: [folder]).validation
    return try stride(from: 0, to: files.count, by: step).map { index in
      try MotionFile.read(files[index]).clip.resampled(to: 30).jointPositions().flatMap {
        [Float($0.x), Float($0.y), Float($0.z)]
      }
    }
  }

  static func noisy(_ truth: [Float], seed: UInt64) -> [Float] {
    var random = RandomSource(seed: seed, stream: 0x7377_6170)
    return TrackNoise.complex.applied(to: truth, using: &random)
  }
}

@Suite("Left and right exchanged")
struct SideSwapTests {
  /// A body that walks and swings its arms, [frames, 22, 3].
  private func walk(frames: Int, seed: UInt64 = 1) -> JointTrack {
    JointTrack(
      SmootherTruth(SmootherSubjects.window(frames: frames, seed: seed)).positions, frameRate: 30)
  }

  @Test("Every part that is exchanged for some frames is exchanged back", arguments: 1...6)
  func mended(seed: UInt64) {
    let truth = walk(frames: 60, seed: seed)
    for part in SideSwap.Part.allCases {
      for length in [3, 6, 20] {
        let swap = SideSwap(part, frames: 20..<(20 + length))
        var track = truth
        swap.exchange(in: &track)
        #expect(track.positions != truth.positions)
        let found = track.withoutSideSwaps()
        #expect(found.swaps == [swap], "\(part) for \(length)")
        #expect(found.track.positions == truth.positions)
      }
    }
  }

  /// A real body that walks, at 30 Hz.
  private func realWalk() throws -> JointTrack {
    let path = SharedData.checkout.appending(path: "Examples/Motions/walk.bvh").path
    return JointTrack(try MotionFile.read(path).clip.resampled(to: 30).slice(0..<120))
  }

  @Test(
    "Exchanges that reach an end of the track or last for more than a second are exchanged back where the body shows them",
    arguments: SideSwap.Part.allCases)
  func atEnds(part: SideSwap.Part) throws {
    let truth = try realWalk()
    for frames in [0..<3, 0..<6, 0..<20, 114..<120, 100..<120, 30..<75, 60..<104] {
      var track = truth
      SideSwap(part, frames: frames).exchange(in: &track)
      let found = track.withoutSideSwaps()
      #expect(
        found.swaps == [SideSwap(part, frames: frames)], "\(part) in \(frames): \(found.swaps)")
      #expect(found.track.positions == truth.positions)
    }
    #expect(truth.withoutSideSwaps().swaps.isEmpty)
  }

  @Test(
    "Where the body does not show its sides, exchanges that reach an end or last long are left alone"
  )
  func unpaired() throws {
    // A figure without feet, whose legs are straight: which side is its left only its past tells.
    var figure = JointTrack(
      MotionClip(
        name: "gliding", skeleton: .canonical, frameRate: 30,
        rootTranslations: (0..<60).map { [0.02 * Double($0), 0, 1] },
        rotations: Array(repeating: .identity, count: 60 * Skeleton.jointCount)))
    for frame in 0..<60 {
      for foot in [Skeleton.Joint.leftFoot, .rightFoot] {
        figure.confidences[frame * Skeleton.jointCount + foot.rawValue] = 0.3
      }
      for (knee, hip, ankle) in [
        (Skeleton.Joint.leftKnee, Skeleton.Joint.leftHip, Skeleton.Joint.leftAnkle),
        (.rightKnee, .rightHip, .rightAnkle),
      ] {
        let base = frame * Skeleton.jointCount
        figure.positions[base + knee.rawValue] =
          (figure.positions[base + hip.rawValue] + figure.positions[base + ankle.rawValue]) / 2
      }
    }
    for frames in [0..<6, 30..<60, 20..<55] {
      var track = figure
      SideSwap(.body, frames: frames).exchange(in: &track)
      #expect(track.positions != figure.positions)
      let found = track.withoutSideSwaps()
      #expect(found.swaps.isEmpty && found.track.positions == track.positions, "\(frames)")
    }
  }

  @Test("Hands that cross, touch or clap keep their sides", arguments: [0.0, 0.02, 0.1, 0.3])
  func crossing(gap: Double) {
    let still = walk(frames: 1)
    for speed in [0.5, 2, 5, 9] {
      for claps in [false, true] {
        var track = walk(frames: 90)
        for frame in 0..<90 {
          let base = frame * Skeleton.jointCount
          let time = Double(frame) / 30
          // Between the ends of a stretch of a metre, at constant speed.
          let phase = (time * speed / 2).truncatingRemainder(dividingBy: 1)
          var x = phase < 0.5 ? 1 - 4 * phase : 4 * phase - 3
          if claps { x = abs(x) }
          for joint in Skeleton.Joint.allCases {
            track.positions[base + joint.rawValue] = still.positions[joint.rawValue]
          }
          let chest = still.positions[Skeleton.Joint.spine3.rawValue]
          track.positions[base + Skeleton.Joint.leftWrist.rawValue] = chest + [0.5, x / 2, gap / 2]
          track.positions[base + Skeleton.Joint.rightWrist.rawValue] =
            chest + [0.5, -x / 2, -gap / 2]
        }
        #expect(track.withoutSideSwaps().swaps.isEmpty, "\(speed) m/s, claps: \(claps)")
      }
    }
  }

  @Test("Tracks that are short, empty, missing or not finite are read without harm")
  func degenerate() {
    for frames in [1, 2, 5, 7] { #expect(walk(frames: frames).withoutSideSwaps().swaps.isEmpty) }
    var track = walk(frames: 40)
    track.positions = track.positions.enumerated().map { index, place in
      index % 3 == 0 ? [.nan, .infinity, 0] : index % 3 == 1 ? [1e300, -1e300, 1e300] : place
    }
    #expect(track.withoutSideSwaps().swaps.isEmpty)
    track.confidences = track.confidences.map { _ in 0 }
    #expect(track.withoutSideSwaps().swaps.isEmpty)
    for rate in [0, -1, .nan, .infinity, 1e300, 1e-300] {
      var track = walk(frames: 40)
      track.frameRate = rate
      #expect(track.withoutSideSwaps().swaps.isEmpty)
    }
    let nothing = JointTrack(name: "", frameRate: 30, positions: [], confidences: [])
    #expect(nothing.withoutSideSwaps().swaps.isEmpty)
  }

  @Test("Feet that were only constructed from exchanged hips become missing")
  func constructedFeet() {
    var track = walk(frames: 60)
    for frame in 0..<60 {
      track.confidences[frame * 22 + Skeleton.Joint.leftFoot.rawValue] = 0.3
      track.confidences[frame * 22 + Skeleton.Joint.rightFoot.rawValue] = 0.3
    }
    SideSwap(.legs, frames: 20..<26).exchange(in: &track)
    #expect(track.confidences[20 * 22 + Skeleton.Joint.leftFoot.rawValue] == 0)
    #expect(track.confidences[19 * 22 + Skeleton.Joint.leftFoot.rawValue] == 0.3)
    #expect(track.confidences[20 * 22 + Skeleton.Joint.leftAnkle.rawValue] == 1)
  }

  @Test(
    "Real clips without swaps, with and without noise: not one frame is exchanged",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), .timeLimit(.minutes(10)),
    arguments: [nil, 1, 2] as [UInt64?])
  func noneInRealMotion(seed: UInt64?) throws {
    var frames = 0
    for truth in try HeldOutTracks.positions() {
      let track = seed.map { HeldOutTracks.noisy(truth, seed: $0) } ?? truth
      #expect(JointTrack(track, frameRate: 30).withoutSideSwaps().swaps == [])
      frames += truth.count / 66
    }
    #expect(frames > 10_000)
  }

  @Test(
    "Swaps of six frames in real clips: what is smoothed is within 40 mm of the truth there",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), .timeLimit(.minutes(10)))
  func realSwaps() throws {
    let smoother = try Smoother(
      contentsOf: SharedData.checkout.appending(path: "Examples/Models/smoother.safetensors").path)
    var sums: [SideSwap.Part: (error: Double, points: Double, found: Int, count: Int)] = [:]
    for (number, truth) in try HeldOutTracks.positions(every: 2).enumerated() {
      var track = JointTrack(HeldOutTracks.noisy(truth, seed: 11), frameRate: 30)
      var swaps: [SideSwap] = []
      for start in stride(from: 25, to: track.frameCount - 31, by: 40) {
        let part = SideSwap.Part.allCases[(number + swaps.count) % SideSwap.Part.allCases.count]
        swaps.append(SideSwap(part, frames: start..<(start + 6)))
        swaps.last?.exchange(in: &track)
      }
      let result = try smoother.smooth(track)
      for swap in swaps {
        var sum = sums[swap.part] ?? (0, 0, 0, 0)
        sum.count += 1
        sum.found += result.swaps.contains(swap) ? 1 : 0
        for joint in swap.part.leftJoints + swap.part.leftJoints.map(\.mirrored) {
          for frame in swap.frames {
            let at = 3 * (22 * frame + joint.rawValue)
            let d = (0..<3).map { Double(result.positions[at + $0] - truth[at + $0]) }
            sum.error += (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).squareRoot()
            sum.points += 1
          }
        }
        sums[swap.part] = sum
      }
    }
    for part in [SideSwap.Part.arms, .armsWithCollars, .forearms, .legs, .lowerLegs, .body] {
      let sum = try #require(sums[part])
      let error = sum.error / sum.points
      #expect(error < 0.040, "\(part): \(error) m, \(sum.found) of \(sum.count) found")
    }
  }
}
