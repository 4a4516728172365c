import Foundation
import Geometry
import Motions

/// A figure in one moment: where the pelvis and the feet are, and how the upper body is turned.
///
/// The legs follow from pelvis and feet (two-bone inverse kinematics), so feet stand still where
/// they are said to stand.
struct Figure {
  /// Where a foot is: its ankle in the world [m] and how far its toes point down [rad].
  struct Foot {
    var ankle: Vector3
    var pitch = 0.0
    var yaw = 0.0
  }

  let skeleton: Skeleton
  /// The pelvis in the world [m].
  var pelvis: Vector3
  /// The pelvis's turn in the body's frame: pitch is forward.
  var pelvisTurn = Quaternion.identity
  var leftFoot: Foot
  var rightFoot: Foot
  /// Local rotations of the upper body.
  var turns: [Skeleton.Joint: Quaternion] = [:]

  /// Standing relaxed with the pelvis over the feet at x = y = 0.
  init(standing skeleton: Skeleton) {
    self.skeleton = skeleton
    let ankle = Figure.ankleHeight(skeleton)
    let hip = skeleton.restOffset(of: .leftHip)
    leftFoot = Foot(ankle: [0, hip.x + 0.02, ankle], yaw: degrees(6))
    rightFoot = Foot(ankle: [0, -hip.x - 0.02, ankle], yaw: degrees(-6))
    pelvis = [0.01, 0, skeleton.standingPelvisHeight - 0.005]
    turns = Figure.relaxedArms()
  }

  static func ankleHeight(_ skeleton: Skeleton) -> Double { 0.039 * skeleton.stature }

  /// Arms that hang at the sides, elbows a little bent; swings are forward angles [rad].
  static func relaxedArms(left: Double = 0, right: Double = 0, elbow: Double = 0.3)
    -> [Skeleton.Joint: Quaternion]
  {
    let down = degrees(78)
    return [
      .leftShoulder: x(-left) * z(-down), .rightShoulder: x(-right) * z(down),
      .leftElbow: y(-elbow - max(left, 0) * 0.5), .rightElbow: y(elbow + max(right, 0) * 0.5),
    ]
  }

  static func x(_ angle: Double) -> Quaternion { Quaternion(angle: angle, axis: .unitX) }
  static func y(_ angle: Double) -> Quaternion { Quaternion(angle: angle, axis: .unitY) }
  static func z(_ angle: Double) -> Quaternion { Quaternion(angle: angle, axis: .unitZ) }

  /// Moves some joints a part of the way to other rotations.
  mutating func blend(_ goal: [Skeleton.Joint: Quaternion], _ weight: Double) {
    for (joint, turn) in goal {
      turns[joint] = (turns[joint] ?? .identity).interpolated(to: turn, fraction: weight)
    }
  }

  /// Appends the figure to a clip.
  func append(to clip: inout MotionClip) {
    var local = [Quaternion](repeating: .identity, count: Skeleton.jointCount)
    for (joint, turn) in turns { local[joint.rawValue] = turn }
    let root = Skeleton.worldFromBodyAtRest * pelvisTurn
    local[0] = root
    solveLeg(leftFoot, .leftHip, .leftKnee, .leftAnkle, root, &local)
    solveLeg(rightFoot, .rightHip, .rightKnee, .rightAnkle, root, &local)
    clip.rootTranslations.append(pelvis)
    clip.rotations += local.map(\.normalized)
  }

  /// Two-bone inverse kinematics: the knee's angle from the cosine rule, the hip from the direction
  /// to the ankle with the knee bending in the foot's forward plane.
  private func solveLeg(
    _ foot: Foot, _ hip: Skeleton.Joint, _ knee: Skeleton.Joint, _ ankle: Skeleton.Joint,
    _ root: Quaternion, _ local: inout [Quaternion]
  ) {
    let thigh = skeleton.length(of: knee)
    let shank = skeleton.length(of: ankle)
    let hipPlace = pelvis + root * skeleton.restOffset(of: hip)
    let reach = root.inverse * (foot.ankle - hipPlace)
    let distance = reach.length
    precondition(
      distance < (thigh + shank) * 0.9999,
      "the foot at \(foot.ankle) is out of the reach of the hip at \(hipPlace)")
    let inner = acos(
      (thigh * thigh + shank * shank - distance * distance) / (2 * thigh * shank))
    let flexion = .pi - inner
    let bent: Vector3 = [0, -thigh - shank * cos(flexion), -shank * sin(flexion)]
    let footTurn =
      Quaternion(angle: foot.yaw, axis: .unitZ) * Skeleton.worldFromBodyAtRest
      * Figure.x(foot.pitch)
    let side = root.inverse * (footTurn * .unitX)
    local[hip.rawValue] = Figure.frame(reach, side) * Figure.frame(bent, .unitX).inverse
    local[knee.rawValue] = Figure.x(flexion)
    let shankTurn = root * local[hip.rawValue] * local[knee.rawValue]
    local[ankle.rawValue] = shankTurn.inverse * footTurn
  }

  /// A frame with its first axis along a direction and its second near another.
  private static func frame(_ direction: Vector3, _ side: Vector3) -> Quaternion {
    let first = direction / direction.length
    let across = first.cross(side)
    let third = across / across.length
    return Quaternion(columns: first, third.cross(first), third)
  }
}
