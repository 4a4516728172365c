/// A level of the motors' torque limits.
public enum TorqueLevel: Sendable, Hashable {
  /// A share of the caps of the wiring, 1 for the caps themselves.
  case share(Double)
  /// The limits that were found before anything was written.
  case found
}

/// The state of the registers that limit the motors' torque.
public struct TorqueLimits: Sendable, Hashable {
  /// A motor whose limit was changed.
  public struct Change: Sendable, Hashable {
    /// The joint.
    public var joint: String
    /// The value of the register before.
    public var before: Int
    /// The value that was written last.
    public var now: Int

    /// Creates a change.
    public init(joint: String, before: Int, now: Int) {
      self.joint = joint
      self.before = before
      self.now = now
    }
  }

  /// The register's name: "goal PWM", "torque limit".
  public var register: String
  /// The level that was written last; nil if none was.
  public var level: TorqueLevel?
  /// Whether all motors have confirmed the level.
  public var isSettled: Bool
  /// The motors whose limits were changed.
  public var changes: [Change]

  /// Creates a description of torque limits.
  public init(register: String, level: TorqueLevel?, isSettled: Bool, changes: [Change]) {
    self.register = register
    self.level = level
    self.isSettled = isSettled
    self.changes = changes
  }
}

// The defaults are for devices whose torque cannot be limited.
extension RobotDriver {
  /// There are no torque limits.
  public var torqueLimits: TorqueLimits? { nil }

  /// Temperatures are not known.
  public var alarmTemperatures: [Double?] { [] }

  /// Does nothing.
  public mutating func limitTorque(to level: TorqueLevel) {}
}
