import Autodiff
import Foundation
import HumanBody
import Learning
import Motions

extension HGVAE {
  private static let shares: [Float] = [0.01, 0.1, 0.3, 0.5]
  private static let gapsOfTime: [(what: String, joints: [Int], frames: Int)] = [
    ("left wrist", [20], 15), ("right arm", [17, 19, 21], 15), ("left leg", [4, 7, 10], 15),
    ("left wrist", [20], 30), ("right arm", [17, 19, 21], 30), ("left leg", [4, 7, 10], 30),
  ]

  /// The fewest frames of a window in which what is measured can be hidden.
  public static let leastEvaluatedFrames = 32

  func measureImputation(
    _ material: EvaluationMaterial, _ options: HGVAEEvaluationOptions,
    _ result: inout HGVAEEvaluation
  ) {
    let count = min(options.imputed, material.windows.count)
    let bodies = (0..<count).map {
      BodyWindow(material.windows[$0 * material.windows.count / count])
    }
    let buffer = FloatBuffer(weights)
    var tape = Tape(parameters: buffer)
    var random = RandomSource(seed: options.seed, stream: 0x6f63_636c)
    for share in Self.shares {
      var (squares, missing) = (SIMD3<Double>.zero, 0)
      for body in bodies {
        var occlusion = Occlusion(frames: frames)
        occlusion.hideSamples(share, using: &random)
        let part = errors(body, occlusion, on: &tape)
        squares += part.squares
        missing += part.missing
      }
      let means = squares / Double(max(1, missing))
      result.imputations.append(
        .init(
          missing: Double(share), mean: means.x.squareRoot(), linear: means.y.squareRoot(),
          model: means.z.squareRoot()))
    }
    var times: [Double] = []
    for gap in Self.gapsOfTime {
      var sums = SIMD3<Double>.zero
      for body in bodies {
        var occlusion = Occlusion(frames: frames)
        let first = 1 + Int(random.next() % UInt64(frames - gap.frames - 1))
        for joint in gap.joints {
          occlusion.hide(joint: joint, frames: first..<(first + gap.frames))
        }
        let (distances, time) = distances(body, occlusion, gap.joints, on: &tape)
        sums += distances
        times.append(time)
      }
      sums /= Double(max(1, bodies.count))
      result.gaps.append(
        .init(
          what: gap.what, seconds: Double(gap.frames) / frameRate, linear: sums.x,
          decoder: sums.y, model: sums.z))
    }
    result.secondsPerWindow = times.sorted()[times.count / 2]
  }

  /// The sums of squares of the missing samples' errors by the mean, by linear interpolation and by
  /// the model.
  private func errors(
    _ body: BodyWindow, _ occlusion: Occlusion, on tape: inout Tape
  ) -> (squares: SIMD3<Double>, missing: Int) {
    let means = statistics.meanSignals
    let linear = occlusion.filled(body.signals, means: means)
    let found = impute(SeenWindow(body, occlusion), .init(), on: &tape).signals
    var (squares, missing) = (SIMD3<Double>.zero, 0)
    for index in body.signals.indices where !occlusion.isSeen[index] {
      let truth = body.signals[index]
      let d = SIMD3(
        Double(means[index] - truth), Double(linear[index] - truth), Double(found[index] - truth))
      squares += d * d
      missing += 1
    }
    return (squares, missing)
  }

  /// The mean distances of the missing joints by linear interpolation, by the decoder alone and by the
  /// model, and the processor's time for the last [s].
  private func distances(
    _ body: BodyWindow, _ occlusion: Occlusion, _ joints: [Int], on tape: inout Tape
  ) -> (SIMD3<Double>, Double) {
    let window = SeenWindow(body, occlusion)
    let linear = occlusion.filled(body.signals, means: statistics.meanSignals)
    let decoded = read([window])[0].expected
    let start = clock()
    let found = impute(window, .init(), on: &tape).signals
    let time = Double(clock() - start) / Double(CLOCKS_PER_SEC)
    var (sums, count) = (SIMD3<Double>.zero, 0.0)
    for joint in joints {
      for frame in 0..<frames where !occlusion.isSeen[3 * joint * frames + frame] {
        var squares = SIMD3<Double>.zero
        for axis in 0..<3 {
          let at = (3 * joint + axis) * frames + frame
          let truth = body.signals[at]
          let d = SIMD3(
            Double(linear[at] - truth), Double(decoded[at] - truth), Double(found[at] - truth))
          squares += d * d
        }
        sums += squares.squareRoot()
        count += 1
      }
    }
    return (sums / max(1, count), time)
  }
}
