import Foundation
import Geometry
import Motions
import TestSupport
import Testing

@testable import MotionModels

/// What the shipped generators make of pasts on bodies that are not those of their training.
@Suite("Motion that goes on from people of any proportions")
struct ContinuedBodyTests {
  private static let examples = SharedData.checkout.appending(path: "Examples")
  private static let generator = Result {
    try Generator(contentsOf: examples.appending(path: "Models/generator.safetensors").path)
  }

  private static func past(_ name: String) throws -> MotionClip {
    try MotionFile.read(examples.appending(path: "Motions/\(name).bvh").path).clip
      .resampled(to: 30, endsTogether: true)
  }

  private static func request(_ past: MotionClip, seed: UInt64) -> MotionRequest {
    var request = MotionRequest()
    (request.past, request.frames, request.count, request.seed) = (past, 90, 4, seed)
    request.guidance = 1
    return request
  }

  @Test("Nobody folds at the chest or throws the head back", arguments: ["walk", "reach", "wave"])
  func spines(_ name: String) throws {
    let past = try Self.past(name)
    for clip in try Self.generator.get().sample(Self.request(past, seed: 5)) {
      for frame in 0..<clip.frameCount {
        let places = clip.jointPositions(frame: frame)
        let head = places[Skeleton.Joint.head.rawValue] - places[0]
        #expect(head.z > 0.4, "frame \(frame): the head is \(head.z) m above the pelvis")
        for joint in [Skeleton.Joint.spine1, .spine2, .spine3, .neck] {
          let turn = clip.rotations[frame * Skeleton.jointCount + joint.rawValue].rotationVector
          #expect(turn.length < 1.2, "frame \(frame): \(joint) is turned by \(turn.length) rad")
        }
      }
    }
  }

  @Test("The first new frame goes on where the past leads, feet and all", arguments: [5, 11])
  func seams(seed: UInt64) throws {
    for name in ["walk", "reach"] {
      let past = try Self.past(name).slice(0..<120)
      let last = past.jointPositions(frame: past.frameCount - 1)
      let before = past.jointPositions(frame: past.frameCount - 2)
      for clip in try Self.generator.get().sample(Self.request(past, seed: seed)) {
        let next = clip.jointPositions(frame: 0)
        for joint in 0..<Skeleton.jointCount {
          let off = (next[joint] - last[joint] * 2 + before[joint]).length
          #expect(off < 0.05, "joint \(joint) of '\(name)' is \(off) m from where it was going")
        }
      }
    }
  }

  @Test("A past on a body of training keeps its body, and the samples end on it")
  func bodies() throws {
    let past = try Self.past("walk")
    for clip in try Self.generator.get().sample(Self.request(past, seed: 2)) {
      #expect(clip.skeleton == past.skeleton)
    }
  }
}
