import Files

/// The pose of one person in each frame of a JSON file.
struct TrackPoses {
  /// The keys of landmarks in metres, MediaPipe's in its several programming languages.
  static let landmarkKeys = [
    "pose_world_landmarks", "poseWorldLandmarks", "world_landmarks", "worldLandmarks",
  ]
  /// The keys of joints that names or a set explain.
  static let keypointKeys = [
    "keypoints", "keypoints_3d", "keypoints3d", "keypoints3D", "landmarks",
  ]
  /// The keys of lists of people in a frame.
  private static let peopleKeys = ["people", "persons", "bodies", "poses"]

  /// Whether JSON begins like frames of poses, without reading all of it.
  static func isLikely(_ bytes: [UInt8]) -> Bool {
    let start = String(decoding: bytes.prefix(1 << 16), as: UTF8.self)
    // OpenPose's pixels and MediaPipe's places in the image are motion too, and refused as such.
    let others = ["people", "pose_landmarks", "poseLandmarks", "instance_info"]
    return (landmarkKeys + keypointKeys + others).contains { start.contains("\"\($0)\"") }
  }

  /// The frames that are kept: those of the person.
  private(set) var frames: [JSONValue] = []
  /// The pose of each of them; null or an empty list where nobody was found.
  private(set) var poses: [JSONValue] = []
  /// Whether the joints are MediaPipe's 33.
  private(set) var isMediaPipe = false
  /// What was chosen.
  private(set) var findings: [ImportReport.Finding] = []

  /// One person in one frame.
  private struct Candidate {
    var frame: Int
    var label: String?
    var pose: JSONValue
  }

  /// The poses of a person; `person` is the one that the user asks for.
  init(_ frames: [JSONValue], person: String?, path: String) throws(MotionError) {
    let people = Self.peopleKeys.first { key in frames.contains { $0[key]?.elements != nil } }
    var candidates: [Candidate] = []
    var isNumbered = false
    let shown = people == nil ? frames : frames.flatMap { $0[people ?? ""]?.elements ?? [] }
    let key = (Self.landmarkKeys + Self.keypointKeys).first { key in
      shown.contains { $0[key] != nil }
    }
    for (index, frame) in frames.enumerated() {
      guard frame.isObject, let key, people != nil || frame[key] != nil else {
        throw .malformed(
          path: path,
          reason: "frame \(index) is \(TrackJSON.describe(frame)), expected an object with"
            + " '\(key ?? Self.keypointKeys[0])'")
      }
      let found = Self.candidates(in: frame, index, key, people)
      isNumbered = isNumbered || found.isNumbered
      candidates += found.list
    }
    try choose(candidates, frames, person, isNumbered: isNumbered, path)
    if let key {
      let isNamed = Self.keypointKeys.dropLast().contains(key)
      let count = poses.lazy.compactMap { $0.elements?.count }.first { $0 > 0 }
      isMediaPipe =
        Self.landmarkKeys.contains(key)
        || !isNamed && count == JointSet.mediapipe.joints.count
    }
  }

  /// The people of a frame; `isNumbered` where their order in a list is all that tells them apart.
  private static func candidates(
    in frame: JSONValue, _ index: Int, _ key: String, _ people: String?
  ) -> (list: [Candidate], isNumbered: Bool) {
    if let people {
      let list = frame[people]?.elements ?? []
      let labels = list.map { label($0) { TrackKey($0) == .person || $0 == "id" } }
      let isNumbered = labels.contains(nil)
      return (
        list.enumerated().compactMap { number, person in
          person[key].map {
            let label = isNumbered ? "\(number + 1)" : labels[number]
            return Candidate(frame: index, label: label, pose: unwrapped($0))
          }
        }, isNumbered && list.count > 1
      )
    }
    let value = unwrapped(frame[key] ?? .null)
    guard isListOfPoses(value), let list = value.elements else {
      let isNobody = value.isNull || value.elements?.isEmpty == true
      return (
        [Candidate(frame: index, label: isNobody ? nil : label(ofFrame: frame), pose: value)], false
      )
    }
    return (
      list.enumerated().map { number, pose in
        let pose = unwrapped(pose)
        let isNobody = pose.elements?.isEmpty == true
        return Candidate(frame: index, label: isNobody ? nil : "\(number + 1)", pose: pose)
      }, list.count > 1
    )
  }

  /// Keeps the frames and poses of one person.
  private mutating func choose(
    _ candidates: [Candidate], _ all: [JSONValue], _ person: String?, isNumbered: Bool,
    _ path: String
  ) throws(MotionError) {
    let labels = candidates.compactMap(\.label)
    var chosen: String?
    if labels.isEmpty {
      try PersonChoice.refuse(person, path: path)
    } else {
      chosen = try PersonChoice.label(
        among: labels, asked: person,
        where: isNumbered ? "in the order of its lists" : "by their numbers", path: path)
    }
    if isNumbered {
      findings.append(
        .init(
          .note,
          "person \((chosen ?? "").printable) is the one at that place of each frame's list; where"
            + " the tracker exchanges people, so does the motion"))
    } else if Set(labels).count > 1 {
      findings.append(.init(.note, "person '\((chosen ?? "").printable(limit: 40))' was chosen"))
    }
    let ofFrames = Dictionary(grouping: candidates) { $0.frame }
    for (index, frame) in all.enumerated() {
      let here = ofFrames[index] ?? []
      if let own = here.first(where: { $0.label == chosen }) {
        frames.append(frame)
        poses.append(own.pose)
      } else if [nil, chosen].contains(Self.label(ofFrame: frame)) {
        frames.append(frame)
        poses.append(.null)
      }
    }
  }

  // MARK: - Values

  /// Who a frame shows, where it says so.
  private static func label(ofFrame frame: JSONValue) -> String? {
    label(frame) { TrackKey($0) == .person }
  }

  /// The text of the first key that names somebody.
  private static func label(_ value: JSONValue, where isKey: (String) -> Bool) -> String? {
    for (key, value) in value.members ?? [] where isKey(key) {
      if let number = value.integer { return "\(number)" }
      if let text = value.text, !text.isEmpty { return text }
    }
    return nil
  }

  /// The list in an object that only wraps one.
  private static func unwrapped(_ value: JSONValue) -> JSONValue {
    value["landmark"] ?? value["landmarks"] ?? value["keypoints"] ?? value
  }

  /// Whether a value is a list of people and not of joints.
  private static func isListOfPoses(_ value: JSONValue) -> Bool {
    guard let list = value.elements, let first = list.first(where: { !$0.isNull }) else {
      return false
    }
    let inner = unwrapped(first)
    if first.isObject { return inner.elements != nil }
    guard let joints = inner.elements else { return false }
    guard let joint = joints.first(where: { !$0.isNull }) else { return list.count == 1 }
    return joint.isObject || joint.elements != nil
  }
}

extension JSONValue {
  /// Whether it is an object.
  var isObject: Bool { if case .object = self { true } else { false } }
}
