/// A uArm that is not there: firmware, planner, motors, serial line, and their mistakes.
public struct SimulatedUArm: SimulatedDevice {
  /// The firmwares.
  public enum Firmware: String, Sendable, Hashable, CaseIterable {
    /// Swift Pro, 4.5.0 to 4.10.0; `Options.version` says which.
    case v4
    /// Swift Pro, 3.2.0.
    case v3
    /// Swift.
    case swift
    /// Metal, 2.2.
    case metal
  }

  /// How the arm is when it is switched on.
  public struct Options: Sendable, Hashable {
    /// Which V4 it is.
    public var version = Version.v4100
    /// Motors base, left, right, wrist [degrees].
    public var angles = [90.0, 90.0, 30.0, 90.0]
    /// Whether the motors' supply is on.
    public var hasPower = true
    /// Whether the motors hold.
    public var isAttached = true
    /// What `?` shows, `$10` of V4.
    public var statusMask = 3
    /// Acceleration of V4, `M204 A` [80 degrees/s²].
    public var acceleration = 10.0
    /// Whether the controller starts again when the port is opened, which is at the first byte or
    /// the first call; without, it has been running.
    public var resetsOnOpen = true

    /// As it comes from the factory.
    public init() {}
  }

  /// What happened, for tests.
  public struct Statistics: Sendable, Hashable {
    /// How often the planner ran empty after a motion.
    public var standstillCount = 0
    /// How long the planner was full [s].
    public var fullTime = 0.0
    /// How often motors at speed stood at once, as their step pulses show it: no step for more than
    /// 8 ms, at least ten steps of 1/80° in the 20 ms before and after (V4).
    public var abruptStandstillCount = 0
    /// The greatest speed of base, left, right, means over 50 ms [degrees/s] (V4).
    public var greatestSpeeds = [0.0, 0, 0]
    /// The greatest acceleration of base, left, right, between means over 100 ms [degrees/s²] (V4).
    public var greatestAccelerations = [0.0, 0, 0]
    /// Bytes that the receive ring dropped, and those that came while 0x18 kept the firmware deaf.
    public var droppedByteCount = 0
    /// Replies that were overwritten before they left (V4).
    public var overwrittenReplyCount = 0
    /// Replies that left after a younger one (V4).
    public var outOfTurnReplyCount = 0
    /// Commands of the synchronous ring (V4).
    public var synchronousCount = 0
    /// How often settings were stored in EEPROM (V4).
    public var eepromWriteCount = 0
  }

  /// Which firmware it has.
  public let firmware: Firmware
  private var serial = ArmSerial()
  private var body: ArmBody
  private var v4: ArmV4?
  private var v3: ArmV3?
  private var blocking: ArmBlocking?
  private var time: Double?
  private var bootEnd: Double?
  private var bootLines: [(time: Double, text: String)] = []
  private let resetsOnOpen: Bool
  private var isSilent = false
  private var isStale = false
  private var late: [(time: Double, bytes: [UInt8])] = []
  private var powerReturns = Double.infinity

  /// An arm.
  public init(_ firmware: Firmware, options: Options = Options()) {
    self.firmware = firmware
    let angles = options.angles + Array(repeating: 90, count: max(0, 4 - options.angles.count))
    let pose = SIMD3(angles[0], angles[1], angles[2])
    let geometry: ArmGeometry =
      switch firmware {
      case .v4: .v4(mode: 0, version: options.version)
      case .v3: .v3
      case .swift: .swift
      case .metal: .metal
      }
    body = ArmBody(pose: pose, geometry: geometry, wrist: angles[3])
    body.hasPower = options.hasPower
    body.attached = Array(repeating: options.isAttached, count: 3)
    resetsOnOpen = options.resetsOnOpen
    switch firmware {
    case .v4:
      body.planner.acceleration = options.acceleration * 80
      // $110 of 100000: nothing that a host sends reaches it.
      body.planner.greatestSpeed = 133_333
      body.resynchronise()
      serial.receiveCapacity = 127
      serial.latency = 0.0009
      serial.sendTime = 85e-6
      serial.formatting = 128
      var loop = ArmV4(options.version, at: body.planner.position)
      loop.statusMask = options.statusMask
      loop.accelerationUnits = options.acceleration
      v4 = loop
    case .v3:
      serial.capacity = ArmV3.ringSize
      var loop = ArmV3(at: pose, geometry)
      if !options.resetsOnOpen { loop.hasStarted() }
      v3 = loop
    case .swift, .metal:
      blocking = ArmBlocking(isMetal: firmware == .metal)
      if firmware == .metal { serial.capacity = 64 }
    }
  }

  // MARK: - What tests look at

  /// Base, left, right, wrist [degrees], where they really are.
  public var motorPositions: [Double] {
    let pose = body.motors
    return [pose.x, pose.y, pose.z, body.wrist]
  }

  /// Blocks in the planner.
  public var plannerCount: Int { v3?.planner.count ?? body.planner.blocks.count }

  /// Whether nothing moves and nothing will.
  public var isIdle: Bool {
    body.planner.isIdle && v3?.planner.isIdle != false && blocking?.isMoving != true
      && v4?.stalled.isEmpty != false
  }

  /// Whether the motors hold.
  public var isAttached: Bool { body.isAttached }

  /// Whether the next reply will belong to the next command (V4).
  public var isAligned: Bool { v4?.isAligned ?? true }

  /// Whether the firmware waits for ever inside its interrupt (V4).
  public var isHung: Bool { v4?.isHung ?? false }

  /// What happened since the beginning.
  public var statistics: Statistics {
    var result = Statistics()
    result.droppedByteCount = serial.droppedCount
    if let v4 {
      result.standstillCount = v4.standstillCount
      result.abruptStandstillCount = body.meter.standstillCount
      result.greatestSpeeds = body.meter.greatestSpeed.values
      result.greatestAccelerations = body.meter.greatestAcceleration.values
      result.fullTime = v4.fullTime
      result.overwrittenReplyCount = v4.slots.overwrittenCount
      result.outOfTurnReplyCount = v4.slots.outOfTurnCount
      result.synchronousCount = v4.slots.count
      result.eepromWriteCount = v4.eepromWriteCount
    }
    return result
  }

  // MARK: - Time

  /// The next millisecond: an arm has always something that may happen.
  public var wakeTime: Double? { time.map { $0 + 0.001 } }

  /// Lets time pass; see `SimulatedDevice`.
  public mutating func advance(to now: Double, received: [UInt8]) -> [UInt8] {
    guard now.isFinite else { return [] }
    var clock = time ?? now
    if time == nil {
      time = clock
      if resetsOnOpen { restart(at: clock) } else { bootEnd = clock }
    }
    // Bytes come at `now`; what was simulated already is at most a millisecond behind.
    serial.hostSends(received, at: max(clock, now - 0.001))
    while clock + 0.001 <= now + 1e-9 {
      clock += 0.001
      step(clock)
    }
    time = clock
    return deliver(clock)
  }

  /// A reset, as the port's opening makes one: the motors are without power for a moment, the
  /// boot loader takes a second, then the banner.
  public mutating func restart(at now: Double) {
    serial.restart()
    body.attached = [true, true, true]
    if let old = v4 {
      body.resynchronise()
      var loop = ArmV4(old.version, at: body.planner.position)
      loop.statusMask = old.statusMask
      loop.accelerationUnits = old.accelerationUnits
      loop.mode = old.mode
      v4 = loop
    } else {
      body.planner.reset(to: body.motors)
    }
    if let old = v3 {
      var loop = ArmV3(at: body.motors, body.geometry)
      loop.remember(old)
      v3 = loop
    }
    if let old = blocking { blocking = ArmBlocking(isMetal: old.isMetal) }
    bootEnd = now + 1.5
    switch firmware {
    case .v4: bootV4(now)
    case .v3:
      bootLines = [
        (now + 1.004, "start\necho:Marlin 1.1.0-RC7\n"),
        (now + 1.014, "echo: Free Memory: 2497  PlannerBufferBytes: 924\n"),
        (now + 1.02, "echo:Hardcoded Default Settings Loaded\n"),
      ]
      bootEnd = now + 1
    case .swift: bootLines = [(now + 1.5, "@1\r\n")]
    case .metal: bootLines = [(now + 1.4, "uArm Metal\r\n")]
    }
  }

  /// The boot loader waits a second; then the firmware reads its sensors between two texts.
  private mutating func bootV4(_ now: Double) {
    guard let v4 else { return }
    let (first, rest) = v4.banner(body)
    let start = now + 1.0165
    let reading = start + v4.timing.allAngles + 0.0007
    bootLines = [(start, first), (reading, rest)]
    bootEnd = reading
  }

  private mutating func step(_ clock: Double) {
    guard v4 == nil else { return stepV4(clock) }
    body.step()
    while let first = bootLines.first, first.time <= clock {
      serial.print(first.text)
      bootLines.removeFirst()
      if bootLines.isEmpty { blocking?.bootMove(body) }
    }
    if clock >= powerReturns {
      powerReturns = .infinity
      body.hasPower = true
      serial.print("@5 V1\n")
    }
    if let bootEnd, clock >= bootEnd {
      v4?.step(clock, &serial, &body)
      v3?.step(clock, &serial, &body)
      blocking?.step(clock, &serial, &body)
    } else {
      // The boot loader hears nothing.
      while serial.nextArrival(by: clock) != nil {}
    }
    serial.transmit(until: clock)
  }

  /// A millisecond of a V4, in ticks.
  private mutating func stepV4(_ clock: Double) {
    let count = Int((0.001 / ArmV4.tick).rounded())
    for index in 1...count {
      let now = clock - 0.001 + Double(index) * ArmV4.tick
      while let first = bootLines.first, first.time <= now {
        serial.print(first.text)
        bootLines.removeFirst()
      }
      if now >= powerReturns {
        powerReturns = .infinity
        body.hasPower = true
        serial.print("@5 V1\n")
      }
      body.turnWrist(for: ArmV4.tick)
      if let bootEnd, now >= bootEnd {
        v4?.step(now, &serial, &body)
      } else {
        // The boot loader hears nothing.
        while serial.nextArrival(by: now) != nil {}
      }
      serial.transmit(until: now, span: ArmV4.tick)
    }
  }

  private mutating func deliver(_ clock: Double) -> [UInt8] {
    let bytes = serial.takeDeparted()
    guard !isSilent else { return [] }
    guard isStale else { return bytes }
    if !bytes.isEmpty, late.count < 4096 { late.append((clock + 1.5, bytes)) }
    var result: [UInt8] = []
    while let first = late.first, first.time <= clock {
      result += first.bytes
      late.removeFirst()
    }
    return result
  }

  // MARK: - Faults

  /// Lets a fault begin; those of buses have no effect.
  public mutating func inject(_ fault: Fault) {
    switch fault {
    case .wrongID: body.idShift = 1000
    case .staleReply: isStale = true
    case .silence: isSilent = true
    case .alert: body.encodersFail = true
    case .voltageDip:
      losePower()
      powerReturns = (time ?? 0) + 0.3
    case .noPower: losePower()
    case .overheat: if isRunning { serial.print("@7 V1\n") }
    case .missingMotor: body.attached[2] = false
    case .positionJump: body.encoderJump = 20
    case .jam: body.jammedBase = body.motors.x
    case .reset: restart(at: time ?? 0)
    case .plannerFull: body.planner.isStuck = true
    case .unreachable: body.refusesMoves = true
    case .wrongDevice: body.introducesItselfAs = "Uno"
    case .oldFirmware: body.isOld = true
    default: break
    }
  }

  private var isRunning: Bool {
    guard let time, let bootEnd else { return false }
    return time >= bootEnd
  }

  private mutating func losePower() {
    body.hasPower = false
    if isRunning { serial.print("@5 V0\n") }
  }
}

extension SIMD3<Double> {
  fileprivate var values: [Double] { [x, y, z] }
}

extension SimulatedUArm: CustomStringConvertible {
  /// Which arm it is and where it stands.
  public var description: String {
    "simulated uArm \(firmware.rawValue) at \(motorPositions) degrees"
  }
}
