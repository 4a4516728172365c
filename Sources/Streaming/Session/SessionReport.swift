/// An event of a session.
public enum SessionEvent: Sendable, Hashable {
  /// A phase begins.
  case phase(SessionPhase)
  /// The device was identified.
  case identified(DeviceReport)
  /// The robot was measured.
  case measured(Measurement)
  /// The stages were planned.
  case planned(SessionPlan)
  /// A frame was sent.
  case frame(FrameRecord)
  /// The largest following error of a read-back [rad or m], and the lag for which it is compensated
  /// [s].
  case following(Double, lag: Double)
  /// The load of queue and bus was determined.
  case gauge(QueueGauge)
  /// The motion pauses (true) or resumes (false).
  case paused(Bool)
  /// The operator has set the rate along the path.
  case speed(Double)
  /// A warning for the user.
  case warning(String)
  /// The session has ended.
  case ended(SessionEnding)
}

/// The plan of a session.
public struct SessionPlan: Sendable, Hashable {
  /// One stage of the plan.
  public struct Stage: Sendable, Hashable {
    /// The phase in which the stage is carried out.
    public var phase: SessionPhase
    /// The duration at the speed of the stage [s].
    public var duration: Double
  }

  /// The stages of one loop, in order.
  public var stages: [Stage]
  /// How often the trajectory is played.
  public var loops: Int
  /// The frame rate [Hz].
  public var rate: Double
  /// The joint that moves furthest in the soft start.
  public var furthestJoint: String
  /// How far that joint moves [rad or m].
  public var furthestDistance: Double
  /// Whether the trajectory moves a floating base, which is not streamed since no motor moves it.
  public var ignoresBase: Bool
}

/// A frame that was sent.
public struct FrameRecord: Sendable, Hashable {
  /// The frame's number on the clock.
  public var frame: Int
  /// The phase to which the frame belongs.
  public var phase: SessionPhase
  /// The time on the path of the stage [s].
  public var pathTime: Double
  /// The commanded positions [rad or m].
  public var positions: [Double]
  /// When the frame was due [s].
  public var due: Double
  /// When the frame was sent [s].
  public var sent: Double
  /// The number of frames that were due before this one and were not sent.
  public var skipped: Int
}

/// The way a session ended.
public enum SessionEnding: Sendable, Hashable {
  /// The session only planned, because `go` was not set.
  case planned
  /// Every stage was carried out.
  case completed
  /// The operator brought the robot to rest.
  case operatorStopped
  /// The operator stopped the robot at once.
  case operatorAborted
  /// A fault ended the session.
  case fault(DriverFault)
}

/// What the robot is left doing.
public enum RobotState: String, Sendable, Hashable {
  /// Nothing was sent that could move the robot.
  case untouched
  /// The motors hold the pose.
  case holding
  /// The robot was stopped by the strongest means that does not let it fall.
  case stopped
  /// The motors have no torque.
  case released
  /// The link is lost; the robot does what it does without a host.
  case unreachable = "out of reach"
}

/// The report of a session.
public struct SessionReport: Sendable, Hashable {
  /// How the session ended; nil while it runs.
  public var ending: SessionEnding?
  /// What the robot is left doing.
  public var robot = RobotState.untouched
  /// The number of frames that were sent.
  public var framesSent = 0
  /// The number of frames that were due and skipped.
  public var framesSkipped = 0
  /// How often no frame could be sent for so long that the path continued from rest.
  public var stalls = 0
  /// The last set-point that was sent.
  public var lastFrame: FrameRecord?
  /// How late frames were sent.
  public var lateness = TimingHistogram()
  /// The root mean square of all joints' following errors at the best-fitting lag [rad or m].
  public var followingError: Double?
  /// The best-fitting lag [s].
  public var lag: Double?
  /// The greatest following error [rad or m].
  public var worstFollowingError: Double?
  /// The joint with the greatest following error.
  public var worstFollowingJoint: String?
  /// The number of read-backs that were compared.
  public var readBacks = 0
  /// How many commanded positions were passed, clamped and rejected.
  public var commands = CommandGate.Counts()
  /// The torque limits with which the motors are left; nil if they have none.
  public var torque: TorqueLimits?
  /// The highest temperature of a motor [°C].
  public var greatestTemperature: Double?
  /// The lowest supply voltage [V].
  public var leastVoltage: Double?
  /// Whether the trajectory moves a floating base, which was not streamed.
  public var ignoresBase = false

  /// Creates an empty report.
  public init() {}
}

/// The output of a session.
public struct SessionOutput: Sendable {
  /// The bytes to write now.
  public var bytes: [UInt8] = []
  /// Whether bytes that wait to be written must be discarded first.
  public var discardsPending = false
  /// The events of this call.
  public var events: [SessionEvent] = []

  /// Creates an empty output.
  public init() {}

  mutating func append(_ output: DriverOutput) {
    if output.discardsPending {
      discardsPending = true
      // What was to be written earlier in this call is discarded too.
      bytes.removeAll()
    }
    bytes += output.bytes
  }
}
