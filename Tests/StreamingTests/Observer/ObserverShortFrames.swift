/// Reads what a host sends in the frames of one-byte lengths: Dynamixel 1.0 and Feetech.
struct ObserverShortFrames: ObserverDecoder {
  private(set) var remainder: [UInt8] = []
  private let registers: ObservedRegisters
  private let switches: [Int: Int]
  private var waiting: [ObservedOrder.Kind] = []

  init(_ registers: ObservedRegisters, switches: [Int: Int] = [:]) {
    self.registers = registers
    self.switches = switches
  }

  mutating func take(_ bytes: [UInt8], at time: Double) -> [ObservedOrder] {
    remainder += bytes
    var orders: [ObservedOrder] = []
    while let (kinds, length) = frame() {
      remainder.removeFirst(length)
      orders += kinds.map { ObservedOrder(time: time, kind: $0) }
    }
    return orders
  }

  private mutating func frame() -> ([ObservedOrder.Kind], Int)? {
    guard remainder.count >= 4 else { return nil }
    guard remainder[0] == 0xFF, remainder[1] == 0xFF, remainder[2] != 0xFF else {
      return ([.forbidden("bytes that begin no frame: \(remainder.prefix(12))")], remainder.count)
    }
    let end = 4 + Int(remainder[3])
    guard end >= 6 else { return ([.forbidden("length \(remainder[3])")], 4) }
    guard remainder.count >= end else { return nil }
    let sum = remainder[2..<(end - 1)].reduce(0) { $0 + Int($1) }
    guard remainder[end - 1] == UInt8(255 - sum % 256) else {
      return ([.forbidden("wrong checksum")], end)
    }
    return (
      joined(
        orders(
          id: Int(remainder[2]), instruction: remainder[4], Array(remainder[5..<(end - 1)]))), end
    )
  }

  private mutating func orders(
    id: Int, instruction: UInt8, _ body: [UInt8]
  ) -> [ObservedOrder.Kind] {
    let target = id == 0xFE ? nil : id
    switch instruction {
    case 0x01 where body.isEmpty: return [.question]
    case 0x02 where body.count == 2: return [.question]
    case 0x82 where body.count >= 3, 0x92 where body.count >= 4: return [.question]
    case 0x03 where body.count >= 2, 0x04 where body.count >= 2:
      let kinds = registers.orders(
        writing: Array(body[1...]), at: Int(body[0]), of: target, switches: switches)
      guard instruction == 0x04 else { return kinds }
      waiting += kinds
      return []
    case 0x05 where body.isEmpty:
      defer { waiting = [] }
      return waiting
    case 0x83 where body.count >= 2 && id == 0xFE:
      let length = Int(body[1])
      guard length > 0, (body.count - 2) % (length + 1) == 0 else {
        return [.forbidden("a sync write of broken length")]
      }
      return stride(from: 2, to: body.count, by: length + 1).flatMap { start in
        registers.orders(
          writing: Array(body[(start + 1)..<(start + 1 + length)]), at: Int(body[0]),
          of: Int(body[start]), switches: switches)
      }
    default: return [.forbidden("instruction \(instruction) with \(body.count) bytes")]
    }
  }
}

/// Reads what a host sends to LX-16A servos.
struct ObserverLX16A: ObserverDecoder {
  private(set) var remainder: [UInt8] = []
  private var prepared: [Int: (goal: Double, time: Double)] = [:]

  mutating func take(_ bytes: [UInt8], at time: Double) -> [ObservedOrder] {
    remainder += bytes
    var orders: [ObservedOrder] = []
    while remainder.count >= 4 {
      guard remainder[0] == 0x55, remainder[1] == 0x55 else {
        orders.append(ObservedOrder(time: time, kind: .forbidden("bytes that begin no frame")))
        remainder = []
        break
      }
      let end = 3 + Int(remainder[3])
      guard end >= 6 else {
        orders.append(ObservedOrder(time: time, kind: .forbidden("length \(remainder[3])")))
        remainder = []
        break
      }
      guard remainder.count >= end else { break }
      let frame = Array(remainder[..<end])
      remainder.removeFirst(end)
      let sum = frame[2..<(end - 1)].reduce(0) { $0 + Int($1) }
      guard frame[end - 1] == UInt8(255 - sum % 256) else {
        orders.append(ObservedOrder(time: time, kind: .forbidden("wrong checksum")))
        continue
      }
      orders += take(id: Int(frame[2]), frame[4], Array(frame[5..<(end - 1)]), at: time)
    }
    return orders
  }

  private mutating func take(
    id: Int, _ command: UInt8, _ body: [UInt8], at time: Double
  ) -> [ObservedOrder] {
    let target = id == 0xFE ? nil : id
    func order(_ kind: ObservedOrder.Kind) -> [ObservedOrder] {
      [ObservedOrder(time: time, kind: kind)]
    }
    switch (command, body.count) {
    case (1, 4), (7, 4):
      guard let target else { return order(.forbidden("a goal for all")) }
      let goal = Double(Int(body[0]) | Int(body[1]) << 8)
      let milliseconds = Double(Int(body[2]) | Int(body[3]) << 8)
      guard milliseconds <= 30_000 else { return order(.forbidden("time \(milliseconds) ms")) }
      guard command == 1 else {
        prepared[target] = (goal, milliseconds)
        return []
      }
      return order(.goals([target: goal]))
    case (11, 0):
      let started = target.map { id in prepared.filter { $0.key == id } } ?? prepared
      for id in started.keys { prepared[id] = nil }
      return started.isEmpty ? [] : order(.goals(started.mapValues(\.goal)))
    case (12, 0):
      for id in target.map({ [$0] }) ?? Array(prepared.keys) { prepared[id] = nil }
      return order(.stop)
    case (31, 1): return order(.torque(id: target, isOn: body[0] != 0))
    case (2, 0), (8, 0), (14, 0), (19, 0), (21, 0), (23, 0), (25, 0), (26, 0), (27, 0), (28, 0),
      (30, 0), (32, 0), (34, 0), (36, 0):
      return order(.question)
    case (29, 4) where body == [0, 0, 0, 0]: return order(.setting(id: target, name: "servo mode"))
    case (33, 1): return order(.setting(id: target, name: "light"))
    default: return order(.forbidden("command \(command) with \(body.count) bytes"))
    }
  }
}
