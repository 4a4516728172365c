import Foundation

/// The stream to V3; see `UArmMarlin`.
extension UArmDriver {
  /// Begins to write the settings for the stream after the bring-up; the arm is engaged once they
  /// are accepted.
  mutating func prepareMarlin(at angles: UArmKinematics.Angles) {
    execution = .marlin(
      UArmMarlin(
        at: angles, wrist: readings.wristAngle, kinematics: kinematics, greatest: greatestSpeeds))
    phase = .preparing
  }

  /// The greatest speed of base, left and right [degrees/s].
  private var greatestSpeeds: SIMD3<Double> {
    var result = SIMD3(repeating: 60.0)
    for motor in 0..<3 {
      guard let place = place(motor) else { continue }
      let entry = wiring.motors[place]
      result[motor] = abs(entry.velocityLimit * entry.unitsPerRadian)
    }
    return result
  }

  /// The state of the stream to a V3; nil if it does not handle replies and time.
  var marlin: UArmMarlin? {
    guard case .marlin(let marlin) = execution else { return nil }
    switch phase {
    case .preparing, .engaged, .following, .finishing, .held: return marlin
    default: return nil
    }
  }

  /// Handles a reply; returns false if it is not one to the stream's lines.
  mutating func marlinReceives(_ reply: UArmReply) -> Bool {
    guard var marlin else { return false }
    switch reply {
    case .event, .status, .setting: return false
    default: break
    }
    let findings = marlin.receive(reply, at: now)
    execution = .marlin(marlin)
    apply(findings)
    if case .text = reply { return false }
    return true
  }

  /// Lets time pass; returns false if there is no stream to a V3.
  mutating func advanceMarlin() -> Bool {
    guard var marlin else { return false }
    let findings = marlin.advance(now)
    execution = .marlin(marlin)
    apply(findings)
    guard let since = finishing?.since, case .marlin(let later) = execution else {
      return true
    }
    if now > since + 3, later.overdue(now) > 6 {
      fail(.deviceError, "the uArm does not come to rest within 6 s after the last frame")
    }
    return true
  }

  /// Takes the bytes to write.
  mutating func takeMarlinBytes() {
    guard case .marlin(var marlin) = execution else { return }
    output.bytes += marlin.wire.take()
    execution = .marlin(marlin)
  }

  private mutating func apply(_ findings: [UArmMarlin.Finding]) {
    for finding in findings {
      guard marlin != nil else { return }
      switch finding {
      case .prepared:
        if case .preparing = phase, let angles = readings.angles { enterEngaged(angles) }
      case .pose(let pose, let asked): marlinMeasured(pose, asked)
      case .motor(let motor, let value, let asked): marlinMeasured(motor, value, asked)
      case .warning(let text): warn(text)
      case .fault(let fault): fail(fault.kind, fault.description)
      case .held: held()
      }
    }
  }

  /// Fails because too many frames wait; merged into one move they would cut corners.
  mutating func failBehind(_ count: Int) {
    fail(.position, "the uArm does not keep up: \(count) frames wait to be sent; play it slower")
  }

  // MARK: - Where the arm is

  private mutating func marlinMeasured(_ pose: UArmKinematics.Angles, _ asked: Double) {
    readings.angles = pose
    report(pose, wrist: nil)
    guard var marlin else { return }
    let found = [pose.base, pose.left, pose.right]
    let off = (0..<3).map { marlin.distance(of: $0, found[$0], at: asked) }.max() ?? 0
    compare(off, 3)
    guard case .finishing = phase, marlin.stage == .ending, marlin.isStill,
      off <= options.deviationLimit
    else { return }
    marlin.restore()
    execution = .marlin(marlin)
  }

  private mutating func marlinMeasured(_ motor: Int, _ value: Double, _ asked: Double) {
    guard let marlin, let place = place(motor), 0...2 ~= motor else { return }
    var positions: [Double?] = Array(repeating: nil, count: wiring.motors.count)
    positions[place] = wiring.motors[place].position(value)
    output.events.append(.measured(Measurement(time: now, positions: positions)))
    let load = Double(marlin.wire.byteCount) / (11_520 * max(now - poll.lastGauge, 0.05))
    output.events.append(.gauge(QueueGauge(queued: marlin.queued(now), busLoad: min(load, 1))))
    compare(marlin.distance(of: motor, value, at: asked), motor)
  }
}

extension UArmMarlin {
  /// The distance of a motor from its commands about a lag ago [degrees]; zero if there are none.
  func distance(of motor: Int, _ value: Double, at time: Double) -> Double {
    var (least, most) = (Double.infinity, -Double.infinity)
    for step in -10...10 {
      guard let pose = path.command(at: time - lag + 0.03 * Double(step)) else { continue }
      let command = [pose.base, pose.left, pose.right][motor]
      (least, most) = (min(least, command), max(most, command))
    }
    guard least <= most else { return 0 }
    return max(0, least - value, value - most)
  }
}
