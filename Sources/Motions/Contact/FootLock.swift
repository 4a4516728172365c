import Geometry

/// Holds the feet of a motion in place while they stand, and above the ground always.
///
/// Each stance has one place of the ball of the foot (of captured motion only its level part), and the
/// leg follows by inverse kinematics: the foot keeps its orientation, the knee its plane. Between
/// stances the correction fades out with the foot's velocity continuous at both ends. Where a leg is
/// too short the pelvis is lowered, smoothly and for both legs. Nothing else moves, and a motion whose
/// feet stand still and above the ground is returned as it is.
public struct FootLock: Sendable {
  /// What was done.
  public struct Report: Sendable, Hashable, Codable {
    /// The number of stances that were held.
    public var stances = 0
    /// The largest distance that a foot was moved by [m].
    public var largestMove = 0.0
    /// The largest distance that the pelvis was lowered by [m].
    public var largestLowering = 0.0
  }

  /// The time in which a correction fades beside a stance [s].
  private static let fade = 0.25
  /// A height that has less time for it does not go between two stances [s].
  private static let shortestHeightFade = 0.13
  /// The time to each side over which the lowering of the pelvis is smoothed [s].
  private static let smoothing = 0.2
  /// Moves that are left alone: the resolution of files [m].
  private static let smallest = 1e-4

  private let clip: MotionClip
  private let fixed: Int
  /// The height that feet do not go below [m]; nil to leave their heights alone.
  private let floor: Double?
  private var corrections: [[Vector3]] = []
  private var tracks: [Feet] = []

  /// The tracks of one foot.
  private struct Feet {
    var leg: LegIK
    var hips, ankles, balls: [Vector3]
    var stances: [FootStances.Stance]
  }

  /// The motion with its feet held where `Contact` finds that they stand, for captured and smoothed
  /// motion.
  public static func hold(_ clip: MotionClip) -> (clip: MotionClip, report: Report) {
    let contact = Contact(clip)
    guard contact.ground != nil else { return (clip, Report()) }
    // Captured ground is not level to a centimetre, and legs that stand are straight: to press each foot
    // to one height would lower the whole body.
    var lock = FootLock(clip, fixed: 0, floor: nil)
    lock.setStances(FootStances(contact))
    return lock.run()
  }

  /// A sampled motion with its feet held and above the ground, and knees that do not bend backwards.
  ///
  /// - Parameters:
  ///   - sampled: The motion.
  ///   - fixed: The number of frames at the beginning that do not change.
  ///   - floor: The height that no ball of a foot and no ankle goes below [m].
  ///   - contacts: The probability that the left and the right ball stand, [2][frames], if what sampled
  ///     the motion says so.
  public static func holdSampled(
    _ sampled: MotionClip, fixed: Int, floor: Double, contacts: [[Double]]? = nil
  ) -> (clip: MotionClip, report: Report) {
    var clip = sampled
    for leg in [LegIK.left, .right] { leg.bendForward(in: &clip, after: fixed) }
    var lock = FootLock(clip, fixed: fixed, floor: floor)
    let (left, right) = (lock.tracks[0].balls, lock.tracks[1].balls)
    let found = GroundContact(left: left, right: right, frameRate: clip.frameRate).ground
    lock.setStances(
      FootStances(
        left: left, right: right, ground: found.map { max($0, floor) }, fixed: fixed,
        frameRate: clip.frameRate, contacts: contacts))
    return lock.run()
  }

  /// The floor of a sampled motion: the height of the ball of a foot that stands on the ground, or of
  /// the lowest foot of the past that it continues, where that is below [m].
  public static func floor(below past: MotionClip?) -> Double {
    guard let past else { return GroundContact.standing }
    let feet = [Skeleton.Joint.leftFoot, .rightFoot].map(\.rawValue)
    return (0..<past.frameCount).reduce(GroundContact.standing) { lowest, frame in
      let places = past.jointPositions(frame: frame)
      return feet.reduce(lowest) { min($0, places[$1].z) }
    }
  }

  private init(_ clip: MotionClip, fixed: Int, floor: Double?) {
    self.clip = clip
    self.fixed = fixed
    self.floor = floor
    let places = clip.tracks(of: [
      .leftHip, .leftAnkle, .leftFoot, .rightHip, .rightAnkle, .rightFoot,
    ])
    tracks = [
      Feet(leg: .left, hips: places[0], ankles: places[1], balls: places[2], stances: []),
      Feet(leg: .right, hips: places[3], ankles: places[4], balls: places[5], stances: []),
    ]
  }

  private mutating func setStances(_ found: FootStances) {
    tracks[0].stances = found.left
    tracks[1].stances = found.right
    corrections = tracks.map(correction)
  }

  // MARK: - Corrections

  /// The displacement of the ball of a foot in each frame [m].
  private func correction(_ feet: Feet) -> [Vector3] {
    var result = [Vector3](repeating: .zero, count: clip.frameCount)
    for stance in feet.stances {
      for frame in stance.frames { result[frame] = stance.place - feet.balls[frame] }
    }
    var last = 0
    for stance in feet.stances + [.init(frames: clip.frameCount..<clip.frameCount, place: .zero)] {
      let gap = last..<stance.frames.lowerBound
      if !gap.isEmpty { bridge(gap, feet, &result) }
      last = stance.frames.upperBound
    }
    // A foot that stands where what is fixed ends goes on standing.
    let goesOn = feet.stances.contains {
      $0.frames.contains(fixed - 1) && $0.frames.upperBound > fixed
    }
    result = calmed(result, setsIn: fixed > 0 && !goesOn)
    for frame in 0..<clip.frameCount {
      guard let floor else {
        result[frame].z = 0
        continue
      }
      let low = floor - (min(feet.balls[frame].z, feet.ankles[frame].z) + result[frame].z)
      if low > 0 { result[frame].z += low }
    }
    for frame in 0..<min(fixed, clip.frameCount) { result[frame] = .zero }
    return result
  }

  /// The fastest that a correction changes [m/s]: as fast as a foot may glide that counts as standing.
  private static let fastest = 1.5
  /// The time behind frames that do not change in which a correction sets in [s].
  private static let entry = 0.2

  /// The corrections, none of which changes faster than `fastest`, and that set in slowly behind the frames
  /// that do not change; of a foot that goes on standing there only the height does.
  ///
  /// Two stances that are near each other in time and far in place, or one just behind a past in which the
  /// foot swings, would throw the foot from one to the other: there it glides.
  private func calmed(_ wanted: [Vector3], setsIn: Bool) -> [Vector3] {
    let most = Self.fastest / clip.frameRate
    func followed(_ order: some Sequence<Int>) -> [Vector3] {
      var (result, last) = (wanted, Vector3?.none)
      for frame in order {
        if frame < fixed { result[frame] = .zero }
        if let last {
          let step = result[frame] - last
          if step.length > most { result[frame] = last + step * (most / step.length) }
        }
        last = result[frame]
      }
      return result
    }
    let (forth, back) = (followed(wanted.indices), followed(wanted.indices.reversed()))
    let means = zip(forth, back).map { ($0 + $1) * 0.5 }
    let isHeldBack = zip(means, wanted).map { ($0 - $1).length > Self.smallest }
    let entry = max(1, Self.entry * clip.frameRate)
    return wanted.indices.map { frame in
      let near = max(0, frame - 2)...min(wanted.count - 1, frame + 2)
      // What begins and ends at once is rounded.
      let mean = near.contains { isHeldBack[$0] } ? Self.rounded(means, at: frame) : means[frame]
      guard fixed > 0 else { return mean }
      let x = min(1, max(0, Double(frame - fixed + 1) / entry))
      let share = x * x * (3 - 2 * x)
      return setsIn ? mean * share : Vector3(mean.x, mean.y, mean.z * share)
    }
  }

  /// The mean of five frames about one, by binomial weights.
  private static func rounded(_ values: [Vector3], at frame: Int) -> Vector3 {
    zip(-2...2, [1.0, 4, 6, 4, 1]).reduce(Vector3.zero) { sum, part in
      sum + values[min(max(frame + part.0, 0), values.count - 1)] * (part.1 / 16)
    }
  }

  /// Fills the frames between two stances: from each end the correction goes to zero.
  private func bridge(_ gap: Range<Int>, _ feet: Feet, _ result: inout [Vector3]) {
    let before = gap.lowerBound > 0 ? gap.lowerBound - 1 : nil
    let after = gap.upperBound < clip.frameCount ? gap.upperBound : nil
    bridgeLevels(gap, before: before, after: after, feet, &result)
    bridgeHeights(gap, before: before, after: after, &result)
  }

  /// Lets corrections go so that the foot's level velocity is continuous at both ends.
  private func bridgeLevels(
    _ gap: Range<Int>, before: Int?, after: Int?, _ feet: Feet, _ result: inout [Vector3]
  ) {
    let fade = max(2, Int((Self.fade * clip.frameRate).rounded()))
    func slope(_ frame: Int) -> Vector3 {
      let (a, b) = (max(0, frame - 1), min(clip.frameCount - 1, frame + 1))
      let step = (feet.balls[b] - feet.balls[a]) / Double(max(1, b - a))
      return Vector3(-step.x, -step.y, 0)
    }
    if let before, let after, after - before <= 2 * fade {
      let (first, second) = (result[before], result[after])
      let (leaving, coming) = (slope(before), slope(after))
      for frame in gap {
        result[frame] = Self.hermite(
          first, leaving, second, coming, Double(frame - before), of: Double(after - before))
      }
      return
    }
    if let before {
      let (from, leaving) = (result[before], slope(before))
      for frame in gap where frame - before < fade {
        result[frame] = Self.hermite(
          from, leaving, .zero, .zero, Double(frame - before), of: Double(fade))
      }
    }
    if let after {
      let (to, coming) = (result[after], slope(after))
      for frame in gap where after - frame < fade {
        result[frame] = Self.hermite(
          .zero, .zero, to, coming, Double(fade - (after - frame)), of: Double(fade))
      }
    }
  }

  /// Lets heights go by the middle between two stances instead, where there is time for it: a slope there would
  /// hold a swinging foot down.
  private func bridgeHeights(
    _ gap: Range<Int>, before: Int?, after: Int?, _ result: inout [Vector3]
  ) {
    var fade = Self.fade * clip.frameRate
    if let before, let after {
      fade = min(fade, Double(after - before) / 2)
      guard fade >= Self.shortestHeightFade * clip.frameRate else { return }
    }
    for frame in gap {
      result[frame].z = 0
      for end in [before, after].compactMap(\.self) {
        let x = max(0, 1 - Double(abs(frame - end)) / fade)
        result[frame].z += result[end].z * x * x * (3 - 2 * x)
      }
    }
  }

  private static func hermite(
    _ a: Vector3, _ slopeA: Vector3, _ b: Vector3, _ slopeB: Vector3, _ time: Double,
    of length: Double
  ) -> Vector3 {
    let x = time / length
    let (x2, x3) = (x * x, x * x * x)
    return a * (2 * x3 - 3 * x2 + 1) + slopeA * (length * (x3 - 2 * x2 + x))
      + b * (3 * x2 - 2 * x3) + slopeB * (length * (x3 - x2))
  }

  // MARK: - Motion

  private func run() -> (clip: MotionClip, report: Report) {
    var result = clip
    var report = Report(stances: tracks.reduce(0) { $0 + $1.stances.count })
    let lowering = self.lowering()
    report.largestLowering = lowering.max() ?? 0
    for frame in fixed..<max(fixed, clip.frameCount) {
      result.rootTranslations[frame].z -= lowering[frame]
      for (feet, correction) in zip(tracks, corrections) {
        let move = correction[frame].length
        report.largestMove = max(report.largestMove, move)
        guard move > Self.smallest || lowering[frame] > Self.smallest else { continue }
        feet.leg.move(to: feet.ankles[frame] + correction[frame], in: &result, frame: frame)
      }
    }
    return (result, report)
  }

  /// How far the pelvis has to be lowered in each frame, so that both legs reach [m].
  ///
  /// A running maximum, averaged over the same time, is nowhere below what is needed.
  private func lowering() -> [Double] {
    let needed = (0..<clip.frameCount).map { frame -> Double in
      guard frame >= fixed else { return 0 }
      return zip(tracks, corrections).reduce(0) { largest, foot in
        guard foot.1[frame].length > Self.smallest else { return largest }
        let step = foot.0.ankles[frame] + foot.1[frame] - foot.0.hips[frame]
        let length = foot.0.leg.length(clip.skeleton)
        // A leg that was straighter before stays so.
        let own = max(length, (foot.0.ankles[frame] - foot.0.hips[frame]).length)
        let level = (step.x * step.x + step.y * step.y).squareRoot()
        let height = max(0, own * own - level * level).squareRoot()
        return max(largest, min(-step.z - height, Self.deepest))
      }
    }
    guard needed.contains(where: { $0 > 0 }) else { return needed.map { _ in 0 } }
    let reach = max(1, Int((Self.smoothing * clip.frameRate).rounded()))
    func windows(_ values: [Double]) -> [ArraySlice<Double>] {
      values.indices.map { values[max(0, $0 - reach)...min(values.count - 1, $0 + reach)] }
    }
    let high = windows(needed).map { $0.max() ?? 0 }
    var smooth = windows(high).map { $0.reduce(0, +) / Double($0.count) }
    guard fixed > 0 else { return smooth }
    // Beside frames that do not change the pelvis leaves slowly; feet give way there.
    for frame in smooth.indices.prefix(fixed + reach) {
      smooth[frame] *= max(0, Double(frame - fixed + 1)) / Double(reach + 1)
    }
    return smooth
  }

  /// The pelvis is lowered by this at most [m]; feet that would need more give way.
  private static let deepest = 0.08
}
