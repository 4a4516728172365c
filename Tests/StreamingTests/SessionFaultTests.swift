import Kinematics
import Testing
import Trajectories

@testable import Streaming

@Suite("What goes wrong ends in a stop")
struct SessionFaultTests {
  private func kind(_ line: VirtualSession) -> DriverFault.Kind? {
    guard case .fault(let fault) = line.session.report.ending else { return nil }
    return fault.kind
  }

  /// When the stop was on the wire, and that nothing came after it.
  private func stopTime(_ line: VirtualSession) throws -> Double {
    let last = try #require(line.recorded.last { $0.isToDevice })
    #expect(last.bytes == MadeUp.bytes("S"))
    return last.time
  }

  @Test(
    "An alarm, silence, a jammed motor, a jump: the driver's stop, and a report of the last frame",
    arguments: [
      (Fault.overheat, DriverFault.Kind.temperature, 0.03), (.silence, .silent, 0.25),
      (.jam, .position, 2), (.positionJump, .position, 0.1),
    ])
  func deviceFaults(fault: Fault, expected: DriverFault.Kind, within seconds: Double) throws {
    for (index, time) in [0.5, 1.7, 3.2].enumerated() {
      let problem = try SessionProblem(seed: 20 + index)
      var line = try problem.line(.going)
      line.at(time, .fault(fault))
      line.run(until: 60)
      #expect(kind(line) == expected, "\(fault) at \(time)")
      #expect(line.session.report.robot == .stopped)
      #expect(try stopTime(line) - time < seconds, "\(fault) at \(time)")
      #expect(line.session.report.lastFrame == line.frames.last)
    }
  }

  @Test("A fault while identifying ends with nothing sent that moves")
  func identifying() throws {
    for fault in [Fault.silence, .overheat] {
      let problem = try SessionProblem(seed: 1)
      var line = try problem.line(.going)
      line.at(0, .fault(fault))
      line.run(until: 60)
      #expect(line.session.report.robot == .untouched)
      #expect(kind(line) != nil)
      let device = try #require(line.device as? MadeUpDevice)
      #expect(device.letters.allSatisfy { $0.letter == "I" })
    }
  }

  @Test("A pulled cable ends the session in the time in which it is noticed")
  func unplug() throws {
    let problem = try SessionProblem(seed: 2)
    var line = try problem.line(.going)
    line.at(1.5, .fault(.unplug))
    line.run(until: 60)
    #expect(kind(line) == .linkLost)
    #expect(line.session.report.robot == .unreachable)
    #expect(line.now - 1.5 < 0.1)
  }

  @Test("Whatever the link does, the session ends in time, and never releases")
  func linkFaults() throws {
    for (index, fault) in Fault.allCases.filter(\.isOfLink).enumerated() {
      for time in [0, 0.5, 2.0] {
        let problem = try SessionProblem(seed: 40 + index)
        var line = try problem.line(.going)
        line.at(time, .fault(fault))
        line.run(until: 60)
        #expect(line.session.isFinished, "\(fault) at \(time)")
        let device = try #require(line.device as? MadeUpDevice)
        #expect(!device.letters.contains { $0.letter == "R" })
        let frames = Differences(
          [problem.first] + line.frames.map(\.positions), interval: line.session.interval)
        #expect(frames.isInside(problem.limits))
      }
    }
  }

  @Test("A robot that stands outside its limits is not moved, and it is said by how much")
  func outside() throws {
    let problem = try SessionProblem(seed: 3)
    var pose = problem.first
    pose[1] = problem.limits.coordinates[1].upper.value + 0.1
    var line = try problem.line(.going, from: pose)
    line.run(until: 60)
    #expect(kind(line) == .position && line.session.report.robot == .untouched)
    guard case .fault(let fault) = line.session.report.ending else { return }
    #expect(fault.description.contains("'joint1'") && fault.description.contains("5.73°"))
    // A hair outside is a register's step, and goes to the limit itself.
    pose[1] = problem.limits.coordinates[1].upper.value + 0.004
    line = try problem.line(.going, from: pose)
    line.run(until: 60)
    #expect(line.session.report.ending == .completed)
    #expect((line.frames.first?.positions[1] ?? 9) <= problem.limits.coordinates[1].upper.value)
  }

  @Test("A device that answers nothing, ever: the stated time, not longer")
  func timeLimits() throws {
    /// Sends what it must and never says that it is done.
    struct Mute: RobotDriver {
      var wiring: Wiring
      var preferredRate: Double { 50 }
      var expectedLag: Double { 0 }
      var wakeTime: Double? { nil }
      /// The order after which it says nothing any more.
      var until: DriverOrder
      var pose: [Double]

      mutating func advance(to now: Double, received: [UInt8], order: DriverOrder?) -> DriverOutput
      {
        var output = DriverOutput()
        guard let order, order != until else { return output }
        switch order {
        case .identify:
          output.events = [
            .identified(.init(device: "mute", firmware: "")),
            .measured(Measurement(time: now, positions: pose)),
          ]
        case .engage: output.events = [.engaged]
        case .stop: output.events = [.stopped]
        case .finish: output.events = [.held]
        default: break
        }
        return output
      }
    }
    let problem = try SessionProblem(seed: 5, seconds: 1)
    for (order, limit) in [
      (DriverOrder.identify(mayPower: true), 30.0), (.engage, 15), (.finish, 15), (.release, 5),
    ] {
      var options = SessionOptions.going
      options.release = true
      let driver = Mute(wiring: problem.wiring, until: order, pose: problem.first)
      var session = try Session(
        .play(problem.trajectory), limits: problem.limits, robot: SessionProblem.robot,
        driver: driver, options: options)
      var now = 0.0
      while !session.isFinished, now < 100 {
        now = max(now + 1e-6, session.wakeTime ?? now)
        _ = session.advance(to: now)
      }
      guard case .fault(let fault) = session.report.ending else {
        Issue.record("\(order): \(String(describing: session.report.ending))")
        continue
      }
      #expect(fault.kind == .silent && now >= limit && now < limit + 10)
      #expect(session.report.robot == (limit == 30 ? .untouched : .stopped))
    }
  }
}

@Suite("What is refused before a byte is sent")
struct SessionRefusalTests {
  @Test("Options that make no sense")
  func options() throws {
    let problem = try SessionProblem(seed: 1, seconds: 1)
    let changes: [(inout SessionOptions) -> Void] = [
      { $0.speed = 0 }, { $0.speed = -1 }, { $0.speed = .nan }, { $0.speed = 1.01 },
      { $0.rate = 0 }, { $0.rate = .nan }, { $0.rate = 1e6 }, { $0.loops = 0 },
      { $0.softStart = 0 }, { $0.softStart = .nan }, { $0.softStart = 2 },
      { $0.followingLimit = 0 }, { $0.followingLimit = .nan }, { $0.followingReadBacks = 0 },
      { $0.measuredTolerance = .infinity }, { $0.leastMove = .nan }, { $0.park = true },
    ]
    for (index, change) in changes.enumerated() {
      var options = SessionOptions.going
      change(&options)
      #expect(throws: SessionRefusal.self, "change \(index)") {
        try problem.session(options)
      }
    }
  }

  @Test("A trajectory for another robot, of other joints, beyond the limits or the motors")
  func trajectories() throws {
    let problem = try SessionProblem(seed: 2, seconds: 2)
    let other = try SessionProblem(seed: 2, joints: 2, seconds: 2)
    #expect(throws: SessionRefusal.self) {
      try problem.session(.going, task: .play(other.trajectory))
    }
    #expect(throws: SessionRefusal.self) {
      try Session(
        .play(problem.trajectory), limits: problem.limits,
        robot: RobotIdentity(name: "another", fingerprint: "ffff"),
        driver: MadeUpDriver(wiring: problem.wiring), options: .going)
    }
    #expect(throws: SessionRefusal.self) {
      try Session(
        .play(problem.trajectory), limits: problem.limits.scaled(by: 0.5),
        robot: SessionProblem.robot, driver: MadeUpDriver(wiring: problem.wiring), options: .going)
    }
    for change in [
      { (motor: inout Wiring.Motor) in motor.range = -0.01...0.01 },
      { $0.limits = -0.01...0.01 }, { $0.velocityLimit = 0.01 }, { $0.joint = "elsewhere" },
      { $0.zero = .nan },
    ] {
      var wiring = problem.wiring
      change(&wiring.motors[0])
      #expect(throws: SessionRefusal.self) {
        try Session(
          .play(problem.trajectory), limits: problem.limits, robot: SessionProblem.robot,
          driver: MadeUpDriver(wiring: wiring), options: .going)
      }
    }
  }

  @Test("Poses that are not numbers, outside the limits, or of too many joints")
  func poses() throws {
    let problem = try SessionProblem(seed: 3, seconds: 1)
    for pose: [Double?] in [
      [.nan, 0, 0], [0, .infinity, 0], [0, 0, 3], [0, 0], [nil, nil, -9],
    ] {
      #expect(throws: SessionRefusal.self) { try problem.session(.going, task: .move(pose)) }
    }
  }
}
