import Foundation
import Geometry
import Kinematics
import Trajectories

/// Torques of the joints, and where centre of mass and zero-moment point lie to the feet.
struct DynamicsMeasure: Measure {
  private let subject: ReportSubject
  private let dynamics: InverseDynamics
  private let limits: [Double?]
  private let ground: PersonGround?
  private var share = Peak()
  private var squares: [Double]
  private var count = 0
  private var holds: [Peak] = []
  private var center = Margin(), moment = Margin()
  private var unsupported = 0

  /// Nil where no link has a mass.
  init?(_ subject: ReportSubject) {
    guard let dynamics = InverseDynamics(subject.robot) else { return nil }
    (self.subject, self.dynamics) = (subject, dynamics)
    let robot = subject.robot
    limits = robot.configurationJoints.map { robot.joints[$0].limits.effort?.value }
    squares = limits.map { _ in 0 }
    ground = subject.person.map { PersonGround($0, scale: subject.pathScale) }
  }

  /// Where a point lies to the ground that standing feet cover.
  private struct Margin {
    /// The least distance within the polygon, negative outside [m].
    var worst = Peak(-.infinity)
    var (outside, count) = (0, 0)

    mutating func take(_ point: Vector3, _ polygon: SupportPolygon, at time: Double) {
      let margin = polygon.margin(of: point)
      count += 1
      if !(margin >= 0) { outside += 1 }
      worst.take(-margin, at: time)
    }
  }

  mutating func take(_ instant: Instant) {
    let soles = standingSoles(instant)
    let found = forces(instant.state, instant.base, soles, instant)
    count += 1
    if soles.isEmpty { unsupported += 1 } else { balance(soles, instant, found.whole) }
    for (index, effort) in found.efforts.enumerated() {
      squares[index] += effort * effort
      guard let limit = limits[index] else { continue }
      share.take(abs(effort) / limit, at: instant.time, subject.robot.coordinateNames[index])
    }
    let isEnd = instant.time == 0 || instant.time >= subject.trajectory.duration - 1e-9
    if isEnd, holds.count < 2 { hold(instant, soles) }
  }

  /// The efforts of a motion with its contact force on the soles that stand, and that force.
  private func forces(
    _ state: SafeTrajectory.State, _ base: BaseMotion, _ soles: [Sole], _ instant: Instant
  ) -> (efforts: [Double], whole: SpatialForce) {
    func forces(_ contacts: [(link: Int, wrench: SpatialForce)]) -> InverseDynamics.Forces {
      dynamics.forces(
        configuration: state.positions, velocities: state.velocities,
        accelerations: state.accelerations, base: base, contacts: contacts)
    }
    let free = forces([])
    guard !soles.isEmpty else { return (free.efforts, free.base) }
    return (forces(Self.contacts(soles, instant, free.base)).efforts, free.base)
  }

  /// The efforts that hold the pose at rest.
  private mutating func hold(_ instant: Instant, _ soles: [Sole]) {
    var state = instant.state
    state.velocities = limits.map { _ in 0 }
    state.accelerations = state.velocities
    let efforts = forces(state, BaseMotion(pose: instant.base.pose), soles, instant).efforts
    var peak = Peak()
    for (index, effort) in efforts.enumerated() {
      guard let limit = limits[index] else { continue }
      peak.take(abs(effort) / limit, at: instant.time, subject.robot.coordinateNames[index])
    }
    holds.append(peak)
  }

  private func standingSoles(_ instant: Instant) -> [Sole] {
    guard let soles = subject.soles, subject.trajectory.root != nil else { return [] }
    return soles.indices.filter { foot in
      if let ground { return ground.isStanding(foot, at: instant.time) }
      return (soles[foot].placed(instant.poses).map(\.z).min() ?? .infinity) < StanceMeasure.low
    }.map { soles[$0] }
  }

  // MARK: - Contact forces

  /// The whole contact force, on one foot or shared by two as a lever shares it: by where the
  /// zero-moment point lies between their middles.
  private static func contacts(
    _ soles: [Sole], _ instant: Instant, _ whole: SpatialForce
  ) -> [(link: Int, wrench: SpatialForce)] {
    guard soles.count == 2 else { return soles.map { ($0.link, whole) } }
    let middles = soles.map { sole -> Vector3 in
      let places = sole.placed(instant.poses)
      return places.reduce(.zero, +) / Double(places.count)
    }
    let between = middles[1] - middles[0]
    let point = zeroMomentPoint(whole, height: min(middles[0].z, middles[1].z)) ?? middles[0]
    let length = between.x * between.x + between.y * between.y
    let way = point - middles[0]
    let share =
      length > 1e-9 ? min(max((way.x * between.x + way.y * between.y) / length, 0), 1) : 0.5
    return [(soles[0].link, (1 - share) * whole), (soles[1].link, share * whole)]
  }

  /// Where on a level ground the contact force has no moment about level axes; nil where the ground
  /// does not push.
  static func zeroMomentPoint(_ whole: SpatialForce, height: Double) -> Vector3? {
    guard whole.force.z > 1e-6 else { return nil }
    return Vector3(
      (height * whole.force.x - whole.moment.y) / whole.force.z,
      (height * whole.force.y + whole.moment.x) / whole.force.z, height)
  }

  private mutating func balance(_ soles: [Sole], _ instant: Instant, _ whole: SpatialForce) {
    let places = soles.flatMap { sole -> [Vector3] in
      let all = sole.placed(instant.poses)
      let lowest = all.map(\.z).min() ?? 0
      return all.filter { $0.z <= lowest + Sole.thickness }
    }
    guard let polygon = SupportPolygon(places) else { return }
    center.take(dynamics.centerOfMass(instant.poses), polygon, at: instant.time)
    let height = places.map(\.z).min() ?? 0
    if let point = Self.zeroMomentPoint(whole, height: height) {
      moment.take(point, polygon, at: instant.time)
    }
  }

  // MARK: - Groups

  func group() -> FigureGroup {
    var group = FigureGroup("torque", "torque, by inverse dynamics")
    let names = subject.robot.coordinateNames
    let rated = limits.enumerated().compactMap { index, limit in
      limit.map { (index: index, share: rms(index) / $0) }
    }
    guard let worst = rated.max(by: { $0.share < $1.share }) else {
      group.absence = "no joint has an effort limit: shares of torque are not measured"
      return group
    }
    group.figures = [
      Figure("share_max", "largest share of a joint's effort limit", share, "ratio"),
      Figure(
        "rms_share_max", "largest share of a root mean square", worst.share, "ratio",
        place: names[worst.index]),
    ]
    for (name, hold) in zip(["start", "end"], holds) {
      group.figures.append(
        Figure("hold_\(name)", "share that holds the pose at the \(name)", hold, "ratio"))
    }
    group.notes.append(
      "of \(rated.count) joints with an effort limit; the root mean square is over the whole time,"
        + " for want of continuous ratings")
    if share.value > 1 { group.notes.append("beyond 1: this torque is not to be had") }
    if !dynamics.linksWithoutInertia.isEmpty {
      group.notes.append(
        "links without inertia count as points: "
          + dynamics.linksWithoutInertia.map { "'\($0)'" }.joined(separator: ", "))
    }
    if subject.soles != nil, unsupported > 0 {
      group.notes.append(
        "no foot stands in \(percent(unsupported)) % of the time: torques are those of free flight"
          + " there")
    } else if subject.trajectory.root != nil, subject.soles == nil {
      group.notes.append("no feet: contact forces are not known, and left out")
    }
    return group
  }

  /// Where centre of mass and zero-moment point lie.
  func balanceGroup() -> FigureGroup {
    var group = FigureGroup("balance", "balance where feet stand")
    guard center.count > 0 else {
      group.absence =
        subject.trajectory.root == nil || subject.soles == nil
        ? StanceMeasure.absence(subject).replacing("stance is", with: "balance is")
        : "no foot stands: balance is not measured"
      return group
    }
    for (name, label, margin) in [
      ("com", "centre of mass", center), ("zmp", "zero-moment point", moment),
    ] where margin.count > 0 {
      group.figures += [
        Figure(
          "\(name)_margin_min", "\(label): least distance within the soles' outline",
          -1000 * margin.worst.value, "mm", time: margin.worst.time, better: .high),
        Figure(
          "\(name)_outside_share", "standing time with the \(label) outside of it",
          Double(margin.outside) / Double(margin.count), "share"),
      ]
    }
    return group
  }

  private func rms(_ index: Int) -> Double { (squares[index] / Double(max(1, count))).squareRoot() }

  private func percent(_ part: Int) -> Double {
    (1000 * Double(part) / Double(max(1, count))).rounded() / 10
  }
}
