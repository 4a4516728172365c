import Files
import Geometry

/// Tracker output as JSON: MediaPipe Pose, and lists of keypoints with names.
///
/// A list of frames, or an object with `fps` and `frames`. A frame of MediaPipe has
/// `pose_world_landmarks` (also spelled `worldLandmarks`, `poseWorldLandmarks`, or `landmarks`), 33
/// times [x, y, z, visibility] or an object of these, in metres with y down; other frames have
/// `keypoints`, one [x, y, z] or [x, y, z, score] for each of the file's `joint_names`. Where a frame
/// has a list of people, one of them is chosen. Null and an empty list mean no person.
enum TrackJSON {
  static func read(
    _ bytes: [UInt8], path: String, person: String? = nil
  ) throws(MotionError) -> SourceTrack {
    let file = try value(of: bytes, path)
    try refusePixels(file, path)
    let frames = try frames(of: file, path)
    let poses = try TrackPoses(frames, person: person, path: path)
    var track = try header(of: file, poses, path)
    for (index, pose) in poses.poses.enumerated() {
      try append(pose, "frame \(index)", to: &track)
    }
    try readTimes(of: poses.frames, into: &track)
    return track
  }

  /// How many values are read at most: eight minutes of 33 landmarks twice at 60 Hz.
  private static let mostValues = 12_000_000

  private static func value(of bytes: [UInt8], _ path: String) throws(MotionError) -> JSONValue {
    do throws(JSONReader.Fault) {
      return try JSONReader.read(bytes[...], mostValues: mostValues, allowsMark: true)
    } catch {
      throw .malformedText(
        path: path, line: error.line, column: error.column, reason: error.reason)
    }
  }

  /// The frames: those of the key `frames`, or a file that is a list of objects.
  private static func frames(of file: JSONValue, _ path: String) throws(MotionError) -> [JSONValue]
  {
    let list = file.elements.flatMap { list in list.allSatisfy(\.isObject) ? list : nil }
    guard let frames = file["frames"]?.elements ?? list else {
      throw .malformed(
        path: path,
        reason: "it is \(describe(file)), expected an object with 'fps' and 'frames', each with"
          + " '\(TrackPoses.landmarkKeys[0])' or '\(TrackPoses.keypointKeys[0])'")
    }
    guard !frames.isEmpty else { throw .malformed(path: path, reason: "it has no frames") }
    return frames
  }

  /// The metadata of the file.
  private static func header(of file: JSONValue, _ poses: TrackPoses, _ path: String)
    throws(MotionError) -> SourceTrack
  {
    var track: SourceTrack
    if poses.isMediaPipe {
      let set = JointSet.mediapipe
      track = SourceTrack(path: path, format: "MediaPipe JSON", jointCount: set.joints.count)
      track.set = set
      track.up = UpAxis(1, isPositive: false)
      track.metresPerUnit = 1
    } else {
      let names = try names(of: file, path)
      let count =
        names?.count ?? poses.poses.lazy.compactMap { $0.elements?.count }.first { $0 > 0 }
      guard let count, count > 0 else {
        throw .malformed(
          path: path,
          reason: "no frame has '\(TrackPoses.landmarkKeys[0])' or '\(TrackPoses.keypointKeys[0])'"
            + " with joints in it")
      }
      track = SourceTrack(path: path, format: "keypoints JSON", jointCount: count)
      track.jointNames = names
      try readAxes(of: file, into: &track)
    }
    track.findings += poses.findings
    for key in ["fps", "frame_rate", "frameRate", "framerate"] {
      guard let rate = file[key], !rate.isNull else { continue }
      guard let number = rate.number else {
        throw .malformed(path: path, reason: "'\(key)' is \(rate.kind), expected a number")
      }
      track.statedRate = number
      break
    }
    return track
  }

  private static func names(of file: JSONValue, _ path: String) throws(MotionError) -> [String]? {
    guard let list = file["joint_names"], !list.isNull else { return nil }
    guard let names = list.elements?.compactMap(\.text), names.count == list.elements?.count,
      !names.isEmpty
    else {
      throw .malformed(
        path: path, reason: "'joint_names' is \(list.kind), expected a list of texts")
    }
    return names
  }

  /// The keys under which files state their axes and unit.
  private static func readAxes(of file: JSONValue, into track: inout SourceTrack)
    throws(MotionError)
  {
    if let axes = file["axes"]?.text { track.up = UpAxis(in: axes) }
    guard let unit = file["unit"]?.text else { return }
    let known = ["m": 1, "cm": 0.01, "mm": 0.001]
    guard let metres = known[unit] else {
      throw .malformed(
        path: track.path,
        reason: "its unit is '\(unit.printable(limit: 40))', expected m, cm or mm")
    }
    track.metresPerUnit = metres
  }

  /// Refuses files that only contain image coordinates.
  private static func refusePixels(_ file: JSONValue, _ path: String) throws(MotionError) {
    if file["people"] != nil {
      throw .malformed(
        path: path,
        reason: "it is OpenPose's output, whose positions are pixels of the image and have no"
          + " depth; expected positions in three dimensions")
    }
    let frames = file["frames"]?.elements ?? file.elements
    guard let first = frames?.first,
      first["pose_landmarks"] != nil || first["poseLandmarks"] != nil,
      !TrackPoses.landmarkKeys.contains(where: { first[$0] != nil })
    else { return }
    throw .malformed(
      path: path,
      reason: "its 'pose_landmarks' are places in the image and have no depth in metres; expected"
        + " '\(TrackPoses.landmarkKeys[0])'")
  }

  /// A description of a value for error messages, with the first of its keys.
  static func describe(_ value: JSONValue) -> String {
    guard case .object = value else { return value.kind }
    let keys = value.keys.prefix(8).map { "'\($0.printable(limit: 40))'" }
    return keys.isEmpty ? "an empty object" : "an object with \(keys.joined(separator: ", "))"
  }
}

// MARK: - A frame

extension TrackJSON {
  /// One person's joints; null if no person was found.
  private static func append(_ person: JSONValue, _ what: String, to track: inout SourceTrack)
    throws(MotionError)
  {
    if person.isNull || person.elements?.isEmpty == true {
      try SourceTrack.check(placeCount: track.positions.count, path: track.path)
      track.appendEmptyFrame()
      return
    }
    guard let joints = person.elements, joints.count == track.jointCount else {
      throw .malformed(
        path: track.path,
        reason: "\(what) has \(person.kind), expected \(track.jointCount) joints")
    }
    for (index, joint) in joints.enumerated() {
      guard let numbers = numbers(of: joint) else {
        throw .malformed(
          path: track.path,
          reason: "\(what), joint \(index) is \(describe(joint)), expected the numbers x, y, z and"
            + " perhaps a confidence")
      }
      try track.append([numbers[0], numbers[1], numbers[2]], confidence: numbers[3])
    }
  }

  /// x, y, z and confidence of a joint; NaN for null, nil for anything else than numbers.
  private static func numbers(of joint: JSONValue) -> [Double]? {
    if joint.isNull { return [.nan, .nan, .nan, 0] }
    func number(_ value: JSONValue?) -> Double? {
      guard let value else { return nil }
      return value.isNull ? .nan : value.number
    }
    if let parts = joint.elements {
      // MediaPipe's fifth number is the presence.
      guard (3...5).contains(parts.count) else { return nil }
      let numbers = parts.compactMap(number)
      guard numbers.count == parts.count else { return nil }
      return numbers.count == 3 ? numbers + [1] : Array(numbers.prefix(4))
    }
    guard let x = number(joint["x"]), let y = number(joint["y"]), let z = number(joint["z"]) else {
      return nil
    }
    let score = joint["visibility"] ?? joint["score"] ?? joint["confidence"]
    guard let score else { return [x, y, z, 1] }
    return number(score).map { [x, y, z, $0] }
  }

  /// The times and numbers of the frames, where the frames have them.
  private static func readTimes(of frames: [JSONValue], into track: inout SourceTrack)
    throws(MotionError)
  {
    var names: (time: String, unit: TimeUnit?)?
    var number: String?
    for key in frames.first?.keys ?? [] {
      switch TrackKey(key) {
      case .time(let unit) where names == nil || names?.unit == nil && unit != nil:
        names = (key, unit)
      case .frame where number == nil: number = key
      default: continue
      }
    }
    if let names {
      track.times = FrameTimes(
        values: try numbers(names.time, of: frames, track.path), unit: names.unit)
    }
    if let number { track.frameNumbers = try numbers(number, of: frames, track.path) }
  }

  /// A number of every frame; NaN where a frame has none, or a text such as a date.
  private static func numbers(_ key: String, of frames: [JSONValue], _ path: String)
    throws(MotionError) -> [Double]
  {
    var result: [Double] = []
    result.reserveCapacity(frames.count)
    for (index, frame) in frames.enumerated() {
      guard let value = frame[key], !value.isNull, value.text == nil else {
        result.append(.nan)
        continue
      }
      guard let number = value.number else {
        throw .malformed(
          path: path,
          reason:
            "frame \(index): '\(key.printable(limit: 40))' is \(value.kind), expected a number")
      }
      result.append(number)
    }
    return result
  }
}
