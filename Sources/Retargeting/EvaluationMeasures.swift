public import Files
import Foundation
import Geometry
public import Kinematics
import Motions

/// What answers of a retargeter are held against: the targets of its mapping, and the best that inverse
/// kinematics finds for them.
struct EvaluationMeasures {
  let robot: Robot
  let targets: HumanTargets
  let bounds: JointBounds

  private var points: [Mapping.Point] { targets.weightedPoints.map { targets.mapping.points[$0] } }

  /// The problem of bringing the points to their targets; nil where the mapping is another robot's.
  private var problem: InverseKinematics? {
    let places = points.compactMap { point in
      (try? robot.linkIndex(named: point.link)).map {
        PoseProblem.Point(link: $0, offset: point.place, weight: point.weight)
      }
    }
    return places.count == points.count ? InverseKinematics(robot: robot, points: places) : nil
  }

  func distances(_ result: inout RetargeterEvaluation, _ dump: EvaluationDump) {
    guard let problem else { return }
    let joints = bounds.lower.count
    let width = points.count * 3
    let total = points.reduce(0) { $0 + $1.weight }
    var sums = [Double](repeating: 0, count: points.count)
    var means: [Double] = []
    for pose in 0..<result.poses {
      let q = dump.configurations[(pose * joints)..<((pose + 1) * joints)].map(Double.init)
      let goal = dump.targets[(pose * width)..<((pose + 1) * width)].map(Double.init)
      let distances = problem.distances(q, targets: goal)
      for (row, distance) in distances.enumerated() { sums[row] += distance }
      means.append(zip(points, distances).reduce(0) { $0 + $1.0.weight * $1.1 } / total)
    }
    guard !means.isEmpty else { return }
    result.meanDistance = means.reduce(0, +) / Double(means.count)
    result.distance95 = means.sorted()[min(means.count - 1, means.count * 95 / 100)]
    for (row, point) in points.enumerated() {
      result.linkDistances[point.link] = sums[row] / Double(means.count)
    }
  }

  func optimum(_ result: inout RetargeterEvaluation, _ dump: EvaluationDump, poses: Int) {
    guard poses > 0, let problem else { return }
    let joints = bounds.lower.count
    let width = points.count * 3
    var own = 0.0
    var best = 0.0
    for index in 0..<poses {
      let pose = index * result.poses / poses
      let answer = dump.configurations[(pose * joints)..<((pose + 1) * joints)].map(Double.init)
      let goal = dump.targets[(pose * width)..<((pose + 1) * width)].map(Double.init)
      let zero = [Double](repeating: 0, count: joints)
      let found = problem.solve(targets: goal, starts: [answer, zero])
      own += problem.meanDistance(answer, targets: goal)
      best += problem.meanDistance(found.configuration, targets: goal)
    }
    result.optimumPoses = poses
    result.meanDistanceOfOptimumPoses = own / Double(poses)
    result.optimumDistance = best / Double(poses)
  }

  func direct(_ result: inout RetargeterEvaluation, _ batch: PoseBatch, _ dump: EvaluationDump) {
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

  func outsideLimits(_ result: inout RetargeterEvaluation, _ dump: EvaluationDump) {
    let joints = bounds.lower.count
    result.posesOutsideLimits = (0..<result.poses).count { row in
      !(0..<joints).allSatisfy {
        let q = dump.configurations[row * joints + $0]
        return bounds.lower[$0] <= q && q <= bounds.upper[$0]
      }
    }
  }
}

extension HumanTargets {
  /// The targets of poses (22 rotations each).
  func batch(of rotations: [Quaternion]) -> PoseBatch {
    let count = rotations.count / Skeleton.jointCount
    var batch = PoseBatch(count: count, targets: self)
    for row in 0..<count {
      let base = row * Skeleton.jointCount
      batch.set(row, to: rotations[base..<(base + Skeleton.jointCount)])
    }
    return batch
  }

  /// The links with a weight, and their weights.
  var weightedLinks: (names: [String], weights: [Double]) {
    let points = weightedPoints.map { mapping.points[$0] }
    return (points.map(\.link), points.map(\.weight))
  }

  /// The file that a check by other programs reads (tensors `targets`, `configuration`, `weights`, and
  /// `places` [link, 3]: the point of each link, in its frame).
  ///
  /// - Parameters:
  ///   - dump: Targets and answers.
  ///   - robot: The robot.
  ///   - weights: Other weights than the mapping's, which are then in `all_weights`.
  ///   - clips: Of motions, the name, the number of samples and the rate [Hz] of each, one after another.
  public func dumpFile(
    _ dump: EvaluationDump, robot: Robot, weights chosen: [Double]? = nil,
    clips: [(name: String, samples: Int, rate: Double)] = []
  ) -> Safetensors {
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
    let places = weightedPoints.flatMap { index in
      let place = mapping.points[index].place
      return [place.x, place.y, place.z]
    }
    let motions = clips.map {
      "{\"name\": \(JSONText.quoted($0.name)), \"samples\": \($0.samples), \"rate\": \($0.rate)}"
    }
    return Safetensors(
      metadata: [
        "clips": "[\(motions.joined(separator: ", "))]", "links": list(links),
        "joints": list(robot.coordinateNames),
        "urdf": URL(filePath: robot.path).standardizedFileURL.path,
        "coupled": "[\(coupled.joined(separator: ", "))]",
      ],
      tensors: [
        "targets": StoredTensor(dump.targets, shape: [poses, links.count, 3]),
        "configuration": StoredTensor(dump.configurations, shape: [poses, joints]),
        "weights": StoredTensor(chosen ?? weights, shape: [links.count]),
        "all_weights": StoredTensor(weights, shape: [links.count]),
        "places": StoredTensor(places, shape: [links.count, 3]),
      ])
  }
}
