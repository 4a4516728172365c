import Files
import Geometry

/// Joint positions with the file's own joints, axes and units.
struct SourceTrack {
  var path: String
  /// The format, for the report.
  var format: String
  /// The number of joints in a frame.
  var jointCount: Int
  /// Their names, where the file has them; fewer than joints where the rest is not named.
  var jointNames: [String]?
  /// The positions [units of the file], `jointCount` a frame; NaN where missing.
  var positions: [Vector3]
  /// The confidence of each, 0...1; 0 where missing.
  var confidences: [Float]
  /// The frame rate that the file states, unchecked [Hz].
  var statedRate: Double?
  /// The time of each frame, where all have one [s].
  var times: [Double]?
  /// The set that the format prescribes.
  var set: JointSet?
  /// The axis that the format prescribes or the file states.
  var up: UpAxis?
  /// One unit as the format prescribes or the file states [m].
  var metresPerUnit: Double?
  /// Warnings for the user.
  var findings: [ImportReport.Finding] = []

  /// Creates a track without frames.
  init(path: String, format: String, jointCount: Int) {
    self.path = path
    self.format = format
    self.jointCount = jointCount
    positions = []
    confidences = []
  }

  var frameCount: Int { positions.count / max(jointCount, 1) }

  /// The largest plausible coordinate [units of the file].
  static let largest = 1e6

  /// The largest number of joints in all frames: six hours of 33 joints at 30 Hz.
  static let mostPlaces = 24_000_000

  private var doubtfulConfidences = 0

  /// Refuses more joints than fit into memory.
  static func check(placeCount: Int, path: String) throws(MotionError) {
    guard placeCount <= mostPlaces else {
      throw .malformed(
        path: path,
        reason: "it has more than \(mostPlaces) places of joints in all; cut it into parts")
    }
  }

  /// Adds a joint of the current frame; NaN or a confidence of zero for one that is missing.
  mutating func append(_ place: Vector3, confidence: Double) throws(MotionError) {
    try Self.check(placeCount: positions.count, path: path)
    let isMissing = place.x.isNaN || place.y.isNaN || place.z.isNaN || confidence == 0
    guard isMissing || max(abs(place.x), abs(place.y), abs(place.z)) < Self.largest else {
      throw .malformed(
        path: path,
        reason: "frame \(positions.count / jointCount), joint \(positions.count % jointCount) is at"
          + " \(place.x), \(place.y), \(place.z), expected numbers below a million")
    }
    let isDoubtful = !(0...1).contains(confidence)
    if isDoubtful, !isMissing { doubtfulConfidences += 1 }
    positions.append(isMissing ? Vector3(repeating: .nan) : place)
    confidences.append(
      isMissing ? 0 : confidence.isNaN ? 0.5 : Float(min(max(confidence, 0.001), 1)))
  }

  /// Adds a frame in which nobody was found.
  mutating func appendEmptyFrame() {
    positions += Array(repeating: Vector3(repeating: .nan), count: jointCount)
    confidences += Array(repeating: 0, count: jointCount)
  }

  /// The frame rate [Hz] and how it is known.
  mutating func frameRate(given: Double?) throws(MotionError) -> (rate: Double, reason: String) {
    reportTimes()
    if let given {
      try MotionClip.check(rate: given)
      return (given, "as you said")
    }
    if let statedRate {
      guard MotionClip.rates.contains(statedRate) else {
        throw .malformed(
          path: path,
          reason: "its frame rate is \(statedRate) Hz, expected between 0.01 and 100000 Hz; give"
            + " the true one with --rate")
      }
      return (statedRate, "stated")
    }
    guard let times, let first = times.first, let last = times.last, times.count > 1 else {
      throw .malformed(path: path, reason: "it states no frame rate; give it with --rate")
    }
    let rate = Double(times.count - 1) / (last - first)
    guard MotionClip.rates.contains(rate) else {
      throw .malformed(
        path: path, reason: "its times run from \(first) to \(last) s, which is no frame rate")
    }
    // Times are rounded, often to 0.01 ms; a rate that is whole within that is whole.
    let whole = rate.rounded()
    let isWhole = abs(rate - whole) <= rate * 1e-5 / (last - first)
    return (isWhole ? whole : rate, "by its times")
  }

  /// Warns about times that repeat, decrease or have gaps.
  private mutating func reportTimes() {
    guard let times, times.count > 2 else { return }
    let steps = zip(times, times.dropFirst()).map { $1 - $0 }
    if let frame = steps.firstIndex(where: { !($0 > 0) }) {
      findings.append(
        .init(
          .doubtfulRate,
          "the time does not go on behind frame \(frame): the frames are taken in their order at"
            + " an even rate"))
      return
    }
    let middle = steps.sorted()[steps.count / 2]
    let gaps = steps.count { $0 > 1.5 * middle }
    if gaps > 0 {
      findings.append(
        .init(
          .doubtfulRate,
          "\(Wording.count(gaps, "step")) in time \(gaps == 1 ? "is" : "are") longer than the"
            + " others: frames may have been dropped"))
    }
  }

  /// The columns of a joint set in this file.
  mutating func columns(as given: JointSet?) throws(MotionError) -> JointColumns {
    if doubtfulConfidences > 0 {
      findings.append(
        .init(
          .note,
          "\(Wording.count(doubtfulConfidences, "confidence")) outside of 0...1:"
            + " taken for the nearest of the two, or a half where it is no number"))
    }
    if let jointNames {
      if let given, (try? JointColumns(named: jointNames, as: given, path: path)) == nil {
        findings.append(
          .init(
            .note,
            "the names of its joints are not those of '\(given.name)': taken in the set's order"))
        return try JointColumns(inOrderOf: given, count: jointCount, path: path)
      }
      return try JointColumns(named: jointNames, as: given ?? set, path: path)
    }
    if let set, given == nil || given?.name == set.name {
      var columns = try JointColumns(inOrderOf: set, count: jointCount, path: path)
      columns.reason = "by the format"
      return columns
    }
    if let given { return try JointColumns(inOrderOf: given, count: jointCount, path: path) }
    throw .unknownSkeleton(
      path: path,
      reason: "its \(jointCount) joints have no names; give the set with --joints, one of "
        + JointSet.all.map { "\($0.name) (\($0.joints.count))" }.joined(separator: ", "))
  }
}
