/// How a robot's joints hang on its wire: what `wire.yaml` says, checked against the robot.
public struct Wiring: Sendable, Hashable {
  /// The protocols that are spoken.
  public enum Device: String, Sendable, Hashable, CaseIterable {
    /// uArm Swift Pro; whether it has the V3 or the V4 firmware is found out by asking.
    case uarmSwiftPro = "uarm-swift-pro"
    /// uArm Swift.
    case uarmSwift = "uarm-swift"
    /// uArm Metal.
    case uarmMetal = "uarm-metal"
    /// Dynamixel, protocol 2.0.
    case dynamixel2
    /// Dynamixel, protocol 1.0.
    case dynamixel1
    /// Feetech STS and SMS (little-endian words, 4096 steps a turn).
    case feetechSTS = "feetech-sts"
    /// Feetech SCS (big-endian words, 1024 steps over 300°).
    case feetechSCS = "feetech-scs"
    /// LewanSoul or Hiwonder LX-16A.
    case lx16a
  }

  /// One motor and its joint: `raw = zero + direction · unitsPerRadian · position`.
  public struct Motor: Sendable, Hashable {
    /// The joint's name in the robot's description.
    public var joint: String
    /// The motor's id on the bus; for a uArm 0 base, 1 left, 2 right, 3 wrist.
    public var id: Int
    /// 1 or -1: whether the register grows with the joint's position.
    public var direction: Double
    /// The register's value (for a uArm: degrees) at position zero.
    public var zero: Double
    /// Register units (for a uArm: degrees) for each radian or metre.
    public var unitsPerRadian: Double
    /// The least and greatest value of the register that may be commanded.
    public var range: ClosedRange<Double>
    /// The least and greatest position of the joint [rad or m].
    public var limits: ClosedRange<Double>
    /// The greatest speed of the joint [rad/s or m/s].
    public var velocityLimit: Double
    /// The motor's model, where one is expected ("XM430-W350").
    public var model: String?
    /// The group that is switched on together ("legs").
    public var group: String?
    /// The share of its torque to which it is capped, above 0, at most 1; nil for the driver's own.
    public var torqueCap: Double?
    /// How far from where it stands its joint may be sent first [rad or m]; nil for the usual.
    public var firstMove: Double?

    /// A motor.
    public init(
      joint: String, id: Int, direction: Double, zero: Double, unitsPerRadian: Double,
      range: ClosedRange<Double>, limits: ClosedRange<Double>, velocityLimit: Double,
      model: String? = nil, group: String? = nil, torqueCap: Double? = nil,
      firstMove: Double? = nil
    ) {
      self.joint = joint
      self.id = id
      self.direction = direction
      self.zero = zero
      self.unitsPerRadian = unitsPerRadian
      self.range = range
      self.limits = limits
      self.velocityLimit = velocityLimit
      self.model = model
      self.group = group
      self.torqueCap = torqueCap
      self.firstMove = firstMove
    }

    /// The register's value of a position, not rounded.
    public func raw(_ position: Double) -> Double {
      zero + direction * unitsPerRadian * position
    }

    /// The position of a register's value.
    public func position(_ raw: Double) -> Double {
      direction * (raw - zero) / unitsPerRadian
    }
  }

  /// A register that must be written before the motors have power (OP3: OpenCR 200, address 24, 1).
  public struct PowerSwitch: Sendable, Hashable {
    /// The id of the board.
    public var id: Int
    /// The address of the register, one byte.
    public var address: Int
    /// What switches on.
    public var value: Int
    /// How long the motors need to boot [s].
    public var delay: Double

    /// A switch.
    public init(id: Int, address: Int, value: Int, delay: Double) {
      self.id = id
      self.address = address
      self.value = value
      self.delay = delay
    }
  }

  /// The robot's name.
  public var robot: String
  /// What is spoken.
  public var device: Device
  /// Bits a second.
  public var baud: Int
  /// One motor for each coordinate of the robot's configuration, in that order.
  public var motors: [Motor]
  /// What must be switched on first.
  public var powerSwitch: PowerSwitch?
  /// Frames a second, where wire.yaml says it [Hz].
  public var rate: Double?
  /// A pose in which the robot may be left, in the order of the motors [rad or m].
  public var park: [Double]?
  /// What keeps motors from harm.
  public var protection: Protection

  /// A wiring of parts that are checked already; `Wiring(contentsOf:for:)` checks.
  public init(
    robot: String, device: Device, baud: Int, motors: [Motor], powerSwitch: PowerSwitch? = nil,
    rate: Double? = nil, park: [Double]? = nil, protection: Protection = Protection()
  ) {
    self.robot = robot
    self.device = device
    self.baud = baud
    self.motors = motors
    self.powerSwitch = powerSwitch
    self.rate = rate
    self.park = park
    self.protection = protection
  }
}
