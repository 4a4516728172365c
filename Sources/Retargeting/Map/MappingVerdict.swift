import Foundation
import Geometry
import Kinematics
import Learning
import Motions

/// What a robot can do of a person's poses by a mapping: how far its links will be off at best, and why.
///
/// From inverse kinematics on random poses, each half of the way from a T-pose to a random one within
/// human joint ranges.
public struct MappingVerdict: Sendable {
  /// A part of the body: both sides of a joint of the human's.
  public struct Part: Sendable {
    /// The name, in the plural where there are two: `shoulders`.
    public var name: String
    /// The mean distance of its links from their targets [m].
    public var distance: Double
    /// The joint above it that is most often at a limit, and in which share of the poses; nil for none.
    public var limited: (joint: String, share: Double)?
  }

  /// The number of poses.
  public let poses: Int
  /// The weighted mean distance of links from their targets [m].
  public let meanDistance: Double
  /// The parts, from the hips to the wrists.
  public let parts: [Part]
  /// The length of the mapping's longest limb [m].
  let reach: Double

  /// The verdict on a mapping.
  ///
  /// - Parameters:
  ///   - retargeter: The robot with its mapping.
  ///   - poses: The number of poses.
  public init(_ retargeter: InverseKinematicsRetargeter, poses: Int = 200) {
    self.poses = poses
    let problem = retargeter.problem
    let mapping = retargeter.targets.mapping
    var solver = PoseSolver(problem)
    var batch = PoseBatch(count: 1, targets: retargeter.targets)
    var random = RandomSource(seed: 1)
    var sums = [Double](repeating: 0, count: problem.points.count)
    var atLimit = [Int](repeating: 0, count: problem.lower.count)
    let patience = PoseSolver.Patience(relative: 1e-4, absolute: 1e-7, steps: 30)
    for _ in 0..<poses {
      let pose = RandomPose.sample(using: &random).map {
        Quaternion.identity.interpolated(to: $0, fraction: 0.5)
      }
      batch.set(0, to: pose[...])
      let goal = retargeter.goal(batch)
      let answer = solver.solve(
        goal, starts: [PoseAnswer(configuration: problem.rest)], patience: patience)
      for (index, place) in solver.positions(of: answer).enumerated() {
        sums[index] += (place - goal.positions[index]).length / Double(poses)
      }
      for coordinate in problem.active where problem.isAtLimit(coordinate, answer.configuration) {
        atLimit[coordinate] += 1
      }
    }
    let joints = retargeter.targets.weightedPoints.map { mapping.points[$0].joint }
    let total = problem.points.reduce(0) { $0 + $1.weight }
    meanDistance = zip(problem.points, sums).reduce(0) { $0 + $1.0.weight * $1.1 } / total
    parts = Self.names.compactMap { name, left in
      let rows = joints.indices.filter { [left, left.mirrored].contains(joints[$0]) }
      guard !rows.isEmpty else { return nil }
      return Part(
        name: rows.count > 1 ? name : String(name.dropLast()),
        distance: rows.reduce(0) { $0 + sums[$1] } / Double(rows.count),
        limited: Self.limited(rows, problem, atLimit, retargeter.robot, poses))
    }
    reach = Self.reach(retargeter)
  }

  private static let names: [(String, Skeleton.Joint)] = [
    ("hips", .leftHip), ("knees", .leftKnee), ("ankles", .leftAnkle), ("shoulders", .leftShoulder),
    ("elbows", .leftElbow), ("wrists", .leftWrist),
  ]

  private static func limited(
    _ rows: [Int], _ problem: PoseProblem, _ atLimit: [Int], _ robot: Robot, _ poses: Int
  ) -> (joint: String, share: Double)? {
    let above = rows.flatMap { problem.chains[$0] }.map { problem.tree.nodes[$0].coordinate }
    guard let most = above.max(by: { atLimit[$0] < atLimit[$1] }), atLimit[most] > 0 else {
      return nil
    }
    return (robot.coordinateNames[most], Double(atLimit[most]) / Double(poses))
  }

  private static func reach(_ retargeter: InverseKinematicsRetargeter) -> Double {
    let mapping = retargeter.targets.mapping
    let places = retargeter.robot.worldFromLinks(retargeter.problem.rest)
    func place(_ index: Int) -> Vector3 {
      let point = mapping.points[index]
      return (try? retargeter.robot.linkIndex(named: point.link)).map { places[$0] * point.place }
        ?? .zero
    }
    var lengths = [Double](repeating: 0, count: mapping.points.count)
    for (index, point) in mapping.points.enumerated() {
      guard let parent = point.parent else { continue }
      lengths[index] = lengths[parent] + (place(index) - place(parent)).length
    }
    if let longest = lengths.max(), longest > 0 { return longest }
    // One point that hangs on nothing: the path of a hand.
    return retargeter.targets.scales.compactMap(\.self).max().map { $0 * HandPath.length } ?? 0
  }

  /// The verdict in sentences: the whole, then each part that will be off by more than a fiftieth of a
  /// limb.
  public var sentences: [String] {
    var lines = [
      "on \(poses) poses of a person its links are \(Self.millimetres(meanDistance)) from where they"
        + " should be at best"
    ]
    for part in parts.sorted(by: { $0.distance > $1.distance }) where part.distance > reach / 50 {
      var line = "its \(part.name) will be \(Self.millimetres(part.distance)) off"
      if let limited = part.limited, limited.share > 0.1 {
        line +=
          ": '\(limited.joint)' is at a limit in \(Int((100 * limited.share).rounded())) % of the poses"
      }
      lines.append(line)
    }
    return lines
  }

  private static func millimetres(_ metres: Double) -> String {
    let value = 1000 * metres
    return value < 10
      ? "\((value * 10).rounded() / 10) mm" : "\(Int(value.rounded())) mm"
  }
}

extension PoseProblem {
  /// Whether a coordinate is at one of its limits.
  fileprivate func isAtLimit(_ coordinate: Int, _ configuration: [Double]) -> Bool {
    let q = configuration[coordinate]
    return lower[coordinate] < upper[coordinate]
      && (q <= lower[coordinate] + 1e-6 || q >= upper[coordinate] - 1e-6)
  }
}
