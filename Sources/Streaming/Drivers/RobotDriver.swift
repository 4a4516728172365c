public import Trajectories

/// A driver for one kind of device, which makes it follow set-points.
///
/// A driver is a value that turns time, received bytes and orders into bytes and events. It owns no
/// port and no clock, so it can be tested without them.
///
/// All times are seconds of one clock that never goes back; all joint values are in the order of
/// `wiring.motors`, in radians (or metres) of the robot's description.
public protocol RobotDriver: Sendable {
  /// The motors and the units of their registers.
  var wiring: Wiring { get }

  /// The frame rate if neither the user nor wire.yaml gives one [Hz].
  var preferredRate: Double { get }

  /// The expected time from a set-point until the motors reach it [s]; the session refines it.
  var expectedLag: Double { get }

  /// When the driver must be advanced even if nothing arrives [s]; nil for never.
  var wakeTime: Double? { get }

  /// The indices in `wiring.motors` of motors that cannot be measured, for which the device returns
  /// the commanded position. They are known once the device is identified.
  var motorsWithoutSensor: Set<Int> { get }

  /// Returns why the identified device cannot follow a trajectory at a speed and frame interval
  /// [s], with the speed at which it can; nil if it can follow.
  func refusal(of trajectory: SafeTrajectory, speed: Double, interval: Double) -> String?

  /// Advances to `now`, with the bytes received since and at most one order.
  ///
  /// The call neither blocks nor throws: failures are events. An order that cannot be carried out
  /// in the present phase results in a fault. A call without bytes and order only lets time pass.
  /// The caller bounds the received bytes; the driver keeps a bounded remainder.
  mutating func advance(to now: Double, received: [UInt8], order: DriverOrder?) -> DriverOutput

  /// The limits of the motors' torque; nil if the motors have none.
  var torqueLimits: TorqueLimits? { get }

  /// The temperature of each motor that ends the stream [°C]; nil, or no element, if there is none.
  var alarmTemperatures: [Double?] { get }

  /// Limits the motors' torque from the next call on, between frames. Holding motors keep holding;
  /// `torqueLimits` tells when all motors have the limit.
  mutating func limitTorque(to level: TorqueLevel)
}

extension RobotDriver {
  /// All motors can be measured.
  public var motorsWithoutSensor: Set<Int> { [] }
}

extension RobotDriver {
  /// Every trajectory within the limits of the wiring can be followed.
  public func refusal(of trajectory: SafeTrajectory, speed: Double, interval: Double) -> String? {
    nil
  }
}

/// An order to a driver.
public enum DriverOrder: Sendable, Hashable {
  /// Find out what is connected, check it against the wiring, and measure the joints.
  ///
  /// Nothing moves and nothing is written, with one exception: if the motors' supply is off and the
  /// wiring has a switch for it, the supply is switched on if `mayPower` is true; otherwise this is
  /// a fault. The order ends with `.identified` and `.measured`, or a fault.
  case identify(mayPower: Bool = false)
  /// Measure the joints of an identified device that is not engaged again. The order ends with
  /// `.measured` of all motors that have a sensor.
  case measure
  /// Write the settings of the motors, then make them hold where they stand (goal = measured, then
  /// torque). The order ends with `.engaged`.
  case engage
  /// Follow a set-point, the next frame of the stream.
  case follow(SetPoint)
  /// End the stream: let queues run empty and hold. The order ends with `.held`.
  case finish
  /// Stop now, by the strongest means that does not let the robot fall. `.stopped` is reported with
  /// the bytes of the stop, whether or not the device answers.
  case stop
  /// Switch the motors' torque off; the robot may fall. The order ends with `.released`.
  case release
}

/// The commanded state of the joints at one time.
public struct SetPoint: Sendable, Hashable {
  /// The frame's number, from 0.
  public var frame: Int
  /// Positions [rad or m].
  public var positions: [Double]
  /// Velocities [rad/s or m/s].
  public var velocities: [Double]
  /// The time until the next set-point is due [s].
  public var interval: Double

  /// Creates a set-point.
  public init(frame: Int, positions: [Double], velocities: [Double], interval: Double) {
    self.frame = frame
    self.positions = positions
    self.velocities = velocities
    self.interval = interval
  }
}

/// The output of a driver.
public struct DriverOutput: Sendable, Hashable {
  /// The bytes to write now.
  public var bytes: [UInt8] = []
  /// Whether bytes that wait to be written must be discarded first, as for a stop.
  public var discardsPending = false
  /// The events of this call.
  public var events: [DriverEvent] = []

  /// Creates an empty output.
  public init() {}
}

/// An event of a driver.
public enum DriverEvent: Sendable, Hashable {
  /// What is connected.
  case identified(DeviceReport)
  /// Positions and other quantities were read back.
  case measured(Measurement)
  /// The motors hold where they stand.
  case engaged
  /// The stream has run empty and the robot holds.
  case held
  /// The stop was handed out.
  case stopped
  /// The motors have no torque.
  case released
  /// The load of queue and bus was determined.
  case gauge(QueueGauge)
  /// A warning for the user; the stream continues.
  case warning(String)
  /// A fault, which ends the stream.
  case fault(DriverFault)
}

/// What is connected.
public struct DeviceReport: Sendable, Hashable {
  /// The device: "uArm Swift Pro", "20 Dynamixel motors".
  public var device: String
  /// The firmware of the device or of its motors.
  public var firmware: String
  /// Remarks for the user, such as settings that will be written.
  public var notes: [String]

  /// Creates a report.
  public init(device: String, firmware: String, notes: [String] = []) {
    self.device = device
    self.firmware = firmware
    self.notes = notes
  }
}

/// The result of a read-back; nil for motors that did not answer or do not have the quantity.
public struct Measurement: Sendable, Hashable {
  /// When the answers were complete [s].
  public var time: Double
  /// Positions [rad or m].
  public var positions: [Double?]
  /// Temperatures [°C].
  public var temperatures: [Double?]
  /// Supply voltages [V].
  public var voltages: [Double?]
  /// Loads or currents as a share of the greatest one, -1 to 1.
  public var loads: [Double?]

  /// Creates a measurement of positions alone.
  public init(time: Double, positions: [Double?]) {
    self.time = time
    self.positions = positions
    temperatures = Array(repeating: nil, count: positions.count)
    voltages = temperatures
    loads = temperatures
  }
}

/// The load of a device's queue and bus.
public struct QueueGauge: Sendable, Hashable {
  /// The number of set-points that the device has not carried out yet; nil if it is not known.
  public var queued: Double?
  /// The share of the wire's time in use, 0 to 1.
  public var busLoad: Double

  /// Creates a gauge.
  public init(queued: Double?, busLoad: Double) {
    self.queued = queued
    self.busLoad = busLoad
  }
}

/// A fault that ends a stream: its kind, and one sentence that says what, where, found and
/// expected.
public struct DriverFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of faults; each has its exit code in the tool.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The device is not the one of the wiring, or its firmware is too old.
    case wrongDevice
    /// Motors do not answer when they are identified.
    case missingMotors
    /// The device does not answer, or does not answer any more.
    case silent
    /// The device or a motor reports an error (overload, electrical shock, detached motor).
    case deviceError
    /// The supply is too low or too high.
    case voltage
    /// A motor is too hot.
    case temperature
    /// The robot is not where it was commanded, or stands outside its limits.
    case position
    /// A joint presses against something, by load, error and duration.
    case stall
    /// The first move of a joint would be longer than is allowed without confirmation.
    case far
    /// A set-point is not finite, outside the limits or too far from the last one; it was not sent.
    case refusedSetPoint
    /// The answers cannot be understood.
    case protocolBroken
    /// The port is lost.
    case linkLost
  }

  /// What kind of fault it is.
  public var kind: Kind
  /// One sentence: what, where, found, expected.
  public var description: String

  /// Creates a fault.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
