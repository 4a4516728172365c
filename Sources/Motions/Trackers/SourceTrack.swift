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
  /// The times of the frames, where the file has them.
  var times: FrameTimes?
  /// The number of each frame, where the file has one; NaN where a frame has none.
  var frameNumbers: [Double]?
  /// The number of frames that stay empty because the file's times leave them out.
  private(set) var gapFrameCount = 0
  /// The set that the format prescribes.
  var set: JointSet?
  /// The axis that the format prescribes or the file states.
  var up: UpAxis?
  /// Whether that axis is beyond doubt, however the person stands or lies.
  var isUpCertain = false
  /// The axis that the user says.
  var givenUp: UpAxis?
  /// One unit as the format prescribes or the file states [m].
  var metresPerUnit: Double?
  /// How that unit is known.
  var unitReason = "stated"
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

  /// The number of confidences above 1 or that are no number.
  private var doubtfulConfidences = 0

  /// Refuses more joints than fit into memory.
  static func check(placeCount: Int, path: String) throws(MotionError) {
    guard placeCount <= mostPlaces else {
      throw .malformed(
        path: path,
        reason: "it has more than \(mostPlaces) places of joints in all; cut it into parts")
    }
  }

  /// Adds a joint of the current frame; NaN or a confidence of zero or less for one that is missing.
  mutating func append(_ place: Vector3, confidence: Double) throws(MotionError) {
    try Self.check(placeCount: positions.count, path: path)
    let isMissing = place.x.isNaN || place.y.isNaN || place.z.isNaN || confidence <= 0
    guard isMissing || place.isWithin(Self.largest) else {
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

  /// The columns of a joint set in this file.
  mutating func columns(as given: JointSet?) throws(MotionError) -> JointColumns {
    if doubtfulConfidences > 0 {
      findings.append(
        .init(
          .note,
          "\(Wording.count(doubtfulConfidences, "confidence")) above 1 or no number:"
            + " taken for 1, or a half where it is no number"))
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

extension SourceTrack {
  /// Puts the frames where they lie in time: places of the grid without a frame stay empty.
  mutating func place(on timing: TrackTiming) {
    findings += timing.findings
    let count = timing.places.last.map { Int($0.rounded()) + 1 } ?? 0
    if count == frameCount, timing.kept.count == count, timing.isWhole { return }
    var result = self
    result.positions = []
    result.confidences = []
    result.positions.reserveCapacity(count * jointCount)
    result.confidences.reserveCapacity(count * jointCount)
    var before = 0
    for frame in 0..<count {
      let place = Double(frame)
      while before + 1 < timing.places.count, timing.places[before + 1] <= place { before += 1 }
      let after = min(before + 1, timing.places.count - 1)
      let (from, to) = (timing.places[before], timing.places[after])
      let (first, second) = (timing.kept[before], timing.kept[after])
      if place - from < 1e-9 || after == before {
        result.copy(first, of: self)
      } else if to - from < 2 {
        result.append(between: first, and: second, of: self, share: (place - from) / (to - from))
      } else if min(place - from, to - place) < 0.5 {
        result.copy(place - from < to - place ? first : second, of: self)
      } else {
        result.appendEmptyFrame()
        result.gapFrameCount += 1
      }
    }
    self = result
  }

  private mutating func copy(_ frame: Int, of other: SourceTrack) {
    let joints = (frame * jointCount)..<((frame + 1) * jointCount)
    positions += other.positions[joints]
    confidences += other.confidences[joints]
  }

  /// Adds a frame between two others; a joint that one of them lacks is taken from the nearer one.
  private mutating func append(
    between first: Int, and second: Int, of other: SourceTrack, share: Double
  ) {
    for joint in 0..<jointCount {
      let (a, b) = (first * jointCount + joint, second * jointCount + joint)
      if other.confidences[a] > 0, other.confidences[b] > 0 {
        let step = other.positions[b] - other.positions[a]
        positions.append(other.positions[a] + step * share)
        confidences.append(min(other.confidences[a], other.confidences[b]))
      } else {
        let nearer = share < 0.5 ? a : b
        positions.append(other.positions[nearer])
        confidences.append(other.confidences[nearer])
      }
    }
  }

  /// Keeps some of the frames; used to choose one person of a table.
  mutating func keep(frames: [Int]) {
    var result = self
    result.positions = []
    result.confidences = []
    for frame in frames { result.copy(frame, of: self) }
    if let times { result.times?.values = frames.map { times.values[$0] } }
    if let frameNumbers { result.frameNumbers = frames.map { frameNumbers[$0] } }
    self = result
  }
}

extension Vector3 {
  /// Whether each component is nearer to zero than a bound; false for NaN, which `max` loses.
  func isWithin(_ bound: Double) -> Bool { abs(x) < bound && abs(y) < bound && abs(z) < bound }
}
