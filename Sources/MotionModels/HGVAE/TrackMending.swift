import Geometry
import Motions

// What is set right in a track at its own rate, before a model looks at it.

extension RepairedTrack {
  /// A change has to be better by this factor.
  private static let betterBy: Float = 0.8

  /// Sets left and right of whole arms, legs or the body right, where a tracker exchanged them for some
  /// frames.
  mutating func exchangeSides() {
    guard let (positions, confidences) = Self.local(track) else { return }
    let check = BoneCheck(positions, confidences: confidences)
    for swap in track.withoutSideSwaps().swaps {
      let pairs = swap.part.leftJoints.map { (left: $0.rawValue, right: $0.mirrored.rawValue) }
      let range =
        max(
          0, swap.frames.lowerBound - 1)..<min(
          track.frameCount, swap.frames.upperBound + 1)
      exchange(pairs, in: swap.frames, judgedOver: range, by: check)
    }
  }

  /// Sets left and right of limbs right that only some of their bones tell apart.
  mutating func exchangeLimbs() {
    guard let (positions, confidences) = Self.local(track) else { return }
    let check = BoneCheck(positions, confidences: confidences)
    for run in LimbSwaps(check: check).runs(positions, confidences: confidences) {
      exchange(LimbSwaps.pairs[run.limb], in: run.frames, judgedOver: run.frames, by: check)
    }
  }

  private mutating func exchange(
    _ pairs: [(left: Int, right: Int)], in frames: Range<Int>, judgedOver range: Range<Int>,
    by check: BoneCheck
  ) {
    let names = pairs.flatMap { [$0.left, $0.right] }
    func badness(_ track: JointTrack) -> Float {
      guard let (positions, _) = Self.local(track) else { return 0 }
      return names.reduce(0) { $0 + check.badness(positions, joint: $1, frames: range) }
        / Float(names.count)
    }
    var other = track
    for frame in frames {
      for (left, right) in pairs {
        let (a, b) = (frame * Skeleton.jointCount + left, frame * Skeleton.jointCount + right)
        other.positions.swapAt(a, b)
        other.confidences.swapAt(a, b)
      }
    }
    let (before, after) = (badness(track), badness(other))
    guard after < Self.betterBy * before else {
      rejected += 1
      return
    }
    track = other
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
    guard track.frameRate > Self.leastRate, let (positions, seen) = Self.local(track) else {
      return
    }
    let joints = Skeleton.jointCount
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
    let check = BoneCheck(positions, confidences: confidences)
    var mended = positions
    CubicGaps.fill(&mended, confidences: confidences, longest: 2)
    let shift = Self.shift(track)
    for joint in 0..<joints {
      var frame = 0
      while frame < track.frameCount {
        let first = frame
        while frame < track.frameCount,
          confidences[frame * joints + joint] != seen[frame * joints + joint]
        {
          frame += 1
        }
        guard frame > first else {
          frame += 1
          continue
        }
        let range = max(0, first - 1)..<min(track.frameCount, frame + 1)
        let before = check.badness(positions, joint: joint, frames: range)
        let after = check.badness(mended, joint: joint, frames: range)
        guard after < Self.betterBy * before else {
          rejected += 1
          continue
        }
        for frame in first..<frame {
          let at = 3 * (frame * joints + joint)
          track.positions[at / 3] =
            shift + Vector3(Double(mended[at]), Double(mended[at + 1]), Double(mended[at + 2]))
        }
        changes.append(
          .init(
            kind: .replaced, joints: [joint], frames: first..<frame, before: before, after: after))
      }
    }
  }

  // MARK: - In single precision

  /// Positions less those of the first joint that was seen [m], [frames, 22, 3], and confidences; nil where
  /// nothing was seen.
  private static func local(_ track: JointTrack) -> (positions: [Float], confidences: [Float])? {
    let confidences = Smoother.confidences(of: track)
    guard confidences.contains(where: { $0 > 0 }) else { return nil }
    let shift = shift(track)
    var positions: [Float] = []
    positions.reserveCapacity(3 * confidences.count)
    for (at, place) in track.positions.enumerated() {
      let local = confidences[at] > 0 ? place - shift : .zero
      positions += [Float(local.x), Float(local.y), Float(local.z)]
    }
    return (positions, confidences)
  }

  private static func shift(_ track: JointTrack) -> Vector3 {
    let confidences = Smoother.confidences(of: track)
    return confidences.firstIndex { $0 > 0 }.map { track.positions[$0] } ?? .zero
  }
}

extension JointTrack {
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
