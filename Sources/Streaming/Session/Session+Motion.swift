import Kinematics
import Trajectories

extension Session {
  /// What a session knows while frames are sent.
  struct Motion: Sendable {
    /// The stage.
    var phase: SessionPhase
    /// Where on its path.
    var player: PathPlayer
    /// When frames are due.
    var clock: FrameClock
    /// The rate along the trajectory that the operator wants.
    var speed: Double
    /// Whether the operator wants to rest on the path.
    var isPaused = false
    /// When the operator wanted to end [s].
    var stopRequested: Double?
    /// Why it comes to rest, where it is not the operator who wants it.
    var reason: SessionEnding?
    /// Where the path cannot be stopped on: each joint by itself, and since when [s].
    var brake: (brake: JointBrake, began: Double)?
    /// The last positions that were sent [rad or m].
    var last: [Double]
    /// When something was last read back while moving [s].
    var lastFeedback: Double?
    /// Whether the robot has come to rest for good and the end is to be ordered.
    var isOver = false

    init(_ stage: Stages.Stage, clock: FrameClock, speed: Double, now: Double) {
      phase = stage.phase
      player = PathPlayer(stage.trajectory, target: 0)
      self.clock = clock
      self.speed = speed
      last = player.state.positions
    }

    /// Where the robot is to be now.
    func state(_ now: Double) -> PathPlayer.State {
      brake.map { $0.brake.state(at: now - $0.began) } ?? player.state
    }
  }

  /// A gap between frames after which the robot is taken to stand still where it was [s].
  static let stall = 0.1
  /// How long a stop along the path may take before the joints brake by themselves [s].
  static let stopTime = 2.0
  /// How long read-backs may stay away once there were some [s].
  static let feedbackTime = 5.0

  /// Hands the present wishes to the player.
  mutating func updateTarget() {
    guard let motion else { return }
    let isStopping = motion.stopRequested != nil
    let rate = motion.phase == .streaming ? motion.speed : 1
    let mustStand = motion.isPaused || isStopping || guards.resting.raising != nil
    self.motion?.player.target = mustStand ? 0 : rate
    self.motion?.player.urgency = isStopping ? .urgent : .gentle
  }

  /// Sends the frame that is due; whether a phase has ended with it.
  mutating func sendFrame(_ output: inout SessionOutput) -> Bool {
    watchPause(&output)
    guard fault == nil else { return true }
    guard var motion, let tick = motion.clock.tick(now) else { return false }
    if motion.isOver {
      self.motion = motion
      enter(.ending, &output)
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
      motion.isOver = true
      ending = motion.reason ?? .operatorStopped
    }
    self.motion = motion
    if motion.player.isAtEnd, !motion.isOver { nextStage(&output) }
    return false
  }

  /// Lets path time pass; returns how long the way to the next set-point may have taken [s].
  private mutating func move(
    _ motion: inout Motion, _ tick: FrameClock.Tick, _ output: inout SessionOutput
  ) -> Double {
    report.lateness.add(tick.lateness)
    report.framesSkipped += tick.skipped
    var elapsed = tick.elapsed
    if elapsed - interval > Self.stall {
      // The motors have reached the last set-point long ago and stand; to be where the clock is
      // would be a jump. From here the path begins again.
      report.stalls += 1
      output.events.append(
        .warning(
          "no frame could be sent for \((tick.lateness * 1000).rounded()) ms; "
            + "the path goes on from rest"))
      motion.player.startFromRest()
      if motion.brake != nil { motion.isOver = true }
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

  /// The last look at a set-point, by other means than those that made it.
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
    guard let next = stages?.next() else {
      motion?.isOver = true
      ending = .completed
      return
    }
    motion?.phase = next.phase
    motion?.player = PathPlayer(next.trajectory, target: 0)
    updateTarget()
    if next.phase != phase { enter(next.phase, &output) }
  }
}
