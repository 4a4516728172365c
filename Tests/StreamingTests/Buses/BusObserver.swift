import Testing

@testable import Streaming

/// Decodes what was sent with the simulator's ears, and says what it orders the motors to do.
struct BusObserver {
  enum Order: Hashable {
    case goal(id: Int, value: Int)
    case torque(id: Int, on: Bool)
    case watchdog(id: Int, value: Int)
    case stop
    case other
  }

  var orders: [(time: Double, order: Order)] = []
  var broken = 0

  init(_ device: Wiring.Device, _ sent: [(time: Double, bytes: [UInt8])]) {
    var ear = SimulatedListener(
      device == .dynamixel2 ? .dynamixel2 : device == .lx16a ? .lx : .servo)
    for (time, bytes) in sent {
      for byte in bytes {
        guard let packet = ear.hear(byte) else { continue }
        if !packet.isIntact { broken += 1 }
        orders += Self.read(packet, device).map { (time, $0) }
      }
    }
  }

  private static func read(_ packet: SimulatedPacket, _ device: Wiring.Device) -> [Order] {
    let body = packet.body
    if device == .lx16a {
      switch packet.instruction {
      case 1: return [.goal(id: packet.id, value: Int(body[0]) | Int(body[1]) << 8)]
      case 12: return [.stop]
      case 31: return [.torque(id: packet.id, on: body[0] == 1)]
      case 14, 21, 23, 25...28, 30, 32, 2: return [.other]
      default: return [.goal(id: packet.id, value: .max)]
      }
    }
    guard packet.instruction == 0x83 else {
      // Nothing but sync writes and reads (and the power switch) is ever sent.
      return [0x01, 0x02, 0x82, 0x8A, 0x92].contains(packet.instruction) || packet.id == 200
        ? [.other] : [.goal(id: packet.id, value: .max)]
    }
    let wide = device == .dynamixel2 ? 2 : 1
    let address = SimulatedListener.number(body[0..<wide])
    let count = SimulatedListener.number(body[wide..<(2 * wide)])
    return stride(from: 2 * wide, to: body.count, by: count + 1).map { start in
      let id = Int(body[start])
      var data = Array(body[(start + 1)...(start + count)])
      if device == .feetechSCS { data.reverse() }
      let value = SimulatedListener.number(data[...])
      switch (device, address) {
      case (.dynamixel2, 116): return .goal(id: id, value: value)
      case (.dynamixel2, 64): return .torque(id: id, on: value == 1)
      case (.dynamixel2, 98): return .watchdog(id: id, value: value)
      case (.dynamixel1, 30): return .goal(id: id, value: value)
      case (.dynamixel1, 24): return .torque(id: id, on: value == 1)
      case (.feetechSTS, 42), (.feetechSCS, 42): return .goal(id: id, value: value)
      case (.feetechSTS, 40), (.feetechSCS, 40): return .torque(id: id, on: value == 1)
      default: return .other
      }
    }
  }

  var goals: [(time: Double, id: Int, value: Int)] {
    orders.compactMap {
      if case .goal(let id, let value) = $0.order { ($0.time, id, value) } else { nil }
    }
  }

  /// Goals outside the limits of their motors.
  func outside(_ wiring: Wiring) -> Int {
    goals.filter { goal in
      guard let motor = wiring.motors.first(where: { $0.id == goal.id }) else { return true }
      let position = motor.position(Double(goal.value))
      return
        !(motor.range.contains(Double(goal.value))
        && position >= motor.limits.lowerBound - 1e-3 && position <= motor.limits.upperBound + 1e-3)
    }.count
  }

  /// The greatest speed between two goals of a motor, in its velocity limits.
  func greatestSpeed(_ wiring: Wiring, interval: Double) -> Double {
    var last: [Int: Int] = [:]
    var greatest = 0.0
    for goal in goals {
      guard let motor = wiring.motors.first(where: { $0.id == goal.id }) else { continue }
      if let before = last[goal.id] {
        let way = max(0, abs(Double(goal.value - before)) - 1) / motor.unitsPerRadian
        greatest = max(greatest, way / interval / motor.velocityLimit)
      }
      last[goal.id] = goal.value
    }
    return greatest
  }

  var releases: Int {
    orders.filter { if case .torque(_, on: false) = $0.order { true } else { false } }.count
  }
}
