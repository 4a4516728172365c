/// What a session may do, and how carefully.
public struct SessionOptions: Sendable, Hashable {
  /// Whether anything may move; without, the session measures, plans, says so and ends.
  public var go = false
  /// The rate along the path, above 0, at most 1 (what was proven).
  public var speed = 1.0
  /// How often the trajectory is played.
  public var loops = 1
  /// Frames a second [Hz]; nil for what the wiring or the driver says.
  public var rate: Double?
  /// The share of velocity, acceleration and jerk limits for planned moves, above 0, at most 1.
  public var softStart = 0.25
  /// The least duration of a planned move [s].
  public var leastMove = 2.0
  /// How far a joint may be from its command of a lag ago [rad]; for lengths a tenth of it [m].
  public var followingLimit = 10 * Double.pi / 180
  /// How many read-backs in a row may be beyond that before the robot is stopped.
  public var followingReadBacks = 3
  /// How far outside its limits a joint may stand at the start [rad or m].
  ///
  /// For a register's step and a soft joint's sag; the first command is then the limit itself.
  public var measuredTolerance = 0.01
  /// Whether a joint may be sent further in the first move than the wiring has it.
  public var far = false
  /// After how long at rest the torque is lowered [s]; nil for what the wiring says.
  public var restAfter: Double?
  /// Whether to go to the wiring's park pose at the end.
  public var park = false
  /// Whether to let go at the end; the robot may fall.
  public var release = false

  /// Careful defaults.
  public init() {}
}

/// What an operator, or the loop around a session, tells it.
public enum OperatorInput: Sendable, Hashable {
  /// Come to rest on the path; or go on.
  case togglePause
  /// A tenth faster, at most the proven speed.
  case faster
  /// A tenth slower.
  case slower
  /// The first time: decelerate along the path and hold. The second time: stop at once.
  case stop
  /// Stop at once.
  case abort
  /// The port is gone, and why.
  case linkLost(String)
}

/// The stages of a session; each has a time after which it has failed.
public enum SessionPhase: String, Sendable, Hashable, CaseIterable {
  /// Finding out who is there and where the joints are.
  case identifying
  /// Motors are being told to hold where they stand.
  case engaging
  /// From the measured pose to the first frame.
  case softStart = "soft start"
  /// Along the trajectory.
  case streaming
  /// From the last frame back to the first.
  case returning
  /// To the park pose.
  case parking
  /// Queues run empty.
  case ending
  /// The robot holds, until its torque is lowered.
  case resting
  /// The stop is on its way.
  case stopping
  /// Motors are being let go.
  case releasing
  /// Over.
  case finished

  /// How long it may take [s]; nil where the path says so.
  ///
  /// A uArm boots in 3.5 s and is asked for another 5 s; twenty motors are pinged three times each
  /// and configured. V3 carries out a move before it answers. A uArm V4 brakes for up to a second, is
  /// emptied and asked where it is.
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
