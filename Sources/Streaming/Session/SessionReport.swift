/// What became known while a session ran.
public enum SessionEvent: Sendable, Hashable {
  /// A stage begins.
  case phase(SessionPhase)
  /// What is connected.
  case identified(DeviceReport)
  /// Where the robot stands.
  case measured(Measurement)
  /// What would be done, or will be.
  case planned(SessionPlan)
  /// A frame was handed out.
  case frame(FrameRecord)
  /// How far a read-back is at most from the command of a lag ago [rad or m], and that lag [s].
  case following(Double, lag: Double)
  /// How full queue and bus are.
  case gauge(QueueGauge)
  /// The path is being stopped on, or gone on.
  case paused(Bool)
  /// The rate along the path that is wished for now.
  case speed(Double)
  /// Something the user should know.
  case warning(String)
  /// It is over.
  case ended(SessionEnding)
}

/// What a session means to do.
public struct SessionPlan: Sendable, Hashable {
  /// One stage: which, how long at its speed [s].
  public struct Stage: Sendable, Hashable {
    /// Which.
    public var phase: SessionPhase
    /// How long [s].
    public var duration: Double
  }

  /// The stages in order, those of one loop.
  public var stages: [Stage]
  /// How often the trajectory is played.
  public var loops: Int
  /// Frames a second [Hz].
  public var rate: Double
  /// The joint that goes furthest in the soft start.
  public var furthestJoint: String
  /// How far that is [rad or m].
  public var furthestDistance: Double
  /// Whether the trajectory moves a floating base, which no motor can and the stream leaves out.
  public var ignoresBase: Bool
}

/// A frame as it was handed out.
public struct FrameRecord: Sendable, Hashable {
  /// The frame's number on the clock.
  public var frame: Int
  /// The stage it is of.
  public var phase: SessionPhase
  /// Where on the stage's path [s].
  public var pathTime: Double
  /// Positions [rad or m].
  public var positions: [Double]
  /// When it was due [s].
  public var due: Double
  /// When it was handed out [s].
  public var sent: Double
  /// Frames that were due before it and were not sent.
  public var skipped: Int
}

/// How a session ended.
public enum SessionEnding: Sendable, Hashable {
  /// Nothing was to move: `go` was not given.
  case planned
  /// All was done.
  case completed
  /// The operator had it come to rest.
  case operatorStopped
  /// The operator had it stop at once.
  case operatorAborted
  /// Something went wrong.
  case fault(DriverFault)
}

/// What the robot is left doing.
public enum RobotState: String, Sendable, Hashable {
  /// Nothing was sent that could move it.
  case untouched
  /// Holding where it is.
  case holding
  /// Stopped by the strongest means that does not let it fall.
  case stopped
  /// Without torque.
  case released
  /// Out of reach: it does what it does by itself without a host.
  case unreachable = "out of reach"
}

/// A session in figures.
public struct SessionReport: Sendable, Hashable {
  /// How it ended; nil while it runs.
  public var ending: SessionEnding?
  /// What the robot is left doing.
  public var robot = RobotState.untouched
  /// How many frames were sent.
  public var framesSent = 0
  /// How many were due and were skipped.
  public var framesSkipped = 0
  /// How often the host was away so long that the path began again from rest.
  public var stalls = 0
  /// The last set-point that was sent.
  public var lastFrame: FrameRecord?
  /// How late frames were.
  public var lateness = TimingHistogram()
  /// The root mean square of all joints' following errors [rad or m], at the lag that fits best.
  public var followingError: Double?
  /// That lag [s].
  public var lag: Double?
  /// The greatest following error [rad or m].
  public var worstFollowingError: Double?
  /// Its joint.
  public var worstFollowingJoint: String?
  /// How many read-backs were compared.
  public var readBacks = 0
  /// What became of the positions that came from outside.
  public var commands = CommandGate.Counts()
  /// How the motors' torque is left limited; nil where nothing can limit it.
  public var torque: TorqueLimits?
  /// The hottest a motor was [°C].
  public var greatestTemperature: Double?
  /// The lowest supply voltage [V].
  public var leastVoltage: Double?
  /// Whether the trajectory has poses of a floating base, which were left out.
  public var ignoresBase = false

  /// Nothing yet.
  public init() {}
}

/// What a session hands out.
public struct SessionOutput: Sendable {
  /// Bytes to write now.
  public var bytes: [UInt8] = []
  /// Whether bytes that wait in front of the port must be thrown away first.
  public var discardsPending = false
  /// What became known.
  public var events: [SessionEvent] = []

  /// Nothing.
  public init() {}

  mutating func append(_ output: DriverOutput) {
    if output.discardsPending {
      discardsPending = true
      // What was to be written earlier in this call waits in front of the port as well.
      bytes.removeAll()
    }
    bytes += output.bytes
  }
}
