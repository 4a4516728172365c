import Foundation
import Geometry
import Learning
import Motions
import TestSupport
import Testing

@testable import MotionModels

@Suite("Long gaps")
struct GapBridgeTests {
  private let arm: [Skeleton.Joint] = [.leftShoulder, .leftElbow, .leftWrist]

  private func hide(_ joints: [Skeleton.Joint], _ frames: Range<Int>, _ track: inout JointTrack) {
    for frame in frames {
      for joint in joints {
        track.positions[22 * frame + joint.rawValue] = [.nan, .nan, .nan]
        track.confidences[22 * frame + joint.rawValue] = 0
      }
    }
  }

  private func waves(_ frames: Int, seed: UInt64) -> JointTrack {
    JointTrack(
      SmootherTruth(SmootherSubjects.window(frames: frames, seed: seed)).positions, frameRate: 30)
  }

  @Test("In a gap each bone goes evenly along an arc relative to the pelvis")
  func even() throws {
    var track = waves(120, seed: 2)
    hide(arm, 30..<90, &track)
    let result = try SmootherSubjects.smoother(frames: 31).smooth(track)
    #expect(result.gaps == [BridgedGap(joints: arm, frames: 30..<90, isInterpolated: true)])
    for (joint, end) in [
      (Skeleton.Joint.leftCollar, Skeleton.Joint.leftShoulder), (.leftShoulder, .leftElbow),
      (.leftElbow, .leftWrist),
    ] {
      func direction(_ frame: Int) -> Vector3 {
        let poses = result.clip.jointPoses(frame: frame)
        let bone = poses[end.rawValue].translation - poses[joint.rawValue].translation
        return poses[0].rotation.inverse * (bone / bone.length)
      }
      func angle(_ a: Int, _ b: Int) -> Double {
        Quaternion(turning: direction(a), into: direction(b)).angle
      }
      for step in 1...5 {
        #expect(abs(angle(40, 40 + 8 * step) - Double(step) * angle(40, 48)) < 1e-6)
      }
      // Nothing jumps at the ends.
      #expect(angle(29, 30) < angle(28, 29) + 0.1 && angle(89, 90) < angle(90, 91) + 0.1)
    }
    // The positions are the clip's.
    for (index, place) in result.clip.jointPositions().enumerated() {
      for axis in 0..<3 {
        #expect(abs(Float(place[axis]) - result.positions[3 * index + axis]) < 1e-4)
      }
    }
  }

  @Test("Joints that are seen, short gaps, and joints never seen are left to the network")
  func untouched() throws {
    let smoother = SmootherSubjects.smoother(frames: 31)
    for (window, shortest) in [(31, 16), (63, 32)] {
      var track = waves(120, seed: 3)
      hide([.head], 0..<120, &track)
      hide(arm, 30..<(30 + shortest - 1), &track)
      #expect(try SmootherSubjects.smoother(frames: window).smooth(track).gaps.isEmpty)
      hide(arm, 30..<(30 + shortest), &track)
      #expect(try SmootherSubjects.smoother(frames: window).smooth(track).gaps.count == 1)
    }
    // An elbow alone: the wrist is seen, so the arm is not interpolated.
    var elbow = waves(120, seed: 3)
    hide([.leftElbow], 30..<90, &elbow)
    #expect(try smoother.smooth(elbow).gaps.isEmpty)
  }

  @Test("A limb that is not seen at first or at last keeps the nearest pose")
  func ends() throws {
    var track = waves(120, seed: 4)
    hide(arm, 0..<40, &track)
    hide([.rightKnee, .rightAnkle, .rightFoot], 80..<120, &track)
    let result = try SmootherSubjects.smoother(frames: 31, covariance: true).smooth(track)
    #expect(result.gaps.map(\.frames) == [0..<40, 80..<120])
    #expect(result.gaps.allSatisfy { !$0.isInterpolated })
    for frame in 0..<40 {
      #expect(
        result.clip.rotation(of: .leftElbow, frame: frame)
          == result.clip.rotation(of: .leftElbow, frame: 40))
    }
    #expect(
      result.clip.rotation(of: .rightHip, frame: 119)
        == result.clip.rotation(of: .rightHip, frame: 79))
    // Farther from what was seen it is less certain.
    let covariances = try #require(result.covariances)
    func spread(_ frame: Int) -> Float {
      covariances[6 * (22 * frame + Skeleton.Joint.leftWrist.rawValue)]
    }
    #expect(spread(0) > spread(20) + 0.005 && spread(20) > spread(39))
  }

  @Test("Frames without anybody are crossed in a straight line, and marked in a track's own frames")
  func nobody() throws {
    var track = waves(200, seed: 5)
    hide(Skeleton.Joint.allCases, 60..<140, &track)
    track.frameRate = 60
    let result = try SmootherSubjects.smoother(frames: 31).smoothAtAnyRate(track)
    let gap = try #require(result.gaps.first)
    #expect(gap.joints.count == 22 && result.gaps.count == 1)
    #expect(abs(gap.frames.lowerBound - 60) <= 2 && abs(gap.frames.upperBound - 140) <= 2)
    let places = result.clip.rootTranslations
    let (a, b) = (places[64], places[136])
    for frame in 64..<136 {
      let share = Double(frame - 64) / 72
      #expect((places[frame] - (a + (b - a) * share)).length < 2e-3)
    }
  }

  @Test("A model fills gaps of 0.3 to 1 s between frames that show the joint, and nothing else")
  func filling() throws {
    let model = HGVAESubjects.model()
    var track = HGVAESubjects.track(HGVAESubjects.positions(frames: 200, seed: 3))
    let rate = track.frameRate
    func frames(_ seconds: Double) -> Int { Int((seconds * rate).rounded()) }
    let filled = 40..<(40 + frames(0.6))
    hide([.leftWrist], filled, &track)
    hide([.rightWrist], 60..<(60 + frames(0.2)), &track)
    hide([.leftKnee], 20..<(20 + frames(1.5)), &track)
    hide([.rightKnee], (200 - frames(0.6))..<200, &track)
    hide([.head], 0..<frames(0.6), &track)
    hide([.rightFoot], 0..<200, &track)
    let (result, count) = track.filled(by: model)
    #expect(count == filled.count)
    for at in track.positions.indices {
      let isFilled =
        at % 22 == Skeleton.Joint.leftWrist.rawValue && filled.contains(at / 22)
      #expect((result.confidences[at] > 0) == (track.confidences[at] > 0 || isFilled))
      if track.confidences[at] > 0 { #expect(result.positions[at] == track.positions[at]) }
    }
    #expect(track.filled(by: nil).count == 0)
    let smoother = SmootherSubjects.smoother(frames: 31)
    #expect(try smoother.smooth(track, filledBy: model).filled == count)
    #expect(try smoother.smooth(track).filled == 0)
    // At another rate the same gap is the same.
    track.frameRate = 2 * rate
    #expect(try smoother.smoothAtAnyRate(track, filledBy: model).filled != count)
  }

  @Test(
    "Arms hidden for half a second and a second are nearer to the truth than a straight line, and than filled first",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), .timeLimit(.minutes(10)))
  func filledArms() throws {
    let models = SharedData.checkout.appending(path: "Examples/Models")
    let smoother = try Smoother(
      contentsOf: models.appending(path: "smoother.safetensors").path)
    let model = try HGVAE(contentsOf: models.appending(path: "hgvae.safetensors").path)
    let truths = try HeldOutTracks.positions(every: 3)
    let noisy = truths.map { HeldOutTracks.noisy($0, seed: 5) }
    for seconds in [0.5, 1] {
      let gaps = smoother.evaluateArmGaps(seconds: seconds, noisy, truths, filledBy: model)
      let filled = try #require(gaps.filled)
      #expect(gaps.count > 20 && gaps.error < min(filled, gaps.straightLine), "\(gaps)")
    }
  }

  @Test(
    "Arms hidden for 1.5 and 3 s are nearer to the truth than a straight line between what is known",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), .timeLimit(.minutes(10)),
    arguments: [45, 90], [true, false])
  func realArms(length: Int, isNoisy: Bool) throws {
    let smoother = try Smoother(
      contentsOf: SharedData.checkout.appending(path: "Examples/Models/smoother.safetensors").path)
    var (error, line, trueLine, points) = (0.0, 0.0, 0.0, 0.0)
    for (number, truth) in try HeldOutTracks.positions(every: 2).enumerated() {
      let real = JointTrack(truth, frameRate: 30)
      var track = isNoisy ? JointTrack(HeldOutTracks.noisy(truth, seed: 5), frameRate: 30) : real
      let hidden = number.isMultiple(of: 2) ? arm : arm.map(\.mirrored)
      let starts = stride(from: 20, through: track.frameCount - 20 - length, by: length + 40)
      for start in starts { hide(hidden, start..<(start + length), &track) }
      let result = JointTrack(try smoother.smooth(track).positions, frameRate: 30)
      for start in starts {
        for joint in hidden.dropFirst() {
          func relative(_ track: JointTrack, _ frame: Int) -> Vector3 {
            track.positions[22 * frame + joint.rawValue] - track.positions[22 * frame]
          }
          let (a, b) = (relative(result, start - 1), relative(result, start + length))
          let (c, d) = (relative(real, start - 1), relative(real, start + length))
          for frame in start..<(start + length) {
            let share = Double(frame - start + 1) / Double(length + 1)
            line += (a + (b - a) * share - relative(real, frame)).length
            trueLine += (c + (d - c) * share - relative(real, frame)).length
            error += (relative(result, frame) - relative(real, frame)).length
            points += 1
          }
        }
      }
    }
    #expect(points > 1000)
    #expect(error < line, "\(error / points) m, a straight line \(line / points) m")
    // The true ends, which nobody knows: of 1.5 s with noise a line between them is nearer (by 3 %).
    if length == 90 || !isNoisy {
      #expect(error < trueLine, "\(error / points) m, between true ends \(trueLine / points) m")
    }
  }
}

@Suite("Legs that are never seen")
struct UnseenLegsTests {
  @Test("They stand upright below the hips, with the proportions of the stature", arguments: 1...4)
  func upright(seed: UInt64) throws {
    var track = JointTrack(
      SmootherTruth(SmootherSubjects.window(frames: 50, seed: seed)).positions, frameRate: 30)
    for joint in [
      Skeleton.Joint.leftKnee, .leftAnkle, .leftFoot, .rightKnee, .rightAnkle, .rightFoot,
    ] {
      for frame in 0..<50 { track.confidences[22 * frame + joint.rawValue] = 0 }
    }
    track.stature = 1.83
    for rate in [30.0, 50] {
      track.frameRate = rate
      let result = try SmootherSubjects.smoother(head: 0.05).smoothAtAnyRate(track)
      #expect(abs(result.clip.skeleton.stature - 1.83) < 1e-6)
      let places = result.clip.jointPositions()
      for frame in 0..<50 {
        for (top, end) in [
          (Skeleton.Joint.leftHip, Skeleton.Joint.leftAnkle), (.rightHip, .rightAnkle),
        ] {
          let leg = places[22 * frame + end.rawValue] - places[22 * frame + top.rawValue]
          #expect(abs(leg.length - 0.491 * 1.83) < 1e-3)
          #expect(leg.z < -0.999 * leg.length)
        }
      }
      for (index, place) in places.enumerated() {
        #expect(abs(Float(place.z) - result.positions[3 * index + 2]) < 1e-3)
      }
    }
  }
}
