/// A simulated device: bytes in, bytes out, and motors that move, in the time of its caller.
///
/// It behaves like the real firmware, including its faults, and does not use the driver's types.
public protocol SimulatedDevice: Sendable {
  /// When something happens without input (a byte leaves, a queue advances) [s]; nil for never.
  var wakeTime: Double? { get }

  /// The positions of the motors in units of their registers, in ascending order of ids; for a uArm
  /// base, left, right and wrist in degrees.
  var motorPositions: [Double] { get }

  /// Advances to `now` with the bytes that the host sent; returns the bytes that have left the
  /// device.
  mutating func advance(to now: Double, received: [UInt8]) -> [UInt8]

  /// Begins a fault of the device; faults of the link are not passed to devices.
  mutating func inject(_ fault: Fault)
}

/// The faults that can be simulated, with the names for `--fault`.
public enum Fault: String, Sendable, Hashable, CaseIterable {
  // Faults of the link (simulated by `FaultyLink`)
  /// Replies arrive in pieces of one or two bytes.
  case splitReplies = "split-replies"
  /// Replies are held back and arrive together.
  case joinedReplies = "joined-replies"
  /// Junk and false headers arrive before a reply.
  case junk
  /// A byte in a hundred to the host is lost.
  case lostBytes = "lost-bytes"
  /// A byte in a hundred to the host is changed.
  case corruptBytes = "corrupt-bytes"
  /// Pieces arrive twice.
  case duplicateBytes = "duplicate-bytes"
  /// Everything to the host is late by 50 ms.
  case delay
  /// Half of a reply arrives, then nothing.
  case halfReply = "half-reply"
  /// The cable is pulled.
  case unplug
  /// The device's bytes arrive as if they were sent at another baud rate.
  case garbled
  /// An FTDI adapter delays received bytes by up to 16 ms.
  case latencyTimer = "latency-timer"

  // Faults of the device
  /// Answers carry another id.
  case wrongID = "wrong-id"
  /// Answers claim another length.
  case wrongLength = "wrong-length"
  /// Checksums are off by one.
  case badChecksum = "bad-checksum"
  /// A reply comes after its time-out, just before the next one.
  case staleReply = "stale-reply"
  /// The device never answers again.
  case silence
  /// The first motor reports a latched hardware error.
  case alert
  /// The supply sags.
  case voltageDip = "voltage-dip"
  /// A motor is too hot.
  case overheat
  /// The first motor does not answer.
  case missingMotor = "missing-motor"
  /// A measured position jumps by a turn, or by 20° for motors without one.
  case positionJump = "position-jump"
  /// A motor cannot move any more.
  case jam
  /// The first motor presses against a soft obstacle and stays 8° behind.
  case stall
  /// The first motor warms up at rest, with the square of its torque limit.
  case heating
  /// The device restarts during the stream.
  case reset
  /// The planner stops and fills up.
  case plannerFull = "planner-full"
  /// Every set-point is refused as unreachable.
  case unreachable
  /// Another device than the expected one answers.
  case wrongDevice = "wrong-device"
  /// The firmware is too old.
  case oldFirmware = "old-firmware"
  /// The motors have no power.
  case noPower = "no-power"
  /// A second motor has the id of the first, and both answer at once.
  case sharedID = "shared-id"
  /// The first motor latches a hardware error that only its register shows.
  case unsaidError = "unsaid-error"
  /// One answer of the first motor has the alert bit set without an error.
  case alertBlip = "alert-blip"

  /// Whether the fault is one of the link and not of the device.
  public var isOfLink: Bool {
    switch self {
    case .splitReplies, .joinedReplies, .junk, .lostBytes, .corruptBytes, .duplicateBytes, .delay,
      .halfReply, .unplug, .garbled, .latencyTimer:
      true
    default: false
    }
  }
}
