import Files
import Foundation
import Geometry
import Kinematics
import Motions
import Retargeting
import Trajectories

/// How far links are from where the mapping wants them, and how far limbs and trunk point elsewhere.
struct LikenessMeasure: Measure {
  private let subject: ReportSubject
  private let person: Person
  private let targets: HumanTargets
  /// The mapping's points: places of links.
  private let points: [(link: Int, place: Vector3)]
  private let weights: [Double]
  /// Whether a weighted point is a foot, which stands where the ground is and not where the person's is.
  private let isFoot: [Bool]
  /// Whether the base leans and moves on its own.
  private let isBaseFree: Bool
  private let bones: [(from: Int, to: Int, name: String)]
  private let trunk: Trunk?

  private var distances: [Double] = []
  private var distancesWithoutFeet: [Double] = []
  private var distance = Peak()
  private var sums: [Double]
  private var (limb, trunkPeak) = (Peak(), Peak())
  private var (limbAngles, trunkAngles): ([Double], [Double]) = ([], [])

  /// Nil where there is no person, or no mapping.
  init?(_ subject: ReportSubject) {
    guard let person = subject.person, let targets = subject.targets else { return nil }
    let mapped = targets.mapping.points
    let robot = subject.robot
    points = mapped.compactMap { point in
      (try? robot.linkIndex(named: point.link)).map { ($0, point.place) }
    }
    guard points.count == mapped.count else { return nil }
    (self.subject, self.person, self.targets) = (subject, person, targets)
    weights = targets.weightedPoints.map { mapped[$0].weight }
    isFoot = targets.weightedPoints.map { Self.isFoot(mapped[$0].joint) }
    let trajectory = subject.trajectory
    isBaseFree =
      trajectory.root != nil
      && (trajectory.provenance["retargeting"] == "inverse kinematics"
        || trajectory.provenance["base"] == "leaning"
        || trajectory.provenance["motion_format"] != nil
        || ["fast", "full"].contains(trajectory.provenance["refinement"]))
    bones = targets.mapping.bones.map {
      ($0.from, $0.to, "\(mapped[$0.from].link) – \(mapped[$0.to].link)")
    }
    sums = targets.weightedPoints.map { _ in 0 }
    trunk = Trunk(targets.mapping, robot)
  }

  /// Why nothing was measured.
  static func absence(_ subject: ReportSubject) -> String {
    guard subject.person != nil else {
      return "no motion to compare with: --against names it"
    }
    return "no mapping, so nothing is known of where links should be: "
      + (subject.absenceOfMapping ?? "its links are not the robot's")
  }

  mutating func take(_ instant: Instant) {
    guard instant.isSample else { return }
    let pose = person.rotations(at: instant.time)
    let wanted = targets.targets(of: pose)
    let places = places(instant, pelvis: pose[0], wanted.positions)
    var (mean, footless) = (0.0, 0.0)
    for (row, index) in targets.weightedPoints.enumerated() {
      let far = (places[index] - wanted.positions[row]).length
      sums[row] += far
      mean += weights[row] * far
      if !isFoot[row] { footless += weights[row] * far }
      distance.take(far, at: instant.time, subject.robot.links[points[index].link].name)
    }
    distances.append(mean / max(weights.reduce(0, +), 1e-12))
    let others = zip(weights, isFoot).reduce(0) { $1.1 ? $0 : $0 + $1.0 }
    distancesWithoutFeet.append(footless / max(others, 1e-12))
    for (row, bone) in bones.enumerated() {
      guard let own = (places[bone.to] - places[bone.from]).normalized else { continue }
      let angle = Self.angle(own, wanted.directions[row])
      limbAngles.append(angle)
      limb.take(angle, at: instant.time, bone.name)
    }
    guard let trunk else { return }
    let angle = trunk.angle(instant, pose)
    trunkAngles.append(angle)
    trunkPeak.take(angle, at: instant.time)
  }

  /// The places of the mapping's points, in the frame of the targets.
  ///
  /// That is the frame of the base, except where inverse kinematics, a network whose base leans, a
  /// refinement or another program made the trajectory: its base leans and moves on its own, so that the
  /// places are seen from the person's pelvis and shifted to where they lie nearest their targets.
  private func places(
    _ instant: Instant, pelvis: Quaternion, _ wanted: [Vector3]
  ) -> [Vector3] {
    let inBase = placesInBase(instant)
    let frame = targetsFromBase(instant, pelvis: pelvis, wanted, inBase)
    return inBase.map { frame * $0 }
  }

  private func placesInBase(_ instant: Instant) -> [Vector3] {
    let baseFromWorld = instant.base.pose.inverse
    return points.map { baseFromWorld * (instant.poses[$0.link] * $0.place) }
  }

  /// From the frame of the base to that of the targets.
  private func targetsFromBase(
    _ instant: Instant, pelvis: Quaternion, _ wanted: [Vector3], _ inBase: [Vector3]
  ) -> Pose {
    guard isBaseFree else { return .identity }
    let turn = targets.mapping.origin.baseFromBody * pelvis.inverse * instant.base.pose.rotation
    let shift = targets.weightedPoints.indices.reduce(Vector3.zero) {
      $0 + weights[$1] * (wanted[$1] - turn * inBase[targets.weightedPoints[$1]])
    }
    return Pose(rotation: turn, translation: shift / max(weights.reduce(0, +), 1e-12))
  }

  /// The targets of the weighted points, in the frame of the base.
  func wantedInBase(_ instant: Instant, pelvis: Quaternion, _ wanted: [Vector3]) -> [Vector3] {
    let frame = targetsFromBase(instant, pelvis: pelvis, wanted, placesInBase(instant)).inverse
    return wanted.map { frame * $0 }
  }

  /// Whether a joint is of a foot.
  static func isFoot(_ joint: Skeleton.Joint) -> Bool {
    [.leftAnkle, .rightAnkle, .leftFoot, .rightFoot].contains(joint)
  }

  static func angle(_ a: Vector3, _ b: Vector3) -> Double { atan2(a.cross(b).length, a.dot(b)) }

  func group() -> FigureGroup {
    var group = FigureGroup("likeness", "distance from the person")
    group.figures = linkFigures
    group.figures += Self.angles("limb", "direction of limbs", limbAngles, limb)
    group.figures += Self.angles("trunk", "direction of the trunk", trunkAngles, trunkPeak)
    if trunkAngles.isEmpty {
      group.notes.append("the mapping has no two shoulders: the trunk is not compared")
    }
    group.notes.append(
      (isBaseFree
        ? "links seen from the person's pelvis and shifted to their targets, since the base "
          + "leans and moves on its own"
        : "links in the frame of the base") + ", by \(targets.mapping.path)")
    if let used = subject.trajectory.provenance["mapping_sha256"],
      used != targets.mapping.fingerprint
    {
      group.notes.append("the trajectory was made by another mapping than this")
    }
    return group
  }

  private var linkFigures: [Figure] {
    let samples = Double(max(1, distances.count))
    return [
      Figure("link_mean", "distance of links, weighted mean", 1000 * distances.mean, "mm"),
      Figure(
        "link_mean_without_feet", "distance of links, weighted mean, feet left out",
        1000 * distancesWithoutFeet.mean, "mm"),
      Figure(
        "link_p95", "95th percentile of the samples' means", 1000 * distances.percentile95, "mm"),
      Figure("link_max", "largest distance of a link", distance, "mm", factor: 1000),
    ]
      + zip(targets.weightedPoints, sums).map { index, sum in
        let name = subject.robot.links[points[index].link].name
        return Figure(
          "link_mean_\(name)", "mean distance of \(name)", 1000 * sum / samples, "mm", place: name)
      }
  }

  private static func angles(
    _ name: String, _ label: String, _ angles: [Double], _ peak: Peak
  ) -> [Figure] {
    guard !angles.isEmpty else { return [] }
    let degrees = 180 / Double.pi
    return [
      Figure("\(name)_mean", "\(label), mean", degrees * angles.mean, "°"),
      Figure("\(name)_max", "\(label), largest", peak, "°", factor: degrees),
    ]
  }
}

/// The link that carries both arms, whose upright is compared with that of the person's chest.
private struct Trunk {
  private let link: Int
  private let uprightInLink: Vector3

  /// Nil where the mapping has no two shoulders.
  init?(_ mapping: Mapping, _ robot: Robot) {
    let arms = [Skeleton.Joint.leftShoulder, .rightShoulder].compactMap { joint in
      mapping.points.first { $0.joint == joint }.flatMap { try? robot.linkIndex(named: $0.link) }
    }
    guard arms.count == 2 else { return nil }
    func above(_ link: Int) -> [Int] {
      var chain = [link]
      while let joint = robot.links[chain[chain.count - 1]].parentJoint {
        chain.append(robot.joints[joint].parentLink)
      }
      return chain
    }
    let right = Set(above(arms[1]))
    guard let shared = above(arms[0]).first(where: right.contains) else { return nil }
    link = shared
    guard let rest = try? mapping.restConfiguration(of: robot) else { return nil }
    uprightInLink = robot.worldFromLinks(rest)[shared].rotation.inverse * mapping.origin.up
  }

  /// The angle between the uprights of robot and person [rad].
  func angle(_ instant: Instant, _ pose: [Quaternion]) -> Double {
    var person = pose[0]
    for joint in [Skeleton.Joint.spine1, .spine2, .spine3] {
      person = person * pose[joint.rawValue]
    }
    return LikenessMeasure.angle(
      instant.poses[link].rotation * uprightInLink, person * .unitY)
  }
}
