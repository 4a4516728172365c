import Files
import Geometry

/// Tracker output as JSON: MediaPipe Pose, and lists of keypoints with names.
///
/// Both are objects with `fps` and `frames`. A frame of MediaPipe has `pose_world_landmarks`, 33
/// times [x, y, z, visibility] in metres with y down; other frames have `keypoints`, one
/// [x, y, z] or [x, y, z, score] for each of the file's `joint_names`. Null means no person.
enum TrackJSON {
  private static let landmarks = "pose_world_landmarks"
  private static let keypoints = "keypoints"

  static func read(_ bytes: [UInt8], path: String) throws(MotionError) -> SourceTrack {
    let file = try value(of: bytes, path)
    try refusePixels(file, path)
    guard let frames = file["frames"]?.elements else {
      throw .malformed(
        path: path,
        reason: "it is \(describe(file)), expected an object with 'fps' and 'frames', each with"
          + " '\(landmarks)' or '\(keypoints)'")
    }
    guard !frames.isEmpty else { throw .malformed(path: path, reason: "it has no frames") }
    var track = try header(of: file, frames, path)
    let key = track.set == nil ? keypoints : landmarks
    var times: [Double] = []
    for (index, frame) in frames.enumerated() {
      guard case .object = frame, let person = frame[key] else {
        throw .malformed(
          path: path,
          reason: "frame \(index) is \(describe(frame)), expected an object with '\(key)'")
      }
      try append(person, "frame \(index)", to: &track)
      if let time = try time(of: frame, index, path) { times.append(time) }
    }
    if times.count == frames.count { track.times = times }
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

  /// The metadata of the file.
  private static func header(of file: JSONValue, _ frames: [JSONValue], _ path: String)
    throws(MotionError) -> SourceTrack
  {
    let isMediaPipe = frames.contains { $0[landmarks] != nil }
    var track: SourceTrack
    if isMediaPipe {
      let set = JointSet.mediapipe
      track = SourceTrack(path: path, format: "MediaPipe JSON", jointCount: set.joints.count)
      track.set = set
      track.up = UpAxis(1, isPositive: false)
      track.metresPerUnit = 1
      track.findings.append(
        .init(
          .note,
          "the places are relative to the hips, so where the body goes in the room is not known"))
    } else {
      let names = try names(of: file, path)
      let count = names?.count ?? frames.lazy.compactMap { $0[keypoints]?.elements?.count }.first
      guard let count, count > 0 else {
        throw .malformed(
          path: path, reason: "no frame has '\(landmarks)' or '\(keypoints)' with joints in it")
      }
      track = SourceTrack(path: path, format: "keypoints JSON", jointCount: count)
      track.jointNames = names
      try readAxes(of: file, into: &track)
    }
    if let rate = file["fps"], !rate.isNull {
      guard let number = rate.number else {
        throw .malformed(path: path, reason: "'fps' is \(rate.kind), expected a number")
      }
      track.statedRate = number
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
    if let axes = file["axes"]?.text {
      track.up = UpAxis(in: axes)
      if axes.contains("mid-hip") {
        track.findings.append(
          .init(
            .note,
            "the places are relative to the hips, so where the body goes in the room is not known"))
      }
    }
    guard let unit = file["unit"]?.text else { return }
    let known = ["m": 1, "cm": 0.01, "mm": 0.001]
    guard let metres = known[unit] else {
      throw .malformed(
        path: track.path,
        reason: "its unit is '\(unit.printable(limit: 40))', expected m, cm or mm")
    }
    track.metresPerUnit = metres
  }

  /// One person's joints; null if no person was found.
  private static func append(_ person: JSONValue, _ what: String, to track: inout SourceTrack)
    throws(MotionError)
  {
    if person.isNull {
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
      guard parts.count == 3 || parts.count == 4 else { return nil }
      let numbers = parts.compactMap(number)
      guard numbers.count == parts.count else { return nil }
      return numbers.count == 3 ? numbers + [1] : numbers
    }
    guard let x = number(joint["x"]), let y = number(joint["y"]), let z = number(joint["z"]) else {
      return nil
    }
    guard let confidence = joint["visibility"] ?? joint["score"] else { return [x, y, z, 1] }
    return number(confidence).map { [x, y, z, $0] }
  }

  private static func time(of frame: JSONValue, _ index: Int, _ path: String) throws(MotionError)
    -> Double?
  {
    for (key, seconds) in [("t", 1.0), ("time_s", 1.0), ("timestamp_ms", 0.001)] {
      guard let time = frame[key], !time.isNull else { continue }
      guard let number = time.number else {
        throw .malformed(
          path: path, reason: "frame \(index): '\(key)' is \(time.kind), expected a number")
      }
      return number * seconds
    }
    return nil
  }

  /// Refuses files that only contain image coordinates.
  private static func refusePixels(_ file: JSONValue, _ path: String) throws(MotionError) {
    if file["people"] != nil {
      throw .malformed(
        path: path,
        reason: "it is OpenPose's output, whose positions are pixels of the image and have no"
          + " depth; expected positions in three dimensions")
    }
    guard let first = file["frames"]?.elements?.first, first["pose_landmarks"] != nil,
      first[landmarks] == nil
    else { return }
    throw .malformed(
      path: path,
      reason: "its 'pose_landmarks' are places in the image and have no depth in metres; expected"
        + " '\(landmarks)'")
  }

  /// A description of a value for error messages, with the first of its keys.
  private static func describe(_ value: JSONValue) -> String {
    guard case .object = value else { return value.kind }
    let keys = value.keys.prefix(8).map { "'\($0.printable(limit: 40))'" }
    return keys.isEmpty ? "an empty object" : "an object with \(keys.joined(separator: ", "))"
  }
}
