import Kinematics
import Streaming
import Trajectories

// A protocol that exists only here: one letter, then eight bytes for each joint where it has any.
// I identify, E engage, F follow, Q finish, S stop, R release; M measured, H held, and echoes.

enum MadeUp {
  static func bytes(_ letter: Character, _ values: [Double] = []) -> [UInt8] {
    Array(String(letter).utf8)
      + values.flatMap { value in
        (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) }
      }
  }

  /// Takes the first packet out of what was received.
  static func packet(_ buffer: inout [UInt8], joints: Int) -> (letter: Character, values: [Double])?
  {
    guard let first = buffer.first else { return nil }
    let letter = Character(UnicodeScalar(first))
    let count = "MF".contains(letter) ? joints : 0
    guard buffer.count >= 1 + 8 * count else { return nil }
    let values = (0..<count).map { joint in
      Double(
        bitPattern: (0..<8).reduce(0) {
          $0 | UInt64(buffer[1 + 8 * joint + $1]) << (8 * UInt64($1))
        })
    }
    buffer.removeFirst(1 + 8 * count)
    return (letter, values)
  }

  static func wiring(_ names: [String], limits: [ClosedRange<Double>], velocity: [Double]) -> Wiring
  {
    Wiring(
      robot: "made up", device: .lx16a, baud: 1_000_000,
      motors: names.indices.map {
        Wiring.Motor(
          joint: names[$0], id: $0, direction: 1, zero: 0, unitsPerRadian: 1, range: -10...10,
          limits: limits[$0], velocityLimit: velocity[$0])
      })
  }
}

struct MadeUpDriver: RobotDriver {
  var wiring: Wiring
  var preferredRate = 50.0
  var expectedLag = 0.03
  /// A fault as soon as nothing has answered for so long [s].
  var patience = 0.2
  var wakeTime: Double?
  private var buffer: [UInt8] = []
  private var isFollowing = false
  private var isStarting = false

  init(wiring: Wiring) { self.wiring = wiring }

  mutating func advance(to now: Double, received: [UInt8], order: DriverOrder?) -> DriverOutput {
    var output = DriverOutput()
    buffer += received
    while let packet = MadeUp.packet(&buffer, joints: wiring.motors.count) {
      if isFollowing || isStarting { wakeTime = now + patience }
      switch packet.letter {
      case "M":
        if isStarting { output.events.append(.identified(.init(device: "made up", firmware: "1"))) }
        if isStarting { wakeTime = nil }
        isStarting = false
        output.events.append(.measured(Measurement(time: now, positions: packet.values)))
      case "E": output.events.append(.engaged)
      case "H":
        wakeTime = nil
        isFollowing = false
        output.events.append(.held)
      case "R": output.events.append(.released)
      case "!": output.events.append(.fault(DriverFault(.temperature, "motor 0 has 90 °C")))
      default: output.events.append(.fault(DriverFault(.protocolBroken, "what is this?")))
      }
    }
    if let wake = wakeTime, wake <= now, order != .stop {
      wakeTime = nil
      output.events.append(.fault(DriverFault(.silent, "nothing answers")))
    }
    switch order {
    case .identify, .measure:
      isStarting = true
      wakeTime = now + patience
      output.bytes = MadeUp.bytes("I")
    case .engage: output.bytes = MadeUp.bytes("E")
    case .follow(let point):
      if !isFollowing { wakeTime = now + patience }
      isFollowing = true
      output.bytes = MadeUp.bytes("F", point.positions)
    case .finish: output.bytes = MadeUp.bytes("Q")
    case .stop:
      wakeTime = nil
      output.discardsPending = true
      output.bytes = MadeUp.bytes("S")
      output.events.append(.stopped)
    case .release: output.bytes = MadeUp.bytes("R")
    case nil: break
    }
    return output
  }
}

/// Motors that are where they are told to be some time later.
struct MadeUpDevice: SimulatedDevice {
  let joints: Int
  let lag: Double
  var wakeTime: Double?
  private(set) var motorPositions: [Double]
  /// What it was sent, and when.
  private(set) var letters: [(time: Double, letter: Character)] = []
  private var goals: [(time: Double, positions: [Double])] = []
  private var buffer: [UInt8] = []
  private var faults: Set<Fault> = []
  private var isAlarmed = false

  init(at pose: [Double], lag: Double) {
    joints = pose.count
    motorPositions = pose
    self.lag = lag
  }

  mutating func inject(_ fault: Fault) { faults.insert(fault) }

  mutating func advance(to now: Double, received: [UInt8]) -> [UInt8] {
    buffer += received
    var sent: [UInt8] = []
    while let goal = goals.first, goal.time <= now {
      if !faults.contains(.jam) { motorPositions = goal.positions }
      goals.removeFirst()
    }
    while let packet = MadeUp.packet(&buffer, joints: joints) {
      letters.append((now, packet.letter))
      var measured = motorPositions
      if faults.contains(.positionJump) { measured[0] += 0.35 }
      switch packet.letter {
      case "I": sent += MadeUp.bytes("M", measured)
      case "F":
        goals.append((now + lag, packet.values))
        sent += MadeUp.bytes("M", measured)
      case "Q": sent += MadeUp.bytes("H")
      case "S": goals.removeAll()
      default: sent += MadeUp.bytes(packet.letter)
      }
    }
    if faults.contains(.overheat), !isAlarmed {
      isAlarmed = true
      sent += MadeUp.bytes("!")
    }
    wakeTime = goals.first?.time
    return faults.contains(.silence) ? [] : sent
  }
}
