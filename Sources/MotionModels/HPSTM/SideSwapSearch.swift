import Geometry
import Motions

/// Finds frames in which left and right are exchanged.
///
/// Before and after each boundary between two frames, a line is fitted to three frames of each joint,
/// and both are extrapolated to the boundary. Where left continues as right and right as left, better
/// than each as itself and by more than noise explains, an exchange begins or ends. Exchanges
/// that begin *and* end within a second count, unless the body itself says otherwise; longer ones, and those that
/// reach the first or the last frame, where the body itself says so (`SideEvidence`). Where limbs cross, each
/// continues as itself; where they touch, both assignments are as good and nothing is exchanged.
struct SideSwapSearch {
  /// The number of passes over a track.
  static let passes = 4
  /// The longest swap [s].
  private static let longest = 1.0
  /// The frames on each side of a boundary that a line is fitted to.
  private static let reach = 3
  /// The weights of those frames, the nearest first, in the line's value half a frame beyond them.
  private static let line: [Double] = [1.0 / 3 + 0.75, 1.0 / 3, 1.0 / 3 - 0.75]
  /// The variance of the difference of two such values for white noise of unit variance.
  private static let variance = 2 * line.reduce(0) { $0 + $1 * $1 }
  /// The acceleration that the lines ignore [m/s²].
  private static let acceleration = 20.0
  /// The smallest deviation of a line's value [m].
  private static let smallestDeviation = 0.01
  /// The logarithm of the likelihood ratio above which a boundary is one of a swap.
  private static let leastEvidence = 8.0
  /// The square distances with left and right exchanged, by those without, are below this.
  private static let largestRatio = 0.5

  /// The square of a jump, by the squares of the steps beside it.
  private static let leastJump = 1.1
  /// What each exchanged frame costs of the evidence: between two swaps that are near each other it is
  /// the frames in between that are right.
  private static let costOfFrame = 0.5

  private static let pairs = SideSwap.Part.body.leftJoints.map {
    (left: $0.rawValue, right: $0.mirrored.rawValue)
  }
  private static let parts = SideSwap.Part.allCases.map { part in
    (part, part.leftJoints.compactMap { SideSwap.Part.body.leftJoints.firstIndex(of: $0) })
  }

  private let frames: Int
  private let longestRun: Int
  private let track: JointTrack
  /// Half the square distances over each boundary, by their variance, [frames, pairs].
  private var straight: [Double]
  /// The same with left and right exchanged after the boundary.
  private var exchanged: [Double]

  /// Measures all boundaries of a track.
  init(_ track: JointTrack) {
    frames = track.frameCount
    self.track = track
    longestRun = max(
      Self.reach, Int(min(Self.longest * track.frameRate, Double(frames)).rounded()))
    straight = Array(repeating: 0, count: frames * Self.pairs.count)
    exchanged = straight
    let step = 1 / track.frameRate
    let ignored = max(Self.acceleration * step * step, Self.smallestDeviation)
    for (number, pair) in Self.pairs.enumerated() {
      let noise =
        (Self.noiseVariance(of: pair.left, in: track)
          + Self.noiseVariance(of: pair.right, in: track)) / 2
      let variance = Self.variance * noise + ignored * ignored
      for boundary in 0..<frames { measure(boundary, number, track, 2 * variance) }
    }
  }

  /// The swaps that are found, no two of them in the same frames.
  var swaps: [SideSwap] {
    var (short, others): ([Candidate], [Candidate]) = ([], [])
    // Most tracks jump nowhere, and have nothing to ask their bodies.
    guard
      Self.parts.contains(where: { _, numbers in
        (0..<frames).contains { evidence(at: $0, numbers) > 0 }
      })
    else { return [] }
    let body = SideEvidence(track)
    for (part, numbers) in Self.parts {
      let jumps = (0..<frames).map { evidence(at: $0, numbers) }
      let boundaries = (0..<frames).filter { boundary in
        let near = max(0, boundary - 2)..<min(frames, boundary + 3)
        return jumps[boundary] > 0 && near.allSatisfy { jumps[$0] <= jumps[boundary] }
      }
      // The track's own ends are no jumps.
      let ends = [0] + boundaries + [frames]
      for (first, last) in zip(ends, ends.dropFirst()) where last - first >= Self.reach {
        let swap = SideSwap(part, frames: first..<last)
        let isPaired = first > 0 && last < frames
        let sum = (first > 0 ? jumps[first] : 0) + (last < frames ? jumps[last] : 0)
        if isPaired, last - first <= longestRun {
          guard !isContradicted(swap, by: body) else { continue }
          short.append((sum - Self.costOfFrame * Double(last - first), swap))
        } else if sum > 0, isShown(swap, by: body) {
          others.append((sum, swap))
        }
      }
    }
    /// The strongest evidence first; of parts with the same, the smaller.
    func sorted(_ found: [Candidate]) -> [Candidate] {
      found.sorted {
        ($0.evidence, $1.swap.part.leftJoints.count, $1.swap.frames.lowerBound)
          > ($1.evidence, $0.swap.part.leftJoints.count, $0.swap.frames.lowerBound)
      }
    }
    var taken = Array(repeating: false, count: frames)
    return (sorted(short) + sorted(others)).compactMap { _, swap in
      let near =
        max(
          0, swap.frames.lowerBound - Self.reach)..<min(frames, swap.frames.upperBound + Self.reach)
      guard !near.contains(where: { taken[$0] }) else { return nil }
      for frame in swap.frames { taken[frame] = true }
      return swap
    }
  }

  /// A swap, and the sum of the evidence at its ends.
  private typealias Candidate = (evidence: Double, swap: SideSwap)

  /// Whether the body says that a part is as it should be.
  private func isContradicted(_ swap: SideSwap, by body: SideEvidence) -> Bool {
    body.exchange(of: swap.part, in: swap.frames) < -SideEvidence.least
  }

  /// Whether the body says that a part is exchanged, and beside that as it should be.
  private func isShown(_ swap: SideSwap, by body: SideEvidence) -> Bool {
    let (first, last) = (swap.frames.lowerBound, swap.frames.upperBound)
    let beside = [max(0, first - longestRun)..<first, last..<min(frames, last + longestRun)]
    return body.exchange(of: swap.part, in: swap.frames) > SideEvidence.least
      && beside.allSatisfy {
        $0.isEmpty || body.exchange(of: swap.part, in: $0) < -SideEvidence.least
      }
  }

  /// How much likelier an exchange at a boundary is than none, as a logarithm; 0 where it is not.
  private func evidence(at boundary: Int, _ numbers: [Int]) -> Double {
    var (same, other) = (0.0, 0.0)
    for number in numbers {
      same += straight[boundary * Self.pairs.count + number]
      other += exchanged[boundary * Self.pairs.count + number]
    }
    guard same - other > Self.leastEvidence, other < Self.largestRatio * same else { return 0 }
    return same - other
  }

  /// Measures one pair of joints at the boundary before a frame, where all frames beside it are seen.
  private mutating func measure(
    _ boundary: Int, _ number: Int, _ track: JointTrack, _ unit: Double
  ) {
    let pair = Self.pairs[number]
    guard let leftBefore = value(of: pair.left, from: boundary - 1, by: -1, track),
      let rightBefore = value(of: pair.right, from: boundary - 1, by: -1, track),
      let leftAfter = value(of: pair.left, from: boundary, by: 1, track),
      let rightAfter = value(of: pair.right, from: boundary, by: 1, track)
    else { return }
    let at = boundary * Self.pairs.count + number
    straight[at] =
      ((leftBefore - leftAfter).squaredLength + (rightBefore - rightAfter).squaredLength) / unit
    exchanged[at] =
      ((leftBefore - rightAfter).squaredLength + (rightBefore - leftAfter).squaredLength) / unit
    // Hands that touch and part exchange their lines, but do not jump.
    if !jumps(pair.left, pair.right, boundary, track) {
      exchanged[at] = max(exchanged[at], straight[at])
    }
  }

  /// Whether two joints are nearer to each other's places in the frame before than to their own, by a
  /// step longer than those beside it: hands that swing fast step as far in every frame.
  private func jumps(_ left: Int, _ right: Int, _ frame: Int, _ track: JointTrack) -> Bool {
    func place(_ joint: Int, _ frame: Int) -> Vector3 {
      track.positions[frame * Skeleton.jointCount + joint]
    }
    func step(_ frame: Int) -> Double {
      (place(left, frame) - place(left, frame - 1)).squaredLength
        + (place(right, frame) - place(right, frame - 1)).squaredLength
    }
    let own = step(frame)
    let other =
      (place(left, frame) - place(right, frame - 1)).squaredLength
      + (place(right, frame) - place(left, frame - 1)).squaredLength
    // Of the steps beside it one may be an outlier.
    let beside = (1..<Self.reach).flatMap { [step(frame - $0), step(frame + $0)] }.sorted()
    return other < own && own > Self.leastJump * beside[beside.count - 2]
  }

  /// The value at a boundary of the line through the frames on one side; nil where one is missing.
  private func value(
    of joint: Int, from first: Int, by step: Int, _ track: JointTrack
  ) -> Vector3? {
    let last = first + step * (Self.reach - 1)
    guard min(first, last) >= 0, max(first, last) < frames else { return nil }
    var sum = Vector3.zero
    for (index, weight) in Self.line.enumerated() {
      let at = (first + step * index) * Skeleton.jointCount + joint
      guard track.confidences[at] > 0, track.positions[at].isFinite else { return nil }
      sum += track.positions[at] * weight
    }
    return sum
  }

  /// The variance of a joint's noise by the median of third differences [m²]; see `FilteredTrack`.
  private static func noiseVariance(of joint: Int, in track: JointTrack) -> Double {
    let places = (0..<track.frameCount).map { frame -> Vector3 in
      let at = frame * Skeleton.jointCount + joint
      return track.confidences[at] > 0 ? track.positions[at] : Vector3(repeating: .nan)
    }
    let squares = (0..<max(0, places.count - 3)).map { frame -> Double in
      let outer: Vector3 = places[frame + 3] - places[frame]
      let inner: Vector3 = places[frame + 1] - places[frame + 2]
      return (outer + inner * 3).squaredLength
    }.filter(\.isFinite).sorted()
    return squares.isEmpty ? 0 : squares[squares.count / 2] / (20 * 2.366)
  }
}
