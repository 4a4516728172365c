import Geometry
import HumanBody
public import Motions

extension HGVAE {
  /// Gaps in which nobody is seen for longer than this are left open [s].
  private static let longestEmptyGap = 1.0

  /// Fills in missing joints and replaces wrong ones; what is judged good stays bit for bit.
  ///
  /// Exchanged limbs are set right first. Then joints count as wrong where both the model's residuals
  /// and the lengths of bones say so; they and the missing ones are found anew by `impute`. What
  /// replaces a joint that was seen is kept only where lengths of bones and jumps, which are no
  /// model, say that it is better.
  ///
  /// - Throws: `GenerationError.request` where the track is too short, nobody is seen in it, or the
  ///   model has no thresholds.
  public func repair(_ track: JointTrack) throws(GenerationError) -> RepairedTrack {
    guard let calibration else {
      throw .request("the model has no thresholds: it was never calibrated on real motion")
    }
    var result = RepairedTrack(track: track, changes: [], rejected: 0, emptyFrames: 0)
    try exchangeLimbs(&result)
    let seen = try atModelRate(result.track)
    var cut = try TrackWindows(seen, length: frames)
    let confidences = cut.confidences
    let check = BoneCheck(cut.filled, confidences: confidences)
    let detection = FaultDetection(check: check, thresholds: calibration.thresholds)
    var faults = [Bool](repeating: false, count: confidences.count)
    for _ in 0..<3 {
      let found = detection.faults(
        cut.filled, confidences: cut.confidences, pose: poseResiduals(cut))
      guard found.contains(true) else { break }
      for at in found.indices where found[at] {
        faults[at] = true
        cut.confidences[at] = 0
      }
      guard cut.confidences.contains(where: { $0 > 0 }) else { break }
      cut.fill()
    }
    let repair = ModelRateRepair(
      seen: seen, cut: cut, confidences: confidences, faults: faults, check: check,
      longestEmptyGap: Int((Self.longestEmptyGap * frameRate).rounded()))
    repair.finish(&result, imputed: faults.contains(true) || repair.hasGaps ? imputed(cut) : nil)
    return result
  }

  /// Distances of a track's joints from what the model expects [m], [frames, 22].
  private func poseResiduals(_ cut: TrackWindows) -> [Float] {
    let joints = Skeleton.jointCount
    let windows = cut.starts.map { cut.window(at: $0) }
    let fade = TrackWindows.fade(frames)
    var weights = [Float](repeating: 0, count: cut.frames)
    var sums = [Float](repeating: 0, count: cut.frames * joints)
    for ((start, window), reading) in zip(zip(cut.starts, windows), read(windows)) {
      let residuals = residuals(window, reading)
      for frame in 0..<min(frames, cut.frames - start) {
        weights[start + frame] += fade[frame]
        for joint in 0..<joints {
          sums[(start + frame) * joints + joint] +=
            fade[frame] * residuals.pose[frame * joints + joint]
        }
      }
    }
    return sums.indices.map { sums[$0] / max(weights[$0 / joints], 1e-9) }
  }

  /// Sets exchanged limbs right, at the track's own rate.
  private func exchangeLimbs(_ result: inout RepairedTrack) throws(GenerationError) {
    let joints = Skeleton.jointCount
    let confidences = Smoother.confidences(of: result.track)
    guard let first = confidences.firstIndex(where: { $0 > 0 }) else { return }
    let shift = result.track.positions[first]
    var positions: [Float] = []
    positions.reserveCapacity(3 * confidences.count)
    for (at, place) in result.track.positions.enumerated() {
      let local = confidences[at] > 0 ? place - shift : .zero
      positions += [Float(local.x), Float(local.y), Float(local.z)]
    }
    let check = BoneCheck(positions, confidences: confidences)
    for run in LimbSwaps(check: check).runs(positions, confidences: confidences) {
      let pairs = LimbSwaps.pairs[run.limb]
      let names = pairs.flatMap { [$0.left, $0.right] }
      func badness() -> Float {
        names.reduce(0) { $0 + check.badness(positions, joint: $1, frames: run.frames) }
          / Float(names.count)
      }
      let before = badness()
      let old = positions
      for frame in run.frames {
        for (left, right) in pairs {
          let (a, b) = (frame * joints + left, frame * joints + right)
          for axis in 0..<3 { positions.swapAt(3 * a + axis, 3 * b + axis) }
        }
      }
      let after = badness()
      guard after < 0.8 * before else {
        positions = old
        result.rejected += 1
        continue
      }
      for frame in run.frames {
        for (left, right) in pairs {
          result.track.positions.swapAt(frame * joints + left, frame * joints + right)
          result.track.confidences.swapAt(frame * joints + left, frame * joints + right)
        }
      }
      result.changes.append(
        .init(kind: .swapped, joints: names, frames: run.frames, before: before, after: after))
    }
  }
}

/// The repair of a track at the model's rate, and its way back to the track's own frames.
struct ModelRateRepair {
  /// The track at the model's rate.
  let seen: JointTrack
  /// Its windows, wrong joints missing.
  let cut: TrackWindows
  /// What was seen, wrong joints included, [frames, 22].
  let confidences: [Float]
  /// The joints that were judged wrong, [frames, 22].
  let faults: [Bool]
  /// The check that is no model.
  let check: BoneCheck
  /// The longest gap without anybody that is filled [frames].
  let longestEmptyGap: Int

  private static let joints = Skeleton.jointCount
  /// A replaced joint has to be better by this factor.
  private static let betterBy: Float = 0.7

  /// Whether a joint is missing somewhere.
  var hasGaps: Bool { confidences.contains { !($0 > 0) } }

  /// Writes what is better into the track.
  func finish(_ result: inout RepairedTrack, imputed: [Float]?) {
    guard let imputed else { return }
    let found = chosen(imputed)
    let original = originals()
    let isEmpty = emptyFrames()
    for joint in 0..<Self.joints {
      for run in runs(of: joint, isEmpty) {
        let isFault = run.contains { faults[$0 * Self.joints + joint] }
        let range = max(0, run.lowerBound - 1)..<min(cut.frames, run.upperBound + 1)
        let after = check.badness(found, joint: joint, frames: range)
        var before: Float?
        if isFault, !run.contains(where: { !(confidences[$0 * Self.joints + joint] > 0) }) {
          let bad = check.badness(original, joint: joint, frames: range)
          guard after < Self.betterBy * bad else {
            result.rejected += 1
            continue
          }
          before = bad
        }
        write(found, joint, run, before: before, after: after, into: &result)
      }
    }
    result.changes.sort {
      ($0.frames.lowerBound, $0.joints[0]) < ($1.frames.lowerBound, $1.joints[0])
    }
    result.emptyFrames = result.track.frameCount - Self.seenFrames(result.track)
  }

  /// What missing joints become [m], [frames, 22, 3].
  ///
  /// By run of frames it is what the model says or a straight line, whichever the check finds better;
  /// short gaps are crossed by cubics. Then bones get their lengths.
  private func chosen(_ imputed: [Float]) -> [Float] {
    var result = imputed
    for joint in 0..<Self.joints {
      for run in runs(of: joint, []) {
        let range = max(0, run.lowerBound - 1)..<min(cut.frames, run.upperBound + 1)
        let model = check.badness(imputed, joint: joint, frames: range)
        guard check.badness(cut.filled, joint: joint, frames: range) < model else { continue }
        for frame in run {
          let at = 3 * (frame * Self.joints + joint)
          for index in at..<(at + 3) { result[index] = cut.filled[index] }
        }
      }
    }
    CubicGaps.fill(&result, confidences: cut.confidences, longest: HGVAE.shortGap)
    check.project(&result, missing: cut.confidences.map { !($0 > 0) })
    return result
  }

  /// The positions with wrong joints as they were seen [m], [frames, 22, 3].
  private func originals() -> [Float] {
    var result = cut.filled
    for at in confidences.indices where faults[at] {
      let place = seen.positions[at] - cut.shift
      result[3 * at] = Float(place.x)
      result[3 * at + 1] = Float(place.y)
      result[3 * at + 2] = Float(place.z)
    }
    return result
  }

  /// The frames of gaps without anybody that are too long.
  private func emptyFrames() -> Set<Int> {
    var (result, first): (Set<Int>, Int?) = ([], nil)
    for frame in 0...cut.frames {
      let isEmpty =
        frame < cut.frames
        && !(0..<Self.joints).contains { confidences[frame * Self.joints + $0] > 0 }
      if isEmpty {
        first = first ?? frame
      } else if let start = first {
        let isEnd = start == 0 || frame == cut.frames
        if isEnd || frame - start > longestEmptyGap { result.formUnion(start..<frame) }
        first = nil
      }
    }
    return result
  }

  /// The runs of frames in which a joint is to be written.
  private func runs(of joint: Int, _ isEmpty: Set<Int>) -> [Range<Int>] {
    var (runs, first): ([Range<Int>], Int?) = ([], nil)
    for frame in 0...cut.frames {
      let isOpen =
        frame < cut.frames && !isEmpty.contains(frame)
        && !(cut.confidences[frame * Self.joints + joint] > 0)
      if isOpen {
        first = first ?? frame
      } else if let start = first {
        runs.append(start..<frame)
        first = nil
      }
    }
    return runs
  }

  /// Writes a joint's new places into the frames of the track that a run covers.
  ///
  /// Between wrong frames a joint may have been right: then it is where it is expected, and stays.
  private func write(
    _ found: [Float], _ joint: Int, _ run: Range<Int>, before: Float?, after: Float,
    into result: inout RepairedTrack
  ) {
    let step = seen.frameRate / result.track.frameRate
    var written: [Range<Int>] = []
    for frame in 0..<result.track.frameCount {
      let time = Double(frame) * step
      let near = min(cut.frames - 1, Int(time.rounded()))
      let at = frame * Self.joints + joint
      let isMissing = !(result.track.confidences[at] > 0) || !result.track.positions[at].isFinite
      guard run.contains(near), isMissing || before != nil else { continue }
      let new = place(found, joint, time) + cut.shift
      let isAsExpected =
        !isMissing
        && (new - result.track.positions[at]).length <= Double(check.tolerances[joint])
      guard !isAsExpected else { continue }
      result.track.positions[at] = new
      result.track.confidences[at] = max(result.track.confidences[at], 0.5)
      if let last = written.last, last.upperBound == frame {
        written[written.count - 1] = last.lowerBound..<(frame + 1)
      } else {
        written.append(frame..<(frame + 1))
      }
    }
    result.changes += written.map {
      .init(
        kind: before == nil ? .filled : .replaced, joints: [joint], frames: $0, before: before,
        after: after)
    }
  }

  /// A joint's place at a time in frames of the model's rate.
  private func place(_ p: [Float], _ joint: Int, _ time: Double) -> Vector3 {
    let first = min(cut.frames - 1, Int(time))
    let second = min(cut.frames - 1, first + 1)
    let share = time - Double(first)
    func at(_ frame: Int) -> Vector3 {
      let index = 3 * (frame * Self.joints + joint)
      return [Double(p[index]), Double(p[index + 1]), Double(p[index + 2])]
    }
    return at(first) * (1 - share) + at(second) * share
  }

  private static func seenFrames(_ track: JointTrack) -> Int {
    (0..<track.frameCount).count { frame in
      track.confidences[(frame * joints)..<((frame + 1) * joints)].contains { $0 > 0 }
    }
  }
}
