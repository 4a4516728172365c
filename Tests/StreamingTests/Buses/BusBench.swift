import Foundation

@testable import Streaming

/// A driver and a simulated device on one clock that is not real.
struct BusBench {
  var driver: any RobotDriver
  var device: any SimulatedDevice
  var now = 0.0
  var events: [(time: Double, event: DriverEvent)] = []
  /// Everything that the driver sent, with times.
  var sent: [(time: Double, bytes: [UInt8])] = []
  /// What is done with bytes on their way to the driver (faults of the link).
  var link: (Double, [UInt8]) -> [UInt8] = { $1 }
  /// Whether the adapter hands the host's own bytes back.
  var echoes = false
  private var echo: [(time: Double, byte: UInt8)] = []

  init(_ driver: any RobotDriver, _ device: any SimulatedDevice) {
    self.driver = driver
    self.device = device
  }

  mutating func pass(_ order: DriverOrder? = nil) {
    let arrived = device.advance(to: now, received: [])
    let heard = echo.prefix { $0.time <= now }.map(\.byte)
    echo.removeFirst(heard.count)
    let received = link(now, heard + arrived)
    let output = driver.advance(to: now, received: received, order: order)
    for event in output.events { events.append((now, event)) }
    guard !output.bytes.isEmpty else { return }
    sent.append((now, output.bytes))
    if echoes {
      var time = max(now, echo.last?.time ?? now)
      for byte in output.bytes {
        time += 10 / Double(driver.wiring.baud)
        echo.append((time, byte))
      }
    }
    _ = device.advance(to: now, received: output.bytes)
  }

  /// Lets time pass until an instant, with every wish to be woken granted.
  mutating func run(until end: Double) {
    while now < end {
      let next = min(
        driver.wakeTime ?? .infinity, device.wakeTime ?? .infinity, end,
        echo.last?.time ?? .infinity)
      // A wish for the past is granted at once, but time goes on: no standing still.
      now = min(max(next, now + 1e-5), end)
      pass()
    }
  }

  /// Gives an order and waits until an event ends it, or time is over; says whether it came.
  mutating func order(
    _ order: DriverOrder, within seconds: Double, until isEnd: (DriverEvent) -> Bool
  ) -> Bool {
    let first = events.count
    pass(order)
    let end = now + seconds
    while now < end {
      if events[first...].contains(where: { isEnd($0.event) }) { return true }
      if events[first...].contains(where: { if case .fault = $0.event { true } else { false } }) {
        return false
      }
      run(until: min(end, now + 0.002))
    }
    return false
  }

  mutating func bringUp() -> Bool {
    let identified = order(.identify(mayPower: true), within: 20) {
      if case .identified = $0 { true } else { false }
    }
    guard identified else { return false }
    return order(.engage, within: 20) { $0 == .engaged }
  }

  var fault: DriverFault? {
    for (_, event) in events { if case .fault(let fault) = event { return fault } }
    return nil
  }

  var measurements: [Streaming.Measurement] {
    events.compactMap { if case .measured(let measured) = $0.event { measured } else { nil } }
  }
}

/// Robots for the tests of buses.
enum BusRobots {
  static let turn4096 = 4096 / (2 * Double.pi)

  static func wiring(
    _ device: Wiring.Device, motors count: Int = 20, baud: Int? = nil
  ) -> Wiring {
    let isSmall = device == .lx16a || device == .feetechSCS
    let units: Double =
      switch device {
      case .lx16a: 1000 / (240 * Double.pi / 180)
      case .feetechSCS: 1024 / (300 * Double.pi / 180)
      default: turn4096
      }
    let zero: Double = device == .lx16a ? 500 : isSmall ? 512 : 2048
    let top: Double = device == .lx16a ? 1000 : isSmall ? 1023 : 4095
    let bauds: [Wiring.Device: Int] = [.dynamixel2: 2_000_000, .lx16a: 115200]
    return Wiring(
      robot: "test", device: device, baud: baud ?? bauds[device] ?? 1_000_000,
      motors: (0..<count).map { index in
        Wiring.Motor(
          joint: "joint_\(index)", id: index + 1, direction: index % 3 == 0 ? -1 : 1, zero: zero,
          unitsPerRadian: units, range: 0...top, limits: -1.9...1.9, velocityLimit: 5,
          group: ["trunk", "legs", "arms"][index * 3 / count])
      })
  }

  /// A pose off the middle.
  static func pose(_ wiring: Wiring) -> [Double] {
    wiring.motors.indices.map { 0.4 * sin(Double($0)) }
  }

  /// Sinus about the start pose, different for each joint, that begins from rest.
  static func sinus(_ joint: Int, _ time: Double) -> Double {
    let ramp = min(time / 2, 1)
    let smooth = ramp * ramp * (3 - 2 * ramp)
    return 0.4 * sin(Double(joint))
      + smooth * 0.6 * sin(2 * .pi * (0.3 + 0.02 * Double(joint)) * time)
  }

  static func sinus(_ wiring: Wiring, _ time: Double) -> [Double] {
    wiring.motors.indices.map { sinus($0, time) }
  }
}

extension BusRobots {
  /// The protocols of buses.
  static let devices: [Wiring.Device] = [
    .dynamixel2, .dynamixel1, .feetechSTS, .feetechSCS, .lx16a,
  ]

  static func driver(_ wiring: Wiring) -> any RobotDriver {
    switch wiring.device {
    case .dynamixel1: DynamixelOneDriver(wiring)
    case .feetechSTS, .feetechSCS: FeetechDriver(wiring)
    case .lx16a: LX16ADriver(wiring)
    default: DynamixelDriver(wiring)
    }
  }

  static func device(_ wiring: Wiring) -> any SimulatedDevice {
    let pose = pose(wiring)
    return switch wiring.device {
    case .feetechSTS, .feetechSCS: SimulatedFeetechBus(wiring, pose: pose)
    case .lx16a: SimulatedLXBus(wiring, pose: pose)
    default: SimulatedDynamixelBus(wiring, pose: pose)
    }
  }

  static func collisions(_ device: any SimulatedDevice) -> Int {
    (device as? any SimulatedBus)?.collisions ?? 0
  }

  /// A driver with its simulated motors.
  static func bench(_ wiring: Wiring) -> BusBench { BusBench(driver(wiring), device(wiring)) }
}

extension BusBench {
  /// Streams the sinus, from frame 0 at the present instant, and says when that was.
  mutating func stream(
    _ wiring: Wiring, frames: Int, rate: Double, each: (inout BusBench, Int) -> Void = { _, _ in }
  ) -> Double {
    let start = now
    for frame in 0..<frames {
      let time = Double(frame) / rate
      run(until: start + time)
      each(&self, frame)
      let positions = BusRobots.sinus(wiring, time)
      pass(
        .follow(
          SetPoint(
            frame: frame, positions: positions, velocities: positions.map { _ in 0 },
            interval: 1 / rate)))
      if fault != nil { break }
    }
    return start
  }
}
