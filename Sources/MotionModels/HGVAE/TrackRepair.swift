import Geometry
import HumanBody
public import Motions

extension HGVAE {
  /// Gaps in which nobody is seen for longer than this are left open [s].
  private static let longestEmptyGap = 1.0

  /// Fills in missing joints and replaces wrong ones; what is judged good stays bit for bit.
  ///
  /// Exchanged sides, joints that pop out of a fast track for a frame or two, and short gaps are seen to first,
  /// at the track's own rate. Then joints count as wrong where both the model's residuals
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
    result.exchangeSides()
    result.removePops()
    result.exchangeLimbs()
    if !isAtModelRate(track) {
      result.crossGaps(longest: Double(Self.shortGap) / frameRate)
    }
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
      isEmpty: result.track.emptyFrames(longest: Self.longestEmptyGap))
    let hasGaps = Smoother.confidences(of: result.track).contains { !($0 > 0) }
    repair.finish(&result, imputed: faults.contains(true) || hasGaps ? imputed(cut) : nil)
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
  /// The frames of the track, at its own rate, that stay without anybody.
  let isEmpty: [Bool]

  private static let joints = Skeleton.jointCount
  /// A replaced joint has to be better by this factor.
  private static let betterBy: Float = 0.7
  /// Of what it was worse than the joint usually is, no more than this share may be left: what is half mended is
  /// mostly no truth, as where a model takes a kick for a step.
  private static let mostLeft: Float = 0.2

  /// Writes what is better into the track.
  func finish(_ result: inout RepairedTrack, imputed: [Float]?) {
    guard let imputed else { return }
    let original = originals()
    let found = chosen(imputed)
    let kept = replacements(found, original: original, rejected: &result.rejected)
    let trackSeen = Smoother.confidences(of: result.track)
    for joint in 0..<Self.joints {
      write(found, joint, kept.filter { $0.joint == joint }, trackSeen, into: &result)
    }
    result.changes.sort {
      ($0.frames.lowerBound, $0.joints[0]) < ($1.frames.lowerBound, $1.joints[0])
    }
    result.emptyFrames = result.track.frameCount - Self.seenFrames(result.track)
  }

  /// A run of frames in which a joint that was seen is replaced, and what the check says of it [m].
  private struct Replacement {
    var joint: Int
    var frames: Range<Int>
    var before: Float
    var after: Float
  }

  /// The replacements of joints that were seen that are better.
  ///
  /// What is judged is what will be written: where a neighbour stays where it was seen, a joint has to be better beside
  /// that.
  private func replacements(
    _ new: [Float], original: [Float], rejected: inout Int
  ) -> [Replacement] {
    var found = new
    let usual = (0..<Self.joints).map { usualBadness(original, joint: $0) }
    var left = (0..<Self.joints).flatMap { joint in
      runs(of: joint).filter { run in
        run.allSatisfy { confidences[$0 * Self.joints + joint] > 0 }
      }.map { Replacement(joint: joint, frames: $0, before: 0, after: 0) }
    }
    var isReplaced = [Bool](repeating: false, count: confidences.count)
    for run in left {
      for frame in run.frames { isReplaced[frame * Self.joints + run.joint] = true }
    }
    func putBack(_ at: Int) {
      for index in (3 * at)..<(3 * at + 3) { found[index] = original[index] }
    }
    for at in faults.indices where faults[at] && !isReplaced[at] { putBack(at) }
    while true {
      let judged = left.map { run -> Replacement? in
        let frames = beside(run.frames)
        guard
          let bad = check.badness(original, joint: run.joint, frames: frames, seen: confidences),
          let now = check.badness(found, joint: run.joint, frames: frames, seen: confidences),
          now < Self.betterBy * bad,
          now < usual[run.joint] + Self.mostLeft * max(0, bad - usual[run.joint])
        else { return nil }
        return Replacement(joint: run.joint, frames: run.frames, before: bad, after: now)
      }
      let better = judged.compactMap(\.self)
      guard better.count < left.count else { return better }
      rejected += left.count - better.count
      for (run, judged) in zip(left, judged) where judged == nil {
        for frame in run.frames { putBack(frame * Self.joints + run.joint) }
      }
      left = better
    }
  }

  /// How bad a joint is where it was seen and not judged wrong [m]: the median over its frames.
  private func usualBadness(_ positions: [Float], joint: Int) -> Float {
    let found = (0..<cut.frames).filter { cut.confidences[$0 * Self.joints + joint] > 0 }.compactMap
    {
      check.badness(positions, joint: joint, frames: beside($0..<($0 + 1)), seen: confidences)
    }.sorted()
    return found.isEmpty ? 0 : found[found.count / 2]
  }

  /// A run with a frame to each side.
  private func beside(_ run: Range<Int>) -> Range<Int> {
    max(0, run.lowerBound - 1)..<min(cut.frames, run.upperBound + 1)
  }

  /// What missing joints become [m], [frames, 22, 3].
  ///
  /// By run of frames it is what the model says or a straight line, whichever the check finds better;
  /// short gaps are crossed by cubics. A joint that is seen in no frame has no line, only its place in a body
  /// that stands with its arms out, which keeps lengths and never jumps: it is where the model says. Then bones get
  /// their lengths.
  private func chosen(_ imputed: [Float]) -> [Float] {
    var result = imputed
    for joint in 0..<Self.joints {
      for run in runs(of: joint) where run.count < cut.frames {
        let range = beside(run)
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

  /// The runs of frames in which a joint is missing or judged wrong.
  private func runs(of joint: Int) -> [Range<Int>] {
    Self.runs((0..<cut.frames).map { !(cut.confidences[$0 * Self.joints + joint] > 0) })
  }

  /// The runs of frames for which something holds.
  static func runs(_ holds: [Bool]) -> [Range<Int>] {
    var (runs, first): ([Range<Int>], Int?) = ([], nil)
    for (frame, holds) in (holds + [false]).enumerated() {
      if holds {
        first = first ?? frame
      } else if let start = first {
        runs.append(start..<frame)
        first = nil
      }
    }
    return runs
  }

  /// Writes a joint's new places into the track's own frames: where it is missing there, and where it was
  /// seen and the new place is better.
  ///
  /// Between wrong frames a joint may have been right: then it is where it is expected, and stays.
  private func write(
    _ found: [Float], _ joint: Int, _ replacements: [Replacement], _ trackSeen: [Float],
    into result: inout RepairedTrack
  ) {
    let track = result.track
    var isBetter = [Bool](repeating: false, count: cut.frames)
    for run in replacements {
      for frame in run.frames { isBetter[frame] = true }
    }
    let step = seen.frameRate / track.frameRate
    func near(_ frame: Int) -> Int { min(cut.frames - 1, Int((Double(frame) * step).rounded())) }
    func new(_ frame: Int) -> Vector3 { place(found, joint, Double(frame) * step) + cut.shift }
    let isMissing = (0..<track.frameCount).map { !(trackSeen[$0 * Self.joints + joint] > 0) }
    let filled = isMissing.indices.map { isMissing[$0] && !isEmpty[$0] }
    let replaced = isMissing.indices.map { frame in
      !isMissing[frame] && isBetter[near(frame)]
        && (new(frame) - track.positions[frame * Self.joints + joint]).length
          > Double(check.tolerances[joint])
    }
    /// How far a frame beside a run is from what would be written there; nothing where that is a fault.
    func off(_ frame: Int) -> Vector3? {
      guard step != 1, track.positions.indices.contains(frame * Self.joints + joint),
        !isMissing[frame]
      else { return nil }
      let off = track.positions[frame * Self.joints + joint] - new(frame)
      return off.length <= Double(check.tolerances[joint]) ? off : nil
    }
    for run in Self.runs(zip(filled, replaced).map { $0 || $1 }) {
      let (before, after) = (off(run.lowerBound - 1), off(run.upperBound))
      for frame in run {
        let at = frame * Self.joints + joint
        // Means of frames are not exactly where the track's own frames are.
        let share = Double(frame - run.lowerBound + 1) / Double(run.count + 1)
        let join = (before ?? .zero) * (1 - share) + (after ?? .zero) * share
        result.track.positions[at] = new(frame) + join
        result.track.confidences[at] = max(result.track.confidences[at], 0.5)
      }
    }
    for (kind, chosen) in [(RepairedTrack.Change.Kind.filled, filled), (.replaced, replaced)] {
      for run in Self.runs(chosen) {
        let whole = beside(near(run.lowerBound)..<(near(run.upperBound - 1) + 1))
        let judged = replacements.first {
          kind == .replaced && $0.frames.contains(near(run.lowerBound))
        }
        result.changes.append(
          .init(
            kind: kind, joints: [joint], frames: run, before: judged?.before,
            after: judged?.after ?? check.badness(found, joint: joint, frames: whole)))
      }
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
