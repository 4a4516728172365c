import Kinematics
import Trajectories

extension Session {
  /// The data of a session that sends frames.
  struct Motion: Sendable {
    /// The phase of the present stage.
    var phase: SessionPhase
    /// The stages that follow.
    var stages: Stages
    /// The position on the path of the present stage.
    var player: PathPlayer
    /// When frames are due.
    var clock: FrameClock
    /// Whether the operator has paused the motion.
    var isPaused = false
    /// When a stop along the path was requested [s]; nil if none was.
    var stopRequested: Double?
    /// Why the robot stops along the path; nil if the operator requested it.
    var reason: SessionEnding?
    /// Brakes each joint by itself, and since when [s], if the robot cannot be stopped on the path.
    var brake: (brake: JointBrake, began: Double)?
    /// The positions that were sent last [rad or m].
    var last: [Double]
    /// When positions were read back last [s].
    var lastFeedback: Double?
    /// How the session will have ended, once the robot has come to rest for good.
    var ending: SessionEnding?

    init(_ stage: Stages.Stage, of stages: Stages, clock: FrameClock) {
      phase = stage.phase
      self.stages = stages
      player = PathPlayer(stage.trajectory, target: 0)
      self.clock = clock
      last = player.state.positions
    }

    /// The commanded state at a time.
    func state(_ now: Double) -> PathPlayer.State {
      brake.map { $0.brake.state(at: now - $0.began) } ?? player.state
    }
  }

  /// The gap between frames after which the robot is assumed to have come to rest [s].
  static let stall = 0.1
  /// How long a stop along the path may take before the joints brake by themselves [s].
  static let stopTime = 2.0
  /// How long no position may be read back after the first was [s].
  static let feedbackTime = 5.0

  /// Sets the player's target rate from pause, stop, speed and torque.
  mutating func updateTarget() {
    guard let motion else { return }
    let isStopping = motion.stopRequested != nil
    let rate = motion.phase == .streaming ? speed ?? options.speed : 1
    let mustStand = motion.isPaused || isStopping || guards.rest.isRaising
    self.motion?.player.target = mustStand ? 0 : rate
    self.motion?.player.urgency = isStopping ? .urgent : .gentle
  }

  /// Sends the frame that is due; returns whether another step may be possible at once.
  mutating func sendFrame(_ output: inout SessionOutput) -> Bool {
    watchPause(&output)
    guard fault == nil else { return true }
    guard var motion, let tick = motion.clock.tick(now) else { return false }
    if let ending = motion.ending {
      enter(.ending(Completion(ending: ending)), &output)
      call(.finish, &output)
      return true
    }
    if let last = motion.lastFeedback, now - last > Self.feedbackTime {
      fault = DriverFault(
        .silent, "no position has been read back for \(Self.feedbackTime) s")
      return true
    }
    let elapsed = move(&motion, tick, &output)
    let state = motion.state(tick.time)
    guard check(state, from: motion.last, elapsed: elapsed) else { return true }
    motion.last = state.positions
    send(state, tick, motion, &output)
    let hasLanded = motion.brake.map { tick.time - $0.began >= $0.brake.duration } ?? false
    if motion.stopRequested != nil, hasLanded || motion.player.isAtRest {
      motion.ending = motion.reason ?? .operatorStopped
    }
    self.motion = motion
    if motion.player.isAtEnd, motion.ending == nil { nextStage(&output) }
    return false
  }

  /// Advances along the path; returns the time that the step to the next set-point may take [s].
  private mutating func move(
    _ motion: inout Motion, _ tick: FrameClock.Tick, _ output: inout SessionOutput
  ) -> Double {
    report.lateness.add(tick.lateness)
    report.framesSkipped += tick.skipped
    var elapsed = tick.elapsed
    if elapsed - interval > Self.stall {
      // The motors reached the last set-point long ago and stand still. Following the clock would
      // be a jump, so the path continues from rest.
      report.stalls += 1
      output.events.append(
        .warning(
          "no frame could be sent for \((tick.lateness * 1000).rounded()) ms; "
            + "the path goes on from rest"))
      motion.player.startFromRest()
      if motion.brake != nil { motion.ending = motion.reason ?? .operatorStopped }
      elapsed = interval
    }
    let steps = max(1, Int((elapsed / interval).rounded()))
    let length = elapsed / Double(steps)
    for step in 0..<steps where motion.brake == nil {
      let time = tick.time - Double(steps - 1 - step) * length
      if let since = motion.stopRequested, time - since > Self.stopTime,
        let brake = JointBrake(
          from: motion.player.state, within: motion.player.trajectory.limits, interval: interval)
      {
        motion.brake = (brake, time - length)
        output.events.append(
          .warning(
            "the path cannot be stopped on in \(Self.stopTime) s: the joints brake one by one"))
      } else {
        motion.player.step(length)
      }
    }
    return elapsed
  }

  private mutating func send(
    _ state: PathPlayer.State, _ tick: FrameClock.Tick, _ motion: Motion,
    _ output: inout SessionOutput
  ) {
    let record = FrameRecord(
      frame: tick.frame, phase: phase, pathTime: motion.player.pathTime,
      positions: state.positions, due: tick.due, sent: now, skipped: tick.skipped)
    report.framesSent += 1
    report.lastFrame = record
    monitor.command(state.positions, at: now)
    guards.stall.command(state.positions, at: now)
    call(
      .follow(
        SetPoint(
          frame: tick.frame, positions: state.positions, velocities: state.velocities,
          interval: interval)), &output)
    output.events.append(.frame(record))
  }

  /// Checks a set-point once more, independently of how it was computed.
  private mutating func check(
    _ state: PathPlayer.State, from last: [Double], elapsed: Double
  ) -> Bool {
    for (index, limit) in limits.coordinates.enumerated() {
      let (position, motor) = (state.positions[index], driver.wiring.motors[index])
      let reach = limit.velocity.value * elapsed * (1 + 1e-6) + 1e-4
      guard limit.lower.value - 1e-9 <= position, position <= limit.upper.value + 1e-9,
        motor.holds(position), abs(position - last[index]) <= reach,
        state.velocities[index].isFinite
      else {
        fault = DriverFault(
          .refusedSetPoint,
          "joint '\(limit.name)' was to go from \(limit.text(last[index])) to "
            + "\(limit.text(position)) in \((elapsed * 1000).rounded()) ms, expected at most "
            + "\(limit.text(reach)) "
            + "and inside \(limit.text(limit.lower.value)) to \(limit.text(limit.upper.value))")
        return false
      }
    }
    return true
  }

  private mutating func nextStage(_ output: inout SessionOutput) {
    guard var motion else { return }
    let previous = motion.phase
    guard let next = motion.stages.next() else {
      self.motion?.ending = .completed
      return
    }
    motion.phase = next.phase
    motion.player = PathPlayer(next.trajectory, target: 0)
    self.motion = motion
    updateTarget()
    if next.phase != previous { beginPhase(&output) }
  }
}
