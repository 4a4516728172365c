public import Trajectories

/// What makes one kind of device follow set-points.
///
/// A value that turns time, received bytes and orders into bytes to send and events. It owns no
/// port and no clock, so that it is tested without.
///
/// All times are seconds of one clock that never goes back; all joint values are in the order of
/// `wiring.motors`, in radians (or metres) of the robot's description.
public protocol RobotDriver: Sendable {
  /// Which motors there are and how they count.
  var wiring: Wiring { get }

  /// Frames a second that the device takes well, where neither the user nor wire.yaml says it [Hz].
  var preferredRate: Double { get }

  /// How long after a set-point the motors are expected where it says [s]; the player refines it.
  var expectedLag: Double { get }

  /// When the driver wants to be advanced even if nothing arrives [s], nil for never.
  var wakeTime: Double? { get }

  /// Places in `wiring.motors` of motors that cannot be measured: what is answered for them is what
  /// they were told. Known once the device is identified.
  var motorsWithoutSensor: Set<Int> { get }

  /// Why the device that was identified could not follow a trajectory at a speed, from frame to
  /// frame [s], with the speed at which it could; nil where it can.
  func refusal(of trajectory: SafeTrajectory, speed: Double, interval: Double) -> String?

  /// Goes on to `now`, with what arrived since and at most one order.
  ///
  /// Never blocks, never throws: what goes wrong is an event. An order that cannot be carried out
  /// in the present phase is answered by a fault. A call without bytes and order only lets time
  /// pass. Bytes received are bounded by the caller; the driver keeps a bounded remainder.
  mutating func advance(to now: Double, received: [UInt8], order: DriverOrder?) -> DriverOutput

  /// The registers that limit the motors' torque; nil where there are none.
  var torqueLimits: TorqueLimits? { get }

  /// Where each motor's temperature ends the stream [°C]; nil, or no element, where none does.
  var alarmTemperatures: [Double?] { get }

  /// Limits the motors' torque from the next call on, between frames; `torqueLimits` says when it is
  /// done. Motors that hold hold on.
  mutating func limitTorque(to level: TorqueLevel)
}

extension RobotDriver {
  /// All motors can be measured.
  public var motorsWithoutSensor: Set<Int> { [] }
}

extension RobotDriver {
  /// Whatever keeps the limits of the wiring can be followed.
  public func refusal(of trajectory: SafeTrajectory, speed: Double, interval: Double) -> String? {
    nil
  }
}

/// What a driver is asked to do.
public enum DriverOrder: Sendable, Hashable {
  /// Find out what is connected, check it against the wiring, and measure where the joints are.
  ///
  /// Nothing moves and nothing is written, but for one thing: where the motors' supply is off and
  /// the wiring has a switch for it, it is switched on if `mayPower` says so, and a fault if not.
  /// Ends with `.identified` and `.measured`, or a fault.
  case identify(mayPower: Bool = false)
  /// Measure again where the joints are, of a device that is identified and not engaged: what one
  /// question costs. Ends with `.measured` of all motors that have a sensor.
  case measure
  /// Write what the motors need to be set to, then let them hold where they stand (goal = measured,
  /// then torque). Ends with `.engaged`.
  case engage
  /// One frame of the stream.
  case follow(SetPoint)
  /// The stream has ended: let queues run empty and hold. Ends with `.held`.
  case finish
  /// Stop now, by the strongest means that does not let the robot fall. Ends with `.stopped`, said
  /// as soon as the bytes are handed out, whether or not the device answers.
  case stop
  /// Let go: motors without torque. The robot may fall. Ends with `.released`.
  case release
}

/// Where the joints shall be at an instant.
public struct SetPoint: Sendable, Hashable {
  /// The frame's number, from 0.
  public var frame: Int
  /// Positions [rad or m].
  public var positions: [Double]
  /// Velocities [rad/s or m/s].
  public var velocities: [Double]
  /// The time until the next set-point is due [s].
  public var interval: Double

  /// A set-point.
  public init(frame: Int, positions: [Double], velocities: [Double], interval: Double) {
    self.frame = frame
    self.positions = positions
    self.velocities = velocities
    self.interval = interval
  }
}

/// What a driver hands out.
public struct DriverOutput: Sendable, Hashable {
  /// Bytes to write now.
  public var bytes: [UInt8] = []
  /// Whether bytes that wait in front of the port must be thrown away first (a stop goes before all).
  public var discardsPending = false
  /// What became known.
  public var events: [DriverEvent] = []

  /// Nothing to send, nothing known.
  public init() {}
}

/// What a driver finds out.
public enum DriverEvent: Sendable, Hashable {
  /// What is connected.
  case identified(DeviceReport)
  /// Where the joints are, and what else a read-back says.
  case measured(Measurement)
  /// The motors hold where they stand.
  case engaged
  /// The stream has run empty and the robot holds.
  case held
  /// The stop is on its way to the wire.
  case stopped
  /// The motors have no torque.
  case released
  /// How full the device's queue or its bus is.
  case gauge(QueueGauge)
  /// Something the user should know; the stream goes on.
  case warning(String)
  /// Something that ends the stream.
  case fault(DriverFault)
}

/// What is connected.
public struct DeviceReport: Sendable, Hashable {
  /// The device: "uArm Swift Pro", "20 Dynamixel motors".
  public var device: String
  /// Its firmware, or those of its motors.
  public var firmware: String
  /// What else is worth a line, such as settings that will be written.
  public var notes: [String]

  /// A report.
  public init(device: String, firmware: String, notes: [String] = []) {
    self.device = device
    self.firmware = firmware
    self.notes = notes
  }
}

/// What a read-back says; nil where a motor did not answer or cannot say it.
public struct Measurement: Sendable, Hashable {
  /// When the answer was complete [s].
  public var time: Double
  /// Positions [rad or m].
  public var positions: [Double?]
  /// Temperatures [°C].
  public var temperatures: [Double?]
  /// Supply voltages [V].
  public var voltages: [Double?]
  /// Loads or currents as a share of the greatest, -1 to 1.
  public var loads: [Double?]

  /// A measurement of positions alone.
  public init(time: Double, positions: [Double?]) {
    self.time = time
    self.positions = positions
    temperatures = Array(repeating: nil, count: positions.count)
    voltages = temperatures
    loads = temperatures
  }
}

/// How full a device's queue is.
public struct QueueGauge: Sendable, Hashable {
  /// Set-points that the device has and has not carried out yet, where it is known.
  public var queued: Double?
  /// The share of the wire's time in use, 0 to 1.
  public var busLoad: Double

  /// A gauge.
  public init(queued: Double?, busLoad: Double) {
    self.queued = queued
    self.busLoad = busLoad
  }
}

/// Something that ends a stream: its kind, and one sentence of what, where, found, expected.
public struct DriverFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of fault; each has its exit code in the tool.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Something else answers than the wiring says, or firmware that is too old.
    case wrongDevice
    /// Motors that do not answer.
    case missingMotors
    /// Nothing answers, or no longer.
    case silent
    /// The device or a motor reports an error (overload, electrical shock, detached motor).
    case deviceError
    /// The supply is too low or too high.
    case voltage
    /// A motor is too hot.
    case temperature
    /// The robot is not where it was told to be, or stands outside its limits.
    case position
    /// A joint presses against something: load, error and time.
    case stall
    /// A joint would be sent further than is meant to go unasked.
    case far
    /// A set-point that is not finite, outside the limits or too far from the last; it was not sent.
    case refusedSetPoint
    /// The answers make no sense any more.
    case protocolBroken
    /// The port is gone.
    case linkLost
  }

  /// What kind of fault it is.
  public var kind: Kind
  /// One sentence: what, where, found, expected.
  public var description: String

  /// A fault.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
