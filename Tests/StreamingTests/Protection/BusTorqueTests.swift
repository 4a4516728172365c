import Testing

@testable import Streaming

@Suite("Torque caps of buses")
struct BusTorqueTests {
  static let capped: [Wiring.Device] = [.dynamixel2, .dynamixel1, .feetechSTS]

  /// The torque that each motor may use now, 0 to 1.
  static func shares(_ device: any SimulatedDevice) -> [Double] {
    func shares(of bus: some SimulatedBus) -> [Double] { bus.motors.map(\.servo.torqueShare) }
    guard let bus = device as? any SimulatedBus else { return [] }
    return shares(of: bus)
  }

  static func limits(_ device: Wiring.Device, _ bench: BusBench) -> [(time: Double, value: Double)]
  {
    var decoder = bench.driver.wiring.decoder(arm: nil, rest: [])
    return bench.sent.flatMap { decoder.take($0.bytes, at: $0.time) }.compactMap { order in
      if case .torqueLimit(_, let value) = order.kind { (order.time, value) } else { nil }
    }
  }

  @Test("Every motor is capped before it gets torque", arguments: capped)
  func before(device: Wiring.Device) throws {
    let wiring = BusRobots.wiring(device, motors: 6)
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp)
    for share in Self.shares(bench.device) { #expect(abs(share - 0.8) < 0.001) }
    let torque = try #require(
      BusObserver(device, bench.sent).orders.first {
        if case .torque(_, on: true) = $0.order { true } else { false }
      })
    let limits = Self.limits(device, bench)
    #expect(limits.count == 6 && limits.allSatisfy { $0.time < torque.time })
    // It was said before the go.
    guard
      case .identified(let report)? = bench.events.map(\.event).first(where: {
        if case .identified = $0 { true } else { false }
      })
    else {
      Issue.record("not identified")
      return
    }
    #expect(report.notes.contains { $0.contains("->") && $0.contains("to the end") })
  }

  @Test("A wiring says how much, motor by motor", arguments: capped)
  func wired(device: Wiring.Device) throws {
    var wiring = BusRobots.wiring(device, motors: 4)
    let caps = [0.1, 0.5, 1, 0.95]
    for index in 0..<4 { wiring.motors[index].torqueCap = caps[index] }
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp)
    for (share, cap) in zip(Self.shares(bench.device), caps) { #expect(abs(share - cap) < 0.001) }
  }

  @Test("They go back to what they were, and say so", arguments: capped)
  func restored(device: Wiring.Device) throws {
    let wiring = BusRobots.wiring(device, motors: 6)
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp)
    #expect(bench.driver.torqueLimits?.changes.count == 6)
    let rate = BusFaultTests.rates[device] ?? 20
    _ = bench.stream(wiring, frames: Int(rate), rate: rate)
    let isHeld = bench.order(.finish, within: 5) { $0 == .held }
    try #require(isHeld)
    bench.driver.limitTorque(to: .found)
    bench.run(until: bench.now + 0.5)
    #expect(Self.shares(bench.device).allSatisfy { $0 == 1 })
    #expect(bench.driver.torqueLimits?.isSettled == true)
    #expect(bench.driver.torqueLimits?.changes.isEmpty == true)
    #expect(bench.fault == nil)
  }

  @Test("A stop restores them, where somebody answers", arguments: capped)
  func stopped(device: Wiring.Device) throws {
    for isSilent in [false, true] {
      let wiring = BusRobots.wiring(device, motors: 6)
      var bench = BusRobots.bench(wiring)
      let isUp = bench.bringUp()
      try #require(isUp)
      if isSilent { bench.device.inject(.silence) }
      bench.pass(.stop)
      bench.run(until: bench.now + 1)
      let limits = try #require(bench.driver.torqueLimits)
      #expect(Self.shares(bench.device).allSatisfy { ($0 == 1) != isSilent })
      #expect(limits.isSettled != isSilent)
      // What nobody has confirmed is reported.
      #expect(limits.changes.count == (isSilent ? 6 : 0))
      #expect(bench.driver.wakeTime == nil)
    }
  }

  @Test("In the stream they are lowered and raised between frames", arguments: capped)
  func lowered(device: Wiring.Device) throws {
    let wiring = BusRobots.wiring(device, motors: 6)
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp)
    let rate = BusFaultTests.rates[device] ?? 20
    _ = bench.stream(wiring, frames: Int(4 * rate), rate: rate) { bench, frame in
      if frame == Int(rate) { bench.driver.limitTorque(to: .share(0.75)) }
      if frame == Int(2 * rate) {
        for share in Self.shares(bench.device) { #expect(abs(share - 0.6) < 0.002) }
        #expect(bench.driver.torqueLimits?.isSettled == true)
        bench.driver.limitTorque(to: .share(1))
      }
    }
    #expect(bench.fault == nil)
    for share in Self.shares(bench.device) { #expect(abs(share - 0.8) < 0.001) }
    #expect(BusRobots.collisions(bench.device) == 0)
  }

  @Test("A limit that was lower is raised to the cap and left there: less would let the robot sink")
  func lower() throws {
    let wiring = BusRobots.wiring(.dynamixel2, motors: 3)
    var bus = SimulatedDynamixelBus(wiring, pose: BusRobots.pose(wiring))
    #expect(bus.motors[1].write(100, [100, 0], at: 0) == 0)
    var bench = BusBench(DynamixelDriver(wiring), bus)
    let isUp = bench.bringUp()
    try #require(isUp)
    for share in Self.shares(bench.device) { #expect(abs(share - 0.8) < 0.001) }
    bench.driver.limitTorque(to: .found)
    bench.run(until: bench.now + 0.5)
    #expect(Self.shares(bench.device).map { ($0 * 10).rounded() } == [10, 8, 10])
    let change = try #require(bench.driver.torqueLimits?.changes.first)
    #expect(change.before == 100 && change.now == 708 && change.joint == "joint_1")
  }

  @Test("A motor whose torque is limited to nothing is not engaged")
  func nothing() {
    let wiring = BusRobots.wiring(.dynamixel1, motors: 3)
    var bus = SimulatedDynamixelBus(wiring, pose: BusRobots.pose(wiring))
    _ = bus.motors[2].write(34, [0, 0], at: 0)
    var bench = BusBench(DynamixelOneDriver(wiring), bus)
    let isUp = bench.bringUp()
    #expect(!isUp && bench.fault?.kind == .deviceError)
    #expect(bench.fault?.description.contains("torque limit of 0") == true)
  }

  @Test("LX-16A and SCS have none, say so, and nothing is written")
  func none() throws {
    for device in [Wiring.Device.lx16a, .feetechSCS] {
      let wiring = BusRobots.wiring(device, motors: 3)
      var bench = BusRobots.bench(wiring)
      let isUp = bench.bringUp()
      try #require(isUp)
      #expect(bench.driver.torqueLimits == nil)
      #expect(Self.limits(device, bench).isEmpty)
      #expect(
        bench.events.contains {
          if case .identified(let report) = $0.event {
            report.notes.contains { $0.contains("no torque limit") }
          } else {
            false
          }
        })
    }
  }

  @Test("SCS: the greatest torque, kept without power, only where wire.yaml asks for it")
  func kept() throws {
    var wiring = BusRobots.wiring(.feetechSCS, motors: 3)
    wiring.motors[1].torqueCap = 0.7
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp)
    #expect(Self.shares(bench.device) == [1, 0.7, 1])
    #expect(
      bench.events.contains {
        if case .warning(let text) = $0.event { text.contains("not restored") } else { false }
      })
    // The next session finds it as it should be, and writes nothing.
    var second = BusBench(BusRobots.driver(wiring), bench.device)
    second.now = bench.now
    let again = second.bringUp()
    #expect(again && Self.limits(.feetechSCS, second).isEmpty)
  }
}
