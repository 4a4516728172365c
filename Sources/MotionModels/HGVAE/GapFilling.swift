import Autodiff
import Geometry
import HumanBody
import Motions

extension HGVAE {
  /// Gaps up to this many frames are crossed by a cubic, longer ones by the model.
  static let shortGap = 5

  /// Positions [frames, 22, 3] in the world less the track's shift, whose missing joints are found by
  /// the model.
  ///
  /// Overlapping windows are imputed by gradient ascent and blended. What was seen is as it was.
  func imputed(_ cut: TrackWindows, _ options: ImputationOptions = .init()) -> [Float] {
    let joints = Skeleton.jointCount
    var result = cut.filled
    let fade = TrackWindows.fade(frames)
    var weights = [Float](repeating: 0, count: cut.frames)
    var sums = [Float](repeating: 0, count: result.count)
    let buffer = FloatBuffer(self.weights)
    var tape = Tape(parameters: buffer)
    for start in cut.starts {
      let window = cut.window(at: start)
      guard window.occlusion.isPartial else { continue }
      let found = impute(window, options, on: &tape)
      let places = window.body.positions(of: found.signals)
      for frame in 0..<min(frames, cut.frames - start) {
        weights[start + frame] += fade[frame]
        for index in 0..<(3 * joints) {
          sums[(start + frame) * 3 * joints + index] +=
            fade[frame] * places[frame * 3 * joints + index]
        }
      }
    }
    for at in cut.confidences.indices where !(cut.confidences[at] > 0) {
      let weight = weights[at / joints]
      guard weight > 0 else { continue }
      for axis in 0..<3 { result[3 * at + axis] = sums[3 * at + axis] / weight }
    }
    return result
  }
}

/// Crosses short gaps by cubics.
enum CubicGaps {
  private static let joints = Skeleton.jointCount

  /// Fills gaps of up to `longest` frames between seen frames of a joint by the cubic through their
  /// ends with the velocities there.
  static func fill(_ positions: inout [Float], confidences: [Float], longest: Int) {
    let frames = confidences.count / joints
    for joint in 0..<joints {
      var last: Int?
      for frame in 0..<frames where confidences[frame * joints + joint] > 0 {
        if let last, frame - last > 1, frame - last - 1 <= longest {
          cross(&positions, confidences, joint, last, frame, frames)
        }
        last = frame
      }
    }
  }

  private static func cross(
    _ p: inout [Float], _ confidences: [Float], _ joint: Int, _ from: Int, _ to: Int, _ frames: Int
  ) {
    func seen(_ frame: Int) -> Bool {
      (0..<frames).contains(frame) && confidences[frame * joints + joint] > 0
    }
    let width = Float(to - from)
    for axis in 0..<3 {
      func value(_ frame: Int) -> Float { p[3 * (frame * joints + joint) + axis] }
      let (a, b) = (value(from), value(to))
      let mean = (b - a) / width
      let start = (seen(from - 1) ? a - value(from - 1) : mean) * width
      let end = (seen(to + 1) ? value(to + 1) - b : mean) * width
      for frame in (from + 1)..<to {
        let t = Float(frame - from) / width
        let (t2, t3) = (t * t, t * t * t)
        p[3 * (frame * joints + joint) + axis] =
          (2 * t3 - 3 * t2 + 1) * a + (t3 - 2 * t2 + t) * start + (3 * t2 - 2 * t3) * b
          + (t3 - t2) * end
      }
    }
  }
}
