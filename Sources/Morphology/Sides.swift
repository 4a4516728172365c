import Foundation
import Geometry

extension BodyPlan {
  /// How clearly it must be seen which way the body faces; 1 is feet and knees all the time.
  private static let clear = 0.15

  /// Exchanges the sides where geometry says so.
  ///
  /// Feet point forward, knees bend forward and elbows backward; with up from pelvis to chest that
  /// says which side is left.
  mutating func assignSides(in tree: BodyTree) {
    let evidence = forwardEvidence(in: tree)
    let sum = 2 * evidence.feet + 1.5 * evidence.knees + 0.7 * evidence.elbows
    if sum < 0 {
      swap(&left, &right)
      swap(&leftArm, &rightArm)
    }
    pairArms(in: tree)
    let isContradictory = evidence.feet * evidence.knees < -0.15
    sides = Self.support(evidence, sum: sum, isContradictory)
    guard abs(sum) < Self.clear || isContradictory else { return }
    doubts.append(
      Doubt(
        matter: .sides,
        message: isContradictory
          ? "feet and knees disagree on which way the body faces, so left and right may be exchanged"
          : "neither feet nor knees nor elbows show which way the body faces, so left and right may"
            + " be exchanged"))
  }

  /// A logistic function of the evidence, which is at 0.82 where doubts end.
  private static func support(
    _ evidence: (feet: Double, knees: Double, elbows: Double), sum: Double, _ isContradictory: Bool
  ) -> Support {
    let sign = sum < 0 ? -1.0 : 1
    let parts = [
      ("feet point", "forward", evidence.feet), ("knees bend", "forward", evidence.knees),
      ("elbows bend", "backward", evidence.elbows),
    ].map { word, way, value in
      "\(word) \(way) by \(String(format: "%.2f", sign * value))"
    }
    return Support(
      confidence: isContradictory ? 0.5 : 1 / (1 + exp(-10 * abs(sum))),
      evidence: parts.joined(separator: ", ") + " of 1")
  }

  /// The arm that is on the left leg's side is the left arm.
  private mutating func pairArms(in tree: BodyTree) {
    var sum = 0.0
    for pose in 0..<tree.poseCount {
      let hips = tree.place(left.hip, in: pose) - tree.place(right.hip, in: pose)
      let shoulders =
        tree.place(leftArm.shoulder, in: pose) - tree.place(rightArm.shoulder, in: pose)
      sum += hips.dot(shoulders)
    }
    if sum < 0 { swap(&leftArm, &rightArm) }
  }

  /// How far feet, knees and elbows say that the body faces forward, if left is left: -1...1 each.
  private func forwardEvidence(in tree: BodyTree) -> (feet: Double, knees: Double, elbows: Double) {
    var (feet, knees, elbows) = (Sum(), Sum(), Sum())
    for pose in 0..<tree.poseCount {
      func place(_ node: Int) -> Vector3 { tree.place(node, in: pose) }
      let across = place(left.hip) - place(right.hip)
      let up = place(chest) - place(pelvis)
      guard let forward = across.cross(up).normalized else { continue }
      for leg in [left, right] {
        let (hip, knee, ankle) = (place(leg.hip), place(leg.knee), place(leg.ankle))
        if let toe = leg.toe, let foot = (place(toe) - ankle).normalized {
          // Across the shank, since feet of lying and of kneeling people point along it.
          feet.add(Self.across(foot, hip - ankle).dot(forward))
        }
        knees.add(Self.bow(hip, knee, ankle).dot(forward) * 8)
      }
      for arm in [leftArm, rightArm] {
        elbows.add(
          -Self.bow(place(arm.shoulder), place(arm.elbow), place(arm.wrist)).dot(forward) * 4)
      }
    }
    return (feet.mean, knees.mean, elbows.mean)
  }

  private struct Sum {
    var sum = 0.0
    var count = 0.0
    mutating func add(_ value: Double) {
      sum += min(1, max(-1, value))
      count += 1
    }
    var mean: Double { sum / max(count, 1) }
  }

  /// The part of a vector across an axis.
  private static func across(_ vector: Vector3, _ axis: Vector3) -> Vector3 {
    guard let unit = axis.normalized else { return vector }
    return vector - unit * unit.dot(vector)
  }

  /// How far the middle joint lies beside the line from the upper to the end joint, in its lengths.
  private static func bow(_ top: Vector3, _ middle: Vector3, _ end: Vector3) -> Vector3 {
    let length = (middle - top).length + (end - middle).length
    guard length > 0 else { return .zero }
    return across(middle - top, end - top) / length
  }
}
