public import Files
import Foundation
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

    var batch = PoseBatch(count: count, targets: targets)
    for row in 0..<count {
      let base = row * Skeleton.jointCount
      batch.set(row, to: rotations[base..<(base + Skeleton.jointCount)])
    }
    dump.targets = batch.positions
    measureDistances(&result, dump)
    measureOptimum(&result, dump, poses: min(optimumPoses, count))
    measureSymmetry(&result, rotations, dump)
    measureDirect(&result, batch, dump)
    let joints = bounds.lower.count
    result.posesOutsideLimits = (0..<count).count { row in
      !(0..<joints).allSatisfy {
        let q = dump.configurations[row * joints + $0]
        return bounds.lower[$0] <= q && q <= bounds.upper[$0]
      }
    }
    return (result, dump)
  }

  /// The links with a weight, and their weights.
  public var weightedLinks: (names: [String], weights: [Double]) {
    let points = targets.weightedPoints.map { targets.mapping.points[$0] }
    return (points.map(\.link), points.map(\.weight))
  }

  /// The file that a check by other programs reads (tensors `targets`, `configuration`, `weights`).
  public func dumpFile(_ dump: EvaluationDump) -> Safetensors {
    let (links, weights) = weightedLinks
    let joints = robot.coordinateCount
    let poses = dump.configurations.count / max(1, joints)
    func list(_ texts: [String]) -> String {
      "[\(texts.map(JSONText.quoted).joined(separator: ", "))]"
    }
    let coupled = robot.coupledLimits.map { limit in
      let terms = limit.terms.map {
        "\(JSONText.quoted(robot.coordinateNames[$0.coordinate])): \($0.factor)"
      }
      return "{\"joints\": {\(terms.joined(separator: ", "))}, \"lower\": \(limit.lower), "
        + "\"upper\": \(limit.upper)}"
    }
    return Safetensors(
      metadata: [
        "links": list(links), "joints": list(robot.coordinateNames),
        "urdf": URL(filePath: robot.path).standardizedFileURL.path,
        "coupled": "[\(coupled.joined(separator: ", "))]",
      ],
      tensors: [
        "targets": StoredTensor(dump.targets, shape: [poses, links.count, 3]),
        "configuration": StoredTensor(dump.configurations, shape: [poses, joints]),
        "weights": StoredTensor(weights, shape: [links.count]),
      ])
  }

  // MARK: - Metrics

  private func measureDistances(_ result: inout RetargeterEvaluation, _ dump: EvaluationDump) {
    let (names, weights) = weightedLinks
    let total = weights.reduce(0, +)
    let joints = bounds.lower.count
    let indices = names.compactMap { try? robot.linkIndex(named: $0) }
    var sums = [Double](repeating: 0, count: names.count)
    var means: [Double] = []
    for pose in 0..<result.poses {
      let q = dump.configurations[(pose * joints)..<((pose + 1) * joints)].map(Double.init)
      let places = robot.worldFromLinks(q)
      var mean = 0.0
      for (row, link) in indices.enumerated() {
        let t = (pose * names.count + row) * 3
        let goal: Vector3 = [
          Double(dump.targets[t]), Double(dump.targets[t + 1]), Double(dump.targets[t + 2]),
        ]
        let distance = (places[link].translation - goal).length
        sums[row] += distance
        mean += weights[row] * distance
      }
      means.append(mean / total)
    }
    guard !means.isEmpty else { return }
    result.meanDistance = means.reduce(0, +) / Double(means.count)
    result.distance95 = means.sorted()[min(means.count - 1, means.count * 95 / 100)]
    for (row, name) in names.enumerated() {
      result.linkDistances[name] = sums[row] / Double(means.count)
    }
  }

  private func measureOptimum(
    _ result: inout RetargeterEvaluation, _ dump: EvaluationDump, poses: Int
  ) {
    let (names, weights) = weightedLinks
    guard poses > 0, let links = try? names.map({ try robot.linkIndex(named: $0) }) else { return }
    let problem = InverseKinematics(robot: robot, links: links, weights: weights)
    let joints = bounds.lower.count
    var own = 0.0
    var best = 0.0
    for index in 0..<poses {
      let pose = index * result.poses / poses
      let answer = dump.configurations[(pose * joints)..<((pose + 1) * joints)].map(Double.init)
      let row = pose * names.count * 3
      let goal = dump.targets[row..<(row + names.count * 3)].map(Double.init)
      let zero = [Double](repeating: 0, count: joints)
      let found = problem.solve(targets: goal, starts: [answer, zero])
      own += problem.meanDistance(answer, targets: goal)
      best += problem.meanDistance(found.configuration, targets: goal)
    }
    result.optimumPoses = poses
    result.meanDistanceOfOptimumPoses = own / Double(poses)
    result.optimumDistance = best / Double(poses)
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

  private func measureDirect(
    _ result: inout RetargeterEvaluation, _ batch: PoseBatch, _ dump: EvaluationDump
  ) {
    let maps = targets.mapping.directMaps
    guard !maps.isEmpty, result.poses > 0,
      let columns = try? maps.map({ try robot.coordinateIndex(named: $0.target) })
    else { return }
    let joints = bounds.lower.count
    var sum = 0.0
    for pose in 0..<result.poses {
      for (row, column) in columns.enumerated() {
        // A twist beyond the joint's limits cannot be followed and does not count as an error.
        let wanted = min(
          max(batch.angles[pose * maps.count + row], bounds.lower[column]), bounds.upper[column])
        sum += Double(abs(dump.configurations[pose * joints + column] - wanted))
      }
    }
    result.directError = sum / Double(result.poses * maps.count)
  }
}
