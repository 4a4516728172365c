import Trajectories

// MARK: - From phase to phase

extension Session {
  mutating func begin(_ output: inout SessionOutput) {
    hasBegun = true
    enter(.identifying, &output)
    call(.identify(mayPower: options.go), &output)
  }

  mutating func enter(_ next: SessionPhase, _ output: inout SessionOutput) {
    phase = next
    phaseBegan = now
    output.events.append(.phase(next))
  }

  /// Does what is due; several phases may pass in one call.
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

  /// Whether something has changed that may lead on at once.
  private mutating func step(_ output: inout SessionOutput) -> Bool {
    if let limit = phase.timeLimit, now - phaseBegan >= limit { return timeOut(&output) }
    switch phase {
    case .identifying:
      guard isIdentified, let positions = pose?.complete else { return false }
      return plan(from: positions, &output)
    case .engaging:
      guard isEngaged else { return false }
      return startMoving(&output)
    case .softStart, .streaming, .returning, .parking: return sendFrame(&output)
    case .ending:
      guard hasHeld else { return false }
      report.robot = .holding
      guard options.release, ending == .completed else { return afterHeld(&output) }
      enter(.releasing, &output)
      call(.release, &output)
      return true
    case .resting: return rest(&output)
    case .stopping:
      // A driver that has more to send is given the time.
      guard hasStopped, driver.wakeTime == nil || now - phaseBegan >= Self.stopLinger else {
        return false
      }
      return finish(&output)
    case .releasing:
      guard hasReleased else { return false }
      report.robot = .released
      return finish(&output)
    case .finished: return false
    }
  }

  private mutating func timeOut(_ output: inout SessionOutput) -> Bool {
    let limit = phase.timeLimit ?? 0
    switch phase {
    case .stopping: return finish(&output)
    case .identifying:
      let missing = limits.coordinates.indices.filter { pose?.positions[$0] == nil }
      let names = missing.map { "'\(limits.coordinates[$0].name)'" }.joined(separator: ", ")
      fault = DriverFault(
        .silent,
        isIdentified
          ? "no position is known of \(names) after \(limit) s"
          : "nothing that can be recognised has answered in \(limit) s")
    default:
      fault = DriverFault(
        .silent, "the device did not come to the end of \(phase.rawValue) in \(limit) s")
    }
    return true
  }

  /// Stops at once by the driver's strongest means, or ends if nothing can have moved.
  mutating func stop(_ reason: SessionEnding, _ output: inout SessionOutput) {
    guard phase != .stopping, phase != .finished else { return }
    ending = reason
    guard hasEngaged else {
      _ = finish(&output)
      return
    }
    enter(.stopping, &output)
    report.robot = .stopped
    call(.stop, &output)
  }

  mutating func finish(_ output: inout SessionOutput) -> Bool {
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

  /// What the operator or the loop says.
  mutating func take(_ input: OperatorInput, _ output: inout SessionOutput) {
    switch input {
    case .linkLost(let reason):
      stop(.fault(DriverFault(.linkLost, reason)), &output)
      if hasEngaged { report.robot = .unreachable }
      // Nothing can be sent any more, and nothing is waited for.
      if !isFinished { _ = finish(&output) }
    case .abort: stop(.operatorAborted, &output)
    case .stop:
      if phase == .ending || phase == .resting, ending == .completed {
        // It is coming to rest already; that it is let go is not wanted any more.
        ending = .operatorStopped
        return
      }
      guard phase.isMoving, motion?.stopRequested == nil else {
        return stop(.operatorAborted, &output)
      }
      motion?.stopRequested = now
      updateTarget()
    case .togglePause:
      guard phase.isMoving, motion?.stopRequested == nil else { return }
      let isPaused = !(motion?.isPaused ?? false)
      motion?.isPaused = isPaused
      if !isPaused { raiseTorque(&output) }
      updateTarget()
      output.events.append(.paused(isPaused))
    case .faster: changeSpeed(by: 0.1, &output)
    case .slower: changeSpeed(by: -0.1, &output)
    }
  }

  private mutating func changeSpeed(by change: Double, _ output: inout SessionOutput) {
    guard let speed = motion?.speed else { return }
    let changed = min(max(0.1, ((speed + change) * 10).rounded() / 10), 1)
    // The speed that was checked against the motors is not exceeded.
    let wanted = min(changed, max(options.speed, speed))
    motion?.speed = wanted
    updateTarget()
    output.events.append(.speed(wanted))
  }
}

// MARK: - Planning

extension Session {
  /// Checks the measured pose and plans all stages; without `go` that is all.
  private mutating func plan(from measured: [Double], _ output: inout SessionOutput) -> Bool {
    do throws(DriverFault) {
      let planned = try SessionPlanner(session: self).plan(from: measured)
      stages = planned.stages
      output.events.append(.planned(planned.summary))
    } catch {
      fault = error
      return true
    }
    guard options.go else {
      ending = .planned
      return finish(&output)
    }
    hasEngaged = true
    report.robot = .holding
    enter(.engaging, &output)
    call(.engage, &output)
    return true
  }

  /// The robot holds: from where it stands now, which torque may have changed, the stages begin.
  private mutating func startMoving(_ output: inout SessionOutput) -> Bool {
    guard var planned = stages, let positions = pose?.complete else { return false }
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
    motion = Motion(
      first, clock: FrameClock(start: now, interval: interval), speed: options.speed, now: now)
    stages = planned
    restartMonitor()
    updateTarget()
    enter(first.phase, &output)
    return true
  }

  /// How far a joint may have moved when torque came on before the soft start is planned anew [rad].
  private static let sag = 0.002
}

extension Measurement {
  /// The positions, where all are known.
  var complete: [Double]? {
    let known = positions.compactMap { $0 }
    return known.count == positions.count ? known : nil
  }
}
