/// What the registers of a bus mean to an observer.
struct ObservedRegisters: Sendable {
  /// Where the goal is, how long, and how its bytes are a number.
  var goal: (address: Int, length: Int, value: @Sendable ([UInt8]) -> Double)
  /// Where the torque is.
  var torque: Int
  /// Where the torque is limited, and how its two bytes are a number.
  var limit: (address: Int, value: @Sendable ([UInt8]) -> Double)
  /// Registers that a streaming program may write besides, by name.
  var allowed: [(range: Range<Int>, name: String)]

  /// Little-endian words in two's complement.
  @Sendable static func signed(_ bytes: [UInt8]) -> Double {
    let word = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return bytes.count == 4 ? Double(Int32(bitPattern: word)) : Double(word)
  }

  /// Dynamixel X series and MX(2.0).
  static let dynamixel2 = ObservedRegisters(
    goal: (116, 4, signed), torque: 64, limit: (100, signed),
    allowed: [
      (9..<10, "return delay"), (10..<12, "drive and operating mode"), (48..<56, "position limits"),
      (65..<66, "light"), (68..<69, "status level"), (76..<92, "gains"), (98..<99, "watchdog"),
      (104..<116, "profile"),
    ])
  /// Dynamixel MX and AX, protocol 1.0.
  static let dynamixel1 = ObservedRegisters(
    goal: (30, 2, signed), torque: 24, limit: (34, signed),
    allowed: [
      (5..<6, "return delay"), (6..<10, "position limits"), (16..<17, "status level"),
      (26..<30, "gains"), (32..<34, "speed"),
    ])
  /// Feetech STS and SMS: sign and magnitude.
  static let feetechSTS = ObservedRegisters(
    goal: (
      42, 2,
      { bytes in
        let word = Int(bytes[0]) | Int(bytes[1]) << 8
        return Double(word & 0x8000 != 0 ? -(word & 0x7FFF) : word)
      }
    ),
    torque: 40, limit: (48, signed),
    allowed: [
      (7..<9, "return delay and level"), (9..<13, "position limits"), (33..<34, "mode"),
      (41..<42, "acceleration"), (44..<48, "time, speed"), (55..<56, "lock"),
      (85..<86, "greatest acceleration"),
    ])
  /// Feetech SCS: the greater byte first.
  static let feetechSCS = ObservedRegisters(
    goal: (42, 2, { Double(Int($0[0]) << 8 | Int($0[1])) }), torque: 40,
    limit: (16, { Double(Int($0[0]) << 8 | Int($0[1])) }),
    allowed: [
      (7..<9, "return delay and level"), (9..<13, "position limits"), (44..<48, "time, speed"),
      (48..<49, "lock"),
    ])

  /// What a write is: a goal, torque, a setting, or what must not be written.
  func orders(
    writing bytes: [UInt8], at address: Int, of id: Int?, switches: [Int: Int]
  ) -> [ObservedOrder.Kind] {
    if let id, let switchAddress = switches[id] {
      return [
        address == switchAddress && bytes.count == 1
          ? .setting(id: id, name: "power switch")
          : .forbidden("write of \(bytes) at \(address) of the power board \(id)")
      ]
    }
    var orders: [ObservedOrder.Kind] = []
    var covered = Set<Int>()
    let written = address..<(address + bytes.count)
    for (range, name) in allowed where written.overlaps(range) {
      covered.formUnion(range)
      orders.append(.setting(id: id, name: name))
    }
    if written.contains(torque) {
      covered.insert(torque)
      orders.append(.torque(id: id, isOn: bytes[torque - address] != 0))
    }
    let limitRange = limit.address..<(limit.address + 2)
    if written.overlaps(limitRange) {
      covered.formUnion(limitRange)
      guard let id, written == limitRange else {
        return [.forbidden("part of a torque limit, or one for all, or one among others")]
      }
      orders.append(.torqueLimit(id: id, value: limit.value(bytes)))
    }
    let goalRange = goal.address..<(goal.address + goal.length)
    if written.overlaps(goalRange) {
      covered.formUnion(goalRange)
      guard let id, written.lowerBound <= goalRange.lowerBound,
        goalRange.upperBound <= written.upperBound
      else { return [.forbidden("part of a goal, or a goal for all")] }
      let start = goal.address - address
      orders.append(.goals([id: goal.value(Array(bytes[start..<(start + goal.length)]))]))
    }
    let rest = written.filter { !covered.contains($0) }
    if !rest.isEmpty { orders.append(.forbidden("write of registers \(rest) of \(id ?? -1)")) }
    return orders
  }
}

/// Puts the goals of one packet together.
func joined(_ kinds: [ObservedOrder.Kind]) -> [ObservedOrder.Kind] {
  var goals: [Int: Double] = [:]
  var rest: [ObservedOrder.Kind] = []
  for kind in kinds {
    if case .goals(let some) = kind {
      goals.merge(some) { $1 }
    } else {
      rest.append(kind)
    }
  }
  return goals.isEmpty ? rest : rest + [.goals(goals)]
}
