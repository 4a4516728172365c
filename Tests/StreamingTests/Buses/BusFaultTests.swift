import Streaming
import TestSupport
import Testing

@Suite("Faults of simulated buses")
struct BusFaultTests {
  static let rates: [Wiring.Device: Double] = [
    .dynamixel2: 100, .dynamixel1: 100, .feetechSTS: 100, .feetechSCS: 50, .lx16a: 20,
  ]

  static let faults = Fault.allCases.filter { !$0.isOfLink }

  struct Case: Sendable, CustomStringConvertible {
    var device: Wiring.Device
    var fault: Fault
    var description: String { "\(device) \(fault)" }
  }

  static let cases = BusRobots.devices.flatMap { device in
    faults.map { Case(device: device, fault: $0) }
  }

  /// The kinds of fault that may be said while frames run; none where it is not the driver's to see.
  static func kinds(_ item: Case) -> Set<DriverFault.Kind> {
    let isLX = item.device == .lx16a
    return switch item.fault {
    case .wrongID, .wrongLength, .badChecksum: [.protocolBroken]
    case .silence, .missingMotor: [.silent]
    case .noPower: [.silent, .deviceError]
    case .alert: isLX ? [] : [.deviceError]
    case .voltageDip: [.voltage]
    case .overheat: [.temperature, .deviceError]
    // A reading is too rare there to tell 20° from a motion: the following error does.
    case .positionJump: isLX ? [] : [.position]
    case .reset: [.silent, .deviceError]
    // One byte of checksum lets some damaged positions pass.
    case .sharedID: isLX ? [.protocolBroken, .position] : [.protocolBroken]
    case .unsaidError: item.device == .dynamixel2 ? [.deviceError] : []
    default: []
    }
  }

  @Test("in the middle of a stream", arguments: cases)
  func middle(item: Case) throws {
    let wiring = BusRobots.wiring(item.device, motors: 6)
    let rate = Self.rates[item.device] ?? 20
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp)
    var began = 0.0
    _ = bench.stream(wiring, frames: Int(4 * rate), rate: rate) { bench, frame in
      if frame == Int(rate) {
        bench.device.inject(item.fault)
        began = bench.now
      }
    }
    let observer = BusObserver(item.device, bench.sent)
    #expect(observer.outside(wiring) == 0 && observer.broken == 0)
    #expect(observer.greatestSpeed(wiring, interval: 1 / rate) <= 1.5)
    #expect(observer.releases == 0)
    let kinds = Self.kinds(item)
    guard let fault = bench.fault else {
      #expect(kinds.isEmpty, "no fault was said")
      return
    }
    #expect(kinds.contains(fault.kind), "\(fault)")
    #expect(bench.now - began < 2)
    #expect(!fault.description.isEmpty && fault.description.count < 400)
    // The stop goes out in the same call, whatever the device does, and lets nothing fall.
    let before = bench.sent.count
    bench.pass(.stop)
    #expect(bench.events.last?.event == .stopped)
    #expect(bench.sent.count == before + 1)
    bench.run(until: bench.now + 1)
    let after = BusObserver(item.device, Array(bench.sent[before...]))
    #expect(after.outside(wiring) == 0 && after.releases == 0)
    #expect(after.orders.allSatisfy { $0.time < bench.now - 0.8 })
    if item.device == .lx16a {
      #expect(after.orders.contains { $0.order == .stop })
    } else {
      #expect(Set(after.goals.map(\.id)) == Set(wiring.motors.map(\.id)))
    }
  }

  @Test("before the robot is met: one clear sentence, nothing moves", arguments: cases)
  func start(item: Case) {
    let wiring = BusRobots.wiring(item.device, motors: 6)
    var bench = BusRobots.bench(wiring)
    let before = bench.device.motorPositions
    bench.device.inject(item.fault)
    let isUp = bench.bringUp()
    var kinds = Self.kinds(item)
    switch item.fault {
    case .wrongID, .wrongLength, .badChecksum, .sharedID: kinds = [.protocolBroken]
    case .silence, .noPower, .missingMotor: kinds = [.missingMotors]
    // Motors that come up late are missing, or have been met too early.
    case .reset: kinds = isUp ? [] : [.missingMotors, .silent]
    case .overheat: kinds = [.temperature]
    case .wrongDevice: kinds = [.wrongDevice]
    case .oldFirmware: kinds = item.device == .dynamixel2 ? [.wrongDevice] : []
    // Where there is no turn, 20° elsewhere is a place like any other.
    case .positionJump:
      kinds = isUp ? [] : [.position]
    default: break
    }
    #expect(isUp == kinds.isEmpty, "\(bench.fault?.description ?? "no fault")")
    if let fault = bench.fault { #expect(kinds.contains(fault.kind), "\(fault)") }
    bench.run(until: bench.now + 0.5)
    for (old, new) in zip(before, bench.device.motorPositions)
    where item.fault != .positionJump { #expect(abs(old - new) <= 5) }
    let observer = BusObserver(item.device, bench.sent)
    #expect(observer.outside(wiring) == 0)
    if !isUp, item.fault != .positionJump || item.device == .dynamixel2 {
      #expect(observer.goals.isEmpty)
      #expect(!observer.orders.contains { if case .torque = $0.order { true } else { false } })
    }
  }

  @Test("at the end of a stream: it ends, held or with a fault", arguments: cases)
  func end(item: Case) throws {
    let wiring = BusRobots.wiring(item.device, motors: 6)
    let rate = Self.rates[item.device] ?? 20
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp)
    _ = bench.stream(wiring, frames: Int(rate / 2), rate: rate)
    bench.device.inject(item.fault)
    let isHeld = bench.order(.finish, within: 3) { $0 == .held }
    #expect(isHeld || bench.fault != nil)
    // Where nothing streams an alert counts at the first sight.
    if let fault = bench.fault, item.fault != .alertBlip {
      #expect(Self.kinds(item).contains(fault.kind), "\(fault)")
    }
    let observer = BusObserver(item.device, bench.sent)
    #expect(observer.outside(wiring) == 0 && observer.releases == 0)
  }

  @Test("A link that loses, changes and doubles bytes", arguments: BusRobots.devices, 0..<4)
  func link(device: Wiring.Device, way: Int) throws {
    let wiring = BusRobots.wiring(device, motors: 6)
    let rate = Self.rates[device] ?? 20
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp)
    let random = Box(Damage(seed: UInt64(way) + 7))
    bench.link = { _, bytes in
      bytes.flatMap { byte -> [UInt8] in
        guard random.value.next() % 100 == 0 else { return [byte] }
        return switch way {
        case 0: []
        case 1: [byte ^ (1 << UInt8(random.value.next() % 8))]
        case 2: [byte, byte]
        default: [0xFF, 0xFF, 0xFD, 0x00, 0x01, 0xFF, byte]
        }
      }
    }
    _ = bench.stream(wiring, frames: Int(10 * rate), rate: rate)
    #expect(bench.fault == nil, "\(bench.fault?.description ?? "")")
    #expect(BusObserver(device, bench.sent).outside(wiring) == 0)
    #expect(bench.measurements.count > 100)
  }
}

/// A value that a closure changes.
final class Box<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
}
