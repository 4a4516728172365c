import Foundation
import Geometry
import Kinematics
import Morphology

/// The joints of a robot from its base to the tip of its arm.
struct ArmChain {
  private struct Link {
    /// The joint's frame in the frame of the joint before, all that is fixed between them included.
    var before: Pose
    var axis: Vector3
    var isAngular: Bool
    /// The coordinate that moves it, and by `factor · position + offset`; nil where nothing does.
    var coordinate: Int?
    var factor: Double, offset: Double
  }

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
  let lower: [Double], upper: [Double]
  /// The middle of the limits.
  let middle: [Double]
  /// Where the arm's second axis, its shoulder, is with the joints in the middle of their ranges [m].
  private(set) var shoulder = Vector3.zero
  private var links: [Link] = []
  private var linkFromTip = Pose.identity

  /// The chain to a place of a link.
  init(_ robot: Robot, link: String, place: Vector3, shoulder hinge: String?)
    throws(KinematicsError)
  {
    self.robot = robot
    self.link = link
    self.place = place
    let limits = robot.foldedLimits
    lower = limits.map { max(-Double.pi, $0.lower?.value ?? -.pi) }
    upper = limits.map { min(Double.pi, $0.upper?.value ?? .pi) }
    middle = zip(lower, upper).map { ($0 + $1) / 2 }
    var (pending, chain) = (Pose(translation: place), [Link]())
    var used: Set<Int> = []
    var above = robot.links[try robot.linkIndex(named: link)].parentJoint
    var isFirst = true
    while let index = above {
      let joint = robot.joints[index]
      above = robot.links[joint.parentLink].parentJoint
      guard let found = robot.coordinate(ofJoint: index) else {
        pending = joint.parentFromJoint * pending
        continue
      }
      if isFirst { linkFromTip = pending } else { chain[chain.count - 1].before = pending }
      isFirst = false
      used.insert(found.coordinate)
      chain.append(
        Link(
          before: .identity, axis: joint.axis, isAngular: joint.isAngular,
          coordinate: found.coordinate, factor: found.factor, offset: joint.mimic?.offset ?? 0))
      pending = joint.parentFromJoint
    }
    if chain.isEmpty { linkFromTip = pending } else { chain[chain.count - 1].before = pending }
    links = chain.reversed()
    coordinates = used.sorted()
    let poses = robot.worldFromLinks(middle)
    if let hinge, let joint = robot.joints.first(where: { $0.name == hinge }) {
      shoulder = poses[joint.childLink].translation
    }
  }

  /// The tip's place in the base's frame [m].
  func tip(_ configuration: [Double]) -> Vector3 {
    var pose = Pose.identity
    for link in links {
      pose = pose * link.before
      let q = link.coordinate.map { link.factor * configuration[$0] } ?? 0
      let position = q + link.offset
      pose =
        pose
        * (link.isAngular
          ? Pose(rotation: Quaternion(angle: position, axis: link.axis))
          : Pose(translation: position * link.axis))
    }
    return pose * linkFromTip.translation
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
