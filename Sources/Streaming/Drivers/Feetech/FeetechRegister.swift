/// The registers of Feetech STS, SMS and SCS motors that are used here.
enum FeetechRegister: Int, Sendable, CaseIterable {
  /// Major, then minor.
  case firmware = 0
  case model = 3
  /// In 2 µs; reserved in one of the vendor's tables, so it is read and never written.
  case returnDelay = 7
  case lowestGoal = 9
  case highestGoal = 11
  /// In °C.
  case temperatureLimit = 13
  /// In 0.1 V.
  case highestVoltage = 14
  case lowestVoltage = 15
  /// STS: bit 2 unit of speed, bit 4 feedback over the full angle.
  case phase = 18
  /// STS, sign in bit 11.
  case offset = 31
  /// STS: 0 is position.
  case mode = 33
  /// 0 and 1; 128 would move the zero.
  case torque = 40
  /// In 100 step/s².
  case acceleration = 41
  /// Sign in bit 15.
  case goal = 42
  case goalTime = 44
  case goalSpeed = 46
  /// STS: 0 lets registers below 40 be written.
  case lock = 55
  /// Sign in bit 15.
  case position = 56
  case speed = 58
  /// In 0.1 %, sign in bit 10.
  case load = 60
  /// In 0.1 V.
  case voltage = 62
  /// In °C.
  case temperature = 63
  /// The bits of the error byte.
  case status = 65

  /// Bytes.
  var width: Int {
    switch self {
    case .firmware, .model, .lowestGoal, .highestGoal, .offset, .goal, .goalTime, .goalSpeed,
      .position, .speed, .load:
      2
    default: 1
    }
  }

  /// The bit of the sign, nil where there is none.
  var signBit: Int? {
    switch self {
    case .goal, .position, .speed: 15
    case .offset: 11
    case .load: 10
    default: nil
    }
  }

  var block: BusBlock { BusBlock(rawValue, width) }

  /// The value in an image of the registers from address 0.
  func value(in image: [UInt8], _ order: WordOrder) -> Int? {
    guard rawValue + width <= image.count else { return nil }
    let raw = order.value(image[rawValue..<(rawValue + width)])
    return signBit.map { SignMagnitude.value(raw, signBit: $0) } ?? raw
  }
}
