import Kinematics
import Trajectories

// The motors' torque while the robot stands: lowered after some time, raised or restored again.
extension Session {
  /// The torque with which a robot at rest holds.
  enum RestTorque: Sendable {
    /// The full torque that the caps allow.
    case full
    /// Still the full torque; the robot stands since a time [s].
    case standing(since: Double)
    /// A share of the caps.
    case lowered(LoweredTorque)
    /// The torque is being raised again since a time [s], before the motion continues.
    case raising(since: Double)
    /// The full torque until the end, because a joint gave way under the lowered one.
    case givenUp

    /// The lowered torque; nil in other cases.
    var lowered: LoweredTorque? { if case .lowered(let lowered) = self { lowered } else { nil } }
    /// Whether the torque is being raised.
    var isRaising: Bool { if case .raising = self { true } else { false } }
  }

  /// A torque that was lowered at rest.
  struct LoweredTorque: Sendable {
    /// When it was lowered [s].
    var since: Double
    /// The share of the caps that is left.
    var share: Double
    /// Where the joints stood then [rad or m].
    var pose: [Double?]
  }

  /// How far a joint may sink under the lowered torque [rad]; for lengths a tenth of it [m].
  private static let sinking = 1.5 * Double.pi / 180
  /// How long the robot is monitored after its torque was lowered, before the session ends [s].
  static let restWatch = 2.0
  /// How long torque limits may take to be written and read back [s].
  static let torqueTime = 1.0

  /// The rule for lowering the torque at rest; nil if it is not to be lowered.
  private var restRule: Wiring.Protection.Rest? {
    let wired = driver.wiring.protection.rest
    if case .givenUp = guards.rest { return nil }
    guard driver.torqueLimits?.level != nil else { return nil }
    guard let after = options.restAfter else { return wired }
    return Wiring.Protection.Rest(after: after, share: wired?.share ?? 0.5)
  }

  /// Lowers the torque of a robot that has been paused for long, and waits until it is raised again
  /// before the motion continues; called before each frame.
  mutating func watchPause(_ output: inout SessionOutput) {
    guard let motion else { return }
    if case .raising(let began) = guards.rest {
      if driver.torqueLimits?.isSettled ?? true {
        guards.rest = .full
        updateTarget()
      } else if now - began > Self.torqueTime {
        guards.rest = .full
        fault =
          fault
          ?? DriverFault(
            .deviceError,
            "the torque that was lowered at rest was not raised again in \(Self.torqueTime) s")
      }
      return
    }
    guard motion.isPaused, motion.player.isAtRest, motion.stopRequested == nil,
      let rule = restRule
    else {
      if case .standing = guards.rest { guards.rest = .full }
      return
    }
    if case .full = guards.rest { guards.rest = .standing(since: now) }
    lowerAfterStanding(rule, &output)
  }

  /// Lowers the torque if the robot has stood for as long as the rule demands.
  private mutating func lowerAfterStanding(
    _ rule: Wiring.Protection.Rest, _ output: inout SessionOutput
  ) {
    guard case .standing(let since) = guards.rest, now - since >= rule.after else { return }
    lower(rule, &output)
  }

  /// Raises a lowered torque, before a paused motion continues.
  mutating func raiseTorque(_ output: inout SessionOutput) {
    guard guards.rest.lowered != nil else { return }
    guards.rest = .raising(since: now)
    driver.limitTorque(to: .share(1))
  }

  private mutating func lower(_ rule: Wiring.Protection.Rest, _ output: inout SessionOutput) {
    guards.rest = .lowered(LoweredTorque(since: now, share: rule.share, pose: guards.latest))
    driver.limitTorque(to: .share(rule.share))
    output.events.append(
      .warning(
        "at rest for \(rule.after) s: the \(driver.torqueLimits?.register ?? "torque limit") of all "
          + "motors is lowered to \(Self.percent(rule.share)) of its cap"))
    call(nil, &output)
  }

  mutating func watchSinking(
    _ measurement: Measurement, _ output: inout SessionOutput
  ) {
    guard let lowered = guards.rest.lowered else { return }
    for (joint, position) in measurement.positions.enumerated() {
      guard let position, lowered.pose.indices.contains(joint), let stood = lowered.pose[joint]
      else { continue }
      let limit = limits.coordinates[joint]
      guard !(abs(position - stood) <= Self.sinking * (limit.isAngular ? 1 : 0.1)) else { continue }
      guards.rest = .givenUp
      driver.limitTorque(to: .share(1))
      output.events.append(
        .warning(
          "joint '\(limit.name)' gave way by \(limit.text(abs(position - stood))) under the lowered "
            + "torque, which is raised again and not lowered any more"))
      return
    }
  }

  // MARK: - The end

  /// Restores the torque limits, or waits at rest until the torque may be lowered; called once the
  /// robot holds.
  mutating func afterHeld(_ completion: Completion, _ output: inout SessionOutput) -> Bool {
    // A torque that was lowered during a pause stays lowered, since nothing has moved since.
    if guards.rest.lowered != nil { return finish(completion.ending, &output) }
    guard restRule != nil, completion.ending == .completed else {
      return restoreTorque(completion, &output)
    }
    guards.rest = .standing(since: now)
    enter(.resting(completion), &output)
    return true
  }

  /// Lowers the torque of a robot that stands at the end, and ends once it is seen to hold.
  mutating func rest(_ completion: Completion, _ output: inout SessionOutput) -> Bool {
    guard let rule = restRule, completion.ending == .completed else {
      return guards.rest.lowered == nil
        ? restoreTorque(completion, &output) : finish(completion.ending, &output)
    }
    guard let lowered = guards.rest.lowered else {
      lowerAfterStanding(rule, &output)
      return false
    }
    guard now - lowered.since >= Self.restWatch, driver.torqueLimits?.isSettled ?? true else {
      return false
    }
    return finish(completion.ending, &output)
  }

  /// Restores the torque limits that were found, as far as the motors still answer.
  private mutating func restoreTorque(
    _ completion: Completion, _ output: inout SessionOutput
  ) -> Bool {
    guard let limits = driver.torqueLimits, !limits.changes.isEmpty || !limits.isSettled else {
      return finish(completion.ending, &output)
    }
    guard let began = completion.restoring else {
      state.completion?.restoring = now
      driver.limitTorque(to: .found)
      call(nil, &output)
      return false
    }
    guard limits.isSettled || now - began >= Self.torqueTime else { return false }
    return finish(completion.ending, &output)
  }
}
