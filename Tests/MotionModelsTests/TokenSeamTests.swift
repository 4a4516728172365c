import Foundation
import Geometry
import HumanBody
import Learning
import Motions
import TestSupport
import Testing

@testable import MotionModels

@Suite("Where PoseGPT's tokens meet")
struct TokenSeamTests {
  private static let columns = PoseFeatures.columns

  @Test("Motion without jumps between tokens stays, contacts always do", arguments: [1, 2, 4, 8])
  func straight(framesPerToken: Int) {
    var random = RandomSource(seed: 1)
    let slopes = random.normals(Self.columns)
    let made = (0..<40).flatMap { frame in slopes.map { $0 * Float(frame) } }
    var features = made
    TokenSeams.spread(&features, framesPerToken: framesPerToken)
    #expect(zip(features, made).allSatisfy { abs($0 - $1) < 1e-4 })
    var noise = random.normals(40 * Self.columns)
    let before = noise
    TokenSeams.spread(&noise, framesPerToken: framesPerToken)
    for at in noise.indices where PoseFeatures.contacts.contains(at % Self.columns) {
      #expect(noise[at] == before[at])
    }
    #expect((noise == before) == (framesPerToken == 1))
  }

  @Test("Stairs become a slope, whose ends stay", arguments: [2, 4, 8])
  func stairs(framesPerToken: Int) {
    let tokens = 5
    var features = (0..<(tokens * framesPerToken)).flatMap { frame in
      [Float](repeating: Float(frame / framesPerToken), count: Self.columns)
    }
    TokenSeams.spread(&features, framesPerToken: framesPerToken)
    let values = stride(from: 0, to: features.count, by: Self.columns).map { features[$0] }
    let steps = zip(values, values.dropFirst()).map { $1 - $0 }
    #expect(steps.allSatisfy { -1e-6 < $0 && $0 < 1 / Float(framesPerToken) + 1e-6 })
    #expect(values.first == 0 && values.last == Float(tokens - 1))
  }

  @Test(
    "A jump between tokens of waves is gone from the steps, and what is no jump stays",
    arguments: [2, 4, 8])
  func jumps(framesPerToken: Int) {
    // A wave of little curvature, on which each token is off by a number of its own.
    let (size, tokens) = (framesPerToken, 12)
    var random = RandomSource(seed: 3)
    let offsets = random.normals(tokens)
    func wave(_ frame: Int) -> Float { 10 * sin(Float(frame) / 40) }
    var features = (0..<(tokens * size)).flatMap { frame in
      [Float](repeating: wave(frame) + offsets[frame / size], count: Self.columns)
    }
    TokenSeams.spread(&features, framesPerToken: size)
    let values = stride(from: 0, to: features.count, by: Self.columns).map { features[$0] }
    for frame in 1..<values.count {
      // Each step has the wave's own, and at most the share of one frame of the jump beside it.
      let own = wave(frame) - wave(frame - 1)
      let token = frame / size
      let beside = [token, token + 1].filter { 0 < $0 && $0 < tokens }.map {
        abs(offsets[$0] - offsets[$0 - 1])
      }
      let share = (beside.max() ?? 0) / Float(size)
      #expect(abs(values[frame] - values[frame - 1] - own) < 1.5 * share + 0.02)
    }
    // In the middle of tokens of more than two frames nothing is moved by more than that share.
    for token in 1..<(tokens - 1) {
      let middle = token * size + size / 2
      let jump = max(
        abs(offsets[token] - offsets[token - 1]), abs(offsets[token + 1] - offsets[token]))
      #expect(abs(values[middle] - wave(middle) - offsets[token]) < jump / Float(size) + 0.02)
    }
  }

  @Test("Samples of the shipped model do not jerk in time with its tokens")
  func samples() throws {
    let model = try PoseGPT(
      contentsOf: SharedData.checkout.appending(path: "Examples/Models/posegpt.safetensors").path)
    var sums = [Double](repeating: 0, count: 4)
    for action in ["walk", "dance", "punch"] {
      var request = MotionRequest()
      (request.action, request.frames, request.count, request.seed) = (action, 64, 4, 7)
      (request.temperature, request.guidance) = (model.usualTemperature, model.usualGuidance)
      for clip in try model.sample(request, threads: 2) {
        let (places, joints) = (clip.jointPositions(), Skeleton.jointCount)
        for frame in 3..<clip.frameCount {
          for joint in 1..<joints {
            func place(_ back: Int) -> Vector3 {
              places[(frame - back) * joints + joint] - places[(frame - back) * joints]
            }
            // Of the four frames of a third difference the middle step is the one into `frame - 1`.
            sums[(frame - 1) % 4] += (place(0) - place(1) * 3 + place(2) * 3 - place(3)).length
          }
        }
      }
    }
    let mean = sums.reduce(0, +) / 4
    #expect(sums.allSatisfy { $0 < 1.5 * mean && $0 > mean / 2 }, "\(sums)")
  }

  @Test("Who ran into a past of two frames goes on running")
  func shortPast() throws {
    let window = SmootherSubjects.window(frames: 40, seed: 5)
    var run = window.clip(name: "run", frameRate: 30)
    for frame in run.rootTranslations.indices {
      run.rootTranslations[frame].x = 0.1 * Double(frame)
      run.rootTranslations[frame].y = 0
    }
    let whole = PoseFeatures.features(of: MotionWindow(run, frames: 0..<40))
    for count in 1...3 {
      let found = GrowingMotion(try run.slice(20..<(20 + count))).features(last: 4)
      #expect(found.count == 4 * Self.columns)
      for frame in 0..<4 {
        let at = frame * Self.columns
        let speed = hypot(found[at + PoseFeatures.along], found[at + PoseFeatures.across])
        let seen = 20 * Self.columns
        let real = hypot(whole[seen + PoseFeatures.along], whole[seen + PoseFeatures.across])
        #expect(abs(speed - (count == 1 ? 0 : real)) < 1e-3)
      }
      // The frames that were seen are as they were.
      let pose = PoseFeatures.rotations
      for frame in 0..<count {
        let (own, seen) = ((4 - count + frame) * Self.columns, (20 + frame) * Self.columns)
        for column in 0..<pose { #expect(abs(found[own + column] - whole[seen + column]) < 1e-4) }
      }
    }
  }
}
