import Autodiff
import Files
import Foundation
import Geometry
import Learning
import Motions
import TestSupport
import Testing

@testable import MotionModels

@Suite("Smoothing live")
struct SmootherStreamTests {
  @Test("Each frame is answered after the latency, on bones that settle", arguments: [0, 4, 7])
  func stream(latency: Int) throws {
    let smoother = SmootherSubjects.smoother(head: 0.05)
    let stream = try StreamingSmoother(smoother, latency: latency)
    let truth = SmootherTruth(SmootherSubjects.window(frames: 200, seed: 2)).positions
    var last: [Vector3]?
    var answered = 0
    for frame in 0..<200 {
      let places = (0..<22).map { joint -> Vector3 in
        let at = 66 * frame + 3 * joint
        return [Double(truth[at]), Double(truth[at + 1]), Double(truth[at + 2])]
      }
      guard let found = stream.push(places, confidences: [Float](repeating: 1, count: 22)) else {
        #expect(frame < latency)
        continue
      }
      #expect(found.index == answered)
      answered += 1
      #expect(found.positions.allSatisfy { $0.isFinite })
      for joint in 1..<22 {
        let bone = found.positions[joint] - found.positions[Skeleton.parents[joint]]
        #expect(abs(bone.length - found.restOffsets[joint].length) < 1e-9)
      }
      if frame > StreamingSmoother.settlingFrames + latency, let last {
        #expect(last == found.restOffsets)
      }
      last = found.restOffsets
    }
    #expect(answered == 200 - latency)
  }

  @Test("A stream in which nobody is seen yet answers nothing")
  func nobody() throws {
    let stream = try StreamingSmoother(SmootherSubjects.smoother(), latency: 0)
    let nothing = [Vector3](repeating: [.nan, .nan, .nan], count: 22)
    #expect(stream.push(nothing, confidences: [Float](repeating: 0, count: 22)) == nil)
    #expect(throws: GenerationError.self) {
      try StreamingSmoother(SmootherSubjects.smoother(), latency: 30)
    }
  }

  @Test(
    "A limb that comes into view late has the length that it shows, not the one that was guessed")
  func lateLimb() throws {
    let smoother = try Smoother(
      contentsOf: SharedData.checkout.appending(path: "Examples/Models/smoother.safetensors").path)
    let stream = try StreamingSmoother(smoother, latency: 4)
    let truth = SmootherTruth(SmootherSubjects.window(frames: 420, seed: 4)).positions
    let arm = [Skeleton.Joint.leftShoulder, .leftElbow, .leftWrist].map(\.rawValue)
    var last: [Vector3] = []
    for frame in 0..<420 {
      let places = (0..<22).map { joint -> Vector3 in
        let at = 66 * frame + 3 * joint
        return [Double(truth[at]), Double(truth[at + 1]), Double(truth[at + 2])]
      }
      let confidences = (0..<22).map { frame < 170 && arm.contains($0) ? Float(0) : 1 }
      last = stream.push(places, confidences: confidences)?.restOffsets ?? last
    }
    for joint in [Skeleton.Joint.leftElbow, .leftWrist].map(\.rawValue) {
      func place(_ joint: Int) -> SIMD3<Float> {
        [truth[3 * joint], truth[3 * joint + 1], truth[3 * joint + 2]]
      }
      let length = Double((place(joint) - place(Skeleton.parents[joint])).length)
      #expect(abs(last[joint].length / length - 1) < 0.03, "\(last[joint].length) of \(length) m")
    }
  }
}
