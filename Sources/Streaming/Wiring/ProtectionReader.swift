import Files

/// Reads the keys of `wire.yaml` for protection: `stall`, `commands`, `heat`, `rest`.
struct ProtectionReader {
  /// The keys at the top level of the file.
  static let keys = ["stall", "commands", "heat", "rest"]

  private let file: StrictYAML

  init(_ file: StrictYAML) { self.file = file }

  func protection(_ device: Wiring.Device) throws(YAMLError) -> Wiring.Protection {
    var result = Wiring.Protection()
    if let yaml = try mapping("stall", ["load", "error", "time"]) {
      result.stall.load = try yaml.number("load", 0.05...1) ?? result.stall.load
      result.stall.error = try yaml.angle("error", 0.5...90) ?? result.stall.error
      result.stall.time = try yaml.number("time", 0.05...10) ?? result.stall.time
    }
    if let yaml = try mapping("commands", ["margin", "release"]) {
      result.commands.margin = try yaml.angle("margin", 0...10) ?? result.commands.margin
      result.commands.release = try yaml.angle("release", 0...10) ?? result.commands.release
    }
    if let yaml = try mapping("heat", ["warn", "stop"]) {
      result.heat.warn = try yaml.number("warn", 0...3600) ?? result.heat.warn
      result.heat.stop = try yaml.number("stop", 0...3600) ?? result.heat.stop
      guard result.heat.stop <= result.heat.warn else {
        throw yaml.error(
          "found a stop at \(result.heat.stop.short) s, the warning at \(result.heat.warn.short) s "
            + "was expected before it")
      }
    }
    result.rest = try rest(device)
    return result
  }

  private func rest(_ device: Wiring.Device) throws(YAMLError) -> Wiring.Protection.Rest? {
    guard let yaml = try mapping("rest", ["after", "share"]) else { return nil }
    guard device.canLowerTorque else {
      throw file.error(
        "rest", "the motors of driver '\(device.rawValue)' cannot lower their torque")
    }
    guard let after = try yaml.number("after", 1...86_400) else {
      throw yaml.error("after", "the key is missing")
    }
    let least = Wiring.Protection.leastShare
    return Wiring.Protection.Rest(after: after, share: try yaml.number("share", least...1) ?? 0.5)
  }

  private func mapping(_ key: String, _ keys: [String]) throws(YAMLError) -> StrictYAML? {
    try file.mapping(key, what: key, keys: keys)
  }
}

extension Wiring.Device {
  /// Whether the torque of motors of this kind can be lowered while they hold.
  public var canLowerTorque: Bool {
    switch self {
    case .dynamixel2, .dynamixel1, .feetechSTS: true
    case .feetechSCS, .lx16a, .uarmSwiftPro, .uarmSwift, .uarmMetal: false
    }
  }
}

extension StrictYAML {
  /// The number of a key within bounds; nil if it is not given.
  func number(_ key: String, _ bounds: ClosedRange<Double>) throws(YAMLError) -> Double? {
    guard let value = try number(key) else { return nil }
    guard bounds.contains(value) else {
      throw error(key, "found \(value.short), \(bounds.shown) was expected")
    }
    return value
  }

  /// The angle of a key, in degrees within bounds, as radians; nil if it is not given.
  func angle(_ key: String, _ degrees: ClosedRange<Double>) throws(YAMLError) -> Double? {
    try number(key, degrees).map { $0 * .pi / 180 }
  }
}
