import Testing

@testable import Streaming

@Suite("What a driver of a bus never does")
struct BusSafetyTests {
  static let changes: [(String, @Sendable (inout SetPoint) -> Void)] = [
    ("NaN", { $0.positions[3] = .nan }), ("infinite", { $0.positions[3] = .infinity }),
    ("outside", { $0.positions[3] = 1.95 }), ("outside below", { $0.positions[3] = -7 }),
    ("a jump", { $0.positions[3] += 0.5 }), ("too few", { $0.positions.removeLast() }),
    ("no interval", { $0.interval = 0 }), ("interval NaN", { $0.interval = .nan }),
    ("interval long", { $0.interval = 1e9 }),
  ]

  @Test(
    "sends no set-point that is not finite, outside limits or too far", arguments: BusRobots.devices
  )
  func refuses(device: Wiring.Device) throws {
    for (name, change) in Self.changes {
      let wiring = BusRobots.wiring(device, motors: 6)
      let rate = BusFaultTests.rates[device] ?? 20
      var bench = BusRobots.bench(wiring)
      let isUp = bench.bringUp()
      try #require(isUp)
      let start = bench.stream(wiring, frames: 20, rate: rate)
      bench.run(until: start + 20 / rate)
      let before = bench.sent.count
      var point = SetPoint(
        frame: 20, positions: BusRobots.sinus(wiring, 20 / rate),
        velocities: [Double](repeating: 0, count: 6), interval: 1 / rate)
      change(&point)
      bench.pass(.follow(point))
      #expect(bench.fault?.kind == .refusedSetPoint, "\(name)")
      bench.run(until: bench.now + 0.2)
      #expect(BusObserver(device, Array(bench.sent[before...])).goals.isEmpty, "\(name)")
      // What comes after a fault is refused too, until the stop.
      bench.pass(.follow(point))
      #expect(BusObserver(device, Array(bench.sent[before...])).goals.isEmpty)
    }
  }

  @Test("gives torque only where the goal has been read back", arguments: BusRobots.devices)
  func order(device: Wiring.Device) {
    let wiring = BusRobots.wiring(device, motors: 6)
    var bench = BusRobots.bench(wiring)
    let identified = bench.order(.identify(mayPower: true), within: 20) {
      if case .identified = $0 { true } else { false }
    }
    #expect(identified)
    let quiet = BusObserver(device, bench.sent)
    #expect(quiet.goals.isEmpty)
    #expect(quiet.orders.allSatisfy { if case .torque = $0.order { false } else { true } })
    let engaged = bench.order(.engage, within: 20) { $0 == .engaged }
    #expect(engaged)
    var told: Set<Int> = []
    var times: [Double] = []
    for (time, order) in BusObserver(device, bench.sent).orders {
      if case .goal(let id, _) = order { told.insert(id) }
      if case .torque(let id, let on) = order {
        #expect(on && told.contains(id))
        if times.last != time { times.append(time) }
      }
    }
    // Three groups, one after the other.
    #expect(times.count == 3)
    for (first, second) in zip(times, times.dropFirst()) { #expect(second - first >= 0.05) }
  }

  @Test("never lets go of a robot that stands by its torque", arguments: BusRobots.devices)
  func standing(device: Wiring.Device) throws {
    let wiring = BusRobots.wiring(device, motors: 6)
    var first = BusRobots.bench(wiring)
    let isUp = first.bringUp()
    try #require(isUp)
    _ = first.stream(wiring, frames: 40, rate: 20)
    first.pass(.stop)
    first.run(until: first.now + 1)
    let pose = first.device.motorPositions
    // Somebody else's session on the same motors, with torque on.
    var second = BusBench(BusRobots.driver(wiring), first.device)
    second.now = first.now
    let again = second.bringUp()
    #expect(again, "\(second.fault?.description ?? "")")
    #expect(BusObserver(device, second.sent).releases == 0)
    for (old, new) in zip(pose, second.device.motorPositions) { #expect(abs(old - new) < 3) }
  }

  @Test("Orders that come too early or too late are faults", arguments: BusRobots.devices)
  func early(device: Wiring.Device) {
    let wiring = BusRobots.wiring(device, motors: 3)
    let point = SetPoint(
      frame: 0, positions: BusRobots.sinus(wiring, 0), velocities: [0, 0, 0], interval: 0.05)
    for order in [DriverOrder.follow(point), .engage, .finish] {
      var bench = BusRobots.bench(wiring)
      bench.pass(order)
      #expect(bench.fault != nil)
      #expect(bench.sent.isEmpty)
    }
    var bench = BusRobots.bench(wiring)
    bench.pass(.stop)
    #expect(bench.events.map(\.event) == [.stopped])
  }

  @Test("Own bytes that come back are not taken for answers", arguments: BusRobots.devices)
  func echo(device: Wiring.Device) throws {
    let wiring = BusRobots.wiring(device, motors: 6)
    var bench = BusRobots.bench(wiring)
    bench.echoes = true
    let isUp = bench.bringUp()
    try #require(isUp, "\(bench.fault?.description ?? "")")
    _ = bench.stream(wiring, frames: 100, rate: BusFaultTests.rates[device] ?? 20)
    #expect(bench.fault == nil)
    #expect(bench.measurements.count > 90)
  }

  @Test("All missing motors in one fault")
  func missing() {
    let wiring = BusRobots.wiring(.dynamixel2)
    var present = wiring
    present.motors.removeAll { [3, 9, 17].contains($0.id) }
    var bench = BusBench(
      DynamixelDriver(wiring),
      SimulatedDynamixelBus(present, pose: [Double](repeating: 0, count: 17)))
    let isUp = bench.bringUp()
    #expect(!isUp)
    #expect(
      bench.fault
        == DriverFault(
          .missingMotors,
          "3 of 20 motors do not answer: motor 3 (joint_2), motor 9 (joint_8), motor 17 (joint_16)")
    )
    // And one too many is another robot.
    var strange = BusBench(
      DynamixelDriver(present),
      SimulatedDynamixelBus(wiring, pose: [Double](repeating: 0, count: 20)))
    let isStrange = strange.bringUp()
    #expect(!isStrange && strange.fault?.kind == .wrongDevice)
    #expect(strange.fault?.description.contains("ids 3, 9, 17") == true)
  }

  @Test("Another model than wired, a motor on the wrong side of its limits")
  func wrong() {
    var wiring = BusRobots.wiring(.dynamixel2, motors: 3)
    for index in wiring.motors.indices { wiring.motors[index].model = "XM430-W350" }
    var other = wiring
    other.motors[1].model = "XM540-W270"
    var bench = BusBench(
      DynamixelDriver(other), SimulatedDynamixelBus(wiring, pose: [0, 0, 0]))
    let isUp = bench.bringUp()
    #expect(!isUp)
    #expect(
      bench.fault?.description
        == "motor 2 (joint_1) is of model XM430-W350, expected XM540-W270")
    var outside = BusBench(
      DynamixelDriver(wiring), SimulatedDynamixelBus(wiring, pose: [0, 2.1, 0]))
    let isInside = outside.bringUp()
    #expect(!isInside && outside.fault?.kind == .position)
  }

  @Test(
    "The board that switches the supply on is asked first",
    arguments: [Wiring.Device.dynamixel2, .dynamixel1])
  func power(device: Wiring.Device) {
    var wiring = BusRobots.wiring(device, motors: 4)
    wiring.powerSwitch = Wiring.PowerSwitch(id: 200, address: 24, value: 1, delay: 0.3)
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    #expect(isUp, "\(bench.fault?.description ?? "")")
    let report = bench.events.compactMap { event -> DeviceReport? in
      if case .identified(let report) = event.event { report } else { nil }
    }.first
    #expect(report?.notes.contains { $0.contains("supply switched on") } == true)
    var dead = BusRobots.bench(wiring)
    dead.device.inject(.silence)
    let isDead = dead.bringUp()
    #expect(!isDead && dead.fault?.kind == .missingMotors)
    #expect(dead.fault?.description.contains("board 200") == true)
  }

  @Test("AX motors are read one after the other, and have no seam")
  func ax() throws {
    var wiring = BusRobots.wiring(.feetechSCS, motors: 8)
    wiring.device = .dynamixel1
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp, "\(bench.fault?.description ?? "")")
    let start = bench.stream(wiring, frames: 500, rate: 50)
    #expect(bench.fault == nil, "\(bench.fault?.description ?? "")")
    let result = BusStreamTests.following(bench, wiring, since: start)
    #expect(result.samples > 2000 && result.error < 0.5)
    #expect(BusRobots.collisions(bench.device) == 0)
  }

  @Test("A slow wire: refused where frames do not fit, readings in pieces where they do not")
  func slow() throws {
    let wiring = BusRobots.wiring(.dynamixel2, baud: 57600)
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp)
    _ = bench.stream(wiring, frames: 1, rate: 100)
    #expect(bench.fault?.kind == .refusedSetPoint)
    var patient = BusRobots.bench(wiring)
    let isPatient = patient.bringUp()
    try #require(isPatient)
    let start = patient.stream(wiring, frames: 250, rate: 25)
    #expect(patient.fault == nil, "\(patient.fault?.description ?? "")")
    #expect(BusRobots.collisions(patient.device) == 0)
    let result = BusStreamTests.following(patient, wiring, since: start)
    #expect(result.samples > 500)
    #expect(result.error < 1)
  }
}

@Suite("The bus watchdog of Dynamixel motors")
struct BusWatchdogTests {
  static func streaming() throws -> (BusBench, Wiring) {
    let wiring = BusRobots.wiring(.dynamixel2, motors: 6)
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp)
    _ = bench.stream(wiring, frames: 100, rate: 100)
    return (bench, wiring)
  }

  static func follow(_ bench: inout BusBench, _ wiring: Wiring, _ frame: Int, at time: Double) {
    bench.pass(
      .follow(
        SetPoint(
          frame: frame, positions: BusRobots.sinus(wiring, time),
          velocities: [Double](repeating: 0, count: 6), interval: 0.01)))
  }

  @Test("is armed with the first frame, not before, and off before the stop's goals")
  func armed() throws {
    var (bench, _) = try Self.streaming()
    let orders = BusObserver(.dynamixel2, bench.sent).orders.map(\.order)
    let arm = orders.firstIndex {
      if case .watchdog(_, let value) = $0 { value > 0 } else { false }
    }
    let index = try #require(arm)
    #expect(orders[index] == .watchdog(id: 1, value: 15))
    let torque = orders.lastIndex { if case .torque = $0 { true } else { false } }
    #expect(try #require(torque) < index)
    let before = bench.sent.count
    bench.pass(.stop)
    let stop = BusObserver(.dynamixel2, [bench.sent[before]]).orders.map(\.order)
    #expect(stop.prefix(6).allSatisfy { if case .watchdog(_, 0) = $0 { true } else { false } })
    #expect(stop.dropFirst(6).allSatisfy { if case .goal = $0 { true } else { false } })
    #expect(stop.count == 12)
  }

  @Test("stops the motors if the host falls silent, and the driver knows")
  func trips() throws {
    var (bench, wiring) = try Self.streaming()
    // The host hangs: nothing is advanced but the motors.
    bench.now += 0.6
    _ = bench.device.advance(to: bench.now, received: [])
    let stopped = bench.device.motorPositions
    Self.follow(&bench, wiring, 101, at: 1.0)
    #expect(bench.fault?.kind == .deviceError)
    #expect(bench.fault?.description.contains("watchdog") == true)
    bench.pass(.stop)
    bench.run(until: bench.now + 0.5)
    // And all begins again: identify, engage, a frame from where it stands.
    let isUp = bench.order(.engage, within: 5) { $0 == .engaged }
    #expect(isUp)
    for (old, new) in zip(stopped, bench.device.motorPositions) { #expect(abs(old - new) < 130) }
  }

  @Test("is fed through a pause and armed anew after the end")
  func pause() throws {
    var (bench, wiring) = try Self.streaming()
    bench.run(until: bench.now + 3)
    #expect(bench.fault == nil)
    for frame in 0..<50 {
      Self.follow(&bench, wiring, 101 + frame, at: 1 + Double(frame) / 100)
      bench.run(until: bench.now + 0.01)
    }
    #expect(bench.fault == nil, "\(bench.fault?.description ?? "")")
    let held = bench.order(.finish, within: 1) { $0 == .held }
    #expect(held)
    let before = bench.sent.count
    bench.run(until: bench.now + 2)
    #expect(
      BusObserver(.dynamixel2, Array(bench.sent[before...])).orders.allSatisfy {
        $0.order == .other
      })
    Self.follow(&bench, wiring, 200, at: 1.5)
    bench.run(until: bench.now + 0.3)
    let again = BusObserver(.dynamixel2, Array(bench.sent[before...])).orders
    #expect(again.contains { $0.order == .watchdog(id: 6, value: 15) })
    #expect(bench.fault == nil)
  }
}
