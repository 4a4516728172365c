import Kinematics
import Testing
import Trajectories

@testable import Streaming

@Suite("Sessions protect motors and people")
struct SessionProtectionTests {
  /// Campaign subjects that can limit their torque.
  static let capped: [CampaignSubject] = CampaignSubject.all.filter { $0.torqueLimit != nil }

  private func line(
    _ subject: CampaignSubject, _ task: SessionTask? = nil,
    _ change: (inout SessionOptions) -> Void = { _ in }
  ) throws -> VirtualSession {
    var options = SessionOptions()
    options.go = true
    change(&options)
    return VirtualSession(
      session: try Session(
        task ?? .play(subject.trajectory), limits: subject.limits, robot: subject.robot,
        driver: subject.makeDriver(subject.wiring), options: options),
      device: subject.makeDevice(subject.wiring, subject.rest),
      link: FaultyLink(baud: subject.wiring.baud))
  }

  private func warnings(_ line: VirtualSession) -> [String] {
    line.events.compactMap { if case .warning(let text) = $0.event { text } else { nil } }
  }

  private func began(_ phase: SessionPhase, _ line: VirtualSession) throws -> Double {
    try #require(
      line.events.first { if case .phase(phase) = $0.event { true } else { false } }?.time)
  }

  // MARK: - The first pose

  @Test(
    "A first pose that is too far is refused before anything has torque; with --far it is gone to")
  func far() throws {
    var subject = try #require(CampaignSubject.all.first)
    for index in subject.wiring.motors.indices { subject.wiring.motors[index].firstMove = 0.1 }
    for isFar in [false, true] {
      var line = try line(subject) { $0.far = isFar }
      line.run(until: 60)
      guard !isFar else {
        #expect(line.session.report.ending == .completed)
        continue
      }
      guard case .fault(let fault)? = line.session.report.ending else {
        Issue.record("\(String(describing: line.session.report.ending))")
        return
      }
      #expect(fault.kind == .far && line.session.report.robot == .untouched)
      for text in ["joint0", "8.57", "5.73", "--far"] {
        #expect(fault.description.contains(text), "\(fault)")
      }
      #expect(!line.phases.contains(.engaging))
    }
  }

  @Test("The OP3 goes from its crouch to standing unasked; no arm turns all the way round unasked")
  func shipped() throws {
    for name in ShippedWiringTests.names {
      let robot = try ShippedRobot(name)
      let park = try #require(robot.wiring.park)
      for (motor, position) in zip(robot.wiring.motors, park) {
        let most = motor.firstMove ?? Wiring.Protection.firstMove
        if name == "robotis_op3" { #expect(abs(position) <= most, "\(motor.joint)") }
        #expect(most < motor.limits.upperBound - motor.limits.lowerBound || most <= .pi / 2)
      }
    }
  }

  // MARK: - Commands from outside

  @Test("A pose a little beyond a limit is clamped and counted; further beyond it is refused")
  func gate() throws {
    let subject = try #require(CampaignSubject.all.first)
    var pose = [Double?](repeating: nil, count: subject.wiring.motors.count)
    pose[1] = 0.51
    pose[2] = 0.1
    var line = try line(subject, .move(pose))
    line.run(until: 60)
    #expect(line.session.report.ending == .completed)
    #expect(line.session.report.commands.clamped == 1)
    #expect(line.session.report.commands.passed == 1)
    line.coast(1)
    let motor = subject.wiring.motors[1]
    #expect(abs(motor.position(line.device.motorPositions[1]) - 0.5) < 0.005)
    for far in [0.53, -9, .nan] {
      pose[1] = far
      #expect(throws: SessionRefusal.self) { try self.line(subject, .move(pose)) }
    }
  }

  // MARK: - Stalls

  @Test("A joint that presses against something ends the stream", arguments: capped)
  func stall(subject: CampaignSubject) throws {
    let clean = try CampaignRun(subject, [])
    let start = try #require(clean.began(.streaming)) + 0.05
    let run = try CampaignRun(subject, [(start, .fault(.stall))])
    #expect(run.complaints.isEmpty, "\(run.complaints)")
    guard case .fault(let fault)? = run.line.session.report.ending, fault.kind == .stall else {
      Issue.record("\(String(describing: run.line.session.report.ending))")
      return
    }
    for text in ["joint0", "current or load", "°", " s,"] {
      #expect(fault.description.contains(text), "\(fault)")
    }
  }

  @Test("Thresholds are the wiring's", arguments: capped)
  func thresholds(subject: CampaignSubject) throws {
    var subject = subject
    subject.wiring.protection.stall.error = 9 * .pi / 180
    var line = try line(subject)
    line.at(2, .fault(.stall))
    line.run(until: 60)
    #expect(line.session.report.ending == .completed)
  }

  // MARK: - Heat

  @Test(
    "A motor that warms up at rest is foreseen: the robot comes to rest and holds",
    arguments: capped)
  func heat(subject: CampaignSubject) throws {
    let clean = try CampaignRun(subject, [])
    let middle = try #require(clean.began(.streaming)) + 1
    let run = try CampaignRun(
      subject,
      [(middle, .input(.togglePause)), (middle, .fault(.heating)), (115, .input(.stop))])
    #expect(run.complaints.isEmpty, "\(run.complaints)")
    guard case .fault(let fault)? = run.line.session.report.ending, fault.kind == .temperature
    else {
      Issue.record("\(run.outcome)")
      return
    }
    #expect(run.line.session.report.robot == .holding)
    #expect(fault.description.contains("joint0") && fault.description.contains("a minute"))
    // Before the alarm, and after a warning.
    #expect((run.line.session.report.greatestTemperature ?? 99) < 75)
    #expect(warnings(run.line).contains { $0.contains("rises by") })
  }

  // MARK: - Torque at rest

  @Test(
    "Paused for long: the torque is lowered, the motor cools, and it is raised before motion",
    arguments: capped)
  func pause(subject: CampaignSubject) throws {
    let clean = try CampaignRun(subject, [])
    let middle = try #require(clean.began(.streaming)) + 1
    var line = try line(subject) { $0.restAfter = 3 }
    line.at(middle, .input(.togglePause))
    line.at(middle, .fault(.heating))
    line.at(middle + 60, .input(.togglePause))
    line.run(until: middle + 3)
    for share in BusTorqueTests.shares(line.device) { #expect(abs(share - 0.8) < 0.001) }
    line.run(until: middle + 10)
    for share in BusTorqueTests.shares(line.device) { #expect(abs(share - 0.4) < 0.002) }
    line.run(until: middle + 59.9)
    let frames = line.frames.count
    line.run(until: 120)
    #expect(line.session.report.ending == .completed, "\(line.session.report)")
    #expect((line.session.report.greatestTemperature ?? 99) < 60)
    // No frame that moves goes out under the lowered torque.
    let moved = try #require(
      line.frames.dropFirst(frames).first { $0.positions != line.frames[frames - 1].positions })
    var observer = subject.wiring.decoder(arm: nil, rest: [])
    let raised = line.recorded.filter(\.isToDevice).flatMap { piece in
      observer.take(piece.bytes, at: piece.time).compactMap { order -> Double? in
        guard case .torqueLimit(_, let value) = order.kind, order.time > middle + 59 else {
          return nil
        }
        return value > 0.7 * (subject.torqueLimit ?? 0) ? order.time : nil
      }
    }
    #expect(try #require(raised.first) < moved.sent)
    // At the end it holds once more, and is lowered.
    for share in BusTorqueTests.shares(line.device) { #expect(abs(share - 0.4) < 0.002) }
  }

  @Test(
    "At the end: it is lowered, watched, and left lowered, which the report says", arguments: capped
  )
  func atEnd(subject: CampaignSubject) throws {
    var line = try line(subject) { $0.restAfter = 5 }
    line.run(until: 60)
    #expect(line.session.report.ending == .completed)
    #expect(line.phases.suffix(3) == [.ending, .resting, .finished])
    #expect(line.now - (try began(.resting, line)) >= 7)
    for share in BusTorqueTests.shares(line.device) { #expect(abs(share - 0.4) < 0.002) }
    #expect(line.session.report.torque?.changes.count == subject.wiring.motors.count)
    let stands = line.device.motorPositions
    line.coast(3)
    for (one, other) in zip(stands, line.device.motorPositions) { #expect(abs(one - other) < 3) }
    // The next session caps them as ever.
    var next = BusBench(subject.makeDriver(subject.wiring), line.device)
    next.now = line.now
    let isUp = next.bringUp()
    #expect(isUp, "\(next.fault?.description ?? "")")
    for share in BusTorqueTests.shares(next.device) { #expect(abs(share - 0.8) < 0.002) }
  }

  @Test(
    "Whoever ends it while it holds gets it back at once, with the limits as they were",
    arguments: capped)
  func impatient(subject: CampaignSubject) throws {
    var line = try line(subject) { $0.restAfter = 60 }
    line.run(until: 20)
    #expect(line.session.phase == .resting)
    line.at(20.5, .input(.stop))
    line.run(until: 23)
    #expect(line.session.report.ending == .operatorStopped)
    #expect(BusTorqueTests.shares(line.device).allSatisfy { $0 == 1 })
  }

  @Test(
    "A joint that gives way under the lowered torque gets it back, and the session says so",
    arguments: [3.0, 1.0])
  func sinks(degrees: Double) throws {
    let subject = try #require(CampaignSubject.all.first { $0.wiring.device == .dynamixel2 })
    var options = SessionOptions()
    options.go = true
    options.restAfter = 5
    var subjectLine = try line(subject) { $0.restAfter = 5 }
    subjectLine.run(until: 60)
    let lowered = try #require(
      subjectLine.events.first {
        if case .warning(let text) = $0.event { text.contains("lowered to") } else { false }
      }?.time)
    // The same once more, and a second after the torque was lowered somebody pushes.
    var line = VirtualSession(
      session: try Session(
        .play(subject.trajectory), limits: subject.limits, robot: subject.robot,
        driver: subject.makeDriver(subject.wiring), options: options),
      device: Pushed(
        bus: SimulatedDynamixelBus(subject.wiring, pose: subject.rest), at: lowered + 1,
        by: degrees / 360 * 4096), link: FaultyLink(baud: subject.wiring.baud))
    line.run(until: 60)
    #expect(line.session.report.ending == .completed)
    let device = try #require(line.device as? Pushed)
    #expect(warnings(line).contains { $0.contains("'joint0' gave way") } == (degrees > 1.5))
    for motor in device.bus.motors {
      #expect(abs(motor.servo.torqueShare - (degrees > 1.5 ? 1 : 0.4)) < 0.002)
    }
  }

  @Test("Motors that cannot lower their torque refuse the wish before anything is sent")
  func cannot() throws {
    for subject in CampaignSubject.all where subject.torqueLimit == nil {
      #expect(throws: SessionRefusal.self, "\(subject)") {
        try line(subject) { $0.restAfter = 10 }
      }
    }
  }
}

/// A bus whose first motor is pushed aside at an instant.
private struct Pushed: SimulatedDevice {
  var bus: SimulatedDynamixelBus
  let instant: Double
  let way: Double

  init(bus: SimulatedDynamixelBus, at instant: Double, by way: Double) {
    self.bus = bus
    self.instant = instant
    self.way = way
  }

  var wakeTime: Double? { bus.wakeTime }
  var motorPositions: [Double] { bus.motorPositions }

  mutating func advance(to now: Double, received: [UInt8]) -> [UInt8] {
    if now >= instant { bus.motors[0].slip = way }
    return bus.advance(to: now, received: received)
  }

  mutating func inject(_ fault: Fault) { bus.inject(fault) }
}
