import Files
import Foundation
import Geometry

/// Estimates acceleration and jerk limits, which a URDF rarely states: the joint's effort over the
/// greatest inertia that it moves in some poses.
///
/// The inertia is that of everything beyond the joint about its axis, with the rotor's (`armature`) where
/// the file has it. Gravity and the effort that other joints need are left out, so that an estimate is no
/// promise that a motor keeps up; it is a bound that the motion of light and of heavy joints differs by.
struct LimitEstimates {
  /// What every estimate's source begins with.
  static let label = "estimated"
  /// The bounds on an estimate [rad/s² or m/s²].
  static let slowest = 5.0
  static let fastest = 1000.0
  /// The jerk limit for each unit of acceleration [1/s]: full effort within 25 ms.
  static let jerkRate = 40.0
  /// The number of poses.
  private static let poses = 32

  /// The most joints of a robot whose two sides are held against each other.
  private static let mostMirrored = 500

  private let robot: Robot
  private var links: [Link] { robot.links }
  private var joints: [Joint] { robot.joints }
  /// The joints that lack a limit and have an effort.
  private let open: [Int]

  init(of robot: Robot) {
    self.robot = robot
    open = robot.configurationJoints.filter { index in
      let joint = robot.joints[index]
      guard let effort = joint.limits.effort?.value else { return false }
      return effort > 0 && effort < URDFFile.absurd
        && (joint.limits.acceleration == nil || joint.limits.jerk == nil)
    }
  }

  /// Whether there is something to estimate, and something to estimate it from.
  var areNeeded: Bool { !open.isEmpty && links.contains { $0.massPoint != nil } }

  /// The joints with what no file limits filled in where the file has effort and masses.
  func filled() -> [Joint] {
    let inertias = bothSides(greatestInertias())
    var filled = joints
    for index in open {
      guard let effort = joints[index].limits.effort?.value, inertias[index] > 1e-9 else {
        continue
      }
      fill(&filled[index].limits, effort, inertias[index], isAngular: joints[index].isAngular)
    }
    return filled
  }

  /// Of joints that are mirror images of each other both have the greater inertia.
  private func bothSides(_ inertias: [Double]) -> [Double] {
    guard joints.count <= Self.mostMirrored else { return inertias }
    var result = inertias
    for (coordinate, partner) in robot.symmetry().partners.enumerated() {
      guard let partner else { continue }
      let (here, there) = (
        robot.configurationJoints[coordinate], robot.configurationJoints[partner]
      )
      result[here] = max(inertias[here], inertias[there])
    }
    return result
  }

  private func fill(
    _ limits: inout JointLimits, _ effort: Double, _ inertia: Double, isAngular: Bool
  ) {
    let units = isAngular ? ("N·m", "kg·m²") : ("N", "kg")
    let quotient = effort / inertia
    let value = min(max(quotient, Self.slowest), Self.fastest)
    let bounded = value == quotient ? "" : ", bounded"
    func short(_ value: Double) -> String { String(format: "%.3g", value) }
    let source =
      "\(Self.label): \(short(effort)) \(units.0) over \(short(inertia)) \(units.1)\(bounded)"
    let acceleration = limits.acceleration ?? SourcedLimit(value, source: source)
    limits.acceleration = acceleration
    guard limits.jerk == nil else { return }
    limits.jerk = SourcedLimit(
      Self.jerkRate * acceleration.value,
      source: "\(Self.label): the acceleration within \(short(1000 / Self.jerkRate)) ms")
  }

  // MARK: - Inertia

  /// What a joint moves: the sum of masses, of masses times places, and of second moments about the
  /// root's origin.
  private struct Moments {
    var mass = 0.0
    var first = Vector3.zero
    var tensor = InertiaTensor.zero

    mutating func add(_ other: Moments) {
      mass += other.mass
      first += other.first
      tensor += other.tensor
    }

    init() {}

    init(_ point: LinkMass, at pose: Pose) {
      let c = pose * point.center
      mass = point.mass
      first = mass * c
      tensor = InertiaTensor(ofMass: point.mass, at: c)
      if let own = point.inertia { tensor += own.rotated(by: pose.rotation) }
    }

    /// The inertia about a line.
    func about(_ axis: Vector3, through place: Vector3) -> Double {
      let (along, firstAlong) = (place.dot(axis), first.dot(axis))
      return tensor.about(axis) - 2 * (place.dot(first) - along * firstAlong)
        + mass * (place.squaredLength - along * along)
    }
  }

  /// For each joint the greatest inertia beyond it in some poses [kg·m² or kg], with its rotor's; of a
  /// joint that others follow with theirs.
  private func greatestInertias() -> [Double] {
    var greatest = [Double](repeating: 0, count: joints.count)
    for sample in 0..<Self.poses {
      var inertias = self.inertias(at: positions(sample))
      for (index, joint) in joints.enumerated() {
        guard let mimic = joint.mimic else { continue }
        inertias[mimic.leader] += mimic.multiplier * mimic.multiplier * inertias[index]
      }
      for index in joints.indices { greatest[index] = max(greatest[index], inertias[index]) }
    }
    return greatest.indices.map { greatest[$0] + (joints[$0].armature ?? 0) }
  }

  private func inertias(at positions: [Double]) -> [Double] {
    var poses = [Pose](repeating: .identity, count: links.count)
    for (index, joint) in joints.enumerated() {
      poses[joint.childLink] = poses[joint.parentLink] * joint.parentFromChild(at: positions[index])
    }
    var moments = links.indices.map { link in
      links[link].massPoint.map { Moments($0, at: poses[link]) } ?? Moments()
    }
    var inertias = [Double](repeating: 0, count: joints.count)
    for index in joints.indices.reversed() {
      let joint = joints[index]
      let pose = poses[joint.childLink]
      if joint.isMovable {
        let beyond = moments[joint.childLink]
        inertias[index] =
          joint.isAngular
          ? beyond.about(pose.rotation * joint.axis, through: pose.translation) : beyond.mass
      }
      moments[joint.parentLink].add(moments[joint.childLink])
    }
    return inertias
  }

  /// Positions of all joints: zeros first, then spread over the ranges by an additive recurrence.
  private func positions(_ sample: Int) -> [Double] {
    var positions = [Double](repeating: 0, count: joints.count)
    for (index, joint) in joints.enumerated() where joint.isMovable && joint.mimic == nil {
      let lower = max(joint.limits.lower?.value ?? -.pi, -.pi)
      let upper = max(lower, min(joint.limits.upper?.value ?? .pi, .pi))
      let step = (Double(index + 1) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
      let share = (0.5 + Double(sample) * (0.2 + 0.6 * step)).truncatingRemainder(dividingBy: 1)
      positions[index] = sample == 0 ? min(max(0, lower), upper) : lower + share * (upper - lower)
    }
    for (index, joint) in joints.enumerated() {
      guard let mimic = joint.mimic else { continue }
      positions[index] = mimic.multiplier * positions[mimic.leader] + mimic.offset
    }
    return positions
  }
}

extension Robot {
  /// What is estimated of its limits, one line a joint with its figures: `name: 52 rad/s² (estimated: 88
  /// N·m over 1.7 kg·m²)`; empty where files state all, or nothing can be estimated.
  public var estimatedLimits: [String] {
    configurationJoints.compactMap { index in
      let joint = joints[index]
      guard let limit = joint.limits.acceleration, limit.source.hasPrefix(LimitEstimates.label)
      else { return nil }
      let unit = joint.isAngular ? "rad/s²" : "m/s²"
      return "\(joint.name.printable): \(Int(limit.value.rounded())) \(unit) (\(limit.source))"
    }
  }

  /// The estimates in one sentence with their range; nil where there are none.
  public var estimateSummary: String? {
    let estimated = configurationJoints.filter {
      joints[$0].limits.acceleration?.source.hasPrefix(LimitEstimates.label) == true
        || joints[$0].limits.jerk?.source.hasPrefix(LimitEstimates.label) == true
    }
    let values = estimated.compactMap { joints[$0].limits.acceleration?.value }
    guard let least = values.min(), let most = values.max() else { return nil }
    return "acceleration and jerk limits of \(estimated.count) of \(coordinateCount) joints are"
      + " estimated from effort over inertia (\(Int(least.rounded())) to \(Int(most.rounded()))"
      + " rad/s² or m/s², jerk \(Int(LimitEstimates.jerkRate)) times that): a file of limits states"
      + " better ones"
  }
}
