import Motions

extension Smoother {
  /// The gaps of a joint that a model of motion fills [s]: shorter ones the smoother is trained on, and in longer
  /// ones arcs between their ends are nearer the truth (`evaluate smoother`).
  public static let filledGaps = 0.3...1.0
}

extension JointTrack {
  /// The confidence that a smoother is told of joints that a model has filled in.
  private static let filledConfidence: Float = 0.3

  /// The track with missing joints as a model of motion fills them in, and how many joints in frames
  /// these are.
  ///
  /// Only gaps of `Smoother.filledGaps` between frames that show the joint are filled. Others, those that the model
  /// leaves open, and tracks that are too short for it stay as they are, and so does what was seen.
  func filled(by model: HGVAE?) -> (track: JointTrack, count: Int) {
    let gaps = fillableGaps
    guard let model, !gaps.isEmpty, let repaired = try? model.repair(self) else {
      return (self, 0)
    }
    // Where it exchanged sides the place is that of the other one, which is seen here.
    let isExchanged = repaired.isChanged { $0 == .swapped }
    var (result, count) = (self, 0)
    for at in gaps where repaired.track.confidences[at] > 0 && !isExchanged[at] {
      result.positions[at] = repaired.track.positions[at]
      result.confidences[at] = Self.filledConfidence
      count += 1
    }
    return (result, count)
  }

  /// The missing joints, as indices of positions, of gaps that a model may fill.
  private var fillableGaps: [Int] {
    let joints = Skeleton.jointCount
    let confidences = Smoother.confidences(of: self)
    return (0..<joints).flatMap { joint in
      var (gaps, open, hasBegun): ([Int], [Int], Bool) = ([], [], false)
      for at in stride(from: joint, to: confidences.count, by: joints) {
        guard confidences[at] > 0 else {
          open.append(at)
          continue
        }
        if hasBegun, Smoother.filledGaps.contains(Double(open.count) / frameRate) { gaps += open }
        (open, hasBegun) = ([], true)
      }
      return gaps
    }
  }
}
