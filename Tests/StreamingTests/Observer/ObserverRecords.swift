/// What a host told a device, decoded from its bytes alone.
///
/// Nothing here is shared with drivers or simulators: own checksums, own parsing, own geometry.
struct ObservedOrder {
  /// What an order is.
  enum Kind: Equatable {
    /// Motors shall go there: the register's value by id.
    case goals([Int: Double])
    /// Motors get or lose their torque; nil for all.
    case torque(id: Int?, isOn: Bool)
    /// A motor may use so much of its torque [units of the register].
    case torqueLimit(id: Int, value: Double)
    /// The device shall stop by itself.
    case stop
    /// A setting of a motor (nil for all) that lasts only as long as the power, by name.
    case setting(id: Int?, name: String)
    /// A question, which changes nothing.
    case question
    /// What no streaming program may send.
    case forbidden(String)
  }

  /// When its last byte was handed out [s].
  var time: Double
  /// What it is.
  var kind: Kind
  /// How fast the motors may go there [units of the register per second], where the order says it.
  var speed: Double?
  /// The number that the host gave it, where it did.
  var number: Int?
}

/// A decoder of one protocol: bytes with their time in, orders out.
protocol ObserverDecoder {
  /// Takes the bytes of one instant.
  mutating func take(_ bytes: [UInt8], at time: Double) -> [ObservedOrder]
  /// What is still incomplete.
  var remainder: [UInt8] { get }
}

/// Something that must not be on a wire.
struct ObservedViolation: CustomStringConvertible {
  var time: Double
  var text: String

  var description: String { "at \(time) s: \(text)" }
}
