import Streaming

/// Judges what a host has sent: nothing outside the limits, nothing too fast, nothing too early,
/// nothing out of order.
///
/// It knows the wiring's figures and the bytes, and does its own arithmetic with them.
struct WireJudge {
  /// What may be known beside the bytes.
  struct Circumstances {
    /// Where the motors stood when the recording began [units of their registers].
    var rest: [Double]
    /// The joint whose position only grows along the trajectory, from which the order of frames
    /// is seen; nil where there is none.
    var growingJoint: Int?
    /// From when on the growing joint grows, and until when [s].
    var growing: ClosedRange<Double>?
    /// When the host decided to stop, after which no motor may be sent anywhere new [s].
    var stop: Double?
    /// Whether the host was told to let go.
    var mayRelease = false
    /// How much later or earlier a frame may be than it should [s].
    var slack: Double
    /// How far rounding may move a goal [units of the register].
    var rounding: Double
    /// How far from its last goal, or from where it truly is, a motor may be sent by the stop [rad].
    var stoppingDistance = 0.02
    /// Where the motors truly were from the stop on [units of their registers], as a motor that could
    /// not follow is told to stay where it is.
    var motorsAtStop: [ClosedRange<Double>]?
    /// Motors whose encoders have slipped, so that where they truly are and what they count differ.
    var slipped: Set<Int> = []
    /// What the motors' torque limits were before; nil where there are none.
    var torqueLimit: Double?
    /// Whether every motor must be capped before it gets torque.
    var mustCap = false
  }

  /// No motor is left with less of its torque than this share: it would let the robot fall.
  private static let leastTorque = 0.1

  private let wiring: Wiring
  private let circumstances: Circumstances
  /// What was found, at most some hundred.
  private(set) var violations: [ObservedViolation] = []
  /// How many goals of joints were judged.
  private(set) var goalCount = 0
  /// How many orders of each kind there were besides.
  private(set) var stops = 0
  private(set) var releases = 0
  /// The last goal of each motor, by index.
  private(set) var goals: [Double?]
  /// The last torque limit that each motor was told, by index.
  private(set) var torqueLimits: [Double?]

  private var hasTorque: [Bool]
  /// The least of `position - v t` and the greatest of `position + v t` so far, by motor: a joint
  /// keeps its speed between any two goals if it keeps it against these.
  private var slowest: [Double]
  private var fastest: [Double]
  private var furthest = -Double.infinity
  private var stopPositions: [Double?]
  private var lastNumber: Int?

  init(wiring: Wiring, circumstances: Circumstances) {
    self.wiring = wiring
    self.circumstances = circumstances
    let count = wiring.motors.count
    goals = Array(repeating: nil, count: count)
    torqueLimits = goals
    stopPositions = goals
    // A uArm has torque from its start; a bus has none until it is switched on.
    hasTorque = Array(repeating: wiring.isArm, count: count)
    slowest = Array(repeating: .infinity, count: count)
    fastest = Array(repeating: -.infinity, count: count)
    for (index, raw) in circumstances.rest.enumerated()
    where !circumstances.slipped.contains(index) {
      let position = Self.position(raw, wiring.motors[index])
      (slowest[index], fastest[index]) = (position, position)
    }
  }

  /// Judges all bytes of a host.
  static func judge(
    _ sent: [(time: Double, bytes: [UInt8])], wiring: Wiring, arm: ObserverArm.Model? = nil,
    circumstances: Circumstances
  ) -> WireJudge {
    var observer = WireJudge(wiring: wiring, circumstances: circumstances)
    var decoder = wiring.decoder(arm: arm, rest: circumstances.rest)
    for piece in sent {
      for order in decoder.take(piece.bytes, at: piece.time) { observer.take(order) }
    }
    return observer
  }

  private static func position(_ raw: Double, _ motor: Wiring.Motor) -> Double {
    (raw - motor.zero) * motor.direction / motor.unitsPerRadian
  }

  private mutating func refuse(_ time: Double, _ text: String) {
    if violations.count < 100 { violations.append(ObservedViolation(time: time, text: text)) }
  }

  private mutating func take(_ order: ObservedOrder) {
    switch order.kind {
    case .question, .setting: break
    case .forbidden(let text): refuse(order.time, text)
    case .stop: stops += 1
    case .torque(let id, let isOn): torque(id, isOn, at: order.time)
    case .torqueLimit(let id, let value): limit(id, value, at: order.time)
    case .goals(let goals):
      for (id, raw) in goals.sorted(by: { $0.key < $1.key }) {
        guard let index = wiring.motors.firstIndex(where: { $0.id == id }) else {
          refuse(order.time, "a goal for id \(id), which the wiring does not have")
          continue
        }
        take(raw, of: index, order)
      }
    }
  }

  private mutating func limit(_ id: Int, _ value: Double, at time: Double) {
    guard let index = wiring.motors.firstIndex(where: { $0.id == id }) else {
      return refuse(time, "a torque limit for id \(id), which the wiring does not have")
    }
    guard let before = circumstances.torqueLimit else {
      return refuse(time, "a torque limit for motor \(id), which has none")
    }
    guard Self.leastTorque * before <= value, value <= before else {
      return refuse(time, "motor \(id) is limited to \(value) of \(before)")
    }
    torqueLimits[index] = value
  }

  private mutating func torque(_ id: Int?, _ isOn: Bool, at time: Double) {
    for (index, motor) in wiring.motors.enumerated() where id == nil || motor.id == id {
      guard isOn else {
        if hasTorque[index], !wiring.isArm { releases += 1 }
        if wiring.isArm { releases += 1 }
        if hasTorque[index], !circumstances.mayRelease {
          refuse(time, "joint '\(motor.joint)' loses its torque")
        }
        hasTorque[index] = false
        continue
      }
      if circumstances.mustCap, torqueLimits[index] == nil {
        refuse(time, "joint '\(motor.joint)' gets torque without a cap")
      }
      if !hasTorque[index], !wiring.isArm {
        // Whatever goal the motor has now is where it will go.
        let rest = circumstances.rest[index]
        if let goal = goals[index], !circumstances.slipped.contains(index),
          !(abs(goal - rest) <= circumstances.rounding + 2)
        {
          refuse(time, "joint '\(motor.joint)' gets torque at \(rest) with the goal \(goal)")
        }
      }
      hasTorque[index] = true
    }
  }

  private mutating func take(_ raw: Double, of index: Int, _ order: ObservedOrder) {
    goalCount += 1
    let motor = wiring.motors[index]
    let position = Self.position(raw, motor)
    let rounding = circumstances.rounding / motor.unitsPerRadian
    guard motor.limits.lowerBound - rounding <= position,
      position <= motor.limits.upperBound + rounding
    else {
      return refuse(
        order.time, "joint '\(motor.joint)' is sent to \(position), limits \(motor.limits)")
    }
    goals[index] = raw
    if let stop = circumstances.stop, order.time >= stop {
      return judgeStop(raw, of: index, order.time, rounding: rounding)
    }
    stopPositions[index] = position
    if hasTorque[index] {
      judgeSpeed(position, of: index, order, rounding: rounding)
    } else if !circumstances.slipped.contains(index),
      !(abs(raw - circumstances.rest[index]) <= circumstances.rounding + 2)
    {
      refuse(order.time, "joint '\(motor.joint)' is sent to \(raw) before it has torque")
    }
    judgeOrder(position, of: index, order.time, rounding: rounding)
  }

  private mutating func judgeSpeed(
    _ position: Double, of index: Int, _ order: ObservedOrder, rounding: Double
  ) {
    let motor = wiring.motors[index]
    let time = order.time
    let allowed = motor.velocityLimit * circumstances.slack + 2 * rounding
    let way = motor.velocityLimit * time
    if !(position - way <= slowest[index] + allowed)
      || !(position + way >= fastest[index] - allowed)
    {
      refuse(time, "joint '\(motor.joint)' is sent to \(position) faster than its limit")
    }
    slowest[index] = min(slowest[index], position - way)
    fastest[index] = max(fastest[index], position + way)
    if let speed = order.speed {
      // A uArm's speed may be up to 1.2 times nominal to catch up with its lead.
      let limit = wiring.motors.prefix(3).map(\.velocityLimit).max() ?? 0
      if !(speed / motor.unitsPerRadian <= 1.3 * limit + 0.05) {
        refuse(time, "a move at \(speed) degrees a second, limit \(limit) rad/s")
      }
    }
  }

  /// Frames are in order if what only grows never falls.
  private mutating func judgeOrder(
    _ position: Double, of index: Int, _ time: Double, rounding: Double
  ) {
    guard index == circumstances.growingJoint, circumstances.growing?.contains(time) == true
    else { return }
    if !(position >= furthest - 2 * rounding) {
      refuse(time, "a frame is older than its predecessor: \(position) after \(furthest)")
    }
    furthest = max(furthest, position)
  }

  /// After a stop a motor stays where it was sent last, or where it is.
  private mutating func judgeStop(
    _ raw: Double, of index: Int, _ time: Double, rounding: Double
  ) {
    guard !circumstances.slipped.contains(index) else { return }
    let motor = wiring.motors[index]
    let position = Self.position(raw, motor)
    let allowed = circumstances.stoppingDistance + 2 * rounding
    if let before = stopPositions[index], abs(position - before) <= allowed { return }
    if let truth = circumstances.motorsAtStop?[index] {
      let margin = allowed * motor.unitsPerRadian
      if truth.lowerBound - margin <= raw, raw <= truth.upperBound + margin { return }
    }
    refuse(time, "joint '\(motor.joint)' is sent to \(position) by or after the stop")
  }
}

extension Wiring {
  /// Whether it is a uArm.
  var isArm: Bool {
    switch device {
    case .uarmSwiftPro, .uarmSwift, .uarmMetal: true
    default: false
    }
  }

  /// The observer's own decoder of what is spoken.
  func decoder(arm: ObserverArm.Model?, rest: [Double]) -> any ObserverDecoder {
    let switches = powerSwitch.map { [$0.id: $0.address] } ?? [:]
    return switch device {
    case .uarmSwiftPro: ObserverArm(arm ?? .proV4, at: rest)
    case .uarmSwift: ObserverArm(.swift, at: rest)
    case .uarmMetal: ObserverArm(.metal, at: rest)
    case .dynamixel2: ObserverDynamixel2(switches: switches)
    case .dynamixel1: ObserverShortFrames(.dynamixel1, switches: switches)
    case .feetechSTS: ObserverShortFrames(.feetechSTS)
    case .feetechSCS: ObserverShortFrames(.feetechSCS)
    case .lx16a: ObserverLX16A()
    }
  }
}
