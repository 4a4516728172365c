import Kinematics
import Testing

@testable import Streaming

@Suite("Before the user's go nothing but questions is on the wire")
struct QuietTests {
  /// What an observer makes of the bytes to the device before an instant.
  private func orders(_ line: VirtualSession, _ subject: CampaignSubject, before end: Double)
    -> [ObservedOrder]
  {
    var decoder = subject.wiring.decoder(
      arm: subject.arm, rest: zip(subject.wiring.motors, subject.rest).map { $0.raw($1) })
    var orders: [ObservedOrder] = []
    for piece in line.recorded where piece.isToDevice && piece.time < end {
      orders += decoder.take(piece.bytes, at: piece.time)
    }
    #expect(decoder.remainder.isEmpty)
    return orders
  }

  private func settings(_ orders: [ObservedOrder]) -> Int {
    orders.count { if case .setting = $0.kind { true } else { false } }
  }

  @Test("Without go the whole session asks and plans, and no more", arguments: CampaignSubject.all)
  func withoutGo(subject: CampaignSubject) throws {
    var line = try subject.line(go: false)
    let isOver = line.run(until: 60)
    #expect(isOver && line.session.report.ending == .planned)
    let orders = orders(line, subject, before: .infinity)
    #expect(orders.count >= subject.wiring.motors.count)
    for order in orders { #expect(order.kind == .question, "\(order)") }
    let before = zip(subject.wiring.motors, subject.rest).map { $0.raw($1) }
    guard subject.arm != .swift, subject.arm != .metal else { return }
    for (now, then) in zip(line.device.motorPositions, before) { #expect(abs(now - then) < 0.6) }
  }

  @Test("With go too, until the motors are engaged; then settings are written and said")
  func withGo() throws {
    for subject in CampaignSubject.all {
      var line = try subject.line()
      line.run(until: 60)
      let engaging = try #require(
        line.events.first { $0.event == .phase(.engaging) }?.time, "\(subject)")
      let orders = orders(line, subject, before: engaging)
      #expect(orders.count >= subject.wiring.motors.count)
      for order in orders { #expect(order.kind == .question, "\(subject): \(order)") }
      #expect(settings(self.orders(line, subject, before: .infinity)) > 0 || subject.isLX)
      guard [.dynamixel2, .dynamixel1].contains(subject.wiring.device) else { continue }
      let said = line.events.compactMap {
        if case .warning(let text) = $0.event { text } else { nil }
      }
      #expect(said == ["return delay 250 -> 0 of all 6 motors written"])
    }
  }

  @Test("A supply that is off is a fault without go, and one write to its switch with it")
  func supply() throws {
    let robot = try Robot.named("robotis_op3")
    let wiring = try Wiring(of: robot)
    let power = try #require(wiring.powerSwitch)
    for mayPower in [false, true] {
      var bench = BusBench(
        DynamixelDriver(wiring),
        SimulatedDynamixelBus(wiring, pose: wiring.motors.map { _ in 0 }))
      let isUp = bench.order(.identify(mayPower: mayPower), within: 20) {
        if case .identified = $0 { true } else { false }
      }
      #expect(isUp == mayPower)
      var decoder = ObserverDynamixel2(switches: [power.id: power.address])
      let orders = bench.sent.flatMap { decoder.take($0.bytes, at: $0.time) }
      let written = orders.filter { $0.kind != .question }
      if mayPower {
        #expect(written.map(\.kind) == [.setting(id: power.id, name: "power switch")])
      } else {
        #expect(written.isEmpty)
        #expect(bench.fault?.kind == .voltage)
        #expect(bench.fault?.description.contains("with --go only") == true)
      }
    }
  }

  @Test("A supply that is on already is only asked for")
  func supplied() throws {
    let wiring = try Wiring(of: Robot.named("robotis_op3"))
    var bench = BusBench(
      DynamixelDriver(wiring),
      SimulatedDynamixelBus(wiring, pose: wiring.motors.map { _ in 0 }, isSupplied: true))
    let isUp = bench.order(.identify(), within: 20) {
      if case .identified = $0 { true } else { false }
    }
    #expect(isUp, "\(bench.fault?.description ?? "")")
    var decoder = ObserverDynamixel2()
    let orders = bench.sent.flatMap { decoder.take($0.bytes, at: $0.time) }
    #expect(orders.count > 60 && orders.allSatisfy { $0.kind == .question })
  }

  @Test("Motors that answer pings only are said to, and not changed")
  func returnLevel() {
    let wiring = BusRobots.wiring(.dynamixel2, motors: 3)
    var bench = BusRobots.bench(wiring)
    bench.tamper(DynamixelPacket(id: 2, .write, [68, 0, 0]))
    let isUp = bench.bringUp()
    #expect(!isUp && bench.fault?.kind == .silent)
    #expect(bench.fault?.description.contains("motor 2 (joint_1) answered a ping") == true)
    #expect(bench.fault?.description.contains("status return level 0") == true)
  }

  @Test("A setting that somebody took back while it was engaged is a fault")
  func refusedSetting() {
    let wiring = BusRobots.wiring(.dynamixel2, motors: 3)
    var bench = BusRobots.bench(wiring)
    bench.tamper(DynamixelPacket(id: 2, .write, [11, 0, 1]))
    let isKnown = bench.order(.identify(), within: 20) {
      if case .identified = $0 { true } else { false }
    }
    #expect(isKnown)
    // Somebody gives it torque, so that the operating mode cannot be written any more.
    let torque = DynamixelPacket(id: 2, .write, [64, 0, 1]).bytes
    _ = bench.device.advance(to: bench.now, received: torque)
    bench.run(until: bench.now + 0.1)
    let isEngaged = bench.order(.engage, within: 20) { $0 == .engaged }
    #expect(!isEngaged && bench.fault?.kind == .deviceError)
    #expect(bench.fault?.description.contains("operating mode is 1") == true)
  }
}

extension BusBench {
  /// Somebody else writes to the motors, before the driver is asked for anything.
  fileprivate mutating func tamper(_ packet: DynamixelPacket) {
    _ = device.advance(to: now, received: packet.bytes)
    now += 0.1
    _ = device.advance(to: now, received: [])
  }
}

extension CampaignSubject {
  /// LX-16A motors have nothing to be set.
  fileprivate var isLX: Bool { wiring.device == .lx16a }
}
