import Foundation
import Geometry
import Kinematics
import Morphology

/// The joints of a robot from its base to the tip of its arm.
struct ArmChain {
  /// A configuration with the tip's place in the base's frame [m].
  struct Sample {
    var configuration: [Double]
    var place: Vector3
  }

  let robot: Robot
  /// The tip's link, and the place in its frame [m].
  let link: String
  let place: Vector3
  /// The coordinates that move the tip.
  let coordinates: [Int]
  /// The ranges that are sampled: the limits, of joints without any and of those that turn further a whole
  /// turn.
  let lower: [Double], upper: [Double]
  /// The middle of the limits.
  let middle: [Double]
  /// Where the arm's second axis, its shoulder, is with the joints in the middle of their ranges [m].
  let shoulder: Vector3
  private let tipLink: Int

  /// The chain to a place of a link, whose shoulder is the joint of this name, without the joints of a
  /// base that drives.
  init(
    _ robot: Robot, link: String, place: Vector3, shoulder: String, base: Set<String>
  ) throws(KinematicsError) {
    self.robot = robot
    self.link = link
    self.place = place
    tipLink = try robot.linkIndex(named: link)
    let ranges = zip(robot.foldedLimits, robot.configurationJoints).map { limits, joint in
      Self.range(limits, isAngular: robot.joints[joint].isAngular)
    }
    (lower, upper) = (ranges.map(\.lower), ranges.map(\.upper))
    middle = ranges.map { ($0.lower + $0.upper) / 2 }
    var used: Set<Int> = []
    var above = robot.links[tipLink].parentJoint
    while let joint = above {
      if let found = robot.coordinate(ofJoint: joint), !base.contains(robot.joints[joint].name) {
        used.insert(found.coordinate)
      }
      above = robot.links[robot.joints[joint].parentLink].parentJoint
    }
    coordinates = used.sorted()
    let poses = robot.worldFromLinks(middle)
    self.shoulder =
      robot.joints.first { $0.name == shoulder }.map { poses[$0.childLink].translation } ?? .zero
  }

  /// Wider ranges are no limits [rad or m].
  private static let endless = 100.0

  private static func range(
    _ limits: JointLimits, isAngular: Bool
  ) -> (lower: Double, upper: Double) {
    let half = Double.pi
    switch (limits.lower?.value, limits.upper?.value) {
    case (let lower?, let upper?):
      if upper - lower > endless {
        // A base that drives and turns without end stays where it is.
        let place = min(max(0, lower), upper)
        return isAngular ? (place - half, place + half) : (place, place)
      }
      guard isAngular, upper - lower > 2 * half else { return (lower, upper) }
      let middle = (lower + upper) / 2
      return (middle - half, middle + half)
    case (let lower?, nil): return (lower, max(lower, half))
    case (nil, let upper?): return (min(upper, -half), upper)
    case (nil, nil): return (-half, half)
    }
  }

  /// The tip's place in the base's frame [m].
  func tip(_ configuration: [Double]) -> Vector3 {
    robot.worldFromLinks(configuration)[tipLink] * place
  }

  /// Configurations spread evenly over the limits (an additive recurrence), without those that break a
  /// coupled limit.
  func samples(_ count: Int) -> [Sample] {
    // The generalised golden ratio of as many dimensions as there are coordinates.
    var ratio = 1.5
    for _ in 0..<60 { ratio = pow(1 + ratio, 1 / Double(coordinates.count + 1)) }
    let steps = coordinates.indices.map { pow(1 / ratio, Double($0 + 1)) }
    var samples: [Sample] = []
    samples.reserveCapacity(count)
    var configuration = middle
    for index in 0..<count {
      for (dimension, coordinate) in coordinates.enumerated() {
        let value = 0.5 + steps[dimension] * Double(index)
        configuration[coordinate] =
          lower[coordinate] + (value - value.rounded(.down))
          * (upper[coordinate] - lower[coordinate])
      }
      guard isWithinCoupled(configuration) else { continue }
      samples.append(Sample(configuration: configuration, place: tip(configuration)))
    }
    return samples
  }

  private func isWithinCoupled(_ configuration: [Double]) -> Bool {
    robot.coupledLimits.allSatisfy { limit in
      let sum = limit.terms.reduce(0) { $0 + $1.factor * configuration[$1.coordinate] }
      return limit.lower <= sum && sum <= limit.upper
    }
  }

  /// The configuration whose tip is near a place and which is farthest from its limits.
  func posture(near goal: Vector3, within distance: Double) -> [Double] {
    var best: (score: Double, configuration: [Double])?
    for sample in samples(20_000) {
      let gap = (sample.place - goal).length
      // The first that is near enough, then the one in the middle of its limits.
      let margin = coordinates.map { coordinate -> Double in
        let half = max((upper[coordinate] - lower[coordinate]) / 2, 1e-9)
        return abs(sample.configuration[coordinate] - middle[coordinate]) / half
      }
      let score = max(gap / distance, 1) * 10 + (margin.max() ?? 0)
      if score < best?.score ?? .infinity { best = (score, sample.configuration) }
    }
    return best?.configuration ?? middle
  }

  /// The tip's greatest speed that every joint with a lever can give [m/s]; infinite where no velocity
  /// limit is known.
  func speed(reach: Double) -> Double {
    let limits = robot.foldedLimits
    let (start, step) = (middle, 1e-4)
    let place = tip(start)
    return coordinates.map { coordinate -> Double in
      guard let velocity = limits[coordinate].velocity?.value, velocity > 0 else {
        return .infinity
      }
      var moved = start
      moved[coordinate] += step
      let lever = (tip(moved) - place).length / step
      return lever > 0.2 * reach ? velocity * lever : .infinity
    }.min() ?? .infinity
  }
}
