public import Geometry

/// Where and when a person touches the ground: stance of heels, balls of the feet, knees, hands and
/// pelvis, and the heights of the ground that they stand on.
///
/// Heights, speeds and times are in metres and seconds, so that the answer does not depend on the
/// frame rate, on where the person is, which way they face, or which side is left. Nothing is known
/// of the ground beforehand; it is found from the feet:
///
/// 1. A foot is a *candidate* while its ball is slow.
/// 2. A candidate is *supported* if at some time in it no other part of the body is lower and the
///    pelvis is not in free fall. A foot that is held up beside a standing one is never supported, a
///    foot on a stair is once the other foot leaves the stair below.
/// 3. The heights of supported candidates form the *levels* of the ground: one for a clip on a floor,
///    one for each step of stairs.
/// 4. The probability of contact is a product of a ramp of the height above the foot's own stance
///    level and a ramp of the speed; stances are found of it with hysteresis.
public struct Contact: Sendable {
  /// A part of the body that touches the ground.
  public enum Part: Int, CaseIterable, Sendable, Hashable {
    /// The heels, observed by the ankle joints.
    case leftHeel, rightHeel
    /// The balls of the feet, observed by the foot joints.
    case leftBall, rightBall
    case leftKnee, rightKnee
    /// The hands, observed by the wrists.
    case leftHand, rightHand
    case pelvis

    /// The joint by which the part is observed.
    public var joint: Skeleton.Joint {
      switch self {
      case .leftHeel: .leftAnkle
      case .rightHeel: .rightAnkle
      case .leftBall: .leftFoot
      case .rightBall: .rightFoot
      case .leftKnee: .leftKnee
      case .rightKnee: .rightKnee
      case .leftHand: .leftWrist
      case .rightHand: .rightWrist
      case .pelvis: .pelvis
      }
    }
  }

  /// One time during which a part stays on the ground.
  public struct Stance: Sendable, Hashable {
    /// The part.
    public var part: Part
    /// The frames of the motion within it; may be empty in motion of a low rate.
    public var frames: Range<Int>
    /// When it begins, after the first frame [s].
    public var start: Double
    /// When it ends [s].
    public var end: Double
    /// The mean position of the part's joint during it [m].
    public var place: Vector3
    /// The index of the ground level that it stands on, into `levels`.
    public var level: Int
  }

  /// A height of the ground: the floor, or a step.
  public struct Level: Sendable, Hashable {
    /// The height of the ground [m]: that of the stances' joints less their height above the sole.
    public var height: Double
    /// The time that feet stood on it, both feet added up [s].
    public var duration: Double
    /// The difference between the highest and the lowest stance on it [m]; more than a few
    /// centimetres where the recording drifts or the floor slopes.
    public var spread: Double
  }

  /// The number of frames of the motion.
  public let frameCount: Int
  /// The frame rate of the motion [Hz].
  public let frameRate: Double
  /// The stances, in the order of their beginning.
  public let stances: [Stance]
  /// The levels of the ground, the lowest first; empty where nothing stands.
  public let levels: [Level]
  /// The probability of contact of each part in each frame; empty for parts that were not observed.
  let probabilities: [[Double]]

  /// The probability that a part touches the ground in a frame, 0...1.
  public func probability(of part: Part, frame: Int) -> Double {
    let values = probabilities[part.rawValue]
    return values.isEmpty ? 0 : values[frame]
  }

  /// The height of the lowest ground [m]; nil where nothing stands.
  ///
  /// A level on which less than a twentieth of all standing is done, and less than 0.2 s, is one of
  /// a fault in the recording and counts only where there is no other.
  public var ground: Double? { Self.lowest(levels) }

  static func lowest(_ levels: [Level]) -> Double? {
    let whole = levels.reduce(0) { $0 + $1.duration }
    let least = min(0.2, whole / 20)
    return levels.first { $0.duration >= least }?.height ?? levels.first?.height
  }

  /// For each frame whether a part is in stance.
  public func isStanding(_ part: Part) -> [Bool] {
    var result = [Bool](repeating: false, count: frameCount)
    for stance in stances where stance.part == part {
      for frame in stance.frames { result[frame] = true }
    }
    return result
  }

  /// For each frame whether nothing touches the ground.
  public var isAirborne: [Bool] {
    var result = [Bool](repeating: true, count: frameCount)
    for stance in stances { for frame in stance.frames { result[frame] = false } }
    return result
  }
}
