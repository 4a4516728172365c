import Geometry
import Motions

extension SmootherEvaluation {
  /// The error in gaps of one arm, relative to the pelvis.
  ///
  /// Shoulder, elbow and wrist of an arm, left and right in turn, are missing for a time, every
  /// other joint has complex noise. The error is the mean distance of elbow and wrist from the truth
  /// over the frames of the gaps, each relative to the pelvis.
  public struct ArmGaps: Codable, Sendable {
    /// The length of a gap [s].
    public var seconds: Double
    /// The number of gaps.
    public var count = 0
    /// The error of the smoother [m].
    public var error = 0.0
    /// The error where a model of motion fills the gaps first [m]; nil without one.
    public var filled: Double?
    /// The error of straight lines, relative to the pelvis, between the smoothed positions in the last
    /// frame before and the first frame after a gap [m].
    public var straightLine = 0.0
    /// The same between the *true* positions, which nobody knows [m].
    public var straightLineOfTruth = 0.0
  }

  /// The error where left and right are exchanged for six frames, under complex noise.
  ///
  /// The errors are mean distances of the exchanged joints from the truth in the exchanged frames.
  public struct Swaps: Codable, Sendable {
    /// The part that is exchanged.
    public var part: SideSwap.Part
    /// The number of swaps.
    public var count = 0
    /// The error of the smoother [m].
    public var error = 0.0
    /// The error of the smoother without the search for swaps [m].
    public var unmended = 0.0
    /// The share of the swaps that were found, frame by frame, no frame more.
    public var found = 0.0
  }
}

extension Smoother {
  /// The frames between gaps and between swaps of an evaluation: more than a second, the longest swap.
  private static let pause = 45

  /// The stretches of a track that are hidden or exchanged.
  private static func stretches(of length: Int, in frames: Int) -> [Range<Int>] {
    let starts = Swift.stride(
      from: pause, through: frames - pause - length, by: length + pause)
    return starts.map { $0..<($0 + length) }
  }

  /// Hides one arm after the other.
  func evaluateArmGaps(
    seconds: Double, _ noisy: [[Float]], _ truths: [[Float]], filledBy model: HGVAE? = nil
  ) -> SmootherEvaluation.ArmGaps {
    let joints = Skeleton.jointCount
    var result = SmootherEvaluation.ArmGaps(seconds: seconds)
    var points = 0.0
    for (track, truth) in zip(noisy, truths) {
      var seen = [Float](repeating: 1, count: truth.count / 3)
      let gaps = Self.stretches(
        of: Int((seconds * frameRate).rounded()), in: seen.count / joints)
      guard !gaps.isEmpty else { continue }
      for (index, gap) in gaps.enumerated() {
        for frame in gap {
          for joint in Self.arm(index) { seen[frame * joints + joint] = 0 }
        }
      }
      let smooth = self.smooth(track, confidences: seen, name: "", frameRate: frameRate).positions
      var filled: [Float]?
      if let model {
        var hidden = JointTrack(track, frameRate: frameRate)
        hidden.confidences = seen
        filled = try? self.smooth(hidden, filledBy: model).positions
      }
      for (index, gap) in gaps.enumerated() {
        result.count += 1
        for joint in Self.arm(index).dropFirst() {
          for frame in gap {
            let place = truth.place(joint, frame, relativeTo: 0)
            let first = truth.place(joint, gap.lowerBound - 1, relativeTo: 0)
            let last = truth.place(joint, gap.upperBound, relativeTo: 0)
            let share = Float(frame - gap.lowerBound + 1) / Float(gap.count + 1)
            let line = first + (last - first) * share
            result.straightLineOfTruth += Double((line - place).length)
            let (start, end) = (
              smooth.place(joint, gap.lowerBound - 1, relativeTo: 0),
              smooth.place(joint, gap.upperBound, relativeTo: 0)
            )
            result.straightLine += Double((start + (end - start) * share - place).length)
            result.error += Double((smooth.place(joint, frame, relativeTo: 0) - place).length)
            if let filled {
              result.filled =
                (result.filled ?? 0)
                + Double((filled.place(joint, frame, relativeTo: 0) - place).length)
            }
            points += 1
          }
        }
      }
    }
    result.filled = result.filled.map { $0 / max(1, points) }
    result.error /= max(1, points)
    result.straightLine /= max(1, points)
    result.straightLineOfTruth /= max(1, points)
    return result
  }

  /// The left arm of even gaps, the right one of odd gaps: shoulder, elbow, wrist.
  private static func arm(_ index: Int) -> [Int] {
    SideSwap.Part.arms.leftJoints.map {
      (index.isMultiple(of: 2) ? $0 : $0.mirrored).rawValue
    }
  }

  /// Exchanges left and right of each part in turn for six frames.
  func evaluateSwaps(_ noisy: [[Float]], _ truths: [[Float]]) -> [SmootherEvaluation.Swaps] {
    let parts = SideSwap.Part.allCases
    var results = parts.map { SmootherEvaluation.Swaps(part: $0) }
    var points = parts.map { _ in 0.0 }
    for (number, (track, truth)) in zip(noisy, truths).enumerated() {
      let swaps = Self.stretches(of: 6, in: truth.count / (3 * Skeleton.jointCount)).enumerated()
        .map { SideSwap(parts[($0 + number) % parts.count], frames: $1) }
      guard !swaps.isEmpty else { continue }
      var exchanged = JointTrack(track, frameRate: frameRate)
      for swap in swaps { swap.exchange(in: &exchanged) }
      let (mended, found) = exchanged.withoutSideSwaps()
      let (smooth, worse) = (
        smoothUnmended(mended).positions, smoothUnmended(exchanged).positions
      )
      for swap in swaps {
        guard let part = parts.firstIndex(of: swap.part) else { continue }
        results[part].count += 1
        results[part].found += found.contains(swap) ? 1 : 0
        for joint in swap.part.leftJoints.flatMap({ [$0.rawValue, $0.mirrored.rawValue] }) {
          for frame in swap.frames {
            let place = truth.place(joint, frame)
            results[part].error += Double((smooth.place(joint, frame) - place).length)
            results[part].unmended += Double((worse.place(joint, frame) - place).length)
            points[part] += 1
          }
        }
      }
    }
    for (index, count) in points.enumerated() {
      results[index].error /= max(1, count)
      results[index].unmended /= max(1, count)
      results[index].found /= Double(max(1, results[index].count))
    }
    return results
  }

  /// The number of frames that are taken for exchanged in tracks whose sides are right.
  func falseExchanges(in tracks: [[Float]]) -> Int {
    tracks.reduce(0) { sum, track in
      sum
        + JointTrack(track, frameRate: frameRate).withoutSideSwaps().swaps.reduce(0) {
          $0 + $1.frames.count
        }
    }
  }
}

extension JointTrack {
  /// Positions [frames, 22, 3] in metres, all seen.
  init(_ positions: [Float], frameRate: Double) {
    self.init(
      name: "", frameRate: frameRate,
      positions: stride(from: 0, to: positions.count, by: 3).map {
        [Double(positions[$0]), Double(positions[$0 + 1]), Double(positions[$0 + 2])]
      }, confidences: [Float](repeating: 1, count: positions.count / 3))
  }
}

extension [Float] {
  /// The position of a joint in positions [frames, 22, 3].
  fileprivate func place(_ joint: Int, _ frame: Int) -> SIMD3<Float> {
    let at = 3 * (frame * Skeleton.jointCount + joint)
    return [self[at], self[at + 1], self[at + 2]]
  }

  /// The position relative to another joint.
  fileprivate func place(_ joint: Int, _ frame: Int, relativeTo other: Int) -> SIMD3<Float> {
    place(joint, frame) - place(other, frame)
  }
}
