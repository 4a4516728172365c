import Foundation
import Testing

@testable import Streaming

/// One run of a subject with something going wrong, and what became of it.
struct CampaignRun {
  let subject: CampaignSubject
  private(set) var line: VirtualSession
  private(set) var isOver: Bool
  let observer: WireJudge
  /// What is wrong with the run, empty if all is as it must be.
  private(set) var complaints: [String] = []

  /// A session may take this long: all stages, and the longest of the stated time-outs [s].
  static let longest = 120.0
  /// When the first thing of the schedule happens [s].
  private let first: Double

  init(
    _ subject: CampaignSubject, seed: UInt64 = 0,
    _ schedule: [(time: Double, event: VirtualSession.ScheduledEvent)]
  ) throws {
    self.subject = subject
    line = try subject.line(seed: seed)
    first = schedule.map(\.time).min() ?? .infinity
    for (time, event) in schedule { line.at(time, event) }
    isOver = line.run(until: Self.longest)
    let slips = schedule.contains { $0.event == .fault(.positionJump) }
    observer = Self.judge(subject, line, slips: slips)
    judgeEnd()
  }

  /// When a phase began.
  func began(_ phase: SessionPhase) -> Double? { Self.began(phase, line) }

  private static func began(_ phase: SessionPhase, _ line: VirtualSession) -> Double? {
    line.events.first { if case .phase(phase) = $0.event { true } else { false } }?.time
  }

  private static func judge(
    _ subject: CampaignSubject, _ line: VirtualSession, slips: Bool
  ) -> WireJudge {
    // From a pose that is not the true one the soft start may go either way.
    let moving = began(slips ? .streaming : .softStart, line) ?? .infinity
    let stop = began(.stopping, line)
    var circumstances = WireJudge.Circumstances(
      rest: zip(subject.wiring.motors, subject.rest).map { $0.raw($1) },
      growingJoint: CampaignSubject.growingJoint,
      growing: moving < .infinity ? moving...max(moving, stop ?? .infinity) : nil, stop: stop,
      slack: subject.slack, rounding: subject.rounding)
    circumstances.torqueLimit = subject.torqueLimit
    circumstances.mustCap = subject.torqueLimit != nil
    // The motor's own loop counts in the same slipped units, so it does not move by the slip.
    if slips { circumstances.slipped = [0] }
    if let stop {
      let before = line.motorPositions.last { $0.time <= stop }?.positions
      let after = line.device.motorPositions
      circumstances.motorsAtStop = after.indices.map { index in
        let first = before?[index] ?? after[index]
        return min(first, after[index])...max(first, after[index])
      }
    }
    return WireJudge.judge(
      line.recorded.filter(\.isToDevice).map { ($0.time, $0.bytes) }, wiring: subject.wiring,
      arm: subject.arm, circumstances: circumstances)
  }

  private mutating func judgeEnd() {
    complaints += observer.violations.prefix(5).map(\.description)
    guard isOver, let ending = line.session.report.ending else {
      complaints.append("not over after \(Self.longest) s, in phase \(line.session.phase)")
      return
    }
    let robot = line.session.report.robot
    switch ending {
    case .completed, .operatorStopped:
      if robot != .holding { complaints.append("ended \(ending), but the robot is \(robot)") }
    case .operatorAborted, .fault: judgeStopped(ending, robot)
    case .planned: complaints.append("ended without going")
    }
    judgeTorqueLimits()
    if observer.releases > 0 { complaints.append("\(observer.releases) motors were released") }
    judgeMotors()
  }

  /// Before anything was engaged the robot is untouched; later the device's own stop is on the wire,
  /// unless the wire is gone.
  private mutating func judgeStopped(_ ending: SessionEnding, _ robot: RobotState) {
    // Heat that was foreseen leaves the time to come to rest along the path.
    if case .fault(let fault) = ending, fault.kind == .temperature, robot == .holding,
      began(.ending) != nil, began(.stopping) == nil
    {
      return
    }
    guard began(.engaging) != nil else {
      if robot != .untouched { complaints.append("\(ending) before engaging, but \(robot)") }
      return
    }
    guard !line.link.isUnplugged else {
      // The stop may have gone before the cable did.
      if ![.unreachable, .stopped].contains(robot) {
        complaints.append("the cable is pulled, but the robot is \(robot)")
      }
      return
    }
    if robot != .stopped { complaints.append("ended \(ending), but the robot is \(robot)") }
    guard let stop = began(.stopping) else {
      complaints.append("ended \(ending) without a stop")
      return
    }
    let sent = line.recorded.first { $0.isToDevice && $0.time >= stop }
    // Motors of a bus that were not told a goal have nothing to stop.
    if !subject.wiring.isArm, observer.goalCount == 0, onlyAsksAfter(stop) { return }
    guard let sent, sent.time <= stop + 0.001, isStop(sent.bytes) else {
      complaints.append("the stop was not sent at once: \(String(describing: sent))")
      return
    }
  }

  /// Whether a host that has told no goals only asks from an instant on, and gives limits back.
  private func onlyAsksAfter(_ instant: Double) -> Bool {
    var decoder = subject.wiring.decoder(arm: subject.arm, rest: [])
    let later = line.recorded.filter { $0.isToDevice && $0.time >= instant }
    return later.flatMap { decoder.take($0.bytes, at: $0.time) }.allSatisfy { order in
      switch order.kind {
      case .question, .setting, .torqueLimit: true
      default: false
      }
    }
  }

  /// Whether the first bytes after a fault are the stop of the device (section by section of the
  /// observer's reading): its own stop, or goals for all motors of a bus that has none.
  private func isStop(_ bytes: [UInt8]) -> Bool {
    var decoder = subject.wiring.decoder(
      arm: subject.arm, rest: zip(subject.wiring.motors, subject.rest).map { $0.raw($1) })
    let kinds = decoder.take(bytes, at: 0).map(\.kind)
    if subject.wiring.isArm {
      // A Metal has no stop: nothing more is sent but the end of a line that was cut off.
      return subject.arm == .metal
        ? kinds.isEmpty : !kinds.isEmpty && kinds.allSatisfy { $0 == .stop }
    }
    if kinds.contains(.stop) { return true }
    let ids = Set(subject.wiring.motors.map(\.id))
    let told = kinds.compactMap { kind -> Set<Int>? in
      if case .goals(let goals) = kind { Set(goals.keys) } else { nil }
    }
    // Motors that were not told a goal yet stay without one.
    return told.contains(ids) || (began(.softStart) == nil && told.allSatisfy(ids.isSuperset))
  }

  /// Caps go as they came, wherever the wire still carries a word; a session that lowers the torque
  /// for holding leaves it lowered.
  private mutating func judgeTorqueLimits() {
    guard let before = subject.torqueLimit, !line.link.isUnplugged else { return }
    for (motor, limit) in zip(subject.wiring.motors, observer.torqueLimits) {
      guard let limit, limit != before, !line.phases.contains(.resting) else { continue }
      complaints.append("joint '\(motor.joint)' is left with a torque limit of \(limit)")
    }
  }

  /// The motors themselves stay within limits, and stand in the end.
  private mutating func judgeMotors() {
    let motors = subject.wiring.motors
    line.coast(3)
    let resting = line.device.motorPositions
    line.coast(0.5)
    let later = line.device.motorPositions
    for (index, motor) in motors.enumerated() {
      if !(abs(later[index] - resting[index]) <= 0.02 * motor.unitsPerRadian) {
        complaints.append(
          "joint '\(motor.joint)' still moves: \(resting[index]) to \(later[index])")
      }
      let tolerance = 0.05 * motor.unitsPerRadian
      for (time, positions) in line.motorPositions
      where
        !(abs(positions[index] - motor.raw(motor.position(positions[index]))) < 1e-6
        && motor.limits.lowerBound * motor.unitsPerRadian - tolerance
          <= motor.position(positions[index]) * motor.unitsPerRadian
        && motor.position(positions[index]) * motor.unitsPerRadian
          <= motor.limits.upperBound * motor.unitsPerRadian + tolerance)
      {
        complaints.append("joint '\(motor.joint)' is at \(positions[index]) at \(time) s")
        break
      }
    }
  }

  /// How it ended, in a word.
  var outcome: String {
    switch line.session.report.ending {
    case .fault(let fault): fault.kind.rawValue
    case .completed: "completed"
    case .operatorStopped: "operatorStopped"
    case .operatorAborted: "operatorAborted"
    case .planned: "planned"
    case nil: "hangs"
    }
  }
}
