import Geometry
public import Motions

/// A part of the body that a track does not show for longer than the network can bridge, so that its
/// motion there is interpolated.
public struct BridgedGap: Sendable, Hashable {
  /// The joints that are not seen, and none below them.
  public var joints: [Skeleton.Joint]
  /// The frames in which they are not seen.
  public var frames: Range<Int>
  /// Whether they are seen before and after, not only on one side.
  public var isInterpolated: Bool
}

/// Crosses long gaps of limbs from the last seen to the next seen pose.
///
/// A window of the network that sees neither end of a gap can only guess. There each joint that turns
/// nothing but unseen bones goes from its rotation relative to its parent before the gap to that
/// behind it, along the shortest arc at constant speed. The bones of limbs go along arcs relative to
/// the pelvis: what a joint turns about its own bone is not seen in a limb that is straight, and would
/// swing the bones below it around. Where nobody is seen the pelvis goes along a straight line. Gaps
/// at the ends of a track keep the nearest seen rotations. Joints that are never
/// seen are left to the network.
struct GapBridge {
  /// The growth of the variance of a joint's coordinates away from the ends of a gap [m²/s].
  ///
  /// From the errors in gaps of 1.5 and 3 s of real arms.
  static let varianceRate = 0.015

  private typealias Run = (frames: Range<Int>, before: Int?, after: Int?)
  private static let joints = Skeleton.jointCount
  /// The joints below each joint; for those that end a limb, the joint itself.
  private static let ends: [[Int]] = (0..<joints).map { joint in
    let below = (0..<joints).filter { other in
      var parent = Skeleton.parents[other]
      while parent > joint { parent = Skeleton.parents[parent] }
      return parent == joint
    }
    return below.isEmpty ? [joint] : below
  }

  /// The runs of frames in which each joint turns nothing that is seen.
  private let runs: [[Run]]
  /// The runs of frames in which each joint is not seen and none below it.
  private let hidden: [[Run]]
  private let frameRate: Double

  /// Finds the gaps in confidences [frames, 22] that windows of so many frames cannot cross.
  init(_ confidences: [Float], window: Int, frameRate: Double) {
    self.frameRate = frameRate
    let shortest = (window + 1) / 2
    runs = Self.ends.map { Self.runs(of: $0, confidences, atLeast: shortest) }
    hidden = Self.ends.enumerated().map {
      Self.runs(of: $1 + [$0], confidences, atLeast: shortest)
    }
  }

  /// The gaps, joined over joints with the same frames.
  var gaps: [BridgedGap] {
    var result: [Range<Int>: BridgedGap] = [:]
    for (joint, runs) in zip(Skeleton.Joint.allCases, hidden) {
      for run in runs {
        let isInterpolated = run.before != nil && run.after != nil
        result[
          run.frames,
          default: BridgedGap(joints: [], frames: run.frames, isInterpolated: isInterpolated)
        ].joints.append(joint)
      }
    }
    return result.values.sorted {
      ($0.frames.lowerBound, $0.frames.upperBound) < ($1.frames.lowerBound, $1.frames.upperBound)
    }
  }

  /// Replaces the motion in the gaps.
  func bridge(_ result: inout Smoother.Result) {
    guard runs.contains(where: { !$0.isEmpty }) else { return }
    let before = result.clip
    for (joint, runs) in runs.enumerated() {
      for run in runs {
        for frame in run.frames { turn(joint, frame, run, before, &result.clip) }
      }
    }
    for (joint, runs) in runs.enumerated() {
      for run in runs { swing(joint, run, before, &result.clip) }
    }
    for run in hidden[0] {
      for frame in run.frames {
        result.clip.rootTranslations[frame] = Self.place(frame, run, before.rootTranslations)
      }
    }
    result.move(
      as: before,
      frames: Set(runs.flatMap { $0.flatMap(\.frames) } + hidden[0].flatMap(\.frames)))
    widen(&result)
  }

  // MARK: - Gaps

  private static func runs(
    of joints: [Int], _ confidences: [Float], atLeast shortest: Int
  ) -> [Run] {
    let count = confidences.count / Self.joints
    var result: [Run] = []
    var last: Int?
    for frame in 0...count {
      let isSeen =
        frame == count || joints.contains { confidences[frame * Self.joints + $0] > 0 }
      guard isSeen else { continue }
      let start = last.map { $0 + 1 } ?? 0
      let after = frame < count ? frame : nil
      if frame - start >= shortest, last != nil || after != nil {
        result.append((start..<frame, last, after))
      }
      last = frame
    }
    return result
  }

  // MARK: - Poses

  private func turn(
    _ joint: Int, _ frame: Int, _ run: Run, _ before: MotionClip, _ clip: inout MotionClip
  ) {
    func rotation(_ frame: Int) -> Quaternion { before.rotations[frame * Self.joints + joint] }
    let at = frame * Self.joints + joint
    switch (run.before, run.after) {
    case (let first?, let last?):
      let share = Double(frame - first) / Double(last - first)
      clip.rotations[at] = rotation(first).interpolated(to: rotation(last), fraction: share)
    case (let only?, nil), (nil, let only?): clip.rotations[at] = rotation(only)
    case (nil, nil): break
    }
  }

  /// The joint at the end of the bone of a limb's joint; nil for joints of the trunk and for the ends
  /// of limbs.
  private static let boneEnds: [Int?] = (0..<joints).map { joint in
    let children = (0..<joints).filter { Skeleton.parents[$0] == joint }
    let isSpine = [Skeleton.Joint.spine1, .spine2].contains { $0.rawValue == joint }
    return children.count == 1 && !isSpine ? children[0] : nil
  }

  /// Turns a limb's joint so that its bone goes along an arc relative to the pelvis.
  ///
  /// Not to the chest, whose turn is hardly seen while a shoulder is hidden.
  private func swing(_ joint: Int, _ run: Run, _ before: MotionClip, _ clip: inout MotionClip) {
    guard let first = run.before, let last = run.after, let end = Self.boneEnds[joint] else {
      return
    }
    let rest = clip.skeleton.restOffsets[end]
    func direction(_ frame: Int) -> Vector3 {
      let turn = Self.world(joint, frame, before) * rest
      return (before.rotations[frame * Self.joints].inverse * turn).normalized ?? .zero
    }
    /// The mean over the frames beside the gap, which has less noise than the last one alone.
    func mean(_ frames: ClosedRange<Int>) -> Vector3? {
      frames.clamped(to: 0...(before.frameCount - 1)).reduce(Vector3.zero) { $0 + direction($1) }
        .normalized
    }
    let beside = Self.beside
    guard let from = mean((first - beside + 1)...first), let to = mean(last...(last + beside - 1))
    else { return }
    let arc = Quaternion(turning: from, into: to)
    let (leaving, coming) = (direction(first) - from, direction(last) - to)
    for frame in run.frames {
      let share = Double(frame - first) / Double(last - first)
      // What the ends differ from their means fades, so that nothing jumps.
      let (stay, come) = (Self.fading(frame - first), Self.fading(last - frame))
      let way =
        Quaternion.identity.interpolated(to: arc, fraction: share) * from + leaving * stay
        + coming * come
      let own = Self.world(joint, frame, clip)
      guard let now = (own * rest).normalized, let direction = way.normalized else { continue }
      let turned =
        Quaternion(turning: now, into: clip.rotations[frame * Self.joints] * direction) * own
      let parent = Self.world(Skeleton.parents[joint], frame, clip)
      clip.rotations[frame * Self.joints + joint] = (parent.inverse * turned).normalized
    }
  }

  /// The number of frames beside a gap that tell the poses at its ends.
  private static let beside = 6

  /// The weight of an end's own pose some frames into the gap.
  private static func fading(_ frames: Int) -> Double {
    let x = min(1, Double(frames) / Double(beside))
    return 1 - x * x * (3 - 2 * x)
  }

  /// worldFromJoint.
  private static func world(_ joint: Int, _ frame: Int, _ clip: MotionClip) -> Quaternion {
    var result = Quaternion.identity
    var at = joint
    while at >= 0 {
      result = clip.rotations[frame * joints + at] * result
      at = Skeleton.parents[at]
    }
    return result
  }

  private static func place(_ frame: Int, _ run: Run, _ places: [Vector3]) -> Vector3 {
    switch (run.before, run.after) {
    case (let first?, let last?):
      let share = Double(frame - first) / Double(last - first)
      return places[first] + (places[last] - places[first]) * share
    case (let only?, nil), (nil, let only?): return places[only]
    case (nil, nil): return places[frame]
    }
  }

  /// Adds the variance of a Brownian bridge to the covariances of unseen joints.
  private func widen(_ result: inout Smoother.Result) {
    guard var covariances = result.covariances else { return }
    for (joint, runs) in hidden.enumerated() {
      for run in runs {
        for frame in run.frames {
          let from = run.before.map { Double(frame - $0) / frameRate }
          let to = run.after.map { Double($0 - frame) / frameRate }
          let time = if let from, let to { from * to / (from + to) } else { from ?? to ?? 0 }
          let at = 6 * (frame * Self.joints + joint)
          for diagonal in [at, at + 3, at + 5] {
            covariances[diagonal] += Float(Self.varianceRate * time)
          }
        }
      }
    }
    result.covariances = covariances
  }
}
