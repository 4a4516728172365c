import Foundation
import Geometry

/// Inverse kinematics of a leg: hip and knee turn so that the ankle is at a place, the foot keeps its
/// orientation in the world, and the knee bends in the plane in which it bends already.
struct LegIK {
  /// The largest distance from hip to ankle, by the length of thigh and shank: a knee that is nearly
  /// straight jumps for the smallest change of the distance.
  static let reach = 0.995

  /// The joints of a leg.
  let hip, knee, ankle: Skeleton.Joint

  static let left = LegIK(hip: .leftHip, knee: .leftKnee, ankle: .leftAnkle)
  static let right = LegIK(hip: .rightHip, knee: .rightKnee, ankle: .rightAnkle)

  /// The longest distance from hip to ankle that a leg of this skeleton reaches [m].
  func length(_ skeleton: Skeleton) -> Double {
    (skeleton.restOffsets[knee.rawValue].length + skeleton.restOffsets[ankle.rawValue].length)
      * Self.reach
  }

  /// Moves the ankle of a frame to a place in the world [m]; where that is out of reach, as near as
  /// the leg reaches.
  func move(to target: Vector3, in clip: inout MotionClip, frame: Int) {
    let poses = clip.jointPoses(frame: frame)
    let start = poses[hip.rawValue]
    let (middle, end) = (poses[knee.rawValue], poses[ankle.rawValue])
    let thigh = middle.translation - start.translation
    let shank = end.translation - middle.translation
    let step = target - start.translation
    guard thigh.length > 1e-6, shank.length > 1e-6, let way = step.normalized else { return }
    let axis = bendAxis(thigh, shank, knee: middle.rotation)
    let bend = Quaternion(angle: bend(thigh, shank, axis, distance: step.length), axis: axis)
    guard let reached = (thigh + bend * shank).normalized else { return }
    let swing = Quaternion(turning: reached, into: way)
    let hipTurn = (swing * start.rotation).normalized
    let kneeTurn = (swing * bend * middle.rotation).normalized
    turn(hip: hipTurn, knee: kneeTurn, from: poses, in: &clip, frame: frame)
  }

  /// Turns a knee that bends backwards to the front wherever that is continuous.
  ///
  /// That is from straight to straight, and never by more than a right angle: a leg that folds all the way may come out
  /// on the other side, where nothing is the front.
  ///
  /// - Parameters:
  ///   - clip: The motion.
  ///   - fixed: The number of frames at the beginning that do not change.
  func bendForward(in clip: inout MotionClip, after fixed: Int) {
    let bends = (0..<clip.frameCount).map { bend(of: clip, frame: $0) }
    for run in bends.indices.split(whereSeparator: { !(bends[$0] < 0) }) {
      let frames = run.startIndex..<run.endIndex
      guard frames.lowerBound >= fixed, frames.allSatisfy({ bends[$0] > -.pi / 2 }) else {
        continue
      }
      for frame in frames { bendForward(in: &clip, frame: frame) }
    }
  }

  /// The angle from thigh to shank about the knee's own axis, to the body's left [rad]; below 0 for a knee that is bent
  /// backwards.
  private func bend(of clip: MotionClip, frame: Int) -> Double {
    let poses = clip.jointPoses(frame: frame)
    let (hip, knee) = (poses[hip.rawValue].translation, poses[knee.rawValue])
    let (thigh, shank) = (
      knee.translation - hip, poses[ankle.rawValue].translation - knee.translation
    )
    return atan2(thigh.cross(shank).dot(knee.rotation * .unitX), thigh.dot(shank))
  }

  /// Turns a knee that bends backwards to the front, between the same hip and ankle; the foot keeps its
  /// orientation in the world.
  ///
  /// What leaves the knee in the plane ahead of the leg is mirrored there, so that a knee that goes through straight
  /// does not jump.
  private func bendForward(in clip: inout MotionClip, frame: Int) {
    let poses = clip.jointPoses(frame: frame)
    let start = poses[hip.rawValue]
    let (middle, end) = (poses[knee.rawValue], poses[ankle.rawValue])
    let thigh = middle.translation - start.translation
    let shank = end.translation - middle.translation
    guard let way = (end.translation - start.translation).normalized,
      let ahead = way.cross(middle.rotation * .unitX).normalized
    else { return }
    let behind = thigh.dot(ahead)
    guard behind < 0, let old = thigh.normalized,
      let oldShank = shank.normalized,
      let new = (thigh - ahead * (2 * behind)).normalized,
      let newShank = (shank + ahead * (2 * behind)).normalized
    else { return }
    let hipTurn = (Quaternion(turning: old, into: new) * start.rotation).normalized
    let kneeTurn = (Quaternion(turning: oldShank, into: newShank) * middle.rotation).normalized
    turn(hip: hipTurn, knee: kneeTurn, from: poses, in: &clip, frame: frame)
  }

  /// Gives hip and knee orientations in the world; the foot keeps the one of the poses as they were.
  private func turn(
    hip hipTurn: Quaternion, knee kneeTurn: Quaternion, from poses: [Pose],
    in clip: inout MotionClip, frame: Int
  ) {
    let base = frame * Skeleton.jointCount
    let foot = poses[ankle.rawValue].rotation
    clip.rotations[base + hip.rawValue] = (poses[0].rotation.inverse * hipTurn).normalized
    clip.rotations[base + knee.rawValue] = (hipTurn.inverse * kneeTurn).normalized
    clip.rotations[base + ankle.rawValue] = (kneeTurn.inverse * foot).normalized
  }

  /// The angle that the shank turns by about the axis, so that hip and ankle are this far apart
  /// [rad].
  private func bend(
    _ thigh: Vector3, _ shank: Vector3, _ axis: Vector3, distance: Double
  ) -> Double {
    let (a, b) = (thigh.length, shank.length)
    // A leg that is straighter already stays so.
    let longest = max((a + b) * Self.reach, (thigh + shank).length)
    let far = min(max(distance, abs(a - b) + 1e-6), longest)
    let along = thigh.dot(axis) * shank.dot(axis)
    let (upper, lower) = (thigh - axis * thigh.dot(axis), shank - axis * shank.dot(axis))
    let across = upper.length * lower.length
    guard across > 1e-12 else { return 0 }
    let wanted: Double = (far * far - a * a - b * b) / 2 - along
    let angle = acos(min(max(wanted / across, -1), 1))
    return angle - atan2(upper.cross(lower).dot(axis), upper.dot(lower))
  }

  /// The axis about which the knee bends, in the world: that of its bend, and for a straight knee the
  /// joint's own x, to the body's left.
  private func bendAxis(_ thigh: Vector3, _ shank: Vector3, knee: Quaternion) -> Vector3 {
    let own = knee * .unitX
    let along = thigh.cross(shank) / (thigh.length * shank.length)
    // A bend of a few degrees says little about its plane.
    let mixed = along + own * 0.1
    let direction = (thigh.normalized ?? .zero) + (shank.normalized ?? .zero)
    guard let middle = direction.normalized else { return own }
    return (mixed - middle * mixed.dot(middle)).normalized ?? own
  }
}
