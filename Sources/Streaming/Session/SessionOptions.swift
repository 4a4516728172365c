/// The options of a session.
public struct SessionOptions: Sendable, Hashable {
  /// Whether the robot may move; otherwise the session measures, plans, reports the plan and ends.
  public var go = false
  /// The rate along the path, above 0 and at most 1, the rate for which the limits are proven.
  public var speed = 1.0
  /// How often the trajectory is played.
  public var loops = 1
  /// The frame rate [Hz]; nil for that of the wiring or the driver.
  public var rate: Double?
  /// The share of velocity, acceleration and jerk limits for planned moves, above 0, at most 1.
  public var softStart = 0.25
  /// The least duration of a planned move [s].
  public var leastMove = 2.0
  /// The largest following error, compensated for the lag [rad]; for lengths a tenth of it [m].
  public var followingLimit = 10 * Double.pi / 180
  /// The number of successive read-backs with a larger error after which the robot is stopped.
  public var followingReadBacks = 3
  /// How far outside its limits a joint may stand at the start [rad or m].
  ///
  /// It allows for a register's resolution and the sag of a soft joint; the first command is then
  /// the limit itself.
  public var measuredTolerance = 0.01
  /// Whether the first move of a joint may be longer than the wiring allows.
  public var far = false
  /// The time at rest after which the torque is lowered [s]; nil for that of the wiring.
  public var restAfter: Double?
  /// Whether the robot moves to the wiring's park pose at the end.
  public var park = false
  /// Whether the motors are released at the end; the robot may fall.
  public var release = false

  /// Creates cautious default options.
  public init() {}
}

/// An input from the operator, or from the loop that runs a session.
public enum OperatorInput: Sendable, Hashable {
  /// Pause on the path, or resume.
  case togglePause
  /// Go faster by a tenth of the proven speed, which is the upper limit.
  case faster
  /// Go slower by a tenth of the proven speed.
  case slower
  /// Decelerate along the path and hold; given a second time, stop at once.
  case stop
  /// Stop at once.
  case abort
  /// The port is lost, for a reason.
  case linkLost(String)
}

/// A phase of a session.
public enum SessionPhase: String, Sendable, Hashable, CaseIterable {
  /// The device is identified and the joints are measured.
  case identifying
  /// The motors are switched on and hold their positions.
  case engaging
  /// The robot moves from the measured pose to the first frame.
  case softStart = "soft start"
  /// The robot follows the trajectory.
  case streaming
  /// The robot moves from the last frame back to the first.
  case returning
  /// The robot moves to the park pose.
  case parking
  /// The device carries out what is queued.
  case ending
  /// The robot holds until its torque is lowered.
  case resting
  /// The stop was sent.
  case stopping
  /// The motors are being released.
  case releasing
  /// The session is over.
  case finished

  /// The time after which the phase has failed [s]; nil if its duration depends on the path.
  ///
  /// A uArm boots in 3.5 s and answers questions for another 5 s; each of twenty motors is pinged
  /// up to three times and configured. A V3 carries out a move before it answers. A V4 brakes for
  /// up to a second, then its queue is cleared and its position is read.
  public var timeLimit: Double? {
    switch self {
    case .identifying: 30
    case .engaging: 15
    case .softStart, .streaming, .returning, .parking, .resting, .finished: nil
    case .ending: 15
    case .stopping: 3
    case .releasing: 5
    }
  }

  /// Whether frames are sent.
  public var isMoving: Bool {
    switch self {
    case .softStart, .streaming, .returning, .parking: true
    default: false
    }
  }
}
