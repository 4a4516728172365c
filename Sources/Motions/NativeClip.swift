public import Files
import Geometry

/// Our own file of a clip on the canonical skeleton: safetensors, self-describing.
///
/// Tensors, all float64: `root_translation` [frame, 3] in metres, `rotations` [frame, 22, 4]
/// (w, x, y, z), `rest_offsets` [22, 3] in metres. Reading gives back the same clip bit for bit.
public enum NativeClip {
  static let format = "motionc-clip"
  static let version = "1"

  /// The file's contents.
  public static func encoded(_ clip: MotionClip, report: ImportReport? = nil) -> Safetensors {
    var metadata = [
      "format": format, "version": version, "name": clip.name,
      "frame_rate": "\(clip.frameRate)", "joints": Skeleton.Joint.names.joined(separator: ","),
      "quaternion_order": "wxyz", "units": "m,Hz",
      "world": "x forward, y left, z up", "body": "x left, y up, z forward",
    ]
    if let label = clip.label { metadata["label"] = label }
    if let report { metadata["source"] = report.path }
    let frames = clip.frameCount
    return Safetensors(
      metadata: metadata,
      tensors: [
        "root_translation": StoredTensor(flat(clip.rootTranslations), shape: [frames, 3]),
        "rotations": StoredTensor(
          clip.rotations.flatMap { [$0.w, $0.x, $0.y, $0.z] },
          shape: [frames, Skeleton.jointCount, 4]),
        "rest_offsets": StoredTensor(
          flat(clip.skeleton.restOffsets), shape: [Skeleton.jointCount, 3]),
      ])
  }

  /// Writes the clip atomically.
  public static func write(_ clip: MotionClip, report: ImportReport? = nil, to path: String)
    throws(FileError)
  {
    try encoded(clip, report: report).write(to: path)
  }

  /// Reads a clip from the file's bytes.
  static func decode(_ bytes: [UInt8], path: String) throws(MotionError) -> MotionClip {
    let file: Safetensors
    do throws(FileError) { file = try Safetensors(decoding: bytes, path: path) } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    try check(file.metadata, path)
    let places = try numbers(file, "root_translation", path, shape: [-1, 3])
    let frames = places.count / 3
    let turns = try numbers(file, "rotations", path, shape: [frames, Skeleton.jointCount, 4])
    let offsets = try numbers(file, "rest_offsets", path, shape: [Skeleton.jointCount, 3])
    return try clip(
      places, turns, offsets, rate: Double(file.metadata["frame_rate"] ?? "") ?? .nan,
      name: file.metadata["name"] ?? ClipName.of(path), label: file.metadata["label"], path: path)
  }

  /// A clip of arrays whose shapes fit, each number checked.
  static func clip(
    _ places: [Double], _ turns: [Double], _ offsets: [Double], rate: Double, name: String,
    label: String?, path: String
  ) throws(MotionError) -> MotionClip {
    let frames = places.count / 3
    guard frames > 0 else { throw .malformed(path: path, reason: "the clip has no frames") }
    try MotionClip.check(frameCount: frames, path: path)
    guard MotionClip.rates.contains(rate) else {
      throw .malformed(
        path: path, reason: "the frame rate is no number between 0.01 and 100000 Hz")
    }
    var rotations: [Quaternion] = []
    rotations.reserveCapacity(turns.count / 4)
    for at in stride(from: 0, to: turns.count, by: 4) {
      let q = Quaternion(w: turns[at], x: turns[at + 1], y: turns[at + 2], z: turns[at + 3])
      guard abs(q.dot(q) - 1) < 1e-6 else {
        throw .malformed(
          path: path,
          reason: "frame \(at / 4 / Skeleton.jointCount), joint"
            + " \(Skeleton.Joint.names[at / 4 % Skeleton.jointCount]): the quaternion has the"
            + " length \(q.dot(q).squareRoot()), expected 1")
      }
      rotations.append(q)
    }
    return MotionClip(
      name: name, skeleton: Skeleton(restOffsets: vectors(offsets)), frameRate: rate,
      rootTranslations: vectors(places), rotations: rotations, label: label)
  }

  private static func check(_ metadata: [String: String], _ path: String) throws(MotionError) {
    guard metadata["format"] == format else {
      if let kind = metadata["kind"], kind.hasPrefix("motionc ") {
        throw .malformed(
          path: path,
          reason: FileKind(of: kind) == .codes
            ? "it holds the codes of a motion, which only 'motionc sample' with a PoseGPT reads; a"
              + " clip expected, as 'motionc sample' writes it beside the codes"
            : "it is a '\(kind.printable(limit: 60))', a clip expected as 'motionc import' writes it"
        )
      }
      throw .malformed(
        path: path,
        reason: "the metadata's 'format' is '\((metadata["format"] ?? "absent").printable)',"
          + " expected '\(format)' as 'motionc import' writes it")
    }
    guard metadata["version"] == version else {
      throw .malformed(
        path: path,
        reason: "the clip's version is '\((metadata["version"] ?? "absent").printable)', this tool"
          + " reads '\(version)'")
    }
    guard metadata["joints"] == Skeleton.Joint.names.joined(separator: ",") else {
      throw .malformed(path: path, reason: "the clip's joints are not those of our skeleton")
    }
  }

  /// A tensor of a shape (-1 for any) with finite numbers.
  private static func numbers(_ file: Safetensors, _ name: String, _ path: String, shape: [Int])
    throws(MotionError) -> [Double]
  {
    let tensor: StoredTensor
    do throws(FileError) { tensor = try file.tensor(name, in: path) } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    return try numbers(tensor, name, path, shape: shape)
  }

  /// The finite numbers of a tensor of a shape (-1 for any).
  static func numbers(_ tensor: StoredTensor, _ name: String, _ path: String, shape: [Int])
    throws(MotionError) -> [Double]
  {
    guard tensor.shape.count == shape.count,
      zip(tensor.shape, shape).allSatisfy({ $1 < 0 || $0 == $1 })
    else {
      throw .malformed(
        path: path, reason: "'\(name)' has the shape \(tensor.shape), expected \(shape)")
    }
    guard tensor.type.isFloatingPoint else {
      throw .malformed(
        path: path,
        reason: "'\(name)' holds \(tensor.type.rawValue), expected floating-point numbers")
    }
    try MotionClip.check(frameCount: tensor.shape.first ?? 0, path: path)
    let values = tensor.doubles()
    guard values.allSatisfy({ abs($0) < 1e6 }) else {
      throw .malformed(path: path, reason: "'\(name)' holds a number that is not finite or absurd")
    }
    return values
  }

  private static func flat(_ vectors: [Vector3]) -> [Double] {
    vectors.flatMap { [$0.x, $0.y, $0.z] }
  }

  private static func vectors(_ values: [Double]) -> [Vector3] {
    stride(from: 0, to: values.count, by: 3).map { [values[$0], values[$0 + 1], values[$0 + 2]] }
  }
}
