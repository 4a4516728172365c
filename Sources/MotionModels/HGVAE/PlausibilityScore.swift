import Files
import Geometry
import HumanBody
public import Motions

/// How plausible a motion is: as a whole, window by window, joint by joint and frame by frame.
public struct PlausibilityScore: Sendable {
  /// The score of one window.
  public struct Window: Sendable, Hashable {
    /// The first frame, at the model's rate.
    public var start: Int
    /// The evidence lower bound [nats a number].
    public var evidence: Float
    /// The log-density of the posterior means under the prior [nats a number].
    public var logDensity: Float
    /// How lively it is: the median over joints of the upper quartile over frames of the expected acceleration of
    /// what was seen [m/s²].
    public var liveliness: Float
    /// The greatest quotient of a residual and its threshold, which is higher for lively motion.
    public var anomaly: Float
    /// The share of real windows with a greater anomaly.
    public var plausibility: Double
    /// The posterior mean of the top latent.
    public var latent: [Float]
  }

  /// A joint in a frame whose residual is above what real motion shows.
  public struct Finding: Sendable, Hashable {
    /// What is unusual.
    public enum Kind: String, Sendable, Hashable { case pose, velocity, acceleration }
    /// The index of the joint.
    public var joint: Int
    /// The frame at the model's rate.
    public var frame: Int
    /// What is unusual.
    public var kind: Kind
    /// The residual [m, m/s, m/s²].
    public var value: Float
    /// What 999 of 1000 frames of real motion stay below, times the allowance for motion as lively; where a joint
    /// is thrown about between the model's frames, what no person does; in the same unit.
    public var threshold: Float
  }

  /// The motion's name.
  public var name: String
  /// The frame rate of the model, of all frames here [Hz].
  public var frameRate: Double
  /// The number of frames.
  public var frames: Int
  /// The joints in frames that were not seen and count for nothing.
  public var unseen: Int
  /// The windows.
  public var windows: [Window]
  /// Distances from what the model expects [m], [frames, 22].
  public var pose: [Float]
  /// Differences of velocity [m/s], [frames, 22].
  public var velocity: [Float]
  /// Differences of acceleration [m/s²], [frames, 22].
  public var acceleration: [Float]
  /// The joints and frames above a threshold, the most unusual first.
  public var findings: [Finding]

  /// The plausibility of the least plausible window, 0 to 1.
  public var plausibility: Double { windows.map(\.plausibility).min() ?? 0 }
  /// The least plausible window.
  public var worst: Window? { windows.max { $0.anomaly < $1.anomaly } }
  /// The mean evidence lower bound [nats a number].
  public var evidence: Double {
    windows.reduce(0) { $0 + Double($1.evidence) } / Double(max(1, windows.count))
  }
  /// The mean log-density of the posterior means under the prior [nats a number].
  public var logDensity: Double {
    windows.reduce(0) { $0 + Double($1.logDensity) } / Double(max(1, windows.count))
  }
}

extension PlausibilityScore {
  /// Windows in which a joint is thrown about, or lies farther away than any can, are as no real one is.
  fileprivate mutating func count(
    _ jolts: [TrackJolt], of track: JointTrack, length: Int, _ calibration: PlausibilityCalibration
  ) {
    func own(_ frame: Int) -> Int {
      min(frames - 1, Int(Double(frame) * frameRate / track.frameRate))
    }
    let thrown =
      jolts.map { jolt in
        Finding(
          joint: jolt.joint, frame: own(jolt.frame), kind: .acceleration,
          value: Float(jolt.acceleration), threshold: Float(jolt.limit))
      }
      + track.farJoints.map { far in
        Finding(
          joint: far.joint, frame: own(far.frame), kind: .pose, value: Float(far.distance),
          threshold: Float(far.stature))
      }
    guard let worst = calibration.anomalies.last, !thrown.isEmpty else { return }
    let places = Set(thrown.map(\.frame))
    for index in windows.indices {
      let start = windows[index].start
      guard places.contains(where: { (start..<(start + length)).contains($0) }) else { continue }
      windows[index].anomaly = max(windows[index].anomaly, 2 * worst)
      windows[index].plausibility = 0
    }
    findings = thrown.sorted { $0.value > $1.value } + findings
  }
}

extension HGVAE {
  /// Scores a motion clip.
  ///
  /// - Throws: `GenerationError.request` where it is too short.
  public func score(_ clip: MotionClip) throws(GenerationError) -> PlausibilityScore {
    try score(JointTrack(clip))
  }

  /// Scores a track; joints that are missing are filled in and have no residuals.
  ///
  /// Of tracks faster than the model the frames in between count too: where a joint is thrown about between
  /// them (`TrackJolt`), windows have a plausibility of 0. So they have where the file has a joint farther from the
  /// body than its stature (`JointTrack.farJoints`).
  ///
  /// - Throws: `GenerationError.request` where it is too short, nobody is seen in it, or the model
  ///   has no thresholds.
  public func score(_ track: JointTrack) throws(GenerationError) -> PlausibilityScore {
    guard let calibration else {
      throw .request("the model has no thresholds: it was never calibrated on real motion")
    }
    let cut = try TrackWindows(atModelRate(track), length: frames)
    let windows = cut.starts.map { cut.window(at: $0) }
    let readings = read(windows)
    var result = PlausibilityScore(
      name: track.name, frameRate: frameRate, frames: cut.frames,
      unseen: cut.confidences.count { !($0 > 0) }, windows: [], pose: [], velocity: [],
      acceleration: [], findings: [])
    var sums = ResidualSums(frames: cut.frames, length: frames)
    for (index, start) in cut.starts.enumerated() {
      let occlusion = windows[index].occlusion
      let residuals = residuals(windows[index], readings[index]).seen(occlusion)
      let anomaly = anomaly(residuals, readings[index], calibration, seen: occlusion)
      let liveliness = liveliness(readings[index], seen: occlusion)
      result.windows.append(
        .init(
          start: start, evidence: readings[index].evidence,
          logDensity: readings[index].logDensity, liveliness: liveliness, anomaly: anomaly,
          plausibility: calibration.plausibility(ofAnomaly: anomaly),
          latent: readings[index].topLatent))
      sums.add(residuals, at: start, allowing: calibration.allowance.factor(of: liveliness))
    }
    let means = sums.means
    (result.pose, result.velocity) = (means.pose, means.velocity)
    result.acceleration = means.acceleration
    result.findings = means.findings(calibration.thresholds, allowing: sums.allowances)
    result.count(TrackJolt.all(in: track), of: track, length: frames, calibration)
    return result
  }

  /// Whether a track's frames are read as they are.
  func isAtModelRate(_ track: JointTrack) -> Bool { abs(track.frameRate / frameRate - 1) <= 0.02 }

  /// The track at the model's rate.
  func atModelRate(_ track: JointTrack) throws(GenerationError) -> JointTrack {
    guard track.frameRate >= 1, track.frameRate <= 10_000 else {
      throw .request(
        "the frame rate of '\(track.name.printable)' is \(track.frameRate) Hz, expected 1 to 10000")
    }
    guard track.frameCount > 1, !isAtModelRate(track) else { return track }
    let frames =
      Int((Double(track.frameCount - 1) * frameRate / track.frameRate).rounded(.down)) + 1
    var result = track.resampled(to: frameRate)
    let count = min(result.frameCount, frames) * Skeleton.jointCount
    result = JointTrack(
      name: result.name, frameRate: frameRate, positions: Array(result.positions[..<count]),
      confidences: Array(result.confidences[..<count]))
    return result
  }
}

/// Residuals of overlapping windows on their way into means.
private struct ResidualSums {
  private let frames: Int
  private let fade: [Float]
  private var weights: [Float]
  private var allowance: [Float]
  private var pose: [Float]
  private var velocity: [Float]
  private var acceleration: [Float]

  init(frames: Int, length: Int) {
    self.frames = frames
    fade = TrackWindows.fade(length)
    weights = [Float](repeating: 0, count: frames)
    allowance = weights
    pose = [Float](repeating: 0, count: frames * Skeleton.jointCount)
    (velocity, acceleration) = (pose, pose)
  }

  mutating func add(_ part: Residuals, at start: Int, allowing factor: Float) {
    let joints = Skeleton.jointCount
    for frame in 0..<min(fade.count, frames - start) {
      weights[start + frame] += fade[frame]
      allowance[start + frame] += fade[frame] * factor
      for joint in 0..<joints {
        let (from, to) = (frame * joints + joint, (start + frame) * joints + joint)
        pose[to] += fade[frame] * part.pose[from]
        velocity[to] += fade[frame] * part.velocity[from]
        acceleration[to] += fade[frame] * part.acceleration[from]
      }
    }
  }

  /// What residuals may be greater by, a frame.
  var allowances: [Float] { zip(allowance, weights).map { $0 / max($1, 1e-9) } }

  var means: Residuals {
    func mean(_ sums: [Float]) -> [Float] {
      sums.indices.map { sums[$0] / max(weights[$0 / Skeleton.jointCount], 1e-9) }
    }
    return Residuals(pose: mean(pose), velocity: mean(velocity), acceleration: mean(acceleration))
  }
}
