/// What keeps motors and people from harm at speeds that are legal.
extension Wiring {
  /// Thresholds that hold for all motors; what `wire.yaml` does not say has a careful default.
  public struct Protection: Sendable, Hashable {
    /// When a motor counts as stalled: load and error and time, all three at once.
    public struct Stall: Sendable, Hashable {
      /// The load from which on it may be stalled, as a share of the motor's torque cap.
      public var load = 0.4
      /// How far the joint is from its command at least [rad]; for lengths a tenth of it [m].
      public var error = 6 * Double.pi / 180
      /// For how long both must hold [s].
      public var time = 0.5

      /// Careful defaults.
      public init() {}
    }

    /// What is done with positions that come from outside and are not proven.
    public struct Commands: Sendable, Hashable {
      /// So far beyond a limit a command is clamped to it; beyond, it is rejected [rad]; for
      /// lengths a tenth of it [m].
      public var margin = 1 * Double.pi / 180
      /// So far inside the limits a command must be before a joint whose command was rejected
      /// follows again [rad]; for lengths a tenth of it [m].
      public var release = 1 * Double.pi / 180

      /// Careful defaults.
      public init() {}
    }

    /// What is done when a motor's temperature rises towards the one at which it is stopped.
    public struct Heat: Sendable, Hashable {
      /// A warning where the alarm is this near [s].
      public var warn = 120.0
      /// The robot comes to rest and holds where it is this near [s].
      public var stop = 20.0

      /// Careful defaults.
      public init() {}
    }

    /// When and how far the torque is lowered with which a robot holds.
    public struct Rest: Sendable, Hashable {
      /// How long the robot must have stood still [s].
      public var after: Double
      /// The share of the torque cap that is left, above 0, at most 1.
      public var share: Double

      /// A rule; the share is half of the cap if it is not given.
      public init(after: Double, share: Double = 0.5) {
        self.after = after
        self.share = share
      }
    }

    /// When a motor counts as stalled.
    public var stall = Stall()
    /// What is done with commands from outside.
    public var commands = Commands()
    /// What is done with a rising temperature.
    public var heat = Heat()
    /// When the holding torque is lowered; nil for never, since a robot with less torque may sink.
    public var rest: Rest?

    /// How far from where it stands a joint may be sent first, where its motor says nothing [rad];
    /// for lengths a tenth of it [m].
    ///
    /// Nearer, and a quarter of a turn is rarely passed between a pose in which a robot is left and
    /// the start of a motion; further, and the usual reasons are a wrong zero, a wrong direction,
    /// another robot's file or a count that is a turn off.
    public static let firstMove = Double.pi / 2

    /// The least share of its torque to which a motor may be capped.
    public static let leastShare = 0.1

    /// Careful defaults, and no lowering of the torque.
    public init() {}
  }
}

extension Wiring.Device {
  /// The share of their torque to which motors are capped where `wire.yaml` says nothing.
  ///
  /// Four fifths: at a stall a fifth less force on the gears and a third less heat (it goes with the
  /// square), and four fifths of the speed without load are left. Nil where there is no register
  /// for it, or only one that the motor keeps without power: a default leaves no lasting mark.
  public var torqueCap: Double? {
    switch self {
    case .dynamixel2, .dynamixel1, .feetechSTS: 0.8
    case .feetechSCS, .lx16a, .uarmSwiftPro, .uarmSwift, .uarmMetal: nil
    }
  }

  /// Whether motors of this kind have a register that caps their torque.
  public var hasTorqueCap: Bool {
    switch self {
    case .dynamixel2, .dynamixel1, .feetechSTS, .feetechSCS: true
    case .lx16a, .uarmSwiftPro, .uarmSwift, .uarmMetal: false
    }
  }
}

extension Wiring {
  /// The share of its torque to which a motor is capped; nil where it is not.
  public func torqueCap(ofMotor index: Int) -> Double? {
    guard device.hasTorqueCap else { return nil }
    return motors[index].torqueCap ?? device.torqueCap
  }
}
