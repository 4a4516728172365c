import Geometry
public import HumanBody
import Motions

/// How well a generator continues an observed motion.
///
/// The last frames of each held-out window are hidden; the generator sees some frames before them
/// and continues. The hidden frames are the same for every length of the past, so that errors are
/// comparable.
public struct Continuation: Sendable, Codable {
  /// The number of observed frames.
  public let past: Int
  /// The mean distance of joints in the hidden frames from their true positions, the mean over
  /// samples [m].
  public let error: Double
  /// The same of the best of `samples` samples of each window [m].
  public let bestError: Double
  /// The same of the mean of the samples' positions [m].
  public let meanError: Double
  /// The same of joints that keep the velocity of the last two observed frames [m].
  public let constantVelocityError: Double
  /// The distance of the first frame's wrists from the linear extrapolation of the last two
  /// observed frames [m]: mean and 95th percentile.
  public let jump: [Double]
  /// The same of the true first frame, since people accelerate too [m].
  public let trueJump: [Double]
  /// How much the wrists' velocities change from the last observed frame to the first [m/s]: the
  /// mean and the 95th percentile.
  public let velocityChange: [Double]
  /// The same of the truth [m/s].
  public let trueVelocityChange: [Double]

  /// The number of hidden frames.
  public static let hidden = 16
  /// The number of samples of each window.
  public static let samples = 16
  /// The numbers of observed frames that are evaluated.
  public static let pasts = [2, 8, 24, 48]

  /// Evaluates one number of observed frames on windows of the generator's length.
  public init(
    of generator: some MotionGenerator, past: Int, windows: [MotionWindow], request: MotionRequest,
    threads: Int
  ) throws(GenerationError) {
    var errors: [Double] = []
    var (best, ofMean, constant): ([Double], [Double], [Double]) = ([], [], [])
    var (jumps, trueJumps): ([Double], [Double]) = ([], [])
    for (index, window) in windows.enumerated() {
      let start = window.frames - Self.hidden
      guard past <= start else { continue }
      let whole = window.clip(name: "truth", frameRate: MotionRequest.frameRate)
      guard let before = try? whole.slice((start - past)..<start) else { continue }
      var request = request
      (request.past, request.frames) = (before, Self.hidden)
      (request.count, request.first) = (Self.samples, index * Self.samples)
      let all = try generator.sample(request, threads: threads).map { $0.jointPositions() }
      let found = all[0]
      let truth = whole.jointPositions(frames: start..<window.frames)
      let each = all.map { Self.distance($0, truth) }
      errors.append(each.reduce(0, +) / Double(each.count))
      best.append(each.min() ?? 0)
      let mean = truth.indices.map { joint in
        all.reduce(Vector3.zero) { $0 + $1[joint] } / Double(all.count)
      }
      ofMean.append(Self.distance(mean, truth))
      let last = whole.jointPositions(frames: (start - 2)..<start)
      constant.append(Self.distance(Self.goingOn(last), truth))
      for wrist in [Skeleton.Joint.leftWrist.rawValue, Skeleton.Joint.rightWrist.rawValue] {
        let led = last[22 + wrist] * 2 - last[wrist]
        jumps.append((found[wrist] - led).length)
        trueJumps.append((truth[wrist] - led).length)
      }
    }
    self.past = past
    error = Self.mean(errors)
    (bestError, meanError) = (Self.mean(best), Self.mean(ofMean))
    constantVelocityError = Self.mean(constant)
    jump = Self.summary(jumps)
    trueJump = Self.summary(trueJumps)
    // the deviation from linear extrapolation is the change of velocity divided by the rate
    velocityChange = jump.map { $0 * MotionRequest.frameRate }
    trueVelocityChange = trueJump.map { $0 * MotionRequest.frameRate }
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(max(1, values.count))
  }

  private static func distance(_ found: [Vector3], _ truth: [Vector3]) -> Double {
    mean(zip(found, truth).map { ($0 - $1).length })
  }

  /// The hidden frames of joints that keep their last velocity, by their last two frames.
  private static func goingOn(_ last: [Vector3]) -> [Vector3] {
    let joints = last.count / 2
    return (1...hidden).flatMap { frame in
      (0..<joints).map { joint in
        last[joints + joint] + (last[joints + joint] - last[joint]) * Double(frame)
      }
    }
  }

  private static func summary(_ values: [Double]) -> [Double] {
    guard !values.isEmpty else { return [0, 0] }
    let sorted = values.sorted()
    return [
      values.reduce(0, +) / Double(values.count), sorted[sorted.count * 95 / 100],
    ]
  }
}
