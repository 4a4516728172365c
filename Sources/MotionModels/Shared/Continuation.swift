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
  /// The mean distance of joints in the hidden frames from their true positions [m].
  public let error: Double
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
  /// The numbers of observed frames that are evaluated.
  public static let pasts = [2, 8, 24, 48]

  /// Evaluates one number of observed frames on windows of the generator's length.
  public init(
    of generator: some MotionGenerator, past: Int, windows: [MotionWindow], request: MotionRequest,
    threads: Int
  ) throws(GenerationError) {
    var errors: [Double] = []
    var (jumps, trueJumps): ([Double], [Double]) = ([], [])
    for (index, window) in windows.enumerated() {
      let start = window.frames - Self.hidden
      guard past <= start else { continue }
      let whole = window.clip(name: "truth", frameRate: MotionRequest.frameRate)
      guard let before = try? whole.slice((start - past)..<start) else { continue }
      var request = request
      (request.past, request.frames, request.count, request.first) = (before, Self.hidden, 1, index)
      let found = try generator.sample(request, threads: threads)[0].jointPositions()
      let truth = whole.jointPositions(frames: start..<window.frames)
      let distances = zip(found, truth).map { ($0 - $1).length }
      errors.append(distances.reduce(0, +) / Double(distances.count))
      let last = whole.jointPositions(frames: (start - 2)..<start)
      for wrist in [Skeleton.Joint.leftWrist.rawValue, Skeleton.Joint.rightWrist.rawValue] {
        let led = last[22 + wrist] * 2 - last[wrist]
        jumps.append((found[wrist] - led).length)
        trueJumps.append((truth[wrist] - led).length)
      }
    }
    self.past = past
    error = errors.reduce(0, +) / Double(max(1, errors.count))
    jump = Self.summary(jumps)
    trueJump = Self.summary(trueJumps)
    // the deviation from linear extrapolation is the change of velocity divided by the rate
    velocityChange = jump.map { $0 * MotionRequest.frameRate }
    trueVelocityChange = trueJump.map { $0 * MotionRequest.frameRate }
  }

  private static func summary(_ values: [Double]) -> [Double] {
    guard !values.isEmpty else { return [0, 0] }
    let sorted = values.sorted()
    return [
      values.reduce(0, +) / Double(values.count), sorted[sorted.count * 95 / 100],
    ]
  }
}
