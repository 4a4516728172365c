extension Session {
  /// What a session is doing, with the data that is valid only while it does so.
  enum State: Sendable {
    /// The driver has not received an order yet.
    case idle
    /// The driver finds out what is connected and where the joints are.
    case identifying(Identification)
    /// The driver switches the motors on.
    case engaging(Engagement)
    /// Frames are sent.
    case moving(Motion)
    /// The last frame was sent; queues run empty.
    case ending(Completion)
    /// The robot holds until its torque is lowered.
    case resting(Completion)
    /// The stop was sent.
    case stopping(SessionEnding, hasStopped: Bool)
    /// The motors are being switched off.
    case releasing(hasReleased: Bool)
    /// The session is over.
    case finished
  }

  /// The data of a session that identifies the device.
  struct Identification: Sendable {
    /// Whether the driver has identified the device.
    var isIdentified = false
    /// The latest known positions; nil before the first measurement.
    var pose: Measurement?
  }

  /// The data of a session that engages the motors.
  struct Engagement: Sendable {
    /// The stages, planned from the pose measured before.
    var stages: Stages
    /// The latest known positions.
    var pose: Measurement
    /// Whether the motors hold.
    var isEngaged = false
  }

  /// The data of a session that has sent its last frame.
  struct Completion: Sendable {
    /// How the session will have ended.
    var ending: SessionEnding
    /// Whether the driver has reported that the robot holds.
    var hasHeld = false
    /// When the motors' torque limits began to be restored [s]; nil before.
    var restoring: Double?
  }
}

extension Session.State {
  /// The phase that is reported for this state.
  var phase: SessionPhase {
    switch self {
    case .idle, .identifying: .identifying
    case .engaging: .engaging
    case .moving(let motion): motion.phase
    case .ending: .ending
    case .resting: .resting
    case .stopping: .stopping
    case .releasing: .releasing
    case .finished: .finished
    }
  }

  /// Whether anything was sent that switches motors on or moves them.
  var hasEngaged: Bool {
    switch self {
    case .idle, .identifying, .finished: false
    case .engaging, .moving, .ending, .resting, .stopping, .releasing: true
    }
  }

  // Each accessor is nil in other states, and setting it there has no effect.

  /// The data of an identification.
  var identification: Session.Identification? {
    get { if case .identifying(let found) = self { found } else { nil } }
    set { if case .identifying = self, let newValue { self = .identifying(newValue) } }
  }

  /// The data of an engagement.
  var engagement: Session.Engagement? {
    get { if case .engaging(let engagement) = self { engagement } else { nil } }
    set { if case .engaging = self, let newValue { self = .engaging(newValue) } }
  }

  /// The data of a motion.
  var motion: Session.Motion? {
    get { if case .moving(let motion) = self { motion } else { nil } }
    set { if case .moving = self, let newValue { self = .moving(newValue) } }
  }

  /// The data of a session after its last frame.
  var completion: Session.Completion? {
    get {
      switch self {
      case .ending(let completion), .resting(let completion): completion
      default: nil
      }
    }
    set {
      guard let newValue else { return }
      switch self {
      case .ending: self = .ending(newValue)
      case .resting: self = .resting(newValue)
      default: break
      }
    }
  }

  /// Notes a measurement made before frames are sent.
  mutating func measured(_ measurement: Measurement) {
    if let found = identification {
      identification?.pose = found.pose?.completed(by: measurement) ?? measurement
    } else if let engagement {
      self.engagement?.pose = engagement.pose.completed(by: measurement)
    }
  }
}

extension Measurement {
  /// The newer measurement, with the positions that it lacks taken from this one.
  fileprivate func completed(by newer: Measurement) -> Measurement {
    var result = newer
    for index in positions.indices where newer.positions[index] == nil {
      result.positions[index] = positions[index]
    }
    return result
  }

  /// The positions, if all are known.
  var complete: [Double]? {
    let known = positions.compactMap { $0 }
    return known.count == positions.count ? known : nil
  }
}
