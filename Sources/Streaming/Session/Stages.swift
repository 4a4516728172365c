import Trajectories

/// The stages of a session: trajectories from rest to rest, each of which begins where the previous
/// one ended.
struct Stages: Sendable {
  /// One stage.
  struct Stage: Sendable {
    /// The phase in which the stage is carried out.
    var phase: SessionPhase
    /// The trajectory of the stage.
    var trajectory: SafeTrajectory
  }

  /// The move from the measured pose.
  let start: SafeTrajectory
  /// The trajectory to play; nil if only the first move is to be made.
  let stream: SafeTrajectory?
  /// The move from the end of `stream` to its start; nil if they are the same.
  let back: SafeTrajectory?
  /// The move to the park pose; nil if there is none.
  let park: SafeTrajectory?
  /// How often `stream` is still to be played.
  private var remaining: Int
  private var last: SessionPhase?

  init(
    start: SafeTrajectory, stream: SafeTrajectory?, back: SafeTrajectory?, park: SafeTrajectory?,
    loops: Int
  ) {
    self.start = start
    self.stream = stream
    self.back = back
    self.park = park
    remaining = loops
  }

  /// Returns the next stage; nil at the end.
  mutating func next() -> Stage? {
    let stage = following
    last = stage?.phase
    if last == .streaming { remaining -= 1 }
    return stage
  }

  private var following: Stage? {
    switch last {
    case nil: return Stage(phase: .softStart, trajectory: start)
    case .streaming where remaining > 0:
      if let back { return Stage(phase: .returning, trajectory: back) }
      return stream.map { Stage(phase: .streaming, trajectory: $0) }
    case .softStart, .returning:
      if let stream { return Stage(phase: .streaming, trajectory: stream) }
      return park.map { Stage(phase: .parking, trajectory: $0) }
    case .streaming: return park.map { Stage(phase: .parking, trajectory: $0) }
    default: return nil
    }
  }
}
