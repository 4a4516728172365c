/// The protection of motors and people at speeds within the limits.
extension Wiring {
  /// The thresholds of all motors; those that `wire.yaml` does not give have cautious defaults.
  public struct Protection: Sendable, Hashable {
    /// The criteria of a stalled motor: load, error and time together.
    public struct Stall: Sendable, Hashable {
      /// The load above which a motor may be stalled, as a share of its torque cap.
      public var load = 0.4
      /// The least distance of the joint from its command [rad]; for lengths a tenth of it [m].
      public var error = 6 * Double.pi / 180
      /// The time for which both must last [s].
      public var time = 0.5

      /// Careful defaults.
      public init() {}
    }

    /// The bands for positions that are commanded from outside.
    public struct Commands: Sendable, Hashable {
      /// How far beyond a limit a command is clamped to it; further beyond it is rejected [rad];
      /// for lengths a tenth of it [m].
      public var margin = 1 * Double.pi / 180
      /// How far inside the limits a command must be before a joint follows again after a rejected
      /// command [rad]; for lengths a tenth of it [m].
      public var release = 1 * Double.pi / 180

      /// Careful defaults.
      public init() {}
    }

    /// The reaction to a motor whose temperature rises towards its alarm.
    public struct Heat: Sendable, Hashable {
      /// The time to the alarm at which a warning is given [s].
      public var warn = 120.0
      /// The time to the alarm at which the robot comes to rest and holds [s].
      public var stop = 20.0

      /// Careful defaults.
      public init() {}
    }

    /// The rule for lowering the torque with which a robot holds.
    public struct Rest: Sendable, Hashable {
      /// How long the robot must have stood still [s].
      public var after: Double
      /// The share of the torque cap that is left, above 0 and at most 1.
      public var share: Double

      /// Creates a rule; the default is half of the cap.
      public init(after: Double, share: Double = 0.5) {
        self.after = after
        self.share = share
      }
    }

    /// The criteria of a stalled motor.
    public var stall = Stall()
    /// The bands for commands from outside.
    public var commands = Commands()
    /// The reaction to a rising temperature.
    public var heat = Heat()
    /// The rule for lowering the holding torque; nil for never, since a robot with less torque may
    /// sink.
    public var rest: Rest?

    /// The longest first move of a joint whose motor gives none [rad]; for lengths a tenth of it
    /// [m].
    ///
    /// The way from a robot's resting pose to the start of a motion is rarely longer than a quarter
    /// of a turn. The usual reasons for a longer one are a wrong zero, a wrong direction, another
    /// robot's file or a register that is a turn off.
    public static let firstMove = Double.pi / 2

    /// The least share of its torque to which a motor may be capped.
    public static let leastShare = 0.1

    /// Creates cautious defaults that do not lower the torque.
    public init() {}
  }
}

extension Wiring.Device {
  /// The default torque cap of a motor, as a share of its torque.
  ///
  /// Four fifths: a stalled motor has a fifth less force on its gears and a third less heat, which
  /// is proportional to the square; four fifths of the no-load speed are left. It is nil if there
  /// is no register for it, or only one that is kept without power, since a default must not change
  /// a motor permanently.
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
  /// The torque cap of a motor as a share of its torque; nil if it has none.
  public func torqueCap(ofMotor index: Int) -> Double? {
    guard device.hasTorqueCap else { return nil }
    return motors[index].torqueCap ?? device.torqueCap
  }
}
