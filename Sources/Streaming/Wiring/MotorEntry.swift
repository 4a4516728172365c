import Files

/// The entry of one motor, or of all motors, in a file; nil for values that it does not give.
struct MotorEntry {
  var direction: Double?
  var zero: Double?
  var unitsPerRadian: Double?
  var range: ClosedRange<Double>?
  var model: String?
  var group: String?
  var torqueCap: Double?
  /// The longest first move of the joint [rad or m].
  var firstMove: Double?

  /// The keys of an entry in wire.yaml, without the id.
  static let keys =
    ["direction", "zero", "range", "model", "group", "torque_cap", "far"] + scaleKeys
  /// The keys of which exactly one gives the scale.
  static let scaleKeys = [
    "ticks_per_radian", "ticks_per_degree", "ticks_per_metre", "steps_per_turn",
  ]

  /// Reads a mapping; `isAngular` is nil for the defaults, which apply to rotary joints.
  init(_ yaml: StrictYAML, isAngular: Bool?) throws(YAMLError) {
    direction = try Self.direction(yaml)
    zero = try yaml.number("zero")
    range = try Self.range(yaml)
    model = try yaml.text("model")
    group = try yaml.text("group")
    torqueCap = try yaml.number("torque_cap", Wiring.Protection.leastShare...1)
    firstMove = try yaml.positiveNumber("far").map { isAngular ?? true ? $0 * .pi / 180 : $0 }
    unitsPerRadian = try Self.scale(yaml, isAngular: isAngular ?? true)
  }

  /// 1 or -1.
  static func direction(_ yaml: StrictYAML) throws(YAMLError) -> Double? {
    guard let value = try yaml.number("direction") else { return nil }
    guard value == 1 || value == -1 else {
      throw yaml.error("direction", "found \(value.short), 1 or -1 was expected")
    }
    return value
  }

  /// Two numbers, the smaller first.
  static func range(_ yaml: StrictYAML) throws(YAMLError) -> ClosedRange<Double>? {
    guard let bounds = try yaml.numbers("range", count: 2) else { return nil }
    guard bounds[0] < bounds[1] else {
      throw yaml.error(
        "range", "found \(bounds[0].short) to \(bounds[1].short), the lesser first was expected")
    }
    return bounds[0]...bounds[1]
  }

  private static func scale(
    _ yaml: StrictYAML, isAngular: Bool
  ) throws(YAMLError) -> Double? {
    let given = scaleKeys.filter { yaml.has($0) }
    guard let key = given.first else { return nil }
    guard given.count == 1 else {
      throw yaml.error(given[1], "'\(key)' is given too, one of them was expected")
    }
    guard isAngular == (key != "ticks_per_metre") else {
      throw yaml.error(
        key, isAngular ? "the joint turns and has no metres" : "the joint is prismatic")
    }
    guard let value = try yaml.positiveNumber(key) else { return nil }
    switch key {
    case "ticks_per_degree": return value * 180 / .pi
    case "steps_per_turn": return value / (2 * .pi)
    default: return value
    }
  }

  /// Returns the entry with missing values taken from the defaults.
  func filled(from defaults: MotorEntry) -> MotorEntry {
    var entry = self
    entry.direction = direction ?? defaults.direction
    entry.zero = zero ?? defaults.zero
    entry.unitsPerRadian = unitsPerRadian ?? defaults.unitsPerRadian
    entry.range = range ?? defaults.range
    entry.model = model ?? defaults.model
    entry.group = group ?? defaults.group
    entry.torqueCap = torqueCap ?? defaults.torqueCap
    entry.firstMove = firstMove ?? defaults.firstMove
    return entry
  }

  /// Creates an empty entry.
  init() {}
}

extension Double {
  /// The number with at most four decimals, for messages.
  var short: String {
    guard isFinite, abs(self) < 1e9 else { return "\(self)" }
    let rounded = (self * 10_000).rounded() / 10_000
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}
