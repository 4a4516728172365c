/// The registers of X series and MX(2.0) motors that are used here.
enum DynamixelRegister: Int, Sendable, CaseIterable {
  case model = 0
  case firmware = 6
  /// In 2 µs.
  case returnDelay = 9
  case driveMode = 10
  case operatingMode = 11
  case homingOffset = 20
  /// In °C.
  case temperatureLimit = 31
  /// In 0.1 V.
  case highestVoltage = 32
  case lowestVoltage = 34
  case currentLimit = 38
  case highestPosition = 48
  case lowestPosition = 52
  case torque = 64
  case hardwareError = 70
  /// In 20 ms; -1 when it has stopped the motor.
  case busWatchdog = 98
  /// In 0.113 %; limits the PWM in position mode.
  case goalPWM = 100
  /// In 214.577 rev/min².
  case profileAcceleration = 108
  /// In 0.229 rev/min.
  case profileVelocity = 112
  case goalPosition = 116
  /// In 2.69 mA, or a load in 0.1 %.
  case presentCurrent = 126
  case presentPosition = 132
  case presentVoltage = 144
  case presentTemperature = 146

  /// Bytes.
  var width: Int {
    switch self {
    case .firmware, .returnDelay, .driveMode, .operatingMode, .temperatureLimit, .torque,
      .hardwareError, .busWatchdog, .presentTemperature:
      1
    case .model, .highestVoltage, .lowestVoltage, .currentLimit, .goalPWM, .presentCurrent,
      .presentVoltage:
      2
    case .homingOffset, .highestPosition, .lowestPosition, .profileAcceleration, .profileVelocity,
      .goalPosition, .presentPosition:
      4
    }
  }

  /// Whether the most significant bit is a sign (two's complement).
  var isSigned: Bool {
    switch self {
    case .homingOffset, .busWatchdog, .goalPosition, .presentCurrent, .presentPosition:
      true
    default: false
    }
  }

  var block: BusBlock { BusBlock(rawValue, width) }

  /// The value in an image of the registers from address 0.
  func value(in image: [UInt8]) -> Int? {
    guard rawValue + width <= image.count else { return nil }
    return LittleEndian.value(image[rawValue..<(rawValue + width)], isSigned: isSigned)
  }

  /// The bytes of a value.
  func bytes(_ value: Int) -> [UInt8] { LittleEndian.bytes(value, width) }
}

/// Integers with the least significant byte first.
enum LittleEndian {
  static func value(_ bytes: ArraySlice<UInt8>, isSigned: Bool = false) -> Int {
    let value = bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    let size = 8 * bytes.count
    return isSigned && size > 0 && value >> (size - 1) == 1 ? value - (1 << size) : value
  }

  static func bytes(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
