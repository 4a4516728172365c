import Foundation
import Yams

/// Why a file of limits is refused.
struct LimitsRefusal: Error {
  var reason: String

  init(_ reason: String, at node: Node? = nil) {
    self.reason = node?.mark.map { "line \($0.line): \(reason)" } ?? reason
  }
}

/// The limits of one joint as a YAML mapping gives them, in our keys or MoveIt's.
struct LimitsEntry {
  /// The quantities, by our keys.
  private(set) var values: [String: Double] = [:]
  /// Whether angles are in degrees.
  private(set) var isInDegrees = false

  private static let keys = ["lower", "upper", "velocity", "acceleration", "jerk", "effort"]
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

  /// Reads a mapping; `place` says whose it is, for messages.
  init(_ node: Node, of place: String) throws(LimitsRefusal) {
    let entries = try node.entries(of: place)
    let moveItKeys = Self.moveIt.map(\.key) + Self.moveIt.map(\.switchedBy)
    for (key, value) in entries where !(Self.keys + ["unit"] + moveItKeys).contains(key) {
      throw LimitsRefusal(
        "\(place): the key '\(key)' is unknown; there are "
          + KinematicsError.list(Self.keys + ["unit"] + moveItKeys), at: value)
    }
    for (key, value) in entries where Self.keys.contains(key) {
      values[key] = try value.number(of: "\(place), \(key)")
    }
    if let unit = entries["unit"] { isInDegrees = try unit.isDegrees(of: place) }
    try readMoveIt(entries, of: place)
    try check(place, at: node)
  }

  private mutating func readMoveIt(
    _ entries: [String: Node], of place: String
  ) throws(LimitsRefusal) {
    for (key, ours, switchedBy) in Self.moveIt {
      var isOn = true
      if let node = entries[switchedBy] {
        guard let value = node.bool else {
          throw LimitsRefusal("\(place), \(switchedBy): expected true or false", at: node)
        }
        isOn = value
        guard !isOn || entries[key] != nil else {
          throw LimitsRefusal("\(place): \(switchedBy) is true, but \(key) is absent", at: node)
        }
      }
      guard isOn, let node = entries[key] else { continue }
      guard values[ours] == nil else {
        throw LimitsRefusal("\(place): '\(ours)' and '\(key)' are both given", at: node)
      }
      values[ours] = try node.number(of: "\(place), \(key)")
    }
    // One bound serves for speeding up and slowing down, so the smaller one.
    if let deceleration = values.removeValue(forKey: "deceleration") {
      values["acceleration"] = min(values["acceleration"] ?? .infinity, abs(deceleration))
    }
  }

  private func check(_ place: String, at node: Node) throws(LimitsRefusal) {
    for key in ["velocity", "acceleration", "jerk", "effort"] {
      guard let value = values[key] else { continue }
      guard value > 0 else {
        throw LimitsRefusal("\(place), \(key): found \(value), expected more than 0", at: node)
      }
    }
    if let lower = values["lower"], let upper = values["upper"] {
      guard lower <= upper else {
        throw LimitsRefusal("\(place): lower \(lower) is above upper \(upper)", at: node)
      }
    }
  }

  /// Overwrites a joint's limits by those given here, or only fills its gaps.
  func apply(to limits: inout JointLimits, source: String, onlyGaps: Bool = false) {
    let scale = isInDegrees ? Double.pi / 180 : 1
    func put(_ key: String, _ path: WritableKeyPath<JointLimits, SourcedLimit?>) {
      guard let value = values[key] else { return }
      // A later file's default goes before an earlier file's default.
      let present = limits[keyPath: path].map { !$0.source.contains(", defaults") } ?? false
      guard !(onlyGaps && present) else { return }
      limits[keyPath: path] = SourcedLimit(
        key == "effort" ? value : value * scale, source: source)
    }
    put("lower", \.lower)
    put("upper", \.upper)
    put("velocity", \.velocity)
    put("acceleration", \.acceleration)
    put("jerk", \.jerk)
    put("effort", \.effort)
  }
}

extension Node {
  /// The entries of a mapping with text keys.
  func entries(of place: String) throws(LimitsRefusal) -> [String: Node] {
    guard let mapping else { throw LimitsRefusal("\(place): expected keys and values", at: self) }
    var entries: [String: Node] = [:]
    for (key, value) in mapping {
      guard let name = key.string else {
        throw LimitsRefusal("\(place): a key is not text", at: key)
      }
      guard entries.updateValue(value, forKey: name) == nil else {
        throw LimitsRefusal("\(place): the key '\(name)' stands twice", at: key)
      }
    }
    return entries
  }

  /// A finite number.
  func number(of place: String) throws(LimitsRefusal) -> Double {
    guard let value = float ?? int.map(Double.init), value.isFinite else {
      throw LimitsRefusal("\(place): expected a finite number", at: self)
    }
    return value
  }

  /// Whether a `unit` is degrees.
  func isDegrees(of place: String) throws(LimitsRefusal) -> Bool {
    switch string {
    case "degrees": true
    case "radians": false
    default:
      throw LimitsRefusal(
        "\(place), unit: found '\(string ?? "")', expected 'degrees' or 'radians'", at: self)
    }
  }
}
