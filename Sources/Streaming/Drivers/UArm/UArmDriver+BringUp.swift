/// Bring-up: boot, identification, checks, settings, engaging and releasing.
extension UArmDriver {
  mutating func beginIdentifying() {
    link.clear()
    link.ring = UArmReplyRing()
    link.dialect = wiring.device == .uarmMetal ? .positions : .letters
    parser.clear()
    identity = UArmIdentity(for: wiring.device)
    readings = UArmReadings()
    execution = nil
    stream.lastPositions = nil
    // Opening resets the controller; V3 takes up to 3.5 s and never says @1.
    phase = .booting(until: now + 3.5, quietUntil: .infinity)
    switch wiring.device {
    case .uarmMetal:
      warn("a uArm Metal drives itself to (0, 150, 150) mm whenever its port is opened; keep clear")
    case .uarmSwift:
      warn("a uArm Swift drives itself to (150, 0, 150) mm whenever its port is opened; keep clear")
    default: break
    }
  }

  mutating func begin(_ purpose: UArmScript.Purpose) {
    var script = UArmScript(purpose, now: now)
    if purpose == .engaging, isReleased {
      script.steps.insert(contentsOf: [.attach] + (0..<4).map { .attachMotor($0) }, at: 0)
    }
    phase = .script(script)
    start(script)
  }

  /// Sends the command of the first step that this model has.
  private mutating func start(_ begun: UArmScript) {
    var script = begun
    while let step = script.steps.first {
      if step == .machine || step == .state, model == .proV4 {
        output.bytes.append(UArmRealTime.status.rawValue)
      } else if step == .wait {
        script.awaited = nil
      } else if let command = command(step) {
        script.awaited = link.queue(command)
      } else {
        script.steps.removeFirst()
        script.attempt = 1
        continue
      }
      script.deadline = now + UArmScript.patience(step)
      phase = .script(script)
      return
    }
    phase = .script(script)
    complete(script.purpose)
  }

  /// The command of a step for this model; nil if the model does not have the step.
  private func command(_ step: UArmScript.Step) -> UArmCommand? {
    let isV4 = model == .proV4
    let isPro = isV4 || model == .proV3
    switch step {
    case .name: return .name
    case .firmware: return .firmware
    case .power: return model == .metal ? nil : .power
    case .encoders: return isV4 ? .encoders : nil
    case .mode: return isPro ? .mode : nil
    case .reportsOff: return .report(every: 0)
    case .closedLoopOff: return isV4 ? .closedLoop(false) : nil
    case .motionEndOff: return isPro ? .reportMotionEnd(false) : nil
    case .settings: return isV4 ? .settings : nil
    case .acceleration: return isV4 ? accelerationToWrite.map { .acceleration($0) } : nil
    case .statusMask: return isV4 && maskIsToWrite ? .statusMask(12) : nil
    case .angles, .anglesAgain, .anglesAttached: return .angles
    case .wrist: return isPro ? .angle(3) : nil
    case .position: return .position
    // Swift answers garbage, and Swift and Metal switch their motors on at power-up.
    case .isAttached(let motor): return isPro ? .isAttached(motor) : nil
    case .state, .machine, .wait: return nil
    case .attach: return isPro ? .attach : nil
    case .attachMotor(let motor): return isPro ? nil : .attachMotor(motor)
    case .detach: return isPro ? .detach : nil
    case .detachMotor(let motor): return isPro ? nil : .detachMotor(motor)
    }
  }

  /// The argument of `M204 A` if the listed settings differ from the options; nil without a
  /// listing.
  private var accelerationToWrite: Double? {
    guard let wanted = options.acceleration.map({ $0 / 80 }) else { return nil }
    let found = [120, 121, 122].compactMap { identity.settings[$0] }
    guard found.count == 3, found.contains(where: { !(abs($0 - wanted) < 0.01) }) else {
      return nil
    }
    return wanted
  }

  /// Warns of rates other than 20 Hz and 40 to 50 Hz, at which the frames do not fit the firmware's
  /// ramps.
  private mutating func warnOfRate(_ rate: Double) {
    guard !(19.9...20.1).contains(rate), !(40...50).contains(rate) else { return }
    warn(
      "at \(rate.short) frames a second the motors' acceleration exceeds the limits, by 4 % at 25 and by "
        + "a third at 10; expected 20, or 40 to 50")
  }

  /// The firmware's acceleration of each motor [degrees/s²]; the factory value if it is not listed.
  private var storedAcceleration: Double {
    let found = [120, 121, 122].compactMap { identity.settings[$0] }.min()
    return accelerationToWrite.map { $0 * 80 } ?? found.map { max($0, 0.1) * 80 } ?? 800
  }

  /// The greatest speeds of base, left and right [degrees/s].
  private var motorLimits: SIMD3<Double> {
    func limit(_ id: Int) -> Double {
      place(id).map {
        wiring.motors[$0].velocityLimit * abs(wiring.motors[$0].unitsPerRadian)
      } ?? .infinity
    }
    return SIMD3(limit(0), limit(1), limit(2))
  }

  private var maskIsToWrite: Bool {
    guard options.mayWriteStatusMask, let mask = identity.settings[10] else { return false }
    return mask != 12
  }

  // MARK: - Replies

  /// Handles the reply to the awaited line.
  mutating func scriptReply(_ fields: UArmFields, error: Int??, _ running: UArmScript) {
    guard let step = running.steps.first else { return }
    let failed = error != nil
    let code = (error ?? nil).map { "E\($0)" } ?? "no result"
    switch step {
    case .name:
      if failed, link.dialect == .letters, wiring.device == .uarmSwift {
        // Some were sold with firmware that knows three-digit codes only.
        link.dialect = .positions
        return start(running)
      }
      identity.deviceName = fields.word ?? ""
      guard !failed, !identity.deviceName.isEmpty else { return refused(step, code) }
    case .firmware:
      guard !failed, let text = fields.word, let found = UArmVersion(text) else {
        return fail(
          .wrongDevice,
          "'\(identity.deviceName)' tells no firmware version: found \(fields.texts), \(code)")
      }
      guard identify(found) else { return }
    case .power:
      // An older Swift that does not know the question is assumed to have power.
      if failed, model == .swift { break }
      guard !failed, fields.number("V") == 1 else {
        return fail(
          .voltage, "the uArm's motors have no power: P2234 answers \(fields.texts); switch on 12 V"
        )
      }
    case .encoders:
      guard !failed else {
        return fail(.deviceError, encoderText(fields, code))
      }
    case .mode: guard take(mode: fields, failed) else { return }
    case .acceleration:
      guard !failed else { return refused(step, code) }
      warn(
        "the uArm's acceleration was \(identity.settings[120] ?? 0), \(accelerationToWrite ?? 0) is stored in it "
          + "now (80°/s² each)")
    case .angles, .anglesAgain, .anglesAttached:
      let previous = readings.angles
      guard !failed, takeAngles(fields) else { return refused(step, code) }
      if step == .anglesAgain, !isStill(since: previous) { return again(running) }
    case .wrist: if !failed { takeWrist(fields.number("V")) }
    case .position: guard !failed, check(position: fields) else { return }
    case .isAttached:
      if failed || fields.number("V") != 1, !running.steps.contains(.attach) {
        return advance(running, adding: .attach)
      }
    case .attach, .attachMotor:
      guard !failed else { return refused(step, code) }
      isReleased = false
    case .reportsOff, .closedLoopOff, .motionEndOff:
      if failed { warn("'\(step)' is not known to the uArm's firmware (\(code))") }
    case .detach, .detachMotor, .settings, .statusMask, .state, .machine, .wait: break
    }
    advance(running)
  }

  /// Notes the wrist's angle.
  ///
  /// The potentiometer of a V3 is far out of range if it is not connected; the servo is then
  /// assumed to be in its middle, where it goes at power-up.
  private mutating func takeWrist(_ value: Double?) {
    guard model == .proV3, let value, !(-10 <= value && value <= 190) else {
      readings.wristAngle = value
      return
    }
    readings.wristAngle = 90
    identity.wristHasNoSensor = true
    identity.notes.append(
      "the wrist's potentiometer is not connected; the wrist is taken to stand at 90°")
  }

  /// Whether the arm has not moved since the measurement before.
  private func isStill(since previous: UArmKinematics.Angles?) -> Bool {
    guard let previous, let angles = readings.angles else { return true }
    return angles.distance(previous) < 0.2
  }

  /// Continues with the next step; a step may be added after the queries.
  private mutating func advance(_ running: UArmScript, adding step: UArmScript.Step? = nil) {
    var script = running
    script.steps.removeFirst()
    if let step {
      let at = script.steps.firstIndex(of: .anglesAttached) ?? script.steps.endIndex
      script.steps.insert(step, at: at)
    }
    script.attempt = 1
    script.awaited = nil
    start(script)
  }

  /// Measures an arm that still moves, as after booting, again for up to ten seconds.
  private mutating func again(_ running: UArmScript) {
    var script = running
    script.movingCount += 1
    guard script.movingCount <= 30 else {
      return fail(.position, "the uArm does not stand still before the stream; expected rest")
    }
    script.steps.insert(.wait, at: 0)
    start(script)
  }

  private mutating func refused(_ step: UArmScript.Step, _ code: String) {
    fail(.deviceError, "the uArm refuses '\(step)' during bring-up: found \(code), expected ok")
  }

  private func encoderText(_ fields: UArmFields, _ code: String) -> String {
    let bits = Int(fields.number("V") ?? 0)
    let names = [(4, "left"), (2, "right"), (1, "base")].filter { bits & $0.0 != 0 }.map(\.1)
    return "the uArm cannot read its encoders (\(code)): \(names.joined(separator: ", "))"
  }

  private mutating func identify(_ found: UArmVersion) -> Bool {
    identity.version = found
    do {
      let identified = try UArmModel.identified(
        name: identity.deviceName, version: found, for: wiring.device)
      model = identified
      kinematics = identified.kinematics
      return true
    } catch {
      fail(error.kind, error.description)
      return false
    }
  }

  private mutating func take(mode fields: UArmFields, _ failed: Bool) -> Bool {
    guard let value = fields.number("V"), !failed, model == .proV4 else { return true }
    guard 0...99 ~= value, let tool = UArmKinematics.swiftProV4(mode: Int(value)) else {
      fail(
        .deviceError,
        "end-effector mode \(value) is not known; expected \(UArmKinematics.endEffectors.keys.sorted())"
      )
      return false
    }
    kinematics = tool
    if value != 0 { identity.notes.append("end-effector mode \(Int(value)), not the normal one") }
    return true
  }

  private mutating func takeAngles(_ fields: UArmFields) -> Bool {
    guard let found = fields.numbers("BLR") else { return false }
    readings.angles = UArmKinematics.Angles(base: found[0], left: found[1], right: found[2])
    // Swift and Metal append the wrist.
    if let wrist = fields.number("H") { readings.wristAngle = wrist }
    return true
  }

  /// Compares the firmware's position with our kinematics of its angles; they differ for a wrong
  /// mode, a wrong model or a lost calibration.
  private mutating func check(position fields: UArmFields) -> Bool {
    guard let found = fields.numbers("XYZ"), let angles = readings.angles else { return true }
    let point = UArmKinematics.Point(x: found[0], y: found[1], z: found[2])
    let expected = kinematics.point(angles)
    let distance = point.distance(to: expected)
    guard distance <= 2 else {
      let text =
        "the uArm says its tool is at \(found) mm, our kinematics \(fixed(distance, 1) ?? "?") mm away"
      // V3 reports the last commanded point, although the arm may have been moved since; the tool
      // offsets of Swift and Metal are not published.
      guard model == .proV4 else {
        warn(text)
        return true
      }
      fail(.position, text + "; expected at most 2: wrong mode, model or calibration")
      return false
    }
    return true
  }

  // MARK: - Ends and time-outs

  private mutating func complete(_ purpose: UArmScript.Purpose) {
    switch purpose {
    case .identifying: identified()
    case .engaging: engaged()
    case .measuring:
      phase = isReleased ? .released : .identified
      if let angles = readings.angles { report(angles, wrist: readings.wristAngle) }
    case .releasing:
      phase = .released
      isReleased = true
      output.events.append(.released)
    }
  }

  private mutating func identified() {
    guard let model, let version = identity.version, let angles = readings.angles else {
      return fail(.wrongDevice, "the uArm did not tell what it is")
    }
    if let refusal = kinematics.refusal(angles), model == .proV4 {
      warn("the arm stands where its firmware would not go: \(refusal)")
    }
    phase = .identified
    output.events.append(
      .identified(DeviceReport(device: model.name, firmware: "\(version)", notes: identity.notes)))
    report(angles, wrist: readings.wristAngle)
  }

  private mutating func engaged() {
    guard let angles = readings.angles, let model else {
      return fail(.deviceError, "the uArm did not say where it stands")
    }
    let rate = wiring.rate ?? preferredRate
    switch (model, options.policy) {
    case (.proV4, .live):
      execution = .live(
        UArmLive(
          lead: options.lead, at: angles, wrist: readings.wristAngle, interval: 1 / rate,
          feeds: UArmFeed(acceleration: storedAcceleration, limits: motorLimits)))
      link.isAcknowledged = true
      warnOfRate(rate)
    case (.proV4, .exact):
      execution = .stopAndWait(
        StopAndWait(.joints, window: 2, at: angles, wrist: readings.wristAngle))
    case (.proV3, _): return prepareMarlin(at: angles)
    case (.swift, _):
      execution = .stopAndWait(
        StopAndWait(.pointPerMinute, window: 1, at: angles, wrist: readings.wristAngle))
    case (.metal, _):
      execution = .stopAndWait(
        StopAndWait(.pointPerSecond, window: 1, at: angles, wrist: readings.wristAngle))
    }
    enterEngaged(angles)
  }

  mutating func enterEngaged(_ angles: UArmKinematics.Angles) {
    stream.lastPositions = positions(angles, wrist: readings.wristAngle ?? 90).map { $0 ?? 0 }
    poll.begin(now)
    if case .marlin = execution { poll.next = .infinity }
    phase = .engaged
    report(angles, wrist: readings.wristAngle)
    output.events.append(.engaged)
  }

  /// Handles a step that was not answered in time.
  mutating func scriptTimedOut(_ running: UArmScript) {
    guard let step = running.steps.first else { return }
    if step == .wait { return advance(running) }
    if let id = running.awaited { link.forget(id) }
    var script = running
    script.attempt += 1
    if script.attempt <= UArmScript.attempts(step) { return start(script) }
    switch step {
    case .name:
      fail(.silent, "nothing answers P2201 on the port within 6 s; expected a uArm")
    case .firmware, .power, .encoders, .angles, .anglesAgain, .anglesAttached, .position, .attach,
      .attachMotor:
      fail(.silent, "the uArm does not answer '\(step)'; expected a reply within 1 s")
    case .detach, .detachMotor:
      // V4 does not reply while its ring is out of step; the command was sent anyway.
      warn("the uArm did not confirm that its motors are off")
      advance(running)
    case .isAttached, .mode, .reportsOff, .closedLoopOff, .motionEndOff, .settings, .acceleration,
      .statusMask, .wrist, .state, .machine, .wait:
      let text = "'\(step)' was not answered"
      if running.purpose == .identifying {
        identity.notes.append(text)
      } else {
        warn("the uArm: " + text)
      }
      advance(running)
    }
  }

  /// Handles the end of the listing of settings, or the acknowledgement of the status mask.
  mutating func acknowledged(_ running: UArmScript) {
    guard let step = running.steps.first, step == .settings || step == .statusMask else { return }
    if step == .statusMask {
      warn("the uArm's status mask was \(Int(identity.settings[10] ?? 0)), 12 is stored in it now")
    }
    advance(running)
  }

  /// Handles the status line, which gives the offset between machine and motor angles.
  mutating func scriptStatus(_ status: UArmStatus, _ running: UArmScript) {
    guard let step = running.steps.first, step == .machine || step == .state else { return }
    switch status.state {
    case "Hold":
      // The arm was left on hold, so that nothing would move.
      output.bytes.append(UArmRealTime.resume.rawValue)
      link.countRealTime()
      warn("the uArm was on hold; it goes on now")
    case "Alarm", "Door":
      return fail(
        .deviceError,
        "the uArm is in state \(status.state); expected Idle: unplug it and plug it in again")
    default: break
    }
    if step == .machine, let machine = status.machine, let angles = readings.angles {
      readings.machineOffset = UArmKinematics.Angles(
        base: angles.base - machine[2] * 80, left: angles.left - machine[0] * 80,
        right: angles.right - machine[1] * 80)
    }
    advance(running)
  }

  /// Measures an arm at rest again.
  mutating func measure() {
    switch phase {
    case .identified, .released: begin(.measuring)
    default: refuse("measure", "identify")
    }
  }

  /// Releases all motors of an arm at rest.
  mutating func release() {
    switch phase {
    case .identified, .engaged, .held, .stopped:
      link.clear()
      begin(.releasing)
    case .released: output.events.append(.released)
    default: refuse("release its motors", "a resting arm")
    }
  }
}
