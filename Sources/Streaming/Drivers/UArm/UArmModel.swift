/// A model of arm and firmware.
enum UArmModel: Sendable, Hashable {
  /// Swift Pro, grbl-based firmware from 4.5.0 on.
  case proV4
  /// Swift Pro, Marlin-based firmware from 3.2.0 on.
  case proV3
  /// Swift.
  case swift
  /// Metal.
  case metal

  /// The name of the model.
  var name: String {
    switch self {
    case .proV4, .proV3: "uArm Swift Pro"
    case .swift: "uArm Swift"
    case .metal: "uArm Metal"
    }
  }

  var kinematics: UArmKinematics {
    switch self {
    case .proV4: UArmKinematics()
    case .proV3: .swiftProV3
    case .swift: .swift
    case .metal: .metal
    }
  }

  /// Returns the model for a name and firmware version; throws for unknown ones.
  static func identified(
    name: String, version: UArmVersion, for device: Wiring.Device
  ) throws(DriverFault) -> UArmModel {
    let lower = name.lowercased()
    let isPro = lower.contains("pro")
    switch device {
    case .uarmSwiftPro where lower.contains("swift") && isPro:
      switch version.major {
      case 4:
        // G2206, the joint move, was added in 4.5.0.
        try require(version, UArmVersion(4, 5, 0), name)
        return .proV4
      case 3:
        try require(version, UArmVersion(3, 2, 0), name)
        return .proV3
      case ..<3: throw tooOld(version, "3.2.0", name)
      default:
        throw DriverFault(
          .wrongDevice,
          "\(name) has firmware \(version), which is not known; expected 4.5.0 to 4.x or 3.2.0 to 3.x"
        )
      }
    case .uarmSwift where lower.contains("swift") && !isPro:
      try require(version, UArmVersion(2, 0, 0), name)
      return .swift
    case .uarmMetal where lower.contains("metal"):
      try require(version, UArmVersion(2, 2, 0), name)
      return .metal
    default:
      throw DriverFault(
        .wrongDevice, "'\(name)' answers on the port; expected \(expected(device))")
    }
  }

  private static func expected(_ device: Wiring.Device) -> String {
    switch device {
    case .uarmSwiftPro: "'SwiftPro'"
    case .uarmSwift: "'Swift' (not Pro)"
    default: "'Metal'"
    }
  }

  private static func require(
    _ version: UArmVersion, _ least: UArmVersion, _ name: String
  ) throws(DriverFault) {
    guard version >= least else { throw tooOld(version, "\(least)", name) }
  }

  private static func tooOld(_ found: UArmVersion, _ least: String, _ name: String) -> DriverFault {
    DriverFault(
      .wrongDevice, "\(name) has firmware \(found), which is too old; expected \(least) or newer")
  }
}

/// A firmware version.
struct UArmVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  var major: Int
  var minor: Int
  var patch: Int

  init(_ major: Int, _ minor: Int, _ patch: Int) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  /// Parses `4.10.0` or `3.2`, also with a suffix ("2.2.4_alpha").
  init?(_ text: String) {
    let parts = text.split(separator: ".", maxSplits: 2).map { part in
      Int(part.prefix { $0.isNumber && $0.isASCII }.prefix(4))
    }
    guard parts.count >= 2, let major = parts[0], let minor = parts[1] else { return nil }
    self.init(major, minor, parts.count > 2 ? parts[2] ?? 0 : 0)
  }

  var description: String { "\(major).\(minor).\(patch)" }

  static func < (a: UArmVersion, b: UArmVersion) -> Bool {
    (a.major, a.minor, a.patch) < (b.major, b.minor, b.patch)
  }
}
