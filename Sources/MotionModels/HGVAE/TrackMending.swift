import Geometry
import Motions

// What is set right in a track at its own rate, before a model looks at it.

extension RepairedTrack {
  /// A change has to be better by this factor.
  private static let betterBy: Float = 0.8

  /// A track's positions in single precision and what they are checked by.
  private struct Local {
    /// The positions less `shift` [m], [frames, 22, 3].
    var positions: [Float]
    /// The confidences, [frames, 22].
    var confidences: [Float]
    /// The place of the first joint that was seen [m].
    let shift: Vector3
    let check: BoneCheck

    /// Nil where nothing was seen.
    init?(_ track: JointTrack) {
      confidences = Smoother.confidences(of: track)
      guard let first = confidences.firstIndex(where: { $0 > 0 }) else { return nil }
      shift = track.positions[first]
      positions = []
      positions.reserveCapacity(3 * confidences.count)
      for (at, place) in track.positions.enumerated() {
        let local = confidences[at] > 0 ? place - shift : .zero
        positions += [Float(local.x), Float(local.y), Float(local.z)]
      }
      check = BoneCheck(positions, confidences: confidences)
    }

    /// A joint's place in the world [m].
    func place(_ at: Int) -> Vector3 {
      shift
        + Vector3(
          Double(positions[3 * at]), Double(positions[3 * at + 1]), Double(positions[3 * at + 2]))
    }
  }

  /// The frames about both ends of a run, where an exchange jumps: within it nothing but lengths of bones may show it.
  private func ends(_ frames: Range<Int>) -> [Range<Int>] {
    [frames.lowerBound, frames.upperBound].filter { 0 < $0 && $0 < track.frameCount }.map {
      max(0, $0 - 2)..<min(track.frameCount, $0 + 2)
    }
  }

  /// Some frames and those to both sides.
  private func beside(_ frames: Range<Int>) -> Range<Int> {
    max(0, frames.lowerBound - 1)..<min(track.frameCount, frames.upperBound + 1)
  }

  /// Sets left and right of whole arms, legs or the body right, where a tracker exchanged them for some
  /// frames.
  mutating func exchangeSides() {
    guard var local = Local(track) else { return }
    for swap in track.withoutSideSwaps().swaps {
      let pairs = swap.part.leftJoints.map { (left: $0.rawValue, right: $0.mirrored.rawValue) }
      exchange(pairs, in: swap.frames, judgedOver: ends(swap.frames), &local)
    }
  }

  /// Sets left and right of limbs right that only some of their bones tell apart.
  mutating func exchangeLimbs() {
    guard var local = Local(track) else { return }
    for run in LimbSwaps(check: local.check).runs(local.positions, confidences: local.confidences) {
      exchange(LimbSwaps.pairs[run.limb], in: run.frames, judgedOver: [run.frames], &local)
    }
  }

  private mutating func exchange(
    _ pairs: [(left: Int, right: Int)], in frames: Range<Int>, judgedOver ranges: [Range<Int>],
    _ local: inout Local
  ) {
    let names = pairs.flatMap { [$0.left, $0.right] }
    let places = frames.flatMap { frame in
      pairs.map { (frame * Skeleton.jointCount + $0.left, frame * Skeleton.jointCount + $0.right) }
    }
    func badness() -> Float? {
      let all = ranges.flatMap { range in
        names.compactMap {
          local.check.badness(
            local.positions, joint: $0, frames: range, seen: local.confidences)
        }
      }
      return all.isEmpty ? nil : all.reduce(0, +) / Float(all.count)
    }
    func swap() {
      for (a, b) in places {
        for axis in 0..<3 { local.positions.swapAt(3 * a + axis, 3 * b + axis) }
        local.confidences.swapAt(a, b)
      }
    }
    let bad = badness()
    swap()
    guard let before = bad, let after = badness(), after < Self.betterBy * before else {
      swap()
      rejected += 1
      return
    }
    for (a, b) in places {
      track.positions.swapAt(a, b)
      track.confidences.swapAt(a, b)
    }
    // Feet that follow from hips pointed where the exchanged ones faced.
    let feet: [Skeleton.Joint] =
      names.contains(Skeleton.Joint.leftHip.rawValue) ? [.leftFoot, .rightFoot] : []
    for at in frames.flatMap({ frame in feet.map { frame * Skeleton.jointCount + $0.rawValue } })
    where track.confidences[at] <= SideSwap.constructed {
      track.confidences[at] = 0
      local.confidences[at] = 0
    }
    changes.append(
      .init(kind: .swapped, joints: names, frames: frames, before: before, after: after))
  }

  /// The slowest rate at which single frames are looked at: slower ones the model reads as they are [Hz].
  private static let leastRate = 45.0
  /// An acceleration that is no motion of a person [m/s²], and the least deviation that is a pop [m].
  private static let violent = 600.0
  private static let leastPop = 0.1

  /// Puts joints back that leave their path for one or two frames of a fast track, and come back: the mean
  /// of frames at the model's rate would only hide them.
  mutating func removePops() {
    guard track.frameRate > Self.leastRate, let local = Local(track) else { return }
    let joints = Skeleton.jointCount
    let (positions, seen) = (local.positions, local.confidences)
    let least = Float(max(Self.leastPop, Self.violent / (track.frameRate * track.frameRate)))
    var confidences = seen
    for joint in 0..<joints {
      for frame in 2..<max(2, track.frameCount - 2) {
        let near = (-2...2).map { (frame + $0) * joints + joint }
        guard near.allSatisfy({ seen[$0] > 0 }) else { continue }
        var squares: Float = 0
        for axis in 0..<3 {
          let values = near.map { positions[3 * $0 + axis] }
          let off = values[2] - values.sorted()[2]
          squares += off * off
        }
        if squares > least * least { confidences[frame * joints + joint] = 0 }
      }
    }
    guard confidences != seen else { return }
    var mended = local
    CubicGaps.fill(&mended.positions, confidences: confidences, longest: 2)
    for joint in 0..<joints {
      for run in track.runs(of: joint, where: { seen[$0] > 0 && !(confidences[$0] > 0) }) {
        guard
          let before = local.check.badness(
            positions, joint: joint, frames: beside(run), seen: seen),
          let after = local.check.badness(
            mended.positions, joint: joint, frames: beside(run), seen: seen),
          after < Self.betterBy * before
        else {
          rejected += 1
          continue
        }
        for frame in run {
          track.positions[frame * joints + joint] = mended.place(frame * joints + joint)
        }
        changes.append(
          .init(kind: .replaced, joints: [joint], frames: run, before: before, after: after))
      }
    }
  }

  /// Crosses the gaps of joints of up to so many seconds by cubics, where the frames on both sides show them;
  /// read at another rate, they would be between means of their neighbours.
  mutating func crossGaps(longest: Double) {
    guard var local = Local(track) else { return }
    let joints = Skeleton.jointCount
    let most = Int((longest * track.frameRate).rounded(.down))
    let seen = local.confidences
    CubicGaps.fill(&local.positions, confidences: seen, longest: most)
    let isEmpty = track.emptyFrames(longest: 0)
    var (crossed, known) = ([(joint: Int, frames: Range<Int>)](), seen)
    for joint in 0..<joints {
      for run in track.runs(of: joint, where: { !(seen[$0] > 0) })
      where run.count <= most && run.lowerBound > 0 && run.upperBound < track.frameCount
        && !run.contains(where: { isEmpty[$0] })
      {
        for frame in run {
          let at = frame * joints + joint
          track.positions[at] = local.place(at)
          track.confidences[at] = max(track.confidences[at], 0.5)
          known[at] = 0.5
        }
        crossed.append((joint, run))
      }
    }
    changes += crossed.map { joint, run in
      .init(
        kind: .filled, joints: [joint], frames: run, before: nil,
        after: local.check.badness(
          local.positions, joint: joint, frames: beside(run), seen: known) ?? 0)
    }
  }
}

extension JointTrack {
  /// The runs of frames in which something holds of a joint's place in the arrays.
  fileprivate func runs(of joint: Int, where holds: (_ at: Int) -> Bool) -> [Range<Int>] {
    ModelRateRepair.runs((0..<frameCount).map { holds($0 * Skeleton.jointCount + joint) })
  }

  /// Whether each frame is in a gap without anybody that is longer than so many seconds, or at an end.
  func emptyFrames(longest: Double) -> [Bool] {
    let joints = Skeleton.jointCount
    let confidences = Smoother.confidences(of: self)
    var (result, first) = ([Bool](repeating: false, count: frameCount), Int?.none)
    for frame in 0...frameCount {
      let isEmpty =
        frame < frameCount
        && !confidences[(frame * joints)..<((frame + 1) * joints)].contains { $0 > 0 }
      if isEmpty {
        first = first ?? frame
      } else if let start = first {
        let isLong = Double(frame - start) > (longest * frameRate).rounded()
        if start == 0 || frame == frameCount || isLong {
          for empty in start..<frame { result[empty] = true }
        }
        first = nil
      }
    }
    return result
  }
}
