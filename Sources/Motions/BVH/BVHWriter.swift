public import Files
import Foundation
import Geometry

/// Writes a clip as BVH: our joint names, y up, z forward, x left, centimetres.
///
/// The zero pose is the T-pose with all frames aligned, so Blender's importer (Forward: Z, Up: Y,
/// scale 0.01) shows it standing. Arms turn in the order Z X Y and the rest in Z Y X, so that the
/// middle angle, which must not pass 90 degrees, is never one that bends far.
public enum BVHWriter {
  /// The text of the file.
  public static func text(_ clip: MotionClip) -> String {
    var text = "HIERARCHY\n"
    writeJoint(.pelvis, clip.skeleton, depth: 0, to: &text)
    text += "MOTION\nFrames: \(clip.frameCount)\n"
    text += "Frame Time: \(fixed(1 / clip.frameRate, decimals: 10))\n"
    var before = [Vector3](repeating: .zero, count: Skeleton.jointCount)
    for frame in 0..<clip.frameCount {
      let place = fileFromWorld * clip.rootTranslations[frame] * centimetres
      text += "\(fixed(place.x)) \(fixed(place.y)) \(fixed(place.z))"
      for joint in order {
        var turn = clip.rotation(of: joint, frame: frame)
        if joint == .pelvis { turn = fileFromWorld * turn }
        let angles = Self.angles(turn, of: joint, near: before[joint.rawValue])
        before[joint.rawValue] = angles
        for index in 0..<3 { text += " \(fixed(angles[index] * 180 / .pi))" }
      }
      text += "\n"
    }
    return text
  }

  /// Writes the file atomically.
  public static func write(_ clip: MotionClip, to path: String) throws(FileError) {
    try AtomicFile.write(text(clip), to: path)
  }

  private static let centimetres = 100.0
  private static let fileFromWorld = Skeleton.worldFromBodyAtRest.inverse

  /// The joints as the file nests them.
  private static let order: [Skeleton.Joint] = {
    var order: [Skeleton.Joint] = []
    var stack: [Skeleton.Joint] = [.pelvis]
    while let joint = stack.popLast() {
      order.append(joint)
      stack += joint.children.reversed()
    }
    return order
  }()

  private static func writeJoint(
    _ joint: Skeleton.Joint, _ skeleton: Skeleton, depth: Int, to text: inout String
  ) {
    let indent = String(repeating: "  ", count: depth)
    text += "\(indent)\(depth == 0 ? "ROOT" : "JOINT") \(joint.name)\n\(indent){\n"
    text += "\(indent)  OFFSET \(fixed(skeleton.restOffset(of: joint) * centimetres))\n"
    let turns =
      joint.isInArm
      ? "Zrotation Xrotation Yrotation" : "Zrotation Yrotation Xrotation"
    text += "\(indent)  CHANNELS "
    text += depth == 0 ? "6 Xposition Yposition Zposition \(turns)\n" : "3 \(turns)\n"
    for child in joint.children { writeJoint(child, skeleton, depth: depth + 1, to: &text) }
    if joint.children.isEmpty {
      let tip = joint.tipFraction * skeleton.stature * centimetres
      text += "\(indent)  End Site\n\(indent)  {\n\(indent)    OFFSET \(fixed(tip))\n\(indent)  }\n"
    }
    text += "\(indent)}\n"
  }

  /// The three angles [rad] in the joint's order, the solution nearest to the frame before.
  static func angles(_ turn: Quaternion, of joint: Skeleton.Joint, near before: Vector3) -> Vector3
  {
    let (x, y, z) = turn.columns
    let first: Vector3 =
      joint.isInArm
      // Rz(a) Rx(b) Ry(c)
      ? [atan2(-y.x, y.y), atan2(y.z, hypot(x.z, z.z)), atan2(-x.z, z.z)]
      // Rz(a) Ry(b) Rx(c)
      : [atan2(x.y, x.x), atan2(-x.z, hypot(y.z, z.z)), atan2(y.z, z.z)]
    let second: Vector3 = [first.x + .pi, .pi - first.y, first.z + .pi]
    let candidates = [first, second].map { angles in
      let turns = (angles - before) / (2 * .pi)
      return angles - turns.rounded(.toNearestOrAwayFromZero) * (2 * .pi)
    }
    return (candidates[0] - before).squaredLength <= (candidates[1] - before).squaredLength
      ? candidates[0] : candidates[1]
  }

  private static func fixed(_ v: Vector3) -> String { "\(fixed(v.x)) \(fixed(v.y)) \(fixed(v.z))" }

  /// A number with a fixed count of decimals, without an exponent.
  private static func fixed(_ value: Double, decimals: Int = 6) -> String {
    let unit = decimals == 6 ? 1_000_000 : 10_000_000_000
    let scaled = Int((abs(value) * Double(unit)).rounded())
    let fraction = String(scaled % unit)
    let zeros = String(repeating: "0", count: decimals - fraction.count)
    return "\(value < 0 && scaled > 0 ? "-" : "")\(scaled / unit).\(zeros)\(fraction)"
  }
}

extension Skeleton.Joint {
  /// The children of this joint.
  var children: [Skeleton.Joint] { Self.allCases.filter { $0.parent == self } }

  /// Whether the joint is part of an arm.
  var isInArm: Bool {
    rawValue >= Self.leftShoulder.rawValue || self == .leftCollar || self == .rightCollar
  }

  /// The length of the end bone as a fraction of the stature, our own choice.
  var tipFraction: Vector3 {
    switch self {
    case .leftFoot, .rightFoot: [0, 0, 0.040]
    case .head: [0, 0.085, 0]
    case .leftWrist: [0.060, 0, 0]
    case .rightWrist: [-0.060, 0, 0]
    default: .zero
    }
  }
}
