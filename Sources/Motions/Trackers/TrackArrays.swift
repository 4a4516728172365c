import Files
import Foundation
import Geometry

/// Joint positions as NumPy arrays [frames, joints, 3], or 4 with a confidence.
enum TrackArrays {
  /// The arrays of an archive that are read.
  static let wanted: Set<String> = [
    "positions", "fps", "mocap_framerate", "mocap_frame_rate", "names", "joint_names",
    "confidences", "axes",
  ]

  /// A single array; its names stand in a text file beside it, where there is one.
  static func readArray(
    _ bytes: [UInt8], path: String, person: String? = nil
  ) throws(MotionError) -> SourceTrack {
    let array: NumpyArray
    do throws(FileError) { array = try NumpyArray(decoding: bytes, path: path) } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    guard case .numbers(let tensor) = array else {
      throw .malformed(path: path, reason: "it holds texts, expected numbers [frames, joints, 3]")
    }
    if HumanML3D.frames(of: tensor.shape) != nil {
      try PersonChoice.refuse(person, path: path)
      return try HumanML3D.track(of: tensor, path: path)
    }
    try HumanML3D.refuseRelatives(tensor.shape, path)
    let people = try ArrayOfPeople(shape: tensor.shape, asked: person, path: path)
    var track = try track(
      of: people?.part(of: tensor) ?? tensor, "the array", "NumPy array", path)
    if let finding = people?.finding { track.findings.append(finding) }
    try takeNames(try namesBeside(path), into: &track)
    SMPLOrder.take(into: &track)
    return track
  }

  /// An archive with `positions`, `fps` and `names`, as `motionc sample` writes it.
  static func readArchive(
    _ bytes: [UInt8], path: String, person: String? = nil
  ) throws(MotionError) -> SourceTrack {
    let archive: NumpyArchive
    var positions: StoredTensor
    do throws(FileError) {
      archive = try NumpyArchive(decoding: bytes, path: path, wanting: wanted)
      positions = try archive.array("positions", in: path)
    } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    let people = try ArrayOfPeople(shape: positions.shape, asked: person, path: path)
    positions = people?.part(of: positions) ?? positions
    var track = try track(of: positions, "'positions'", "NumPy archive", path)
    if let finding = people?.finding { track.findings.append(finding) }
    if let stored = archive.arrays["confidences"] {
      let confidence = people?.part(of: stored) ?? stored
      guard confidence.shape == Array(positions.shape.dropLast()) else {
        throw .malformed(
          path: path,
          reason: "'confidences' has the shape \(confidence.shape), expected"
            + " \(Array(positions.shape.dropLast())) as the positions")
      }
      for (index, value) in confidence.floats().enumerated() where track.confidences[index] > 0 {
        // Written so that NaN and numbers below zero are no confidence.
        track.confidences[index] = value > 0 ? min(value, 1) : 0
        if track.confidences[index] == 0 { track.positions[index] = Vector3(repeating: .nan) }
      }
    }
    for name in ["fps", "mocap_framerate", "mocap_frame_rate"] {
      track.statedRate = archive.arrays[name]?.single
      if track.statedRate != nil { break }
    }
    // Only archives that we write have it, and a person may lie in them.
    if let axes = archive.strings["axes"]?.first, let up = UpAxis(in: axes) {
      (track.up, track.isUpCertain) = (up, true)
    } else if MotionArchive.isOne(named: archive.names) {
      (track.up, track.isUpCertain) = (UpAxis(2, isPositive: true), true)
    }
    var names = archive.strings["names"] ?? archive.strings["joint_names"]
    if names == nil { names = try namesBeside(path) }
    try takeNames(names, into: &track)
    SMPLOrder.take(into: &track)
    return track
  }

  private static func track(
    of tensor: StoredTensor, _ what: String, _ format: String, _ path: String
  ) throws(MotionError) -> SourceTrack {
    let shape = tensor.shape
    guard shape.count == 3, shape[2] == 3 || shape[2] == 4, shape[1] > 0, shape[1] <= 1000 else {
      throw .malformed(
        path: path, reason: "\(what) has the shape \(shape), expected [frames, joints, 3]")
    }
    guard tensor.type.size > 1 else {
      throw .malformed(
        path: path,
        reason: "\(what) holds \(tensor.type.rawValue), which no places of a body fit into")
    }
    try MotionClip.check(frameCount: shape[0], path: path)
    try SourceTrack.check(placeCount: shape[0] * shape[1], path: path)
    var track = SourceTrack(path: path, format: format, jointCount: shape[1])
    track.positions.reserveCapacity(shape[0] * shape[1])
    track.confidences.reserveCapacity(shape[0] * shape[1])
    // In blocks, so that no second copy of a large array is made.
    for start in stride(from: 0, to: shape[0], by: 1024) {
      let values = tensor.doubles(ofRows: start..<min(start + 1024, shape[0]))
      for at in stride(from: 0, to: values.count, by: shape[2]) {
        try track.append(
          [values[at], values[at + 1], values[at + 2]],
          confidence: shape[2] == 4 ? values[at + 3] : 1)
      }
    }
    return track
  }

  private static func takeNames(_ names: [String]?, into track: inout SourceTrack)
    throws(MotionError)
  {
    guard let names else { return }
    guard names.count <= track.jointCount else {
      throw .malformed(
        path: track.path,
        reason: "it has \(track.jointCount) joints and \(names.count) names of joints")
    }
    track.jointNames = names
    guard names.count < track.jointCount else { return }
    track.findings.append(
      .init(
        .note,
        "only the first \(names.count) of its \(track.jointCount) joints have names: the others"
          + " are left out"))
  }

  /// The names in the file `<beginning of the name>_joint_names.txt` in the same folder, one a
  /// line; the longest beginning wins, `joint_names.txt` fits every file.
  private static func namesBeside(_ path: String) throws(MotionError) -> [String]? {
    let cut = path.range(of: "/", options: .backwards)
    let folder = cut.map { String(path[..<$0.upperBound]) } ?? "./"
    let name = cut.map { path[$0.upperBound...] } ?? path[...]
    let stem = name.lastIndex(of: ".").map { name[..<$0] } ?? name
    let fitting = (FileSystem.names(in: folder) ?? []).filter { entry in
      if entry == "joint_names.txt" { return true }
      return entry.hasSuffix("_joint_names.txt") && stem.hasPrefix(entry.dropLast(16))
    }
    guard let file = fitting.max(by: { $0.count < $1.count }) else { return nil }
    do throws(FileError) {
      let text = try InputFile.text(of: folder + file, limit: 1 << 20)
      return text.split(whereSeparator: \.isNewline).map {
        String($0).trimmingCharacters(in: .whitespaces)
      }.filter { !$0.isEmpty }
    } catch {
      throw .unreadable(path: folder + file, reason: error.reason)
    }
  }
}
