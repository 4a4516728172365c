public import Files
import Geometry
public import Motions

extension InverseKinematicsRetargeter {
  /// Evaluates every frame of clips, each clip from its first frame on; the optimum only for some
  /// frames.
  ///
  /// Where the base is free, targets are those seen from the base that was solved for.
  public func evaluate(
    _ clips: [MotionClip], optimumPoses: Int = 200
  ) throws(RetargetingError) -> (evaluation: RetargeterEvaluation, dump: EvaluationDump) {
    var result = RetargeterEvaluation()
    var dump = EvaluationDump()
    var answers: [PoseAnswer] = []
    let clock = ContinuousClock()
    let time = clock.measure { for clip in clips { answers += self.answers(of: clip) } }
    result.clips = clips.count
    result.poses = answers.count
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
    result.posesPerSecond = Double(answers.count) / max(seconds, 1e-9)
    let bounds = try JointBounds(robot: robot)
    dump.configurations = answers.flatMap { answer in
      answer.configuration.indices.map {
        // Rounded to Float, a position at a limit stays within it.
        min(max(Float(answer.configuration[$0]), bounds.lower[$0]), bounds.upper[$0])
      }
    }
    var batch = targets.batch(of: clips.flatMap(\.rotations))
    batch.positions = clips.flatMap { targets(of: $0).batch(of: $0.rotations).positions }
    dump.targets = seen(batch.positions, from: answers)
    let measures = EvaluationMeasures(robot: robot, targets: targets, bounds: bounds)
    measures.distances(&result, dump)
    measures.optimum(&result, dump, poses: min(optimumPoses, answers.count))
    measures.direct(&result, batch, dump)
    measures.outsideLimits(&result, dump)
    return (result, dump)
  }

  /// The targets of poses in the frames of their bases.
  private func seen(_ positions: [Float], from answers: [PoseAnswer]) -> [Float] {
    guard hasFreeBase else { return positions }
    let width = targets.weightedPoints.count * 3
    var seen = positions
    for (pose, answer) in answers.enumerated() {
      let inverse = answer.base.inverse
      for start in stride(from: pose * width, to: (pose + 1) * width, by: 3) {
        let place =
          inverse
          * Vector3(
            Double(positions[start]), Double(positions[start + 1]), Double(positions[start + 2]))
        for axis in 0..<3 { seen[start + axis] = Float(place[axis]) }
      }
    }
    return seen
  }

  /// The file that a check by other programs reads.
  public func dumpFile(_ dump: EvaluationDump) -> Safetensors {
    targets.dumpFile(dump, robot: robot)
  }
}
