public import Files
public import Kinematics
public import MotionModels
public import Motions
public import Retargeting
public import Streaming
public import Trajectories

/// Samples human motion.
///
/// - Parameters:
///   - request: The number of motions, their frames, and what they are conditioned on.
///   - generator: The model; `Generator.shipped()` reads the one that ships.
///   - threads: The threads that work; the result does not depend on it.
/// - Returns: The motions, at 30 Hz.
/// - Throws: `GenerationError.request` where the model cannot answer the request.
public func generate(
  _ request: MotionRequest, with generator: some MotionGenerator, threads: Int = 1
) throws(GenerationError) -> [MotionClip] {
  try generator.sample(request, threads: threads)
}

/// Maps a human motion onto a robot's joints, frame by frame; no limit but that of position holds yet.
///
/// - Parameters:
///   - clip: The motion, with at least one frame.
///   - retargeter: The model; `Retargeter.shipped(for:)` reads the one that ships for a robot.
/// - Returns: The joint motion at the clip's rate.
public func retarget(
  _ clip: MotionClip, with retargeter: Retargeter
) throws(RetargetingError) -> JointMotion {
  try retargeter.retarget(clip)
}

/// Compiles a joint motion into the nearest trajectory that keeps every limit of a robot, between
/// samples too.
///
/// - Parameters:
///   - motion: The motion of the robot's joints.
///   - robot: The robot, whose limits (URDF and limits.yaml) hold.
///   - timing: Whether the clock is kept or stretched.
///   - rate: The sample rate [Hz]; nil for the motion's own, times `speed`.
///   - speed: The playback speed; 2 for twice as fast as recorded.
///   - atRest: Whether it begins and ends at rest; what does not is streamed to no robot.
public func compile(
  _ motion: JointMotion, for robot: Robot, timing: Timing = .keep, rate: Double? = nil,
  speed: Double = 1, atRest: Bool = true
) throws(UnsafeMotion) -> SafeTrajectory {
  try Trajectories.compile(
    motion, within: SafetyLimits(robot: robot), timing: timing, rate: rate, speed: speed,
    atRest: atRest, robot: RobotIdentity(robot),
    ground: motion.ground == nil ? nil : ClearanceProver(robot))
}

/// Writes a trajectory's samples for other programs, whole or not at all.
///
/// `SafeTrajectory.write(to:)` writes the native file, which alone proves what lies between samples.
public func write(
  _ trajectory: SafeTrajectory, as format: TrajectoryFormat, to path: String
) throws(FileError) {
  try trajectory.export(as: format, to: path)
}

/// Streams a trajectory to a robot and waits for the end.
///
/// A cancelled task decelerates along the path and holds.
///
/// - Parameters:
///   - trajectory: The trajectory, which is verified again within the robot's limits.
///   - robot: The robot, with its `wire.yaml`.
///   - port: The serial port; nil for a simulated device, which stands in for the robot.
///   - options: What the session may do: unless `go` is set, nothing moves.
/// - Returns: The report: how the stream ended, what was sent, lateness and following error.
/// - Throws: `WiringError`, `SessionRefusal` before anything is sent; `TransportError` where the port
///   cannot be opened. A fault of the robot is not thrown: it is the report's ending.
public func stream(
  _ trajectory: SafeTrajectory, to robot: Robot, port: String?,
  options: SessionOptions = SessionOptions()
) async throws -> LiveStream.Result {
  let wiring = try Wiring(of: robot)
  let session = try Session(
    .play(trajectory), limits: SafetyLimits(robot: robot), robot: RobotIdentity(robot),
    driver: Drivers.make(for: wiring), options: options)
  let stop = OperatorStop()
  var settings = LiveStream.Settings(
    open: opening(port, wiring, isSupplied: !options.go), input: { stop.next() })
  settings.wantsPriority = options.go
  let stream = LiveStream(session, settings)
  let result = await withTaskCancellationHandler {
    await stream.end()
  } onCancel: {
    stop.request()
  }
  if let failure = result.openingFailure { throw failure }
  return result
}

private func opening(
  _ port: String?, _ wiring: Wiring, isSupplied: Bool
) -> @Sendable () throws(TransportError) -> any Transport & Sendable {
  guard let port else {
    let device = SimulatedTransport(of: wiring, isSupplied: isSupplied)
    return { () throws(TransportError) -> any Transport & Sendable in device }
  }
  let baud = wiring.baud
  return { () throws(TransportError) -> any Transport & Sendable in
    try Ports.open(port, baud: baud)
  }
}
