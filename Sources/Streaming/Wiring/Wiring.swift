/// The assignment of a robot's joints to motors, from `wire.yaml`, checked against the robot.
public struct Wiring: Sendable, Hashable {
  /// The supported devices and their protocols.
  public enum Device: String, Sendable, Hashable, CaseIterable {
    /// uArm Swift Pro; the driver finds out whether it has the V3 or the V4 firmware.
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

  /// A motor and its joint: `raw = zero + direction · unitsPerRadian · position`.
  public struct Motor: Sendable, Hashable {
    /// The joint's name in the robot's description.
    public var joint: String
    /// The motor's id on the bus; for a uArm 0 base, 1 left, 2 right, 3 wrist.
    public var id: Int
    /// 1 or -1: whether the register increases or decreases with the joint's position.
    public var direction: Double
    /// The value of the register at position zero (for a uArm: degrees).
    public var zero: Double
    /// The register units of a radian or metre (for a uArm: degrees).
    public var unitsPerRadian: Double
    /// The range of the register that may be commanded.
    public var range: ClosedRange<Double>
    /// The range of the joint [rad or m].
    public var limits: ClosedRange<Double>
    /// The greatest speed of the joint [rad/s or m/s].
    public var velocityLimit: Double
    /// The motor's model ("XM430-W350"); nil if any model is accepted.
    public var model: String?
    /// The group of motors that is switched on together ("legs").
    public var group: String?
    /// The torque cap as a share of the motor's torque, above 0 and at most 1; nil for the
    /// driver's.
    public var torqueCap: Double?
    /// The longest first move of the joint [rad or m]; nil for the default.
    public var firstMove: Double?

    /// Creates a motor.
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

    /// Returns the value of the register for a position, not rounded.
    public func raw(_ position: Double) -> Double {
      zero + direction * unitsPerRadian * position
    }

    /// Returns the position for a value of the register.
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
    /// The value that switches the supply on.
    public var value: Int
    /// How long the motors need to boot [s].
    public var delay: Double

    /// Creates a switch.
    public init(id: Int, address: Int, value: Int, delay: Double) {
      self.id = id
      self.address = address
      self.value = value
      self.delay = delay
    }
  }

  /// The robot's name.
  public var robot: String
  /// The device and its protocol.
  public var device: Device
  /// The baud rate.
  public var baud: Int
  /// One motor for each coordinate of the robot's configuration, in that order.
  public var motors: [Motor]
  /// The switch of the motors' supply; nil if there is none.
  public var powerSwitch: PowerSwitch?
  /// The frame rate [Hz]; nil if wire.yaml does not give one.
  public var rate: Double?
  /// A pose in which the robot may be left, in the order of the motors [rad or m].
  public var park: [Double]?
  /// The protection of the motors.
  public var protection: Protection

  /// Creates a wiring from values that are not checked; `Wiring(contentsOf:for:)` checks them.
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
