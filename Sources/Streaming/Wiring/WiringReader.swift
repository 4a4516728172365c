import Files
import Kinematics

/// Reads `wire.yaml` and checks all of its values against the robot.
struct WiringReader {
  private let file: StrictYAML
  private let robot: Robot
  private let limits: [JointLimits]

  private static let keys =
    [
      "driver", "baud", "rate", "power_switch", "park", "defaults", "motors",
    ] + ProtectionReader.keys
  private static let switchKeys = ["id", "address", "value", "delay"]

  init(text: String, path: String, robot: Robot) throws(YAMLError) {
    file = try StrictYAML(parsing: text, path: path, what: "the file", keys: Self.keys)
    self.robot = robot
    limits = robot.foldedLimits
  }

  func wiring() throws(YAMLError) -> Wiring {
    let device = try device()
    let powerSwitch = try powerSwitch(device)
    let motors = try motors(device, powerSwitch: powerSwitch)
    return Wiring(
      robot: robot.name, device: device, baud: try baud(device), motors: motors,
      powerSwitch: powerSwitch, rate: try rate(), park: try park(motors),
      protection: try ProtectionReader(file).protection(device))
  }

  private func device() throws(YAMLError) -> Wiring.Device {
    let name = try file.requiredText("driver")
    guard let device = Wiring.Device(rawValue: name) else {
      throw file.error(
        "driver",
        "there is no driver '\(name)'; there are "
          + WiringError.list(Wiring.Device.allCases.map(\.rawValue)))
    }
    return device
  }

  private func baud(_ device: Wiring.Device) throws(YAMLError) -> Int {
    guard let baud = try file.whole("baud", within: 1200...20_000_000) else { return device.baud }
    return baud
  }

  private func rate() throws(YAMLError) -> Double? {
    guard let rate = try file.number("rate") else { return nil }
    guard 0.1 <= rate && rate <= 1000 else {
      throw file.error("rate", "found \(rate.short) Hz, 0.1 to 1000 was expected")
    }
    return rate
  }

  private func powerSwitch(_ device: Wiring.Device) throws(YAMLError) -> Wiring.PowerSwitch? {
    guard
      let yaml = try file.mapping(
        "power_switch", what: "power_switch", keys: Self.switchKeys)
    else { return nil }
    guard device == .dynamixel2 || device == .dynamixel1 else {
      throw file.error("power_switch", "only Dynamixel buses have one")
    }
    let addresses = device == .dynamixel1 ? 0...255 : 0...65_535
    let delay = try yaml.number("delay") ?? 0.5
    guard 0 <= delay && delay <= 60 else {
      throw yaml.error("delay", "found \(delay.short) s, 0 to 60 was expected")
    }
    return Wiring.PowerSwitch(
      id: try yaml.requiredWhole("id", within: device.ids),
      address: try yaml.requiredWhole("address", within: addresses),
      value: try yaml.requiredWhole("value", within: 0...255), delay: delay)
  }

  /// The park pose, given in degrees or metres by joint names.
  private func park(_ motors: [Wiring.Motor]) throws(YAMLError) -> [Double]? {
    guard let yaml = try file.mapping("park", what: "park", keys: nil) else { return nil }
    for name in yaml.names where !motors.contains(where: { $0.joint == name }) {
      throw yaml.error(name, unknownJoint(name))
    }
    var pose: [Double] = []
    for (index, motor) in motors.enumerated() {
      guard yaml.has(motor.joint) else {
        throw yaml.error("joint '\(motor.joint)' is missing; every joint was expected")
      }
      let isAngular = joint(index).isAngular
      let value = try yaml.requiredNumber(motor.joint)
      let position = isAngular ? value * (.pi / 180) : value
      guard motor.limits.contains(position) else {
        throw yaml.error(
          motor.joint,
          "found \(value.short), its limits are \(Self.shown(motor.limits, isAngular: isAngular))")
      }
      pose.append(position)
    }
    try checkCoupled(pose, yaml)
    return pose
  }

  private func checkCoupled(_ pose: [Double], _ yaml: StrictYAML) throws(YAMLError) {
    for limit in robot.coupledLimits {
      let sum = limit.terms.reduce(0) { $0 + $1.factor * pose[$1.coordinate] }
      guard limit.lower <= sum && sum <= limit.upper else {
        throw yaml.error("the pose is outside the coupled limit '\(limit.name)'")
      }
    }
  }

  /// Limits in the unit of the file, for messages.
  static func shown(_ limits: ClosedRange<Double>, isAngular: Bool) -> String {
    let scale = isAngular ? 180 / Double.pi : 1
    return "\((limits.lowerBound * scale).short) to \((limits.upperBound * scale).short) "
      + (isAngular ? "degrees" : "m")
  }

  private func joint(_ coordinate: Int) -> Joint {
    robot.joints[robot.configurationJoints[coordinate]]
  }

  private func unknownJoint(_ name: String) -> String {
    if let joint = robot.joints.first(where: { $0.name == name }) {
      return joint.mimic == nil
        ? "this joint cannot move" : "this joint follows another and has no motor"
    }
    return "the robot has no such joint; it has \(WiringError.list(robot.coordinateNames))"
  }
}

// MARK: - Motors

extension WiringReader {
  private func motors(
    _ device: Wiring.Device, powerSwitch: Wiring.PowerSwitch?
  ) throws(YAMLError) -> [Wiring.Motor] {
    guard let yaml = try file.mapping("motors", what: "motors", keys: nil) else {
      throw file.error("motors", "the key is missing")
    }
    for name in yaml.names where !robot.coordinateNames.contains(name) {
      throw yaml.error(name, unknownJoint(name))
    }
    let missing = robot.coordinateNames.filter { !yaml.has($0) }
    guard missing.isEmpty else {
      throw yaml.error(
        missing.count == 1
          ? "joint \(WiringError.list(missing)) has no motor"
          : "joints \(WiringError.list(missing)) have no motor")
    }
    let defaults =
      try file.mapping("defaults", what: "defaults", keys: MotorEntry.keys)
      .map { yaml throws(YAMLError) in try MotorEntry(yaml, isAngular: nil) } ?? MotorEntry()
    var motors: [Wiring.Motor] = []
    for coordinate in robot.coordinateNames.indices {
      let motor = try motor(coordinate, in: yaml, device: device, defaults: defaults)
      try checkFree(motor, among: motors, powerSwitch: powerSwitch, in: yaml)
      motors.append(motor)
    }
    return motors
  }

  private func checkFree(
    _ motor: Wiring.Motor, among motors: [Wiring.Motor], powerSwitch: Wiring.PowerSwitch?,
    in yaml: StrictYAML
  ) throws(YAMLError) {
    if let other = motors.first(where: { $0.id == motor.id }) {
      throw yaml.error(motor.joint, "id \(motor.id) is joint '\(other.joint)' already")
    }
    if powerSwitch?.id == motor.id {
      throw yaml.error(motor.joint, "id \(motor.id) is the power switch already")
    }
  }

  private func motor(
    _ coordinate: Int, in yaml: StrictYAML, device: Wiring.Device, defaults: MotorEntry
  ) throws(YAMLError) -> Wiring.Motor {
    let joint = joint(coordinate)
    guard
      let entry = try yaml.mapping(
        joint.name, what: "motor of '\(joint.name)'", keys: ["id"] + MotorEntry.keys)
    else { throw yaml.error(joint.name, "the key is missing") }
    let id = try entry.requiredWhole("id", within: device.ids)
    var values = try MotorEntry(entry, isAngular: joint.isAngular)
    if !joint.isAngular, values.unitsPerRadian == nil {
      throw entry.error("ticks_per_metre", "the key is missing, and the joint is prismatic")
    }
    let firstMove = values.firstMove  // the defaults are for joints that turn
    values = values.filled(from: defaults)
    guard let scale = values.unitsPerRadian ?? device.unitsPerRadian else {
      throw entry.error(
        "none of \(WiringError.list(MotorEntry.scaleKeys)) is given, and the models of driver "
          + "'\(device.rawValue)' differ")
    }
    guard let zero = values.zero ?? device.zero(id: id) else {
      throw entry.error("zero", "the key is missing, and the models of the driver differ")
    }
    let (limits, velocity) = try bounds(coordinate, in: entry)
    var motor = Wiring.Motor(
      joint: joint.name, id: id, direction: values.direction ?? 1, zero: zero,
      unitsPerRadian: scale, range: values.range ?? device.register(id: id), limits: limits,
      velocityLimit: velocity, model: values.model, group: values.group,
      torqueCap: values.torqueCap, firstMove: joint.isAngular ? values.firstMove : firstMove)
    try check(motor, device: device, isAngular: joint.isAngular, in: entry)
    // The range is widened by the accepted rounding, so that every position within limits has a
    // register value.
    motor.range =
      min(
        motor.range.lowerBound, motor.rawLimits.lowerBound)...max(
        motor.range.upperBound, motor.rawLimits.upperBound)
    return motor
  }

  /// The joint's limits, all of which are required for streaming.
  private func bounds(
    _ coordinate: Int, in entry: StrictYAML
  ) throws(YAMLError) -> (ClosedRange<Double>, Double) {
    let limits = limits[coordinate]
    guard let lower = limits.lower?.value, let upper = limits.upper?.value, lower < upper else {
      throw entry.error("the joint has no range between position limits; limits.yaml may give one")
    }
    guard let velocity = limits.velocity?.value, velocity > 0 else {
      throw entry.error("the joint has no velocity limit; limits.yaml may give one")
    }
    return (lower...upper, velocity)
  }

  private func check(
    _ motor: Wiring.Motor, device: Wiring.Device, isAngular: Bool, in entry: StrictYAML
  ) throws(YAMLError) {
    let register = device.register(id: motor.id)
    guard register.contains(motor.range.lowerBound), register.contains(motor.range.upperBound)
    else {
      throw entry.error("range", "found \(motor.range.shown), the register has \(register.shown)")
    }
    guard motor.torqueCap == nil || device.hasTorqueCap else {
      throw entry.error(
        "torque_cap", "the motors of driver '\(device.rawValue)' have no torque limit")
    }
    guard register.contains(motor.zero) else {
      throw entry.error("zero", "found \(motor.zero.short), the register has \(register.shown)")
    }
    let needed = motor.rawLimits
    guard motor.range.lowerBound - Wiring.Motor.tolerance <= needed.lowerBound,
      needed.upperBound <= motor.range.upperBound + Wiring.Motor.tolerance
    else {
      throw entry.error(
        "the joint's limits \(Self.shown(motor.limits, isAngular: isAngular)) are "
          + "\(needed.shown) of the register, which goes from \(motor.range.shown)")
    }
  }
}

extension Wiring.Motor {
  /// The accepted rounding of limits that are given in degrees with few decimals [register units].
  static let tolerance = 1e-3

  /// The values of the register at the joint's limits, the smaller first.
  var rawLimits: ClosedRange<Double> {
    let (first, second) = (raw(limits.lowerBound), raw(limits.upperBound))
    return min(first, second)...max(first, second)
  }
}

extension ClosedRange<Double> {
  /// Both ends, for messages.
  var shown: String { "\(lowerBound.short) to \(upperBound.short)" }
}

extension StrictYAML {
  /// The integer of a key within bounds; nil if it is not given.
  func whole(_ key: String, within range: ClosedRange<Int>) throws(YAMLError) -> Int? {
    guard let number = try number(key) else { return nil }
    guard let whole = Int(exactly: number), range.contains(whole) else {
      throw error(
        key,
        "found \(number.short), a whole number from \(range.lowerBound) to \(range.upperBound) "
          + "was expected")
    }
    return whole
  }

  /// The integer of a required key.
  func requiredWhole(_ key: String, within range: ClosedRange<Int>) throws(YAMLError) -> Int {
    guard let whole = try whole(key, within: range) else {
      throw error(key, "the key is missing")
    }
    return whole
  }
}
