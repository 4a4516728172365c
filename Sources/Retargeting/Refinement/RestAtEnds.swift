import Foundation
import Geometry
import Kinematics

/// What it costs a refined motion to begin and end at rest where the person does not.
///
/// A trajectory is compared with the refined motion, which rests at its ends already.
struct RestAtEnds {
  /// How far the robot is from where the person's own pose puts it, at one end.
  private struct End {
    var isFirst: Bool
    var base: Double?
    var joint: (name: String, distance: Double, isAngular: Bool)?
  }

  /// A base or a joint that moves more slowly than this is at rest [m/s or rad/s].
  private static let atRest = 0.1
  /// Less than this is not worth a word [m, rad or m].
  private static let least = 0.05

  private let ends: [End]

  /// Compares a motion with what it was refined to, frame for frame.
  init(_ motion: JointMotion, _ refined: JointMotion, in robot: Robot) {
    let (last, count) = (motion.frameCount - 1, motion.jointNames.count)
    guard last > 0, refined.frameCount == motion.frameCount else {
      ends = []
      return
    }
    ends = [(0, 1), (last, last - 1)].compactMap { frame, beside -> End? in
      func speed(_ distance: Double) -> Double { distance * motion.frameRate }
      let moves = (0..<count).contains {
        let (a, b) = (motion.positions[frame * count + $0], motion.positions[beside * count + $0])
        return speed(abs(a - b)) > Self.atRest
      }
      let travels =
        motion.root.map {
          speed(($0.translations[frame] - $0.translations[beside]).length) > Self.atRest
        } ?? false
      guard moves || travels else { return nil }
      let base = motion.root.flatMap { root in
        refined.root.map { (root.translations[frame] - $0.translations[frame]).length }
      }
      let distances = (0..<count).map {
        abs(motion.positions[frame * count + $0] - refined.positions[frame * count + $0])
      }
      let worst = distances.indices.max { distances[$0] < distances[$1] }
      return End(
        isFirst: frame == 0, base: base,
        joint: worst.map {
          (
            motion.jointNames[$0], distances[$0],
            robot.joints[robot.configurationJoints[$0]].kind != .prismatic
          )
        })
    }
  }

  /// The words for people; nil where the person is at rest, or hardly anything changes.
  var sentence: String? {
    let parts = ends.compactMap { end -> String? in
      let isFar = (end.base ?? 0) > Self.least || (end.joint?.distance ?? 0) > Self.least
      guard isFar else { return nil }
      var far = end.base.map { ["\(String(format: "%.3f", $0)) m"] } ?? []
      if let joint = end.joint {
        let distance = String(format: "%.3f", joint.distance)
        far.append("\(distance) \(joint.isAngular ? "rad" : "m") (joint '\(joint.name)')")
      }
      return "\(end.isFirst ? "begins" : "ends") \(far.joined(separator: " and "))"
    }
    guard !parts.isEmpty else { return nil }
    return "the person moves where the robot rests: it \(parts.joined(separator: ", and it "))"
      + " from the person's own pose"
  }
}
