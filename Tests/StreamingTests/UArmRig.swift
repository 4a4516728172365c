import Foundation
import Testing

@testable import Streaming

/// A driver and a simulated arm in virtual time, with what went over the wire.
struct UArmRig {
  var driver: UArmDriver
  var arm: SimulatedUArm
  var now = 100.0
  var events: [(time: Double, event: DriverEvent)] = []
  /// What the host sent, with its times.
  var sent: [(time: Double, bytes: [UInt8])] = []
  /// What the arm sent.
  var heard: [UInt8] = []
  private var toDriver: [UInt8] = []
  /// Looks at the arm each millisecond.
  var probe: ((Double, SimulatedUArm) -> Void)?
  /// What becomes of each byte to the driver.
  var damage: ((UInt8) -> [UInt8])?
  /// What becomes of the bytes to the arm.
  var loss: (([UInt8]) -> [UInt8])?
  /// The numbered replies and when they were complete.
  private(set) var replies: [(time: Double, id: String)] = []
  private var unfinished = ""

  init(
    _ firmware: SimulatedUArm.Firmware, arm options: SimulatedUArm.Options = .init(),
    driver driverOptions: UArmDriver.Options = .init(), wrist: Bool = true
  ) {
    arm = SimulatedUArm(firmware, options: options)
    let device: Wiring.Device =
      switch firmware {
      case .v4, .v3: .uarmSwiftPro
      case .swift: .uarmSwift
      case .metal: .uarmMetal
      }
    driver = UArmDriver(wiring: Self.wiring(device, wrist: wrist), options: driverOptions)
  }

  static func wiring(_ device: Wiring.Device, wrist: Bool = true) -> Wiring {
    func motor(_ name: String, _ id: Int, _ zero: Double, _ range: ClosedRange<Double>)
      -> Wiring.Motor
    {
      let radian = Double.pi / 180
      return Wiring.Motor(
        joint: name, id: id, direction: 1, zero: zero, unitsPerRadian: 180 / .pi, range: range,
        limits: ((range.lowerBound - zero) * radian)...((range.upperBound - zero) * radian),
        velocityLimit: 60 * radian)
    }
    let isMetal = device == .uarmMetal
    var motors = [
      motor("base", 0, 90, 0...180),
      motor("left", 1, 0, isMetal ? 5...120 : 0...130),
      motor("right", 2, 0, isMetal ? 5...120 : 0...119.9),
    ]
    if wrist { motors.append(motor("wrist", 3, 90, 0...180)) }
    return Wiring(robot: "uarm", device: device, baud: 115_200, motors: motors)
  }

  /// One exchange at `now`.
  mutating func exchange(_ order: DriverOrder? = nil) {
    var order = order
    for _ in 0..<8 {
      let output = driver.advance(to: now, received: toDriver, order: order)
      toDriver = []
      order = nil
      events += output.events.map { (now, $0) }
      if !output.bytes.isEmpty { sent.append((now, output.bytes)) }
      let answer = arm.advance(to: now, received: loss?(output.bytes) ?? output.bytes)
      heard += answer
      note(answer)
      toDriver = damage.map { answer.flatMap($0) } ?? answer
      if answer.isEmpty { break }
    }
  }

  private mutating func note(_ answer: [UInt8]) {
    // CR LF is one character to Swift.
    unfinished += String(decoding: answer.filter { $0 != 0x0D }, as: UTF8.self)
    while let end = unfinished.firstIndex(of: "\n") {
      let line = unfinished[..<end]
      if line.first == "$" {
        replies.append((now, String(line.dropFirst().prefix { $0.isNumber })))
      }
      unfinished = String(unfinished[unfinished.index(after: end)...])
    }
  }

  /// Lets time pass, a millisecond at a time.
  mutating func run(for seconds: Double, until done: ((DriverEvent) -> Bool)? = nil) {
    let end = now + seconds
    let start = events.count
    while now < end {
      now += 0.001
      exchange()
      probe?(now, arm)
      if let done, events.dropFirst(start).contains(where: { done($0.event) }) { return }
    }
  }

  mutating func bringUp() {
    identify()
    engage()
  }

  mutating func identify() {
    exchange(.identify())
    run(for: 20) { event in
      switch event {
      case .measured, .fault: true
      default: false
      }
    }
  }

  mutating func engage() {
    exchange(.engage)
    run(for: 10) { event in
      switch event {
      case .engaged, .fault: true
      default: false
      }
    }
  }

  /// Joint positions of motor degrees.
  func positions(_ degrees: [Double]) -> [Double] {
    zip(driver.wiring.motors, degrees).map { $0.position($1) }
  }

  /// Streams a motion in motor degrees of seconds.
  mutating func stream(
    for seconds: Double, rate: Double = 20, from start: Double = 0, frame first: Int = 0,
    _ motion: (Double) -> [Double]
  ) {
    let begin = now
    for index in 0...Int(seconds * rate) {
      let time = Double(index) / rate
      if begin + time > now { run(for: begin + time - now - 1e-9) }
      exchange(
        .follow(
          SetPoint(
            frame: first + index, positions: positions(motion(start + time)),
            velocities: Array(repeating: 0, count: driver.wiring.motors.count), interval: 1 / rate))
      )
      if fault != nil { return }
    }
  }

  mutating func finish() {
    exchange(.finish)
    run(for: 8) { event in
      switch event {
      case .held, .fault: true
      default: false
      }
    }
  }

  var fault: DriverFault? {
    for (_, event) in events { if case .fault(let fault) = event { return fault } }
    return nil
  }

  /// What the user was warned of.
  var warnings: [String] {
    events.compactMap { if case .warning(let text) = $0.event { text } else { nil } }
  }

  var isHeld: Bool { events.contains { $0.event == .held } }

  /// All lines that went out, without the real-time bytes.
  var lines: [String] {
    let bytes = sent.flatMap(\.bytes).filter { ![0x21, 0x3F, 0x7E, 0x18].contains($0) }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

/// A smooth motion of all four motors around the middle, at rest at time 0.
func gentleMotion(_ time: Double) -> [Double] {
  let rise = min(time / 4, 1)
  let ease = rise * rise * rise * (10 - 15 * rise + 6 * rise * rise)
  func wave(_ amplitude: Double, _ period: Double, _ phase: Double) -> Double {
    amplitude * ease * sin(2 * .pi * time / period + phase)
  }
  return [
    90 + wave(40, 7, 0), 80 + wave(18, 5, 1) * 0.9, 35 + wave(14, 4, 2),
    90 + wave(40, 9, 0.5),
  ]
}

/// All motors sway about the park pose as in the benchmark of streaming: about every 24.5 s base, left
/// and right turn nearly at once.
func swayingMotion(_ time: Double) -> [Double] {
  let rise = min(time / 4, 1)
  let ease = rise * rise * rise * (10 - 15 * rise + 6 * rise * rise)
  let (middle, size) = ([90, 100.99, 8.077, 90], [33.33, 17.305, 6.04, 20])
  return (0..<4).map { joint in
    let pace = 0.9 + 0.13 * Double(joint)
    return middle[joint] + ease * size[joint] * sin(pace * time + 1.7 * Double(joint * joint))
  }
}

extension UArmRig: CustomTestStringConvertible {
  var testDescription: String { "rig at \(now) s, motors \(arm.motorPositions)" }
}
