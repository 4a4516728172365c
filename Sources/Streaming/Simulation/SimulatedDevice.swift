/// A device that is not there: bytes in, bytes out, motors that move, all in a time that is given.
///
/// It does what the real firmware does, the mistakes included; it never knows the driver's types.
public protocol SimulatedDevice: Sendable {
  /// When something will happen by itself (a byte leaves, a queue moves on) [s], nil for never.
  var wakeTime: Double? { get }

  /// Where the motors are, in units of their registers (for a uArm: degrees), by id in ascending
  /// order (for a uArm: base, left, right, wrist).
  var motorPositions: [Double] { get }

  /// Lets time pass to `now` with what the host sent since; returns what has left the device by now.
  mutating func advance(to now: Double, received: [UInt8]) -> [UInt8]

  /// Lets a fault of the device begin. Faults of the link are not handed to devices.
  mutating func inject(_ fault: Fault)
}

/// What can go wrong, by the names of `--fault`.
public enum Fault: String, Sendable, Hashable, CaseIterable {
  // Of the link, whatever the device (`FaultyLink` makes them)
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
  /// Half of a reply, then nothing for ever.
  case halfReply = "half-reply"
  /// The cable is pulled.
  case unplug
  /// What the device sends arrives as if it were sent at another baud rate.
  case garbled
  /// An FTDI adapter holds received bytes back for up to 16 ms.
  case latencyTimer = "latency-timer"

  // Of the device
  /// Answers carry another id.
  case wrongID = "wrong-id"
  /// Answers claim another length.
  case wrongLength = "wrong-length"
  /// Checksums are off by one.
  case badChecksum = "bad-checksum"
  /// A reply comes after its time-out, and then the next.
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
  /// A measured position jumps by a turn, or by 20° where there is no turn.
  case positionJump = "position-jump"
  /// A motor cannot move any more.
  case jam
  /// The first motor presses against something that gives way: it stays 8° behind.
  case stall
  /// The first motor warms up though nothing moves, by the square of the torque that it may use.
  case heating
  /// The device starts again in mid-stream.
  case reset
  /// The planner stands still and fills up.
  case plannerFull = "planner-full"
  /// Every set-point is refused as unreachable.
  case unreachable
  /// Something else than expected introduces itself.
  case wrongDevice = "wrong-device"
  /// The firmware is too old.
  case oldFirmware = "old-firmware"
  /// The motors have no power.
  case noPower = "no-power"
  /// A second motor has the first one's id, and both answer at once.
  case sharedID = "shared-id"
  /// The first motor latches a hardware error and no answer says so but the register itself.
  case unsaidError = "unsaid-error"
  /// One answer of the first motor has the alert bit, and there is no error.
  case alertBlip = "alert-blip"

  /// Whether the link makes it and not the device.
  public var isOfLink: Bool {
    switch self {
    case .splitReplies, .joinedReplies, .junk, .lostBytes, .corruptBytes, .duplicateBytes, .delay,
      .halfReply, .unplug, .garbled, .latencyTimer:
      true
    default: false
    }
  }
}
