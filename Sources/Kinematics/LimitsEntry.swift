import Files

/// The limits of one joint as a YAML mapping gives them, in our keys or MoveIt's.
struct LimitsEntry {
  /// The quantities, by our keys.
  private(set) var values: [String: Double] = [:]
  /// Whether angles are in degrees.
  let isInDegrees: Bool

  /// The keys that such a mapping may have.
  static let keys =
    ourKeys + ["unit"] + moveIt.map(\.key) + moveIt.map(\.switchedBy)

  private static let ourKeys = ["lower", "upper", "velocity", "acceleration", "jerk", "effort"]
  /// MoveIt's key, ours, and the key that switches it on.
  private static let moveIt: [(key: String, ours: String, switchedBy: String)] = [
    ("min_position", "lower", "has_position_limits"),
    ("max_position", "upper", "has_position_limits"),
    ("max_velocity", "velocity", "has_velocity_limits"),
    ("max_acceleration", "acceleration", "has_acceleration_limits"),
    ("max_deceleration", "deceleration", "has_deceleration_limits"),
    ("max_jerk", "jerk", "has_jerk_limits"),
    ("max_effort", "effort", "has_effort_limits"),
  ]

  /// Reads a mapping.
  init(_ yaml: StrictYAML) throws(YAMLError) {
    isInDegrees = try yaml.isInDegrees()
    for key in Self.ourKeys { values[key] = try yaml.number(key) }
    try readMoveIt(yaml)
    try check(yaml)
  }

  private mutating func readMoveIt(_ yaml: StrictYAML) throws(YAMLError) {
    for (key, ours, switchedBy) in Self.moveIt {
      let isSwitchedOn = try yaml.bool(switchedBy)
      guard isSwitchedOn != true || yaml.has(key) else {
        throw yaml.error(switchedBy, "it is true, but \(key) is absent")
      }
      guard isSwitchedOn ?? true, let value = try yaml.number(key) else { continue }
      guard values.updateValue(value, forKey: ours) == nil else {
        throw yaml.error(key, "'\(ours)' and '\(key)' are both given")
      }
    }
    // One bound serves for speeding up and slowing down, so the smaller one.
    if let deceleration = values.removeValue(forKey: "deceleration") {
      values["acceleration"] = min(values["acceleration"] ?? .infinity, abs(deceleration))
    }
  }

  private func check(_ yaml: StrictYAML) throws(YAMLError) {
    for key in ["velocity", "acceleration", "jerk", "effort"] {
      guard let value = values[key] else { continue }
      guard value > 0 else { throw yaml.error("\(key): found \(value), expected more than 0") }
    }
    if let lower = values["lower"], let upper = values["upper"] {
      guard lower <= upper else { throw yaml.error("lower \(lower) is above upper \(upper)") }
    }
  }

  /// Overwrites a joint's limits by those given here.
  ///
  /// - Parameters:
  ///   - limits: The joint's limits.
  ///   - defaults: The keys of those that are mere defaults.
  ///   - source: Where these are from.
  func apply(to limits: inout JointLimits, defaults: inout Set<String>, source: String) {
    for key in Self.ourKeys where put(key, into: &limits, source: source) { defaults.remove(key) }
  }

  /// Fills a joint's gaps; a later file's default goes before an earlier file's.
  func fill(_ limits: inout JointLimits, defaults: inout Set<String>, source: String) {
    for key in Self.ourKeys where defaults.contains(key) || limits[key] == nil {
      if put(key, into: &limits, source: source) { defaults.insert(key) }
    }
  }

  private func put(_ key: String, into limits: inout JointLimits, source: String) -> Bool {
    guard let value = values[key] else { return false }
    let isAngle = isInDegrees && key != "effort"
    limits[key] = SourcedLimit(isAngle ? value * (.pi / 180) : value, source: source)
    return true
  }
}

extension JointLimits {
  /// The limit of one of our keys.
  fileprivate subscript(key: String) -> SourcedLimit? {
    get {
      switch key {
      case "lower": lower
      case "upper": upper
      case "velocity": velocity
      case "acceleration": acceleration
      case "jerk": jerk
      default: effort
      }
    }
    set {
      switch key {
      case "lower": lower = newValue
      case "upper": upper = newValue
      case "velocity": velocity = newValue
      case "acceleration": acceleration = newValue
      case "jerk": jerk = newValue
      default: effort = newValue
      }
    }
  }
}

extension StrictYAML {
  /// Whether a mapping's `unit` is degrees; radians where it is not given.
  func isInDegrees() throws(YAMLError) -> Bool {
    switch try text("unit") {
    case "degrees": return true
    case "radians", nil: return false
    case let unit?: throw error("unit", "found '\(unit)', expected 'degrees' or 'radians'")
    }
  }
}
