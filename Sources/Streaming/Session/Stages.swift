import Trajectories

/// The stages that are gone through, each a trajectory from rest to rest where the last one ended.
struct Stages: Sendable {
  /// One stage.
  struct Stage: Sendable {
    /// Which.
    var phase: SessionPhase
    /// What is gone along.
    var trajectory: SafeTrajectory
  }

  /// From the measured pose.
  let start: SafeTrajectory
  /// What is played; nil where the start is all.
  let stream: SafeTrajectory?
  /// From its end to its start, where they differ.
  let back: SafeTrajectory?
  /// To the park pose.
  let park: SafeTrajectory?
  /// How often the stream is still to be played.
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

  /// The next stage, nil at the end.
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
