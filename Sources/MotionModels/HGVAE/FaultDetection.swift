import HumanBody
import Motions

/// Which seen joints of a track are wrong, where both the model and the bones say so.
struct FaultDetection {
  private static let joints = Skeleton.jointCount
  /// Runs of faults closer together than this are one [frames].
  private static let hole = 4
  /// The share of the tolerances down to which a run of faults is followed to both sides.
  private static let edge: Float = 0.5

  /// The check that is no model.
  let check: BoneCheck
  /// The thresholds of the model's residuals.
  let thresholds: PlausibilityCalibration.Thresholds

  /// Whether a joint is wrong, [frames, 22].
  ///
  /// In each frame the joints are taken by how far they are from what the model expects; a joint is
  /// wrong if a bone of it that no joint before has explained deviates too. A jump in which bones
  /// keep their length counts if it is greater than any acceleration of real motion.
  ///
  /// - Parameters:
  ///   - positions: [frames, 22, 3] in metres, gaps filled
  ///   - confidences: 0 where a joint is missing, [frames, 22]
  ///   - pose: distances from what the model expects [m], [frames, 22]
  func faults(_ positions: [Float], confidences: [Float], pose: [Float]) -> [Bool] {
    let frames = confidences.count / Self.joints
    var faults = [Bool](repeating: false, count: confidences.count)
    for frame in 0..<frames {
      for joint in find(positions, confidences, pose, frame) {
        faults[frame * Self.joints + joint] = true
      }
    }
    for joint in 1..<Self.joints {
      extend(&faults, joint, frames) { frame in
        let at = frame * Self.joints + joint
        guard confidences[at] > 0 else { return false }
        return BoneCheck.bones[joint].contains {
          abs(check.error(positions, frame: frame, joint: $0)) > Self.edge * check.tolerances[$0]
        } && pose[at] > 0.5 * Self.edge * thresholds.pose[joint]
      }
    }
    return faults.indices.map { faults[$0] && confidences[$0] > 0 }
  }

  private func find(
    _ positions: [Float], _ confidences: [Float], _ pose: [Float], _ frame: Int
  ) -> [Int] {
    let base = frame * Self.joints
    var open = Set(
      (1..<Self.joints).filter { joint in
        confidences[base + joint] > 0 && confidences[base + Skeleton.parents[joint]] > 0
          && abs(check.error(positions, frame: frame, joint: joint)) > check.tolerances[joint]
      })
    var found: [Int] = []
    let order = (1..<Self.joints).sorted {
      pose[base + $0] / thresholds.pose[$0] > pose[base + $1] / thresholds.pose[$1]
    }
    let last = confidences.count / Self.joints - 1
    for joint in order where confidences[base + joint] > 0 {
      let ratio = pose[base + joint] / thresholds.pose[joint]
      guard ratio > 0.5 else { break }
      let bones = open.intersection(BoneCheck.bones[joint])
      let jumps =
        ratio > 1 && frame > 0 && frame < last
        && check.bend(positions, frame: frame, joint: joint) > 0.2
      guard !bones.isEmpty || jumps else { continue }
      open.subtract(bones)
      found.append(joint)
    }
    return found
  }

  /// Follows runs of faults to both sides and closes holes.
  private func extend(
    _ faults: inout [Bool], _ joint: Int, _ frames: Int, _ isDoubtful: (Int) -> Bool
  ) {
    func at(_ frame: Int) -> Int { frame * Self.joints + joint }
    for frame in 1..<frames where faults[at(frame - 1)] && !faults[at(frame)] {
      if isDoubtful(frame) { faults[at(frame)] = true }
    }
    for frame in stride(from: frames - 2, through: 0, by: -1)
    where faults[at(frame + 1)] && !faults[at(frame)] {
      if isDoubtful(frame) { faults[at(frame)] = true }
    }
    var last: Int?
    for frame in 0..<frames where faults[at(frame)] {
      if let last, frame - last <= Self.hole {
        for between in last..<frame { faults[at(between)] = true }
      }
      last = frame
    }
  }
}
