public import Files
import Foundation
import Kinematics

/// The calibration of one physical robot: zeros, directions and ranges of its motors.
public struct Calibration: Sendable, Hashable {
  /// The calibration of one joint; nil for values that the wiring gives.
  public struct Joint: Sendable, Hashable {
    /// The joint's name.
    public var name: String
    /// The register at position zero.
    public var zero: Double?
    /// 1 or -1: whether the register grows with the position.
    public var direction: Double?
    /// The range of the register that may be commanded.
    public var range: ClosedRange<Double>?

    /// Creates the calibration of a joint.
    public init(
      name: String, zero: Double? = nil, direction: Double? = nil,
      range: ClosedRange<Double>? = nil
    ) {
      self.name = name
      self.zero = zero
      self.direction = direction
      self.range = range
    }
  }

  /// The robot's name.
  public var robot: String
  /// The device of the wiring.
  public var device: Wiring.Device
  /// The person who calibrated the robot.
  public var by: String?
  /// The date (ISO 8601).
  public var made: String?
  /// The calibrated joints.
  public var joints: [Joint]

  private static let keys = ["robot", "driver", "by", "made", "joints"]
  private static let jointKeys = ["zero", "direction", "range"]

  /// Creates a calibration.
  public init(
    robot: String, device: Wiring.Device, by: String? = nil, made: String? = nil, joints: [Joint]
  ) {
    self.robot = robot
    self.device = device
    self.by = by
    self.made = made
    self.joints = joints
  }

  /// Reads a calibration file.
  public init(contentsOf path: String) throws(WiringError) {
    let text = try Wiring.text(of: path)
    do throws(YAMLError) {
      try self.init(
        StrictYAML(parsing: text, path: path, what: "the file", keys: Self.keys))
    } catch {
      throw .invalidCalibration(path: path, reason: error.reason)
    }
  }

  private init(_ file: StrictYAML) throws(YAMLError) {
    robot = try file.requiredText("robot")
    let name = try file.requiredText("driver")
    guard let device = Wiring.Device(rawValue: name) else {
      throw file.error(
        "driver",
        "there is no driver '\(name)'; there are "
          + WiringError.list(Wiring.Device.allCases.map(\.rawValue)))
    }
    self.device = device
    by = try file.text("by")
    made = try file.text("made")
    joints = []
    guard let entries = try file.mapping("joints", what: "joints", keys: nil) else {
      throw file.error("joints", "the key is missing")
    }
    for name in entries.names {
      guard
        let entry = try entries.mapping(name, what: "joint '\(name)'", keys: Self.jointKeys)
      else { continue }
      joints.append(
        Joint(
          name: name, zero: try entry.number("zero"), direction: try MotorEntry.direction(entry),
          range: try MotorEntry.range(entry)))
    }
  }

  /// Writes the file atomically.
  public func write(to path: String) throws(FileError) {
    try AtomicFile.write(text, to: path)
  }

  /// The file's text.
  var text: String {
    var lines = ["# Calibration of one physical robot. Format: Robots/README.md."]
    lines.append("robot: \(Self.quoted(robot))")
    lines.append("driver: \(device.rawValue)")
    if let by { lines.append("by: \(Self.quoted(by))") }
    if let made { lines.append("made: \(Self.quoted(made))") }
    lines.append("joints:")
    for joint in joints {
      var values: [String] = []
      if let zero = joint.zero { values.append("zero: \(zero)") }
      if let direction = joint.direction { values.append("direction: \(direction.short)") }
      if let range = joint.range {
        values.append("range: [\(range.lowerBound), \(range.upperBound)]")
      }
      lines.append("  \(Self.quoted(joint.name)): {\(values.joined(separator: ", "))}")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Returns a text in double quotes, escaped for YAML.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "&": result += "\\x26"  // the reader refuses what looks like an anchor
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\x" + (digits.count < 2 ? "0" : "") + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

// MARK: - Use

extension Calibration {
  /// Returns the wiring of the physical robot.
  ///
  /// The limits of a joint are narrowed to the range of its motor.
  func applied(
    to wiring: Wiring, of robot: Robot, path: String
  ) throws(WiringError) -> Wiring {
    func refuse(_ reason: String) -> WiringError {
      .invalidCalibration(path: path, reason: reason)
    }
    guard self.robot == wiring.robot else {
      throw refuse("it is of robot '\(self.robot)', not of '\(wiring.robot)'")
    }
    guard device == wiring.device else {
      throw refuse(
        "it is of driver '\(device.rawValue)', the wiring has '\(wiring.device.rawValue)'")
    }
    var result = wiring
    for joint in joints {
      guard let index = wiring.motors.firstIndex(where: { $0.joint == joint.name }) else {
        throw refuse(
          "the robot has no joint '\(joint.name)' with a motor; it has "
            + WiringError.list(wiring.motors.map(\.joint)))
      }
      do throws(Fault) {
        result.motors[index] = try applied(joint, to: wiring.motors[index])
      } catch {
        throw refuse("joint '\(joint.name)': \(error.reason)")
      }
    }
    for (index, position) in (wiring.park ?? []).enumerated() {
      guard result.motors[index].limits.contains(position) else {
        throw refuse(
          "joint '\(wiring.motors[index].joint)': the park pose lies outside its calibrated range")
      }
    }
    return result
  }

  private struct Fault: Error {
    var reason: String
  }

  private func applied(
    _ joint: Joint, to motor: Wiring.Motor
  ) throws(Fault) -> Wiring.Motor {
    let register = device.register(id: motor.id)
    var result = motor
    if let zero = joint.zero {
      guard register.contains(zero) else {
        throw Fault(reason: "zero \(zero.short) is outside the register, \(register.shown)")
      }
      result.zero = zero
    }
    result.direction = joint.direction ?? motor.direction
    if let range = joint.range {
      guard motor.range.lowerBound <= range.lowerBound,
        range.upperBound <= motor.range.upperBound
      else {
        throw Fault(
          reason: "range \(range.shown) is outside what the wiring allows, \(motor.range.shown)")
      }
      result.range = range
    }
    let ends = [result.position(result.range.lowerBound), result.position(result.range.upperBound)]
    let lower = max(motor.limits.lowerBound, min(ends[0], ends[1]))
    let upper = min(motor.limits.upperBound, max(ends[0], ends[1]))
    guard lower < upper else {
      throw Fault(reason: "its calibrated range and its limits have no position in common")
    }
    result.limits = lower...upper
    return result
  }
}
