import Geometry
public import Kinematics

extension SafeTrajectory {
  /// How a foot is held at an instant [s]: how far the farthest of its points is from where it is held
  /// [m], and how fast the fastest of them has moved over the ground since the instant before [m/s].
  private struct Departure {
    var time: Double, distance: Double, speed: Double
    var places: [Vector3]
    /// The lowest points of the foot's shapes in the world [m], and how fast those that touched the
    /// ground the instant before have moved over it since, on average [m/s].
    var sole: [Vector3] = []
    var slide = 0.0
  }

  /// There are at least so many instants in a second, and two in a period.
  private static let leastRate = 120.0

  /// The departures from each foothold; one of infinity where the robot has no such link or the
  /// trajectory no base.
  private func departures(of robot: Robot) -> [[Departure]] {
    let links = footholds.map { try? robot.linkIndex(named: $0.link) }
    let soles = Dictionary(
      links.compactMap { link in link.map { ($0, robot.supportPoints(fixedTo: $0)) } },
      uniquingKeysWith: { first, _ in first })
    var found = footholds.indices.map { index in
      links[index] == nil || root == nil
        ? [
          Departure(
            time: footholds[index].start, distance: .infinity, speed: .infinity, places: [])
        ] : []
    }
    let order = footholds.indices.sorted { footholds[$0].start < footholds[$1].start }
    let parts = Int(max(2, (Self.leastRate * min(period, 1) - 1e-6).rounded(.up)))
    var (next, held) = (0, [Int]())
    for step in 0...max(0, parts * (sampleCount - 1)) {
      let time = Double(step) * period / Double(parts)
      while next < order.count, footholds[order[next]].start <= time + Foothold.rounding {
        held.append(order[next])
        next += 1
      }
      held.removeAll { !footholds[$0].holds(from: time, to: time) }
      guard !held.isEmpty, let base = rootPose(at: time) else { continue }
      let poses = robot.worldFromLinks(state(at: time).positions)
      for index in held {
        guard let link = links[index] else { continue }
        let pose = base * poses[link]
        let last = found[index].last
        var now = departure(footholds[index], pose, at: time, after: last)
        now.sole = (soles[link] ?? []).map { point in
          base * poses[point.link] * point.place - Vector3(0, 0, point.radius)
        }
        if let last { now.slide = Self.slide(last.sole, now.sole) / (time - last.time) }
        found[index].append(now)
      }
    }
    return found
  }

  private func departure(
    _ foothold: Foothold, _ worldFromLink: Pose, at time: Double, after before: Departure?
  ) -> Departure {
    let places = foothold.points.map { worldFromLink * $0.inLink }
    func greatest(_ values: [Double]) -> Double {
      // What is not a number is as far and as fast as can be.
      values.map { $0.isNaN ? .infinity : $0 }.max() ?? 0
    }
    let distance = greatest(zip(places, foothold.points).map { ($0 - $1.inWorld).length })
    guard let before else {
      return Departure(time: time, distance: distance, speed: 0, places: places)
    }
    let ways = zip(places, before.places).map { now, last in
      let way = now - last
      return (way.x * way.x + way.y * way.y).squareRoot()
    }
    return Departure(
      time: time, distance: distance, speed: greatest(ways) / (time - before.time),
      places: places)
  }

  /// The mean horizontal way of the points that touched the ground before: those within 1 cm of the
  /// lowest [m].
  private static func slide(_ before: [Vector3], _ now: [Vector3]) -> Double {
    let lowest = before.map(\.z).min() ?? 0
    let ways = zip(before, now).filter { $0.0.z <= lowest + 0.01 }.map { $1 - $0 }
    let sum = ways.reduce(0) { $0 + ($1.x * $1.x + $1.y * $1.y).squareRoot() }
    return ways.isEmpty ? 0 : sum / Double(ways.count)
  }

  /// The footholds, how far a foot is from where it is held, and how fast it moves there, at most.
  public func held(by robot: Robot) -> TrajectoryChecks.Held {
    var (farthest, fastest, of) = (nil as Departure?, nil as Double?, nil as String?)
    for (foothold, departures) in zip(footholds, departures(of: robot)) {
      for one in departures {
        if one.distance > farthest?.distance ?? -1 { (farthest, of) = (one, foothold.link) }
        fastest = max(fastest ?? 0, one.speed)
      }
    }
    func finite(_ value: Double) -> Double { value.isFinite ? value : .greatestFiniteMagnitude }
    return TrajectoryChecks.Held(
      checked: footholds.count, farthest: (farthest?.distance).map(finite),
      fastest: fastest.map(finite), of: of, time: farthest?.time)
  }

  /// The trajectory with what it keeps of its footholds.
  ///
  /// The limits come first: where a foot is farther than `Foothold.tolerance` from where it should stay, or
  /// faster than `Foothold.stillness`, such as while it arrives, it is not held; nor where the rest of its
  /// sole slides over the ground faster than that, on average over what touches.
  public func keepingFootholds(of robot: Robot) -> SafeTrajectory {
    var result = self
    result.footholds = zip(footholds, departures(of: robot)).flatMap { foothold, departures in
      Self.still(departures).compactMap { times in
        guard times.upperBound - times.lowerBound >= Foothold.shortest else { return nil }
        var part = foothold
        (part.start, part.end) = (
          max(foothold.start, times.lowerBound), min(foothold.end, times.upperBound)
        )
        return part
      }
    }
    var checks = checks ?? TrajectoryChecks()
    checks.footholds = result.held(by: robot)
    result.checks = checks
    return result
  }

  /// The times in which departures are within what a foothold allows [s].
  private static func still(_ departures: [Departure]) -> [ClosedRange<Double>] {
    var found: [ClosedRange<Double>] = []
    var run: ClosedRange<Double>?
    for one in departures {
      guard one.distance <= Foothold.tolerance else {
        if let run { found.append(run) }
        run = nil
        continue
      }
      if let begun = run, max(one.speed, one.slide) <= Foothold.stillness {
        run = begun.lowerBound...one.time
      } else {
        if let run { found.append(run) }
        run = one.time...one.time
      }
    }
    return found + (run.map { [$0] } ?? [])
  }

  /// The trajectory whose file states the distances that were proven.
  public func stating(_ clearance: Clearance) -> SafeTrajectory {
    var result = self
    result.checks = (checks ?? TrajectoryChecks()).stating(clearance)
    return result
  }

  /// The trajectory whose file states that distances were not checked, for a reason.
  public func stating(unchecked reason: String) -> SafeTrajectory {
    var result = self
    result.checks = (checks ?? TrajectoryChecks()).stating(unchecked: reason)
    return result
  }
}

extension Robot {
  /// The points by which a link and those fixed to it meet the ground, which are balls where they have a
  /// radius.
  fileprivate func supportPoints(
    fixedTo link: Int
  ) -> [(link: Int, place: Vector3, radius: Double)] {
    let shapes = groundShapes
    return links(fixedTo: link).flatMap { part in
      shapes[part].flatMap(\.supportPoints).map { (part, $0.place, $0.radius) }
    }
  }
}
