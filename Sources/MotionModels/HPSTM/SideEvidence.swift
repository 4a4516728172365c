import Geometry
import Motions

/// What a body itself says about which side is which, frame by frame, whatever comes before or after.
///
/// Bones that lead to a part have their usual lengths; hips and shoulders have the same side on their left; feet and
/// bent knees point ahead.
struct SideEvidence {
  /// A mean beyond this says something.
  static let least = 0.3
  /// The deviation of lengths that says nothing [m].
  private static let unremarkable = 0.1
  /// Feet and knees that point ahead by less than this say nothing [m].
  private static let leastAhead = 0.05

  private let track: JointTrack
  /// The median length of each joint's bone [m], 22; nil of one that was never seen.
  private let lengths: [Double?]

  init(_ track: JointTrack) {
    self.track = track
    lengths = Skeleton.Joint.allCases.map { joint in
      let parent = Skeleton.parents[joint.rawValue]
      guard parent >= 0 else { return nil }
      let found = (0..<track.frameCount).compactMap { frame in
        Self.place(joint, frame, track).flatMap { lower in
          Self.place(Skeleton.Joint.allCases[parent], frame, track).map { (lower - $0).length }
        }
      }.sorted()
      return found.isEmpty ? nil : found[found.count / 2]
    }
  }

  /// How much a part looks exchanged in some frames, on average: from -1, as it should be, to 1; 0 where nothing
  /// tells, and where fewer than half of the frames do.
  func exchange(of part: SideSwap.Part, in frames: Range<Int>) -> Double {
    let found = frames.compactMap { exchange(of: part, frame: $0) }
    guard !found.isEmpty, 2 * found.count >= frames.count else { return 0 }
    return found.reduce(0, +) / Double(found.count)
  }

  private func exchange(of part: SideSwap.Part, frame: Int) -> Double? {
    switch part {
    case .wrists, .forearms, .arms, .feet, .lowerLegs:
      part.leftJoints.first.flatMap { stretch(of: $0, frame) }
    case .armsWithCollars, .legs:
      across(.leftHip, frame).flatMap { hips in
        across(.leftShoulder, frame).map { -hips.dot($0) }
      }
    case .body: ahead(frame).map { -$0 }
    }
  }

  /// How much better the two bones that lead to a pair of joints fit with the joints exchanged.
  private func stretch(of left: Skeleton.Joint, _ frame: Int) -> Double? {
    let joints = Skeleton.Joint.allCases
    let above = joints[Skeleton.parents[left.rawValue]]
    guard let length = lengths[left.rawValue], let other = lengths[left.mirrored.rawValue],
      let own = Self.place(left, frame, track),
      let opposite = Self.place(left.mirrored, frame, track),
      let upper = Self.place(above, frame, track),
      let across = Self.place(above.mirrored, frame, track)
    else { return nil }
    func deviation(_ left: Vector3, _ right: Vector3) -> Double {
      abs((left - upper).length - length) + abs((right - across).length - other)
    }
    let (now, exchanged) = (deviation(own, opposite), deviation(opposite, own))
    return (now - exchanged) / (now + exchanged + Self.unremarkable)
  }

  /// The direction from the right joint of a pair to the left one.
  private func across(_ left: Skeleton.Joint, _ frame: Int) -> Vector3? {
    guard let own = Self.place(left, frame, track),
      let other = Self.place(left.mirrored, frame, track)
    else { return nil }
    return (own - other).normalized
  }

  /// How far ahead feet and bent knees point, from -1 to 1.
  private func ahead(_ frame: Int) -> Double? {
    func middle(_ left: Skeleton.Joint) -> Vector3? {
      guard let own = Self.place(left, frame, track),
        let other = Self.place(left.mirrored, frame, track)
      else { return nil }
      return (own + other) / 2
    }
    guard let hips = across(.leftHip, frame), let shoulders = across(.leftShoulder, frame),
      let below = middle(.leftHip), let above = middle(.leftShoulder),
      let forward = (hips + shoulders).cross(above - below).normalized
    else { return nil }
    var sum = Vector3.zero
    for side in [false, true] {
      func place(_ left: Skeleton.Joint) -> Vector3? {
        Self.place(side ? left.mirrored : left, frame, track)
      }
      let foot = side ? Skeleton.Joint.rightFoot : .leftFoot
      if track.confidences[frame * Skeleton.jointCount + foot.rawValue] > SideSwap.constructed,
        let ankle = place(.leftAnkle), let ball = place(.leftFoot)
      {
        sum += ball - ankle
      }
      if let hip = place(.leftHip), let knee = place(.leftKnee), let ankle = place(.leftAnkle) {
        sum += knee * 2 - hip - ankle
      }
    }
    return sum.length > Self.leastAhead ? sum.normalized?.dot(forward) : nil
  }

  private static func place(
    _ joint: Skeleton.Joint, _ frame: Int, _ track: JointTrack
  ) -> Vector3? {
    let at = frame * Skeleton.jointCount + joint.rawValue
    guard track.confidences[at] > 0, track.positions[at].isFinite else { return nil }
    return track.positions[at]
  }
}
