import Autodiff
import Files
import Foundation
import Geometry
import Learning
import Motions
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
}
