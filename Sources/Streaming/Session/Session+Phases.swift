import Trajectories

// MARK: - From phase to phase

extension Session {
  mutating func begin(_ output: inout SessionOutput) {
    enter(.identifying(Identification()), &output)
    call(.identify(mayPower: options.go), &output)
  }

  mutating func enter(_ next: State, _ output: inout SessionOutput) {
    state = next
    beginPhase(&output)
  }

  /// Notes and reports that the present phase begins now.
  mutating func beginPhase(_ output: inout SessionOutput) {
    phaseBegan = now
    output.events.append(.phase(phase))
  }

  /// Does everything that is due; several phases may pass in one call.
  mutating func proceed(_ output: inout SessionOutput) {
    // No more than this many changes can follow each other without time passing.
    for _ in 0..<SessionPhase.allCases.count {
      if let fault {
        self.fault = nil
        stop(.fault(fault), &output)
      }
      guard step(&output) || fault != nil else { return }
    }
  }

  /// Does one step; returns whether another step may be possible at once.
  private mutating func step(_ output: inout SessionOutput) -> Bool {
    if let limit = phase.timeLimit, now - phaseBegan >= limit { return timeOut(&output) }
    switch state {
    case .idle, .finished: return false
    case .identifying(let found):
      guard found.isIdentified, let pose = found.pose, let positions = pose.complete else {
        return false
      }
      return plan(from: pose, positions, &output)
    case .engaging(let engagement):
      return engagement.isEngaged ? startMoving(engagement, &output) : false
    case .moving: return sendFrame(&output)
    case .ending(let completion):
      guard completion.hasHeld else { return false }
      report.robot = .holding
      guard options.release, completion.ending == .completed else {
        return afterHeld(completion, &output)
      }
      enter(.releasing(hasReleased: false), &output)
      call(.release, &output)
      return true
    case .resting(let completion): return rest(completion, &output)
    case .stopping(let ending, let hasStopped):
      // A driver that has more to send gets the time for it.
      guard hasStopped, driver.wakeTime == nil || now - phaseBegan >= Self.stopLinger else {
        return false
      }
      return finish(ending, &output)
    case .releasing(let hasReleased):
      guard hasReleased else { return false }
      report.robot = .released
      return finish(.completed, &output)
    }
  }

  private mutating func timeOut(_ output: inout SessionOutput) -> Bool {
    let limit = phase.timeLimit ?? 0
    switch state {
    case .stopping(let ending, _): return finish(ending, &output)
    case .identifying(let found):
      let missing = limits.coordinates.indices.filter { found.pose?.positions[$0] == nil }
      let names = missing.map { "'\(limits.coordinates[$0].name)'" }.joined(separator: ", ")
      fault = DriverFault(
        .silent,
        found.isIdentified
          ? "no position is known of \(names) after \(limit) s"
          : "nothing that can be recognised has answered in \(limit) s")
    default:
      fault = DriverFault(
        .silent, "the device did not come to the end of \(phase.rawValue) in \(limit) s")
    }
    return true
  }

  /// Stops at once by the driver's strongest means, or ends the session if nothing can have moved.
  mutating func stop(_ reason: SessionEnding, _ output: inout SessionOutput) {
    guard phase != .stopping, phase != .finished else { return }
    guard state.hasEngaged else {
      _ = finish(reason, &output)
      return
    }
    enter(.stopping(reason, hasStopped: false), &output)
    report.robot = .stopped
    call(.stop, &output)
  }

  /// Completes the report and ends the session; returns false, since no step is left.
  mutating func finish(_ ending: SessionEnding, _ output: inout SessionOutput) -> Bool {
    report.ending = ending
    report.commands = gate.total
    report.torque = driver.torqueLimits
    if let summary = monitor.summary {
      report.followingError = summary.rootMeanSquare
      report.lag = summary.lag
      report.worstFollowingError = summary.worst
      report.worstFollowingJoint = limits.coordinates[summary.worstJoint].name
      report.readBacks = summary.readBacks
    }
    enter(.finished, &output)
    output.events.append(.ended(ending))
    return false
  }

  /// Handles the input of the operator or of the loop around the session.
  mutating func take(_ input: OperatorInput, _ output: inout SessionOutput) {
    switch input {
    case .linkLost(let reason):
      stop(.fault(DriverFault(.linkLost, reason)), &output)
      // Nothing can be sent any more, so there is nothing to wait for.
      guard case .stopping(let ending, _) = state else { return }
      report.robot = .unreachable
      _ = finish(ending, &output)
    case .abort: stop(.operatorAborted, &output)
    case .stop:
      if state.completion?.ending == .completed {
        // The robot is coming to rest already; the motors are not released any more.
        state.completion?.ending = .operatorStopped
        return
      }
      guard var motion, motion.stopRequested == nil else {
        return stop(.operatorAborted, &output)
      }
      motion.stopRequested = now
      self.motion = motion
      updateTarget()
    case .togglePause:
      guard let motion, motion.stopRequested == nil else { return }
      let isPaused = !motion.isPaused
      self.motion?.isPaused = isPaused
      if !isPaused { raiseTorque(&output) }
      updateTarget()
      output.events.append(.paused(isPaused))
    case .faster: changeSpeed(by: 0.1, &output)
    case .slower: changeSpeed(by: -0.1, &output)
    }
  }

  private mutating func changeSpeed(by change: Double, _ output: inout SessionOutput) {
    guard let speed else { return }
    let changed = min(max(0.1, ((speed + change) * 10).rounded() / 10), 1)
    // The speed that was checked against the motors is not exceeded.
    let wanted = min(changed, max(options.speed, speed))
    self.speed = wanted
    updateTarget()
    output.events.append(.speed(wanted))
  }
}

// MARK: - Planning

extension Session {
  /// Checks the measured pose, plans all stages and engages the motors; without `go` it only plans.
  private mutating func plan(
    from pose: Measurement, _ positions: [Double], _ output: inout SessionOutput
  ) -> Bool {
    let stages: Stages
    do throws(DriverFault) {
      let planned = try SessionPlanner(session: self).plan(from: positions)
      stages = planned.stages
      output.events.append(.planned(planned.summary))
    } catch {
      fault = error
      return true
    }
    guard options.go else { return finish(.planned, &output) }
    report.robot = .holding
    enter(.engaging(Engagement(stages: stages, pose: pose)), &output)
    call(.engage, &output)
    return true
  }

  /// Begins the stages from where the robot holds now; torque may have moved it since it was measured.
  private mutating func startMoving(
    _ engagement: Engagement, _ output: inout SessionOutput
  ) -> Bool {
    var planned = engagement.stages
    guard let positions = engagement.pose.complete else { return false }
    let start = planned.start.state(at: 0).positions
    if !zip(start, positions).allSatisfy({ abs($0 - $1) <= Self.sag }) {
      do throws(DriverFault) {
        planned = try SessionPlanner(session: self).plan(from: positions).stages
      } catch {
        fault = error
        return true
      }
    }
    guard let first = planned.next() else { return false }
    speed = options.speed
    restartMonitor()
    enter(
      .moving(Motion(first, of: planned, clock: FrameClock(start: now, interval: interval))),
      &output)
    updateTarget()
    return true
  }

  /// How far a joint may move when torque comes on before the soft start is planned again [rad].
  private static let sag = 0.002
}
