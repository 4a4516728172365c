import Files
import Foundation
import Kinematics
import Motions

/// Whether positions can be those of a robot's joints, before limits are imposed on them.
struct JointPlausibility {
  let robot: Robot
  let path: String

  /// How far outside of its range a position may be and still be taken for one: half a turn.
  private static let most = Double.pi
  /// In how many of the frames a joint outside of its range is worth a doubt.
  private static let share = 0.2

  /// Refuses positions [frame, joint] of another unit, order or robot; doubts those that are outside of
  /// a range for long.
  func check(
    _ positions: [Double], noting findings: inout [ImportReport.Finding]
  ) throws(RetargetingError) {
    let limits = robot.foldedLimits
    let joints = limits.count
    let frames = positions.count / max(1, joints)
    for joint in 0..<joints {
      guard let lower = limits[joint].lower?.value, let upper = limits[joint].upper?.value,
        robot.joints[robot.configurationJoints[joint]].isAngular
      else { continue }
      var outside = 0
      for frame in 0..<frames {
        let value = positions[frame * joints + joint]
        let beyond = max(lower - value, value - upper)
        guard beyond <= Self.most else {
          throw refusal(joint, frame, value, lower...max(lower, upper), positions)
        }
        if beyond > 0.01 { outside += 1 }
      }
      guard Double(outside) > Self.share * Double(frames) else { continue }
      let percent = Int((100 * Double(outside) / Double(frames)).rounded())
      findings.append(
        .init(
          .doubtfulJoints,
          "joint '\(robot.coordinateNames[joint].printable)' is outside of its range in \(percent) %"
            + " of the frames: this robot's limits are others than the file's, or its joints are in"
            + " another order"))
    }
  }

  private func refusal(
    _ joint: Int, _ frame: Int, _ value: Double, _ range: ClosedRange<Double>,
    _ positions: [Double]
  ) -> RetargetingError {
    let degrees = isInDegrees(positions) ? "; in degrees all of its angles would fit" : ""
    return .motion(
      "'\(path.shownPath)': joint '\(robot.coordinateNames[joint].printable)', frame \(frame):"
        + " \(value) rad, expected about \(range.lowerBound) to \(range.upperBound)\(degrees); angles"
        + " are read as radians, joints in the robot's order")
  }

  /// Whether all angles are within their ranges, or nearly, when they are read as degrees.
  private func isInDegrees(_ positions: [Double]) -> Bool {
    let limits = robot.foldedLimits
    return positions.indices.allSatisfy { index in
      let limit = limits[index % limits.count]
      guard let lower = limit.lower?.value, let upper = limit.upper?.value else { return true }
      let angle = positions[index] * .pi / 180
      return lower - 0.5 <= angle && angle <= upper + 0.5
    }
  }
}
