import Foundation
import Geometry
import Kinematics
import Testing
import Trajectories

@testable import Streaming

@Suite("What a session asks of a trajectory, and what it leaves out")
struct SessionPromiseTests {
  private static func motion(_ root: JointMotion.Root? = nil) -> JointMotion {
    JointMotion(
      name: "still", jointNames: ["joint0"], frameRate: 30,
      positions: Array(repeating: 0.1, count: 60), root: root)
  }

  private static func limits() throws -> SafetyLimits {
    func limit(_ value: Double) -> SourcedLimit { SourcedLimit(value, source: "test") }
    return try SafetyLimits(coordinates: [
      SafetyLimits.Coordinate(
        name: "joint0", lower: limit(-1), upper: limit(1), velocity: limit(1),
        acceleration: limit(10), jerk: limit(100))
    ])
  }

  private static func session(_ trajectory: SafeTrajectory, _ options: SessionOptions) throws
    -> Session
  {
    try Session(
      .play(trajectory), limits: limits(), robot: SessionProblem.robot,
      driver: MadeUpDriver(
        wiring: MadeUp.wiring(["joint0"], limits: [-1...1], velocity: [1])), options: options)
  }

  @Test("A trajectory that does not say whose joints it moves is refused, with a way out")
  func nobody() throws {
    let nobodys = try compile(
      Self.motion(), within: Self.limits(), robot: RobotIdentity(name: "made up", fingerprint: ""))
    let refusal = #expect(throws: SessionRefusal.self) {
      _ = try Self.session(nobodys, .going)
    }
    let sentence = refusal?.description ?? ""
    #expect(sentence.contains("'still'") && sentence.contains("robot_sha256"), "\(sentence)")
    #expect(sentence.contains("'made up'") && sentence.contains("motionc compile"), "\(sentence)")
    let whose = try compile(Self.motion(), within: Self.limits(), robot: SessionProblem.robot)
    _ = try Self.session(whose, .going)
  }

  @Test("A trajectory that begins or ends in motion is refused; one that happens to rest is not")
  func inMotion() throws {
    let wave = JointMotion(
      name: "cut", jointNames: ["joint0"], frameRate: 30,
      positions: (0..<60).map { 0.1 * sin(Double($0) / 10) })
    let cut = try compile(
      wave, within: Self.limits(), atRest: false, robot: SessionProblem.robot)
    let refusal = #expect(throws: SessionRefusal.self) { _ = try Self.session(cut, .going) }
    let sentence = refusal?.description ?? ""
    #expect(refusal == .notAtRest(trajectory: "cut"))
    #expect(sentence.contains("'cut'") && sentence.contains("--start-at-rest on"), "\(sentence)")
    let still = try compile(
      Self.motion(), within: Self.limits(), atRest: false, robot: SessionProblem.robot)
    _ = try Self.session(still, .going)
  }

  @Test("The poses of a floating base are left out, and that is said in plan and report")
  func base() throws {
    let root = JointMotion.Root(
      translations: (0..<60).map { Vector3(0.01 * Double($0), 0, 0.3) },
      rotations: Array(repeating: .identity, count: 60))
    for (motion, floats) in [(Self.motion(), false), (Self.motion(root), true)] {
      let trajectory = try compile(motion, within: Self.limits(), robot: SessionProblem.robot)
      var line = VirtualSession(
        session: try Self.session(trajectory, .going), device: MadeUpDevice(at: [0.1], lag: 0.02),
        link: FaultyLink(baud: 1_000_000))
      line.run(until: 30)
      #expect(line.session.report.ending == .completed)
      #expect(line.session.report.ignoresBase == floats)
      for case .planned(let plan) in line.events.map(\.event) {
        #expect(plan.ignoresBase == floats)
      }
    }
  }

  @Test("At full speed on a bus, with a host that is away again and again", arguments: 0..<12)
  func busy(seed: UInt64) throws {
    func limit(_ value: Double) -> SourcedLimit { SourcedLimit(value, source: "test") }
    let wiring = BusRobots.wiring(.dynamixel2, motors: 3)
    let limits = try SafetyLimits(
      coordinates: wiring.motors.map { motor in
        SafetyLimits.Coordinate(
          name: motor.joint, lower: limit(-1.9), upper: limit(1.9), velocity: limit(5),
          acceleration: limit(100), jerk: limit(4000))
      })
    // Far faster than the joints may be, so that they are at their limit nearly all the time.
    var positions: [Double] = []
    for frame in 0..<240 {
      for joint in 0..<3 {
        let pace = 6 + 0.3 * Double(joint)
        positions.append(1.8 * sin(pace * Double(frame) / 30))
      }
    }
    let trajectory = try compile(
      JointMotion(
        name: "fast", jointNames: limits.jointNames, frameRate: 30, positions: positions),
      within: limits, robot: SessionProblem.robot)
    var options = SessionOptions.going
    options.rate = 100
    options.followingLimit = 1
    var line = VirtualSession(
      session: try Session(
        .play(trajectory), limits: limits, robot: SessionProblem.robot,
        driver: DynamixelDriver(wiring), options: options),
      device: SimulatedDynamixelBus(wiring, pose: [0, 0, 0]),
      link: FaultyLink(baud: wiring.baud))
    var random = SplitMix(state: seed)
    var time = 1.0
    while time < 20 {
      let longest = random.share() < 0.1 ? 0.09 : 0.028
      line.at(time, .hostAway(0.002 + longest * random.share()))
      time += 0.005 + 0.1 * random.share()
    }
    line.run(until: 60)
    #expect(
      line.session.report.ending == .completed, "\(String(describing: line.session.report.ending))")
    #expect(line.session.report.framesSkipped > 50)
  }
}

@Suite("A port that is read by a thread of its own")
struct ThreadedPortTests {
  @Test("Bytes come in order, at most a reading at a time, and what is discarded does not")
  func bytes() throws {
    var terminal = try PseudoTerminal()
    var port = try #require(
      ThreadedPort(try DescriptorPort(path: terminal.device), wantsPriority: false))
    let message = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
    var (sent, heard): (ArraySlice<UInt8>, [UInt8]) = (message[...], [])
    let deadline = MonotonicClock.now + 5
    while heard.count < message.count, MonotonicClock.now < deadline {
      if !sent.isEmpty { sent = sent.dropFirst(try terminal.write(Array(sent.prefix(1000)))) }
      try port.waitForBytes(until: MonotonicClock.now + 0.01)
      let piece = try port.read()
      #expect(piece.count <= Channel.largestRead)
      heard += piece
    }
    #expect(heard == message)
    let taken = try port.write([1, 2, 3])
    #expect(taken == 3)
    try terminal.waitForBytes(until: MonotonicClock.now + 1)
    let arrived = try terminal.read()
    #expect(arrived == [1, 2, 3])
    _ = try terminal.write([9])
    try port.waitForBytes(until: MonotonicClock.now + 1)
    try port.discard()
    let left = try port.read()
    #expect(left.isEmpty)
    port.close()
  }

  @Test("A wait ends at its instant, and a pulled cable is an error within a tenth of a second")
  func end() throws {
    var terminal = try PseudoTerminal()
    var port = try #require(
      ThreadedPort(try DescriptorPort(path: terminal.device), wantsPriority: false))
    let began = MonotonicClock.now
    try port.waitForBytes(until: began + 0.05)
    #expect((0.05..<0.5).contains(MonotonicClock.now - began))
    terminal.close()
    try port.waitForBytes(until: MonotonicClock.now + 2)
    #expect(MonotonicClock.now - began < 1)
    #expect(throws: TransportError.self) { try port.read() }
    port.close()
  }

  @Test("A port never gets the number of a standard stream")
  func numbers() async {
    await #expect(processExitsWith: .exitCode(7)) {
      for number: Int32 in 0...2 { close(number) }
      let terminal = try PseudoTerminal()
      let port = try DescriptorPort(path: terminal.device)
      // Another thread's file may be open there for a moment; a terminal is one of ours.
      let isOurs = (0...2).contains { isatty(Int32($0)) == 1 }
      _ = (terminal, port)
      exit(isOurs ? 8 : 7)
    }
  }
}
