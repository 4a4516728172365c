import Kinematics
import Trajectories

/// Plans the stages of a session from a measured pose.
struct SessionPlanner {
  let session: Session

  private var limits: SafetyLimits { session.limits }
  private var options: SessionOptions { session.options }

  /// Returns all stages and their summary; throws a fault if a stage would be unsafe.
  func plan(from measured: [Double]) throws(DriverFault) -> (stages: Stages, summary: SessionPlan) {
    try checkDevice()
    try check(measured)
    let start = zip(measured, limits.coordinates).map { position, limit in
      min(max(position, limit.lower.value), limit.upper.value)
    }
    try checkDistance(from: start)
    let stages: Stages
    do throws(UnsafeMotion) {
      stages = try self.stages(from: start)
    } catch {
      throw DriverFault(.position, "no move from the measured pose was found: \(error)")
    }
    try checkFollowing(stages)
    return (stages, summary(of: stages, from: start))
  }

  /// Refuses stages that the identified device cannot follow, which may be slower than its motors.
  private func checkFollowing(_ stages: Stages) throws(DriverFault) {
    let parts = [
      (stages.start, 1), (stages.stream, options.speed), (stages.back, 1), (stages.park, 1),
    ]
    for case (let trajectory?, let speed) in parts {
      guard
        let reason = session.driver.refusal(
          of: trajectory, speed: speed, interval: session.interval)
      else { continue }
      throw DriverFault(.wrongDevice, "this device cannot do it: \(reason)")
    }
  }

  /// Refuses a task that the identified device cannot reach, whose range may be smaller than wired.
  private func checkDevice() throws(DriverFault) {
    let check = SessionCheck(
      limits: limits, robot: session.robot, wiring: session.driver.wiring, options: options)
    var gate = session.gate
    do throws(SessionRefusal) {
      _ = try check.checked(session.task, &gate)
    } catch {
      throw DriverFault(.wrongDevice, "this device cannot do it: \(error)")
    }
  }

  /// Refuses a robot that stands outside its limits.
  private func check(_ measured: [Double]) throws(DriverFault) {
    for (position, limit) in zip(measured, limits.coordinates) {
      let (lower, upper) = (limit.lower.value, limit.upper.value)
      let slack = options.measuredTolerance
      guard lower - slack <= position, position <= upper + slack, position.isFinite else {
        let beyond = position < lower ? lower - position : position - upper
        throw DriverFault(
          .position,
          "joint '\(limit.name)' stands at \(limit.text(position)), \(limit.text(beyond)) outside "
            + "its limits of \(limit.text(lower)) to \(limit.text(upper)): bring it inside by hand")
      }
    }
    for limit in limits.coupled {
      let sum = limit.sum(measured)
      let slack = limit.terms.reduce(0) { $0 + abs($1.factor) } * options.measuredTolerance
      guard limit.lower - slack <= sum, sum <= limit.upper + slack else {
        throw DriverFault(
          .position,
          "the robot stands with '\(limit.name)' at \(sum), expected \(limit.lower) to "
            + "\(limit.upper): bring it inside by hand")
      }
    }
  }

  /// Refuses a first pose that is suspiciously far away.
  private func checkDistance(from start: [Double]) throws(DriverFault) {
    guard !options.far else { return }
    let first: [Double?] =
      switch session.task {
      case .move(let pose): pose
      case .play(let trajectory): trajectory.state(at: 0).positions
      }
    for (index, limit) in limits.coordinates.enumerated() {
      guard let target = first[index] else { continue }
      let usual = Wiring.Protection.firstMove * (limit.isAngular ? 1 : 0.1)
      let most = session.driver.wiring.motors[index].firstMove ?? usual
      let distance = abs(target - start[index])
      guard distance <= most * (1 + 1e-9) else {
        throw DriverFault(
          .far,
          "joint '\(limit.name)' stands at \(limit.text(start[index])) and would first go to "
            + "\(limit.text(target)), which is \(limit.text(distance)) away, expected at most "
            + "\(limit.text(most)): if zero, direction and file are right, --far lets it go")
      }
    }
  }

  private func stages(from start: [Double]) throws(UnsafeMotion) -> Stages {
    switch session.task {
    case .move(let wanted):
      let pose = zip(wanted, start).map { $0 ?? $1 }
      return Stages(
        start: try move(from: start, to: pose, "soft start", startTolerance: startTolerance),
        stream: nil, back: nil, park: nil, loops: 0)
    case .play(let trajectory):
      let first = trajectory.state(at: 0).positions
      let last = trajectory.state(at: trajectory.duration).positions
      let isClosed = zip(first, last).allSatisfy { abs($0 - $1) <= PlannedMove.tolerance }
      let park = options.park ? session.driver.wiring.park : nil
      return Stages(
        start: try move(from: start, to: first, "soft start", startTolerance: startTolerance),
        stream: trajectory,
        back: options.loops > 1 && !isClosed ? try move(from: last, to: first, "return") : nil,
        park: try park.map { pose throws(UnsafeMotion) in
          try move(from: last, to: pose, "park")
        },
        loops: options.loops)
    }
  }

  private var startTolerance: Double {
    max(PlannedMove.tolerance, 2 * options.measuredTolerance)
  }

  private func move(
    from start: [Double], to end: [Double], _ name: String,
    startTolerance: Double = PlannedMove.tolerance
  ) throws(UnsafeMotion) -> SafeTrajectory {
    try PlannedMove.plan(
      from: start, to: end, within: limits, share: options.softStart, least: options.leastMove,
      name: name, startTolerance: startTolerance, robot: session.robot)
  }

  private func summary(of stages: Stages, from start: [Double]) -> SessionPlan {
    let end = stages.start.state(at: stages.start.duration).positions
    let distances = zip(start, end).map { abs($1 - $0) }
    let furthest = distances.indices.max { distances[$0] < distances[$1] } ?? 0
    let parts: [(SessionPhase, Double?)] = [
      (.softStart, stages.start.duration),
      (.streaming, stages.stream.map { $0.duration / options.speed }),
      (.returning, stages.back?.duration), (.parking, stages.park?.duration),
    ]
    return SessionPlan(
      stages: parts.compactMap { phase, duration in
        duration.map { SessionPlan.Stage(phase: phase, duration: $0) }
      },
      loops: options.loops, rate: 1 / session.interval,
      furthestJoint: limits.coordinates[furthest].name, furthestDistance: distances[furthest],
      ignoresBase: stages.stream?.root != nil)
  }
}
