import Geometry
import Motions

/// A motion that grows: what was observed or sampled so far, in its own world.
struct ObservedMotion: Sendable {
  /// Bone lengths [m], [22]; empty before the first window.
  private(set) var lengths: [Float] = []
  /// The skeleton of what was observed, whose bones may point elsewhere at rest than the figure's;
  /// nil before and without a past.
  private(set) var skeleton: Skeleton?
  /// The position of the pelvis [m], one for each frame.
  private(set) var root: [Vector3] = []
  /// Rotations, 22 for each frame.
  private(set) var rotations: [Quaternion] = []

  /// Frames over which a new window's difference from the last frame fades: a third of a second.
  private static let fade = 10

  init() {}

  init(_ clip: MotionClip) {
    lengths = HumanFigure.lengths(of: clip.skeleton)
    skeleton = clip.skeleton
    root = clip.rootTranslations
    rotations = clip.rotations
  }

  var frameCount: Int { root.count }

  /// The last frames.
  func suffix(_ frames: Int) -> ObservedMotion {
    var part = self
    part.root = Array(root.suffix(frames))
    part.rotations = Array(rotations.suffix(frames * Skeleton.jointCount))
    return part
  }

  func clip(frames: Range<Int>, name: String, frameRate: Double, label: String?) -> MotionClip {
    let joints = Skeleton.jointCount
    return MotionClip(
      name: name, skeleton: skeleton ?? HumanFigure.skeleton(lengths: lengths),
      frameRate: frameRate,
      rootTranslations: Array(root[frames]),
      rotations: Array(
        rotations[(frames.lowerBound * joints)..<(frames.upperBound * joints)]), label: label)
  }

  /// The frames as the network sees them; nil where there are none.
  var normalized: MotionWindow? {
    guard frameCount > 0 else { return nil }
    let clip = clip(frames: 0..<frameCount, name: "", frameRate: 30, label: nil)
    return MotionWindow(clip.headingNormalized(), frames: 0..<frameCount)
  }

  /// Appends the frames of a window after those that it was shown.
  ///
  /// The window begins where `past` does. What it makes of the last frame of the past differs a
  /// little from that frame; the difference, with its rate, fades over the first frames (the
  /// inertialisation of Bollo, "Inertialization: high-performance animation transitions", 2018),
  /// so that position and velocity go on without a jump.
  mutating func goOn(with window: MotionWindow, after past: ObservedMotion) {
    guard past.frameCount > 0 else {
      let clip = window.clip(name: "", frameRate: 30)
      lengths = window.lengths
      root = clip.rootTranslations
      rotations = clip.rotations
      return
    }
    let placed = placed(window.clip(name: "", frameRate: 30), after: past)
    let (count, joints) = (past.frameCount, Skeleton.jointCount)
    let last = count - 1
    let gap = past.root[last] - placed.rootTranslations[last]
    let before = last > 0 ? past.root[last - 1] - placed.rootTranslations[last - 1] : gap
    for frame in count..<placed.frameCount {
      let (stay, drift) = Self.fading(after: frame - last)
      root.append(placed.rootTranslations[frame] + gap * stay + (gap - before) * drift)
    }
    let turns = (0..<joints).map { joint -> (gap: Vector3, rate: Vector3) in
      let now = Self.difference(past, placed, frame: last, joint: joint)
      let then = last > 0 ? Self.difference(past, placed, frame: last - 1, joint: joint) : now
      // subtracted as rotations: as vectors they may lie on both sides of half a turn
      return (now.rotationVector, (now * then.inverse).rotationVector)
    }
    for frame in count..<placed.frameCount {
      let (stay, drift) = Self.fading(after: frame - last)
      for joint in 0..<joints {
        let offset =
          Quaternion(rotationVector: turns[joint].rate * drift)
          * Quaternion(rotationVector: turns[joint].gap * stay)
        rotations.append((offset * placed.rotations[frame * joints + joint]).normalized)
      }
    }
  }

  /// The rotation from a window's joint to the past's, in the parent's frame.
  private static func difference(
    _ past: ObservedMotion, _ window: MotionClip, frame: Int, joint: Int
  ) -> Quaternion {
    let at = frame * Skeleton.jointCount + joint
    return past.rotations[at] * window.rotations[at].inverse
  }

  /// How much of a difference and of its change a frame is left after so many frames.
  ///
  /// The polynomials of degree five that are 1 and 0 (value), 0 and 1 (slope) at the start and
  /// whose value, slope and curvature are 0 at the end, with no curvature at the start.
  private static func fading(after frames: Int) -> (stay: Double, drift: Double) {
    guard frames < fade else { return (0, 0) }
    let x = Double(frames) / Double(fade)
    let stay = 1 - x * x * x * (10 - 15 * x + 6 * x * x)
    let drift = x * (1 - x * x * (6 - 8 * x + 3 * x * x))
    return (stay, drift * Double(fade))
  }

  /// A window brought from its own world, where the past's first frame faces along x, into ours.
  private func placed(_ window: MotionClip, after past: ObservedMotion) -> MotionClip {
    let clip = past.clip(frames: 0..<past.frameCount, name: "", frameRate: 30, label: nil)
    let turn = Quaternion(angle: clip.heading(frame: 0), axis: .unitZ)
    let start = Vector3(past.root[0].x, past.root[0].y, 0)
    var window = window
    for frame in 0..<window.frameCount {
      window.rootTranslations[frame] = turn * window.rootTranslations[frame] + start
      let pelvis = frame * Skeleton.jointCount
      window.rotations[pelvis] = (turn * window.rotations[pelvis]).normalized
    }
    return window
  }
}
