import Foundation
import Geometry
import Learning
import Motions
import TestSupport
import Testing

@testable import MotionModels

/// Walks of the generator that ships, at other rates than the model's own, with damage.
@Suite("Repairing and scoring tracks of any rate")
struct RepairAtRatesTests {
  private static let joints = Skeleton.jointCount
  private static let models = SharedData.checkout.appending(path: "Examples/Models")
  private static let model = Result {
    try HGVAE(contentsOf: models.appending(path: "hgvae.safetensors").path)
  }
  private static let walks = Result {
    var request = MotionRequest()
    (request.count, request.frames, request.action, request.seed) = (3, 150, "walk", 3)
    return try Generator(contentsOf: models.appending(path: "generator.safetensors").path)
      .sample(request)
  }

  private static func tracks(_ rate: Double) throws -> [JointTrack] {
    try walks.get().map { walk in
      let places = try walk.resampled(to: rate).jointPositions()
      return JointTrack(
        name: "walk", frameRate: rate, positions: places,
        confidences: [Float](repeating: 1, count: places.count))
    }
  }

  /// Expects that a repaired track is another one but for where it says so, and returns the largest error
  /// there [m].
  private static func error(
    _ repaired: RepairedTrack, _ truth: JointTrack, onlyAt isDamaged: (Int) -> Bool
  ) -> Double {
    var worst = 0.0
    for (at, isChanged) in repaired.isChanged.enumerated() {
      let off = (repaired.track.positions[at] - truth.positions[at]).length
      if isDamaged(at) {
        worst = max(worst, off.isFinite ? off : .infinity)
      } else {
        #expect(off == 0 && !isChanged, "frame \(at / joints), joint \(at % joints): \(off) m")
      }
    }
    return worst
  }

  @Test(
    "Gaps of any length are closed, and nothing else changes",
    arguments: [23.976, 25, 30, 50, 60, 120, 240])
  func gaps(_ rate: Double) throws {
    let wrist = Skeleton.Joint.rightWrist.rawValue
    for truth in try Self.tracks(rate) {
      for count in Set([1, 2, 5, Int(rate / 10), Int(rate / 2)]) {
        var track = truth
        let first = truth.frameCount / 3
        for frame in first..<(first + count) {
          track.positions[frame * Self.joints + wrist] = Vector3(repeating: .nan)
          track.confidences[frame * Self.joints + wrist] = 0
        }
        let repaired = try Self.model.get().repair(track)
        let worst = Self.error(repaired, truth) { at in
          at % Self.joints == wrist && (first..<(first + count)).contains(at / Self.joints)
        }
        let seconds = Double(count) / rate
        #expect(worst < (seconds < 0.05 ? 0.02 : 0.3), "\(count) frames: \(worst) m")
      }
    }
  }

  @Test("A wrist that is never seen is where the model says, not where a standing body has it")
  func neverSeen() throws {
    let joint = Skeleton.Joint.leftWrist
    var errors: [Double] = []
    for truth in try Self.tracks(30) {
      var track = truth
      for frame in 0..<track.frameCount {
        track.positions[frame * Self.joints + joint.rawValue] = Vector3(repeating: .nan)
        track.confidences[frame * Self.joints + joint.rawValue] = 0
      }
      let repaired = try Self.model.get().repair(track)
      let worst = Self.error(repaired, truth) { $0 % Self.joints == joint.rawValue }
      #expect(worst < 0.6)
      for frame in 0..<track.frameCount {
        let at = frame * Self.joints + joint.rawValue
        errors.append((repaired.track.positions[at] - truth.positions[at]).length)
      }
    }
    // A forearm held out to the side is 0.22 m off on average.
    #expect(errors.reduce(0, +) / Double(errors.count) < 0.16)
  }

  @Test("Where nobody is seen bones keep their lengths", arguments: [3, 8, 15, 30])
  func nobody(_ count: Int) throws {
    for truth in try Self.tracks(30) {
      var track = truth
      let first = truth.frameCount / 2
      let gap = (first * Self.joints)..<((first + count) * Self.joints)
      for at in gap {
        track.positions[at] = Vector3(repeating: .nan)
        track.confidences[at] = 0
      }
      let repaired = try Self.model.get().repair(track)
      #expect(Self.error(repaired, truth) { gap.contains($0) } < 1)
      func length(_ track: JointTrack, _ frame: Int, _ joint: Int) -> Double {
        let base = frame * Self.joints
        return (track.positions[base + joint] - track.positions[base + Skeleton.parents[joint]])
          .length
      }
      for frame in first..<(first + count) {
        for joint in 1..<Self.joints {
          let off = length(repaired.track, frame, joint) - length(truth, 0, joint)
          #expect(abs(off) < 1e-3, "frame \(frame), \(Skeleton.Joint.names[joint]): \(off) m")
        }
      }
    }
  }

  @Test(
    "Sides of whole limbs that were exchanged are set right to the bit",
    arguments: [SideSwap.Part.arms, .legs, .body], [30.0, 120])
  func sides(_ part: SideSwap.Part, _ rate: Double) throws {
    for truth in try Self.tracks(rate) {
      var track = truth
      let first = truth.frameCount / 2
      SideSwap(part, frames: first..<(first + Int(0.4 * rate))).exchange(in: &track)
      let repaired = try Self.model.get().repair(track)
      #expect(repaired.track.positions == truth.positions, "\(repaired.changes)")
    }
  }

  @Test("Joints that pop out for one frame are put back", arguments: [60.0, 120], 0..<4)
  func pops(_ rate: Double, _ offset: Int) throws {
    for truth in try Self.tracks(rate) {
      for joint in [Skeleton.Joint.leftWrist, .rightKnee, .head].map(\.rawValue) {
        var track = truth
        let at = (truth.frameCount / 2 + offset) * Self.joints + joint
        track.positions[at] += Vector3(0, 0.3, 0.4)
        let repaired = try Self.model.get().repair(track)
        #expect(Self.error(repaired, truth) { $0 == at } < 0.03)
      }
    }
  }

  @Test("A first frame elsewhere, and a jump that stays, leave the frames beside them alone")
  func cuts() throws {
    for truth in try Self.tracks(30) {
      for cut in [1, truth.frameCount / 2, truth.frameCount - 1] {
        var track = truth
        for at in 0..<(cut * Self.joints) { track.positions[at] += Vector3(0.4, 0.3, 0) }
        #expect(try Self.model.get().repair(track).changes.isEmpty)
      }
    }
  }

  @Test("A joint that is thrown about between the model's frames makes a motion implausible")
  func jolts() throws {
    let wrist = Skeleton.Joint.leftWrist.rawValue
    for truth in try Self.tracks(120) {
      let model = try Self.model.get()
      #expect(try model.score(truth).plausibility > 0)
      var track = truth
      for frame in 0..<track.frameCount {
        track.positions[frame * Self.joints + wrist].y += frame % 2 == 0 ? 0.1 : -0.1
      }
      let score = try model.score(track)
      #expect(score.plausibility == 0)
      let first = try #require(score.findings.first)
      #expect(first.joint == wrist && abs(first.threshold - 0.15 * 120 * 120) < 0.1)
      #expect(score.findings.allSatisfy { $0.value > $0.threshold })
    }
  }

  @Test(
    "What is right beside a gap stays, also where a joint pops in the gap's first frame",
    arguments: [30.0, 120])
  func besideGaps(_ rate: Double) throws {
    let (elbow, wrist) = (Skeleton.Joint.leftElbow.rawValue, Skeleton.Joint.leftWrist.rawValue)
    for truth in try Self.tracks(rate) {
      for first in stride(
        from: truth.frameCount / 5, to: truth.frameCount / 2, by: truth.frameCount / 9)
      {
        var track = truth
        let gap = first..<(first + Int(rate * 0.8))
        for frame in gap {
          track.positions[frame * Self.joints + elbow] = Vector3(repeating: .nan)
          track.confidences[frame * Self.joints + elbow] = 0
        }
        track.positions[first * Self.joints + wrist] += [0.2, 0.1, 0.2]
        let repaired = try Self.model.get().repair(track)
        for frame in (first + 1)..<truth.frameCount {
          let at = frame * Self.joints + wrist
          #expect(repaired.track.positions[at] == truth.positions[at], "frame \(frame)")
        }
      }
    }
  }

  @Test("Exchanged legs are set right where no toe is ever seen, wherever the person has walked to")
  func legsWithoutToes() throws {
    let toes = [Skeleton.Joint.leftFoot.rawValue, Skeleton.Joint.rightFoot.rawValue]
    for truth in try Self.tracks(30) {
      var track = truth
      for frame in 0..<track.frameCount {
        for toe in toes {
          track.positions[frame * Self.joints + toe] = Vector3(repeating: .nan)
          track.confidences[frame * Self.joints + toe] = 0
        }
      }
      let swap = SideSwap(.legs, frames: 90..<110)
      swap.exchange(in: &track)
      let repaired = try Self.model.get().repair(track)
      for frame in 0..<track.frameCount {
        for joint in 0..<Self.joints where !toes.contains(joint) {
          let at = frame * Self.joints + joint
          #expect((repaired.track.positions[at] - truth.positions[at]).length < 1e-6)
        }
      }
    }
  }

  @Test("Feet that were made up from exchanged hips are found anew")
  func constructedFeet() throws {
    let feet = [Skeleton.Joint.leftFoot.rawValue, Skeleton.Joint.rightFoot.rawValue]
    for truth in try Self.tracks(30) {
      var track = truth
      let swapped = 90..<110
      SideSwap(.legs, frames: swapped).exchange(in: &track)
      for frame in 0..<track.frameCount {
        for foot in feet {
          let at = frame * Self.joints + foot
          track.confidences[at] = 0.3
          // As readers make feet where they have hips and ankles only: ahead of the ankle as hips face.
          guard swapped.contains(frame) else { continue }
          let ankle = track.positions[at - 3]
          track.positions[at] = ankle - (track.positions[at] - ankle)
        }
      }
      let repaired = try Self.model.get().repair(track)
      for at in swapped.flatMap({ frame in feet.map { frame * Self.joints + $0 } }) {
        let off = (repaired.track.positions[at] - truth.positions[at]).length
        #expect(off < 0.15, "\(off) m, twice the foot when it points backwards")
      }
    }
  }

  @Test("A clip of 49 frames is about as plausible as with one frame more")
  func shortClips() throws {
    let model = try Self.model.get()
    for walk in try Self.tracks(30) {
      for start in stride(from: 0, to: 100, by: 25) {
        func part(_ count: Int) -> JointTrack {
          let range = (start * Self.joints)..<((start + count) * Self.joints)
          return JointTrack(
            name: "part", frameRate: 30, positions: Array(walk.positions[range]),
            confidences: Array(walk.confidences[range]))
        }
        let (whole, short) = (try model.score(part(50)), try model.score(part(49)))
        #expect(
          short.plausibility > 0.6 * whole.plausibility,
          "\(short.plausibility), \(whole.plausibility) with a frame more")
      }
    }
  }
}
