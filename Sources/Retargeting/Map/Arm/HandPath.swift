import Files
import Foundation
public import Geometry
import Learning
public import Motions

/// Where a person's hand is, seen from the shoulder in the chest's axes: what a single arm follows.
///
/// Of the canonical skeleton, so that it depends on rotations alone (x left, y up, z forward).
public struct HandPath: Sendable {
  /// A person's arm.
  public enum Side: String, Sendable, CaseIterable {
    case left, right

    var shoulder: Skeleton.Joint { self == .left ? .leftShoulder : .rightShoulder }
    var collar: Skeleton.Joint { self == .left ? .leftCollar : .rightCollar }
    var elbow: Skeleton.Joint { self == .left ? .leftElbow : .rightElbow }
    var wrist: Skeleton.Joint { self == .left ? .leftWrist : .rightWrist }
  }

  /// The arm.
  public let side: Side
  /// The places of the hand, one for each pose [m].
  public let places: [Vector3]
  /// The poses, 22 rotations each.
  let poses: [[Quaternion]]
  /// The speed of the hand that it exceeds in one pose of ten [m/s]; zero where poses have no order.
  let speed: Double
  /// What the poses are of, as the end of a sentence: `4 motions`.
  public let source: String

  /// The length of the canonical arm from shoulder to wrist [m].
  static let length =
    Skeleton.canonical.restOffset(of: .rightElbow).length
    + Skeleton.canonical.restOffset(of: .rightWrist).length

  /// The path in motions, thinned to 15 Hz.
  ///
  /// - Parameters:
  ///   - clips: The motions, at least one with a frame.
  ///   - side: The arm.
  public init(of clips: [MotionClip], side: Side) {
    self.side = side
    var places: [Vector3] = []
    var poses: [[Quaternion]] = []
    var speeds: [Double] = []
    for clip in clips {
      let step = max(1, Int((clip.frameRate / PosePool.thinnedRate).rounded(.down)))
      var last: Vector3?
      for frame in stride(from: 0, to: clip.frameCount, by: step) {
        let start = frame * Skeleton.jointCount
        let pose = Array(clip.rotations[start..<(start + Skeleton.jointCount)])
        let place = Self.place(pose, side)
        if let last { speeds.append((place - last).length * clip.frameRate / Double(step)) }
        last = place
        places.append(place)
        poses.append(pose)
      }
    }
    self.places = places
    self.poses = poses
    speeds.sort()
    speed = speeds.isEmpty ? 0 : speeds[speeds.count * 9 / 10]
    source = Wording.count(clips.count, "motion")
  }

  /// The path in random poses, each half of the way from a T-pose to one within human joint ranges.
  init(ofRandomPoses count: Int, side: Side) {
    self.side = side
    var random = RandomSource(seed: 1)
    poses = (0..<count).map { _ in
      RandomPose.sample(using: &random).map {
        Quaternion.identity.interpolated(to: $0, fraction: 0.5)
      }
    }
    places = poses.map { Self.place($0, side) }
    speed = 0
    source = "random poses"
  }

  /// The path in the motions that ship, or in random poses where they are not found.
  public static func shipped(_ side: Side) -> HandPath {
    guard let folder = ProjectFolder.locate("Examples") else {
      return HandPath(ofRandomPoses: 400, side: side)
    }
    let clips = ["reach", "squat", "walk", "wave"].compactMap { name in
      try? MotionFile.read("\(folder)/Motions/\(name).bvh").clip
    }
    return clips.isEmpty
      ? HandPath(ofRandomPoses: 400, side: side) : HandPath(of: clips, side: side)
  }

  private static func place(_ pose: [Quaternion], _ side: Side) -> Vector3 {
    let skeleton = Skeleton.canonical
    let upper = pose[side.collar.rawValue] * pose[side.shoulder.rawValue]
    return upper * skeleton.restOffset(of: side.elbow)
      + upper * pose[side.elbow.rawValue] * skeleton.restOffset(of: side.wrist)
  }
}
