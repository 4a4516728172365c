extension SimulatedUArm {
  /// Versions of the Swift Pro's V4 firmware that can be simulated.
  public enum Version: String, Sendable, Hashable, CaseIterable, Comparable {
    /// 4.5.0, the first with the three-joint move.
    case v450 = "4.5.0"
    /// 4.5.1.
    case v451 = "4.5.1"
    /// 4.6.0.
    case v460 = "4.6.0"
    /// 4.7.0, the first that reports sensors that do not answer.
    case v470 = "4.7.0"
    /// 4.9.0.
    case v490 = "4.9.0"
    /// 4.10.0, which answers real-time bytes and refuses moves while a motor is detached.
    case v4100 = "4.10.0"

    /// Whether one version is older than another.
    public static func < (left: Version, right: Version) -> Bool { left.order < right.order }

    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }
}

extension SimulatedUArm.Version {
  /// What `P2204` answers.
  var interface: String { self < .v490 ? "V4.0.4" : "V4.0.5" }

  /// Whether `P2244` is known.
  var reportsSensors: Bool { self >= .v470 }

  /// Whether `!`, `~` and 0x18 are answered, 0x18 reads the sensors instead of raising an alarm,
  /// and moves are refused while a motor is detached.
  var isLatest: Bool { self >= .v4100 }
}

/// How long the main loop of the V4 firmware is busy with a command while nothing moves [s].
struct ArmTiming: Sendable {
  /// A line that is looked up and answered: most queries and settings.
  var line = 0.0008
  /// The angle of one motor: the sensor is read many times over.
  var oneAngle: Double
  /// What the right one takes longer.
  var rightSensor = 0.0006
  /// All three angles.
  var allAngles: Double
  /// What the tool point takes on top.
  var toolPoint: Double
  /// What the raw counts take less than the angles.
  var rawSaving = 0.0005
  /// Whether each of the three sensors answers.
  var sensorHealth: Double
  /// `M204`, which stores.
  var store = 0.0020
  /// Geometry in one direction.
  var geometry = 0.0032
  /// Looking at a joint move and finding that it cannot be gone.
  var conversion = 0.0038
  /// Looking at a joint move and finding a motor detached.
  var detached = 0.0026
  /// A joint move that goes into the planner.
  var jointMove = 0.0103
  /// A joint move to where the arm is.
  var noMove = 0.0085
  /// A point that goes into the planner; it is converted once less.
  var pointMove = 0.0076
  /// A motor that is moved alone.
  var singleMove = 0.0085
  /// A point that cannot be reached.
  var unreachablePoint = 0.0018
  /// The eleven pieces that a straight line is cut into.
  var straightLine = 0.0350
  /// Preparing one segment of motion.
  var segment = 0.0003
  /// The receive interrupt, for each byte.
  var reception = 20e-6
  /// How long 0x18 keeps the 4.10.0 inside the interrupt.
  var resync = 0.0395
  /// When the alarm after 0x18 in motion is announced, and when lines are heard again.
  var alarm = (text: 0.2555, ready: 0.7565)

  init(_ version: SimulatedUArm.Version) {
    let isLatest = version >= .v4100
    oneAngle = isLatest ? 0.0133 : 0.0144
    allAngles = isLatest ? 0.0393 : 0.0418
    toolPoint = isLatest ? 0.0010 : 0.0015
    sensorHealth = isLatest ? 0.0044 : 0.0046
  }
}
