/// Times batched forward kinematics of a robot, all links, and its pullback, on one core.
public enum KinematicsBenchmark {
  /// Nanoseconds a configuration, and how much longer forward and pullback take together.
  public struct Result: Sendable {
    /// Forward kinematics of all links [ns per configuration].
    public var forwardNanoseconds: Double
    /// The time of forward and pullback together as a multiple of forward alone.
    public var backwardRatio: Double
  }

  /// Runs it, best of several rounds.
  public static func run(
    _ robot: Robot, batch: Int = 4096, rounds: Int = 200
  ) -> Result {
    let kinematics = BatchedLinkKinematics(robot)
    let count = batch * robot.coordinateCount
    let configurations = (0..<count).map { Float(($0 &* 7919) % 2000) / 1000 - 1 }
    var workspace = BatchedKinematics.Workspace()
    var poses = BatchedPoses()
    kinematics.forward(configurations.span, into: &poses, workspace: &workspace)
    let gradients = poses
    var result = [Float](repeating: 0, count: count)
    var forward = Duration.seconds(1000)
    var both = Duration.seconds(1000)
    let clock = ContinuousClock()
    for _ in 0..<rounds {
      forward = min(
        forward,
        clock.measure {
          kinematics.forward(configurations.span, into: &poses, workspace: &workspace)
        })
      both = min(
        both,
        clock.measure {
          kinematics.forward(configurations.span, into: &poses, workspace: &workspace)
          var span = result.mutableSpan
          kinematics.pullback(gradients, at: &poses, into: &span, workspace: &workspace)
        })
    }
    return Result(
      forwardNanoseconds: forward / .nanoseconds(1) / Double(batch),
      backwardRatio: both / forward)
  }
}
