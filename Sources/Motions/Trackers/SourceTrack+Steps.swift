import Files
import Geometry

extension SourceTrack {
  /// The steps of times or numbers of frames; nil where they do not increase.
  func steps(
    of values: [Double], _ what: String, _ findings: inout [ImportReport.Finding]
  ) throws(MotionError) -> TimeSteps? {
    guard values.count > 1 else { return nil }
    let absent = values.count { !$0.isFinite }
    guard absent == 0 else {
      if absent < values.count {
        findings.append(
          .init(
            .doubtfulRate,
            "\(Wording.count(absent, "frame")) of \(values.count) have no \(what): none is used"))
      }
      return nil
    }
    let repeated = (1..<values.count).filter { values[$0] == values[$0 - 1] }
    if let frame = (1..<values.count).first(where: { values[$0] < values[$0 - 1] }) {
      findings.append(
        .init(
          .doubtfulRate,
          "the \(what) does not go on behind frame \(frame - 1): the frames are taken in their order"
            + " at an even rate"))
      return nil
    }
    let distinct = values.count - repeated.count
    if distinct * 5 < values.count {
      findings.append(
        .init(
          .doubtfulRate,
          "its \(values.count) frames have only \(distinct) different values of \(what): too coarse,"
            + " none is used"))
      return nil
    }
    try refuseTwoPeople(repeated, what)
    if let first = repeated.first {
      findings.append(
        .init(
          .doubtfulRate,
          "\(Wording.count(repeated.count, "frame")) repeat the \(what) of the one before, the first"
            + " is frame \(first): left out"))
    }
    let left = Set(repeated)
    let kept = values.indices.filter { !left.contains($0) }
    guard kept.count > 1 else { return nil }
    guard let steps = TimeSteps(kept.map { values[$0] }, kept: kept) else {
      throw .malformed(
        path: path,
        reason:
          "its values of \(what) run from \(values[0]) to \(values[values.count - 1]), too far"
          + " for their steps to be those of a camera")
    }
    return steps
  }

  /// Frames of one time that show different places are two people in turn.
  private func refuseTwoPeople(_ repeated: [Int], _ what: String) throws(MotionError) {
    let different = repeated.count { frame in
      (0..<jointCount).contains { joint in
        let (a, b) = (
          positions[(frame - 1) * jointCount + joint], positions[frame * jointCount + joint]
        )
        return a.isFinite && b.isFinite && a != b
      }
    }
    guard let first = repeated.first, different >= 2, different * 5 >= frameCount else { return }
    throw .malformed(
      path: path,
      reason: "frames \(first - 1) and \(first) have the same \(what)"
        + " (\(Wording.count(different, "such pair"))): it looks like two people in one table,"
        + " expected one person or a column 'person' that tells them apart")
  }
}
