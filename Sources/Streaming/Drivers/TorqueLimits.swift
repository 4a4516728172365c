/// How far the motors' torque is limited.
public enum TorqueLevel: Sendable, Hashable {
  /// To a share of the caps of the wiring, 1 for the caps themselves.
  case share(Double)
  /// To what was found before anything was written.
  case found
}

/// What is known of the registers that limit the motors' torque.
public struct TorqueLimits: Sendable, Hashable {
  /// A motor whose limit is not what it was before.
  public struct Change: Sendable, Hashable {
    /// The joint.
    public var joint: String
    /// What its register held before.
    public var before: Int
    /// What it holds, or was last told.
    public var now: Int

    /// A change.
    public init(joint: String, before: Int, now: Int) {
      self.joint = joint
      self.before = before
      self.now = now
    }
  }

  /// The register's name: "goal PWM", "torque limit".
  public var register: String
  /// What the motors were told last; nil where they were told nothing.
  public var level: TorqueLevel?
  /// Whether all motors have said that they have it.
  public var isSettled: Bool
  /// The motors whose limits are not what they were before.
  public var changes: [Change]

  /// What is known.
  public init(register: String, level: TorqueLevel?, isSettled: Bool, changes: [Change]) {
    self.register = register
    self.level = level
    self.isSettled = isSettled
    self.changes = changes
  }
}

// Most arms can do none of this; drivers of motors that can say so themselves.
extension RobotDriver {
  /// No limits that could be written.
  public var torqueLimits: TorqueLimits? { nil }

  /// Temperatures are not known.
  public var alarmTemperatures: [Double?] { [] }

  /// Does nothing.
  public mutating func limitTorque(to level: TorqueLevel) {}
}
