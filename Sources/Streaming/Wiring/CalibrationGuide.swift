/// Computes a calibration from read-backs of joints that a person moves by hand.
public struct CalibrationGuide: Sendable {
  /// The read-backs of a joint that a person held in three places [units of the register].
  public struct Reading: Sendable, Hashable {
    /// The register at the reference position.
    public var reference: Double
    /// The register at the end where the joint's position is least.
    public var lower: Double
    /// The register at the end where the joint's position is greatest.
    public var upper: Double

    /// Creates a reading.
    public init(reference: Double, lower: Double, upper: Double) {
      self.reference = reference
      self.lower = lower
      self.upper = upper
    }
  }

  /// The reason why a reading is refused, in one sentence.
  public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The sentence.
    public let description: String
  }

  /// The wiring to calibrate.
  public let wiring: Wiring

  /// The least distance between the ends of a joint [rad or m]; a smaller one is a mistake.
  private static let leastWay = 0.05

  /// Creates a guide for a wiring.
  public init(_ wiring: Wiring) { self.wiring = wiring }

  /// The wiring for measuring, in which no position is out of range, however the horns are mounted.
  public var measuringWiring: Wiring {
    var result = wiring
    for (index, motor) in wiring.motors.enumerated() {
      let register = wiring.device.register(id: motor.id)
      let ends = [motor.position(register.lowerBound), motor.position(register.upperBound)]
      result.motors[index].range = register
      result.motors[index].limits = min(ends[0], ends[1])...max(ends[0], ends[1])
    }
    result.park = nil
    return result
  }

  /// The position at which a joint's zero is measured [rad or m]: zero, or the nearest reachable
  /// one.
  public func reference(ofMotor index: Int) -> Double {
    let limits = wiring.motors[index].limits
    return min(max(0, limits.lowerBound), limits.upperBound)
  }

  /// The value of the register for a position that was measured with `measuringWiring`.
  public func raw(_ position: Double, ofMotor index: Int) -> Double {
    wiring.motors[index].raw(position)
  }

  /// Returns the calibration of a joint from its reading.
  public func joint(
    _ index: Int, _ reading: Reading
  ) throws(Refusal) -> Calibration.Joint {
    let motor = wiring.motors[index]
    func refuse(_ text: String) -> Refusal {
      Refusal(description: "joint '\(motor.joint)': \(text)")
    }
    let register = wiring.device.register(id: motor.id)
    for value in [reading.reference, reading.lower, reading.upper] {
      guard register.contains(value) else {
        throw refuse("it was read at \(value.short), the register has \(register.shown)")
      }
    }
    let way = reading.upper - reading.lower
    guard abs(way) >= Self.leastWay * motor.unitsPerRadian else {
      throw refuse(
        "its two ends were read at \(reading.lower.short) and \(reading.upper.short), "
          + "which is almost the same place")
    }
    let ends = min(reading.lower, reading.upper)...max(reading.lower, reading.upper)
    let slip = 0.1 * motor.unitsPerRadian
    guard ends.lowerBound - slip <= reading.reference, reading.reference <= ends.upperBound + slip
    else {
      throw refuse(
        "its reference was read at \(reading.reference.short), outside its ends \(ends.shown)")
    }
    let direction: Double = way > 0 ? 1 : -1
    let zero = reading.reference - direction * motor.unitsPerRadian * reference(ofMotor: index)
    guard register.contains(zero) else {
      throw refuse("its zero would be \(zero.short), outside the register, \(register.shown)")
    }
    let lower = max(ends.lowerBound, motor.range.lowerBound)
    let upper = min(ends.upperBound, motor.range.upperBound)
    guard lower < upper else {
      throw refuse("it was read within \(ends.shown), the wiring allows \(motor.range.shown)")
    }
    return Calibration.Joint(
      name: motor.joint, zero: zero, direction: direction, range: lower...upper)
  }
}
