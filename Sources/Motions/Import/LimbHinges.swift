import Foundation
import Geometry
import Morphology

/// The axes about which knees and elbows bend, as the motion shows them.
///
/// With the upper bone along `b` and the lower along `d` in the upper node's frame, the hinge is the
/// mean of `b × d`, weighted by the bend: only places are used, so the forearm's own turning does not
/// matter. Knees bend about the body's left, elbows about the vertical of the T-pose.
struct LimbHinges {
  /// A limb's hinge.
  struct Hinge {
    /// The axis in the frame of the upper joint's node.
    var axis: Vector3
    /// The axis in the frame of the lower joint's node, where it is the same in all poses.
    var lowerAxis: Vector3?
  }

  /// By the upper joint: hips and shoulders; nil where the limb hardly bends.
  private(set) var hinges: [Skeleton.Joint: Hinge] = [:]

  /// The joints with a hinge at their lower end.
  static let uppers: [Skeleton.Joint] = [.leftHip, .rightHip, .leftShoulder, .rightShoulder]

  /// A bend below it shows no axis [rad].
  private static let least = 8 * Double.pi / 180
  /// The lower node turns about its own bone by more than this where the axis is not the same in all
  /// poses; root mean square [rad].
  private static let steady = 1 * Double.pi / 180

  /// The axis of the hinge at the lower end of a joint's bone in the canonical frames.
  static func canonicalAxis(below upper: Skeleton.Joint) -> Vector3 {
    switch upper {
    case .leftShoulder: -.unitY
    case .rightShoulder: .unitY
    default: .unitX
    }
  }

  /// The hinges of a source.
  init(_ slots: SkeletonSlots, in tree: BodyTree) {
    for upper in Self.uppers { hinges[upper] = Self.hinge(upper, slots, tree) }
  }

  private static func hinge(_ upper: Skeleton.Joint, _ slots: SkeletonSlots, _ tree: BodyTree)
    -> Hinge?
  {
    guard let middle = upper.next, let end = middle.next, let top = slots[upper],
      let turn = slots.turns[upper.rawValue], let knee = slots[middle],
      let lowerTurn = slots.turns[middle.rawValue], let ankle = slots[end]
    else { return nil }
    var sum = Vector3.zero
    var most = 0.0
    for pose in 0..<tree.poseCount {
      let bone = tree.place(knee, in: pose) - tree.place(top, in: pose)
      let next = tree.place(ankle, in: pose) - tree.place(knee, in: pose)
      guard let b = bone.normalized, let d = next.normalized else { return nil }
      let across = b.cross(d)
      most = max(most, atan2(across.length, b.dot(d)))
      // Weighted by the bend once more, since a small one has a doubtful plane.
      sum += tree.pose(turn, in: pose).rotation.inverse * (across * across.length)
    }
    guard most > least, let axis = sum.normalized else { return nil }
    return Hinge(axis: axis, lowerAxis: lowerAxis(of: axis, turn, lowerTurn, tree))
  }

  /// The hinge in the lower node's frame, if it stays there.
  private static func lowerAxis(of axis: Vector3, _ turn: Int, _ lower: Int, _ tree: BodyTree)
    -> Vector3?
  {
    let seen = (0..<tree.poseCount).map { pose in
      tree.pose(lower, in: pose).rotation.inverse * (tree.pose(turn, in: pose).rotation * axis)
    }
    guard let mean = seen.reduce(Vector3.zero, +).normalized else { return nil }
    let squares = seen.reduce(0.0) { sum, one in
      let angle = atan2(one.cross(mean).length, one.dot(mean))
      return sum + angle * angle
    }
    return (squares / Double(seen.count)).squareRoot() < steady ? mean : nil
  }
}
