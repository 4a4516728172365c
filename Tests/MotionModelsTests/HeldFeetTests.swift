import Autodiff
import Foundation
import Geometry
import HumanBody
import Learning
import Motions
import TestSupport
import Testing

@testable import MotionModels

@Suite("What a generator says of contacts reaches the holding of feet")
struct HeldFeetTests {
  /// The shipped generator, whose network says of the parts of the body in `standing` that they stand in
  /// every frame, and of the others that they never do.
  private func generator(standing: Set<Contact.Part>) throws -> Generator {
    let shipped = try Generator(
      contentsOf: SharedData.checkout.appending(path: "Examples/Models/generator.safetensors").path)
    var network = shipped.network
    var weights = shipped.weights
    let layout = ParameterLayout(placing: &network)
    let weight = try #require(layout.entries.first { $0.name == "backbone.head.weight" }).parameter
    let bias = try #require(layout.entries.first { $0.name == "backbone.head.bias" }).parameter
    let width = weight.shape[1]
    for token in 0..<(weight.shape[0] / GeneratorNetwork.outputs) {
      for (index, column) in GeneratorNetwork.contacts.enumerated() {
        let row = token * GeneratorNetwork.outputs + column
        for input in 0..<width { weights[weight.offset + row * width + input] = 0 }
        // The logits of moving and of standing take turns.
        let stands = standing.contains(MotionWindow.contactParts[index / 2])
        weights[bias.offset + row] = (index % 2 == 1) == stands ? 20 : -20
      }
    }
    return Generator(network: network, weights: weights, model: shipped.model, history: [:])
  }

  /// The shipped PoseGPT, whose contact channels are decoded to 1 for the parts in `standing` and to 0 for
  /// the others.
  private func poseGPT(standing: Set<Contact.Part>) throws -> PoseGPT {
    let shipped = try PoseGPT(
      contentsOf: SharedData.checkout.appending(path: "Examples/Models/posegpt.safetensors").path)
    let tokenizer = shipped.tokenizer
    var (mean, deviation) = (tokenizer.scaling.mean, tokenizer.scaling.deviation)
    for (part, channel) in zip(MotionWindow.contactParts, PoseFeatures.contacts) {
      (mean[channel], deviation[channel]) = (standing.contains(part) ? 1 : 0, 1e-6)
    }
    return PoseGPT(
      tokenizer: MotionTokenizer(
        network: tokenizer.network, weights: tokenizer.weights,
        scaling: FeatureScaling(mean: mean, deviation: deviation), history: [:]),
      network: shipped.network, weights: shipped.weights, bodies: shipped.bodies, history: [:])
  }

  /// The mean speed over the ground of the ball of a foot where it is low in `free`, samples whose feet
  /// are not held [m/s].
  private func speed(
    of joint: Skeleton.Joint, in clips: [MotionClip], whereLowIn free: [MotionClip]
  ) -> Double {
    var (sum, count) = (0.0, 0.0)
    for (clip, free) in zip(clips, free) {
      let (places, lows) = (clip.jointPositions(), free.jointPositions())
      for frame in 1..<clip.frameCount {
        let at = frame * Skeleton.jointCount + joint.rawValue
        guard max(lows[at].z, lows[at - Skeleton.jointCount].z) < 0.05 else { continue }
        var move = places[at] - places[at - Skeleton.jointCount]
        move.z = 0
        sum += move.length * clip.frameRate
        count += 1
      }
    }
    return sum / max(1, count)
  }

  private func samples(_ generator: some MotionGenerator, held: Bool = true) throws -> [MotionClip]
  {
    var request = MotionRequest()
    (request.count, request.frames, request.action, request.seed) = (6, 100, "walk", 4)
    request.holdsFeet = held
    return try generator.sample(request, threads: 1)
  }

  @Test("HPSTM-Gen holds a foot where its network says that the ball stands, and not the other")
  func generator() throws { try check(generator(standing:)) }

  @Test("PoseGPT holds a foot where its decoder says that the ball stands, and not the other")
  func poseGPT() throws { try check(poseGPT(standing:)) }

  private func check(_ model: (Set<Contact.Part>) throws -> some MotionGenerator) throws {
    let balls: [Contact.Part] = [.leftBall, .rightBall]
    let joints: [Skeleton.Joint] = [.leftFoot, .rightFoot]
    let never = try model([])
    let free = try samples(never, held: false)
    let moving = try samples(never)
    for (ball, (joint, other)) in zip(balls, zip(joints, joints.reversed())) {
      let held = try samples(try model([ball]))
      let before = speed(of: joint, in: moving, whereLowIn: free)
      #expect(before > 0.1, "no sample moves a low foot, so that nothing is told")
      #expect(speed(of: joint, in: held, whereLowIn: free) < before / 2)
      // The pelvis may be lowered for the other leg, which moves its hip a little.
      let rest = speed(of: other, in: moving, whereLowIn: free)
      #expect(abs(speed(of: other, in: held, whereLowIn: free) - rest) < rest / 10)
    }
  }
}
