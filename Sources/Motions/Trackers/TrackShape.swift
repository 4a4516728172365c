import Files
import Geometry

/// Refuses what is no motion of one person in three dimensions, with what it looks like.
enum TrackShape {
  /// A body whose depth is less than this part of its size is flat.
  private static let flatness = 0.01
  /// The joints that a frame must show to count.
  private static let fewest = 6

  // MARK: - Before the unit is known

  /// Refuses positions in an image: with a score, with no depth, or in parts of the image.
  static func refuseFlat(_ source: SourceTrack, columns: JointColumns) throws(MotionError) {
    let used = columns.columns.compactMap(\.self)
    let boxes = (0..<source.frameCount).compactMap { Box(source, frame: $0, joints: used) }
    guard let whole = boxes.reduce(nil, { $0?.union($1) ?? $1 }) else { return }
    try refuseScores(boxes, whole, source.path)
    guard isNormalised(boxes) else { return }
    throw .malformed(
      path: source.path,
      reason:
        "its x and y lie between 0 and 1, and the body is smaller than 1 in each direction: it"
        + " looks like landmarks in parts of the image; expected positions in metres, such as"
        + " MediaPipe's world landmarks")
  }

  /// The extent of a body in one frame [units of the file].
  private struct Box {
    var low: Vector3
    var high: Vector3
    var size: Vector3 { high - low }

    init?(_ source: SourceTrack, frame: Int, joints: [Int]) {
      let base = frame * source.jointCount
      let seen = joints.filter { source.confidences[base + $0] > 0 }
      guard seen.count >= fewest else { return nil }
      low = Vector3(repeating: .infinity)
      high = -low
      for joint in seen {
        low = pointwiseMin(low, source.positions[base + joint])
        high = pointwiseMax(high, source.positions[base + joint])
      }
    }

    func union(_ other: Box) -> Box {
      var result = self
      result.low = pointwiseMin(low, other.low)
      result.high = pointwiseMax(high, other.high)
      return result
    }
  }

  /// Refuses bodies that are flat along one axis in almost every frame.
  private static func refuseScores(_ boxes: [Box], _ whole: Box, _ path: String)
    throws(MotionError)
  {
    for axis in 0..<3 {
      let flat = boxes.count { $0.size[axis] < flatness * max($0.size.x, $0.size.y, $0.size.z) }
      guard flat * 20 >= boxes.count * 19 else { continue }
      let name = ["x", "y", "z"][axis]
      let isScore = whole.low[axis] >= 0 && whole.high[axis] > 0 && whole.high[axis] <= 1
      let isPixels = max(whole.size.x, whole.size.y, whole.size.z) > 20
      throw .malformed(
        path: path,
        reason: isScore && isPixels
          ? "its \(name) lies between 0 and 1 while the body is"
            + " \(ImportReport.short(max(whole.size.x, whole.size.y, whole.size.z))) wide: it looks"
            + " like pixels of an image with a score; expected positions in three dimensions"
          : "the body has no depth along \(name): it looks like positions in an image; expected"
            + " positions in three dimensions")
    }
  }

  /// Whether positions are parts of the image: x and y in 0...1, and the body is no larger.
  private static func isNormalised(_ boxes: [Box]) -> Bool {
    func isPart(_ low: Double, _ high: Double) -> Bool { low >= -0.05 && high <= 1.05 }
    let normalised = boxes.count { box in
      let size = max(box.size.x, box.size.y, box.size.z)
      // A body of no size at all is something else.
      return isPart(box.low.x, box.high.x) && isPart(box.low.y, box.high.y) && size > 0.05
        && size <= 1.05
    }
    return normalised * 50 >= boxes.count * 49
  }

  // MARK: - In metres

  /// Refuses frames that show several people in turn: every n-th frame goes on where the n-th before
  /// it was, and the frames between are far away.
  static func refuseTurns(_ track: JointTrack, path: String) throws(MotionError) {
    let centres = (0..<track.frameCount).map { centre(of: track, frame: $0) }
    func step(_ distance: Int) -> Double? {
      let steps = zip(centres, centres.dropFirst(distance)).compactMap { a, b -> Double? in
        guard let a, let b else { return nil }
        return (b - a).length
      }.sorted()
      return steps.count >= 6 ? steps[steps.count / 2] : nil
    }
    guard let next = step(1), next > 0.3 else { return }
    for people in 2...4 {
      guard let same = step(people), same < next / 4 else { continue }
      throw .malformed(
        path: path,
        reason: "from frame to frame the body jumps by \(ImportReport.short(next)) m, and every"
          + " \(people == 2 ? "second" : people == 3 ? "third" : "fourth") frame goes on where it"
          + " was: it looks like \(people) people in turn, expected one")
    }
  }

  /// The middle of hips and shoulders; nil where one of them is missing.
  private static func centre(of track: JointTrack, frame: Int) -> Vector3? {
    let base = frame * Skeleton.jointCount
    let joints: [Skeleton.Joint] = [.leftHip, .rightHip, .leftShoulder, .rightShoulder]
    let sum = joints.reduce(Vector3.zero) { $0 + track.positions[base + $1.rawValue] }
    return sum.isFinite ? sum / 4 : nil
  }

  /// The doubt about a rate at which the body is implausibly fast most of the time.
  static func doubts(of track: JointTrack) -> [ImportReport.Finding] {
    let joints = Skeleton.jointCount
    let speeds = (1..<max(track.frameCount, 1)).compactMap { frame -> Double? in
      let steps = (0..<joints).compactMap { joint -> Double? in
        let at = frame * joints + joint
        let step = (track.positions[at] - track.positions[at - joints]).length
        return step.isFinite ? step : nil
      }.sorted()
      // The median joint: single joints jump with the tracker's noise.
      return steps.isEmpty ? nil : steps[steps.count / 2] * track.frameRate
    }.sorted()
    guard speeds.count >= 10, speeds[speeds.count / 2] > MotionChecks.implausibleMedianSpeed else {
      return []
    }
    return [
      .init(
        .doubtfulRate,
        "half of the time half of the joints are faster than"
          + " \(ImportReport.short(speeds[speeds.count / 2])) m/s, so the frame rate of"
          + " \(ImportReport.short(track.frameRate)) Hz is probably too high")
    ]
  }
}
