import Geometry
import HumanBody
import Motions

/// Which seen joints of a track are wrong, where both the model and the bones say so.
struct FaultDetection {
  private static let joints = Skeleton.jointCount
  /// Runs of faults closer together than this are one [frames].
  private static let hole = 4
  /// The share of the tolerances down to which a run of faults is followed to both sides.
  private static let edge: Float = 0.5

  /// The share of the model's threshold above which a deviating joint is wrong.
  private static let strange: Float = 0.25
  /// A second difference that is no motion of a person [m].
  private static let jump: Float = 0.25
  /// The frames within which a joint comes back from a jump.
  private static let longestJump = 3

  /// The check that is no model.
  let check: BoneCheck
  /// The thresholds of the model's residuals.
  let thresholds: PlausibilityCalibration.Thresholds

  /// Whether a joint is wrong, [frames, 22].
  ///
  /// In each frame the joint is wrong that explains most bones of deviating lengths, then the next,
  /// if the model finds it strange or the deviation is beyond doubt. A jump in which bones keep their
  /// lengths counts where the model finds it strange.
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
    for joint in 0..<Self.joints {
      extend(&faults, joint, frames) { frame in
        let base = frame * Self.joints
        return BoneCheck.bones[joint].contains {
          confidences[base + $0] > 0 && confidences[base + Skeleton.parents[$0]] > 0
            && abs(check.error(positions, frame: frame, joint: $0))
              > Self.edge * check.tolerances[$0]
        }
      }
    }
    return faults.indices.map { faults[$0] && confidences[$0] > 0 }
  }

  private func find(
    _ positions: [Float], _ confidences: [Float], _ pose: [Float], _ frame: Int
  ) -> [Int] {
    let base = frame * Self.joints
    func isSeen(_ joint: Int) -> Bool { confidences[base + joint] > 0 }
    func deviation(_ bone: Int) -> Float {
      abs(check.error(positions, frame: frame, joint: bone)) / check.tolerances[bone]
    }
    func ratio(_ joint: Int) -> Float { pose[base + joint] / thresholds.pose[joint] }
    let bones = (1..<Self.joints).filter { isSeen($0) && isSeen(Skeleton.parents[$0]) }
    var open = Set(bones.filter { deviation($0) > 1 })
    let fine = Set(bones).subtracting(open)
    var found: [Int] = []
    while !open.isEmpty {
      // The joint that explains most deviations and contradicts the fewest bones; of equals the one
      // that the model finds stranger.
      let suspects = (0..<Self.joints).filter { joint in
        isSeen(joint) && !open.isDisjoint(with: BoneCheck.bones[joint])
      }
      func weight(_ joint: Int) -> Float {
        let own = BoneCheck.bones[joint]
        return Float(own.count { open.contains($0) } - own.count { fine.contains($0) })
          + min(ratio(joint), 2) / 2
      }
      guard let worst = suspects.max(by: { weight($0) < weight($1) }) else { break }
      let own = open.intersection(BoneCheck.bones[worst])
      open.subtract(own)
      let isBeyondDoubt = own.contains { deviation($0) > 2 }
      if isBeyondDoubt || ratio(worst) > Self.strange { found.append(worst) }
    }
    return found + jumps(positions, confidences, frame, ratio).filter { !found.contains($0) }
  }

  /// Joints that jump and come back while their bones keep their lengths.
  private func jumps(
    _ positions: [Float], _ confidences: [Float], _ frame: Int, _ ratio: (Int) -> Float
  ) -> [Int] {
    guard frame > 0, frame < confidences.count / Self.joints - 1 else { return [] }
    return (1..<Self.joints).filter { joint in
      (-1...1).allSatisfy { confidences[(frame + $0) * Self.joints + joint] > 0 }
        && ratio(joint) > 1 && check.bend(positions, frame: frame, joint: joint) > Self.jump
        && comesBack(positions, confidences, frame, joint)
    }
  }

  /// Whether a joint is far from where it was at most three frames before and is again at most three frames
  /// later: of a jump that stays, and of one in the first frame, its neighbours are not to blame.
  private func comesBack(
    _ positions: [Float], _ confidences: [Float], _ frame: Int, _ joint: Int
  ) -> Bool {
    let frames = confidences.count / Self.joints
    func place(_ frame: Int) -> SIMD3<Float>? {
      let at = frame * Self.joints + joint
      guard (0..<frames).contains(frame), confidences[at] > 0 else { return nil }
      return [positions[3 * at], positions[3 * at + 1], positions[3 * at + 2]]
    }
    guard let here = place(frame) else { return false }
    return (1...Self.longestJump).contains { back in
      guard let before = place(frame - back) else { return false }
      return (1...Self.longestJump).contains { ahead in
        guard let after = place(frame + ahead) else { return false }
        let least = min((here - before).length, (here - after).length)
        return (after - before).length < 0.5 * least
      }
    }
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
