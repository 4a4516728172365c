public import Files
import Geometry
import Kinematics
public import Motions

/// The accuracy of a retargeter on clips, compared with the optimum of inverse kinematics.
public struct RetargeterEvaluation: Sendable, Codable {
  /// The number of clips.
  public var clips = 0
  /// The number of poses.
  public var poses = 0
  /// The weighted mean distance of links from their targets [m].
  public var meanDistance = 0.0
  /// The 95th percentile of the distance [m].
  public var distance95 = 0.0
  /// The mean distance of each link [m].
  public var linkDistances: [String: Double] = [:]
  /// The number of poses for which the optimum was computed.
  public var optimumPoses = 0
  /// The weighted mean distance of these poses as retargeted [m].
  public var meanDistanceOfOptimumPoses = 0.0
  /// The weighted mean distance of these poses at the optimum of inverse kinematics [m].
  public var optimumDistance = 0.0
  /// The mean difference between mirrored answers and answers to mirrored poses [rad]; nil if the
  /// mapping is not symmetric.
  public var symmetryError: Double?
  /// The mean difference of directly mapped joints from their twist [rad]; nil without any.
  public var directError: Double?
  /// The number of poses outside of the position limits.
  public var posesOutsideLimits = 0
  /// The throughput of targets and network on one core [poses/s].
  public var posesPerSecond = 0.0
}

/// The data of an evaluation, for checks by other programs.
public struct EvaluationDump: Sendable {
  /// The targets [pose, link, 3], metres, in the robot's base frame.
  public var targets: [Float] = []
  /// The configurations [pose, joint], radians or metres.
  public var configurations: [Float] = []

  /// None yet.
  public init() {}
}

extension Retargeter {
  /// Evaluates every frame of clips; the optimum only for some frames, since it takes long.
  public func evaluate(
    _ clips: [MotionClip], optimumPoses: Int = 200
  ) -> (evaluation: RetargeterEvaluation, dump: EvaluationDump) {
    var result = RetargeterEvaluation()
    var dump = EvaluationDump()
    var rotations: [Quaternion] = []
    for clip in clips { rotations += clip.rotations }
    let count = rotations.count / Skeleton.jointCount
    let clock = ContinuousClock()
    let time = clock.measure { dump.configurations = configurations(of: rotations) }
    result.clips = clips.count
    result.poses = count
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
    result.posesPerSecond = Double(count) / max(seconds, 1e-9)

    let batch = targets.batch(of: rotations)
    dump.targets = batch.positions
    let measures = EvaluationMeasures(robot: robot, targets: targets, bounds: bounds)
    measures.distances(&result, dump)
    measures.optimum(&result, dump, poses: min(optimumPoses, count))
    measureSymmetry(&result, rotations, dump)
    measures.direct(&result, batch, dump)
    measures.outsideLimits(&result, dump)
    return (result, dump)
  }

  /// The links with a weight, and their weights.
  public var weightedLinks: (names: [String], weights: [Double]) { targets.weightedLinks }

  /// The file that a check by other programs reads (tensors `targets`, `configuration`, `weights`,
  /// `places`).
  public func dumpFile(_ dump: EvaluationDump) -> Safetensors {
    targets.dumpFile(dump, robot: robot)
  }

  private func measureSymmetry(
    _ result: inout RetargeterEvaluation, _ rotations: [Quaternion], _ dump: EvaluationDump
  ) {
    guard let mirror = RobotMirror(robot, mapping: targets.mapping), result.poses > 0 else {
      return
    }
    var mirrored: [Quaternion] = []
    mirrored.reserveCapacity(rotations.count)
    for pose in 0..<result.poses {
      let base = pose * Skeleton.jointCount
      mirrored += PoseChange.mirrored(Array(rotations[base..<(base + Skeleton.jointCount)]))
    }
    let answers = configurations(of: mirrored)
    let joints = bounds.lower.count
    var sum = 0.0
    for pose in 0..<result.poses {
      for joint in 0..<joints {
        let image = Double(answers[pose * joints + mirror.partners[joint]])
        sum += abs(
          Double(dump.configurations[pose * joints + joint]) - mirror.signs[joint] * image)
      }
    }
    result.symmetryError = sum / Double(result.poses * joints)
  }
}
