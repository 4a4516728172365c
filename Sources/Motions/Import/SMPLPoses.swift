import Files
import Geometry

/// The rotations and translations of a file of the SMPL family, their shapes checked.
struct SMPLPoses {
  /// `SMPL`, `SMPL-H` or `SMPL-X`.
  let model: String
  let frameCount: Int
  private let parts: [Part]
  private let places: StoredTensor
  private let placesName: String

  /// An array of rotations.
  private struct Part {
    var name: String
    var tensor: StoredTensor
    /// The joints that are read, from the first.
    var jointCount: Int
    /// Whether rotations are matrices of nine numbers, row by row; else vectors of three.
    var isMatrix: Bool

    /// The numbers of a frame.
    var width: Int

    init(name: String, tensor: StoredTensor, jointCount: Int, isMatrix: Bool) {
      self.name = name
      self.tensor = tensor
      self.jointCount = jointCount
      self.isMatrix = isMatrix
      width = tensor.shape.dropFirst().reduce(1, *)
    }
  }

  /// The models by the number of their joints.
  private static let models = [22: "SMPL", 24: "SMPL", 52: "SMPL-H", 55: "SMPL-X"]

  /// Frames that are converted at a time.
  private static let block = 1024

  /// The arrays of a layout.
  init(_ archive: NumpyArchive, _ layout: SMPLLayout, _ path: String) throws(MotionError) {
    let body = try Self.array(archive, layout.body, path)
    let (bodyJoints, isMatrix) = try Self.joints(body, layout.body, isRoot: false, path)
    if let name = layout.root {
      let root = try Self.array(archive, name, path)
      let (rootJoints, rootIsMatrix) = try Self.joints(root, name, isRoot: true, path)
      guard rootJoints == 1, bodyJoints >= 21, root.shape[0] == body.shape[0] else {
        throw .malformed(
          path: path,
          reason: "'\(name)' and '\(layout.body)' have the shapes \(root.shape) and \(body.shape),"
            + " expected [frames, 3] and [frames, 63]")
      }
      model = bodyJoints == 23 ? "SMPL" : "SMPL-X"
      parts = [
        Part(name: name, tensor: root, jointCount: 1, isMatrix: rootIsMatrix),
        Part(
          name: layout.body, tensor: body, jointCount: Skeleton.jointCount - 1, isMatrix: isMatrix),
      ]
    } else {
      guard let model = Self.models[bodyJoints] else {
        throw .malformed(
          path: path,
          reason:
            "'\(layout.body)' has \(body.shape.dropFirst().reduce(1, *)) columns, expected 156"
            + " (SMPL-H), 165 (SMPL-X), 72 or 66")
      }
      self.model = model
      parts = [
        Part(
          name: layout.body, tensor: body, jointCount: Skeleton.jointCount, isMatrix: isMatrix)
      ]
    }
    frameCount = body.shape[0]
    places = try Self.array(archive, layout.translation, path)
    placesName = layout.translation
    guard places.shape[0] == frameCount, places.shape.dropFirst().reduce(1, *) == 3 else {
      throw .malformed(
        path: path,
        reason: "'\(layout.translation)' has the shape \(places.shape), expected"
          + " [\(frameCount), 3] as the poses")
    }
  }

  /// An array of floating-point numbers with at least one row and no more than a clip has frames.
  private static func array(_ archive: NumpyArchive, _ name: String, _ path: String)
    throws(MotionError) -> StoredTensor
  {
    let array: StoredTensor
    do throws(FileError) { array = try archive.array(name, in: path) } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    guard (2...4).contains(array.shape.count), array.shape.allSatisfy({ $0 > 0 }) else {
      throw .malformed(
        path: path,
        reason: "'\(name.printable)' has the shape \(array.shape.prefix(8)), expected frames by"
          + " columns")
    }
    guard array.type.isFloatingPoint else {
      throw .malformed(
        path: path,
        reason: "'\(name.printable)' holds \(array.type.rawValue), expected floating-point numbers")
    }
    try MotionClip.check(frameCount: array.shape[0], path: path)
    return array
  }

  /// How many joints an array has and whether their rotations are matrices.
  private static func joints(_ array: StoredTensor, _ name: String, isRoot: Bool, _ path: String)
    throws(MotionError) -> (count: Int, isMatrix: Bool)
  {
    let row = Array(array.shape.dropFirst())
    let width = row.reduce(1, *)
    let isMatrix = row.suffix(2) == [3, 3] && (row.count == 3 || isRoot)
    let size = isMatrix ? 9 : 3
    guard width.isMultiple(of: size), row.count < 2 || row.last == 3 else {
      throw .malformed(
        path: path,
        reason: "'\(name.printable)' has the shape \(array.shape), expected rotation vectors of 3"
          + " numbers or matrices of 3 by 3")
    }
    return (width / size, isMatrix)
  }

  /// Appends all frames to a clip.
  func fill(_ clip: inout MotionClip, scale: Double, _ path: String) throws(MotionError) {
    clip.rootTranslations.reserveCapacity(frameCount)
    clip.rotations.reserveCapacity(frameCount * Skeleton.jointCount)
    for start in stride(from: 0, to: frameCount, by: Self.block) {
      let frames = start..<min(start + Self.block, frameCount)
      let moves = places.doubles(ofRows: frames)
      try Self.refuseNonFinite(moves, placesName, 3, start, path)
      var values: [[Double]] = []
      for part in parts {
        let numbers = part.tensor.doubles(ofRows: frames)
        try Self.refuseNonFinite(numbers, part.name, part.width, start, path)
        values.append(numbers)
      }
      for frame in 0..<frames.count {
        for (part, numbers) in zip(parts, values) {
          try append(part, numbers, frame, start + frame, to: &clip, path)
        }
        clip.rootTranslations.append(
          Vector3(moves[3 * frame], moves[3 * frame + 1], moves[3 * frame + 2]) * scale)
      }
    }
  }

  /// Appends a part's rotations of one frame of a block.
  private func append(
    _ part: Part, _ numbers: [Double], _ row: Int, _ frame: Int, to clip: inout MotionClip,
    _ path: String
  ) throws(MotionError) {
    let size = part.isMatrix ? 9 : 3
    for joint in 0..<part.jointCount {
      let at = row * part.width + joint * size
      var turn: Quaternion
      if part.isMatrix {
        guard let rotation = Quaternion(matrix: numbers[at..<(at + 9)]) else {
          throw .malformed(
            path: path,
            reason: "frame \(frame), joint \(joint) of '\(part.name.printable)' is no rotation"
              + " matrix")
        }
        turn = rotation
      } else {
        turn = Quaternion(rotationVector: [numbers[at], numbers[at + 1], numbers[at + 2]])
      }
      let before = clip.rotations.count - Skeleton.jointCount
      if before >= 0, clip.rotations[before].dot(turn) < 0 { turn = -turn }
      clip.rotations.append(turn)
    }
  }

  private static func refuseNonFinite(
    _ values: [Double], _ name: String, _ width: Int, _ firstFrame: Int, _ path: String
  ) throws(MotionError) {
    guard let index = values.firstIndex(where: { !(abs($0) < 1e5) }) else { return }
    throw .malformed(
      path: path,
      reason: "frame \(firstFrame + index / width), column \(index % width) of"
        + " '\(name.printable)' is \(values[index]), expected a number below 100000")
  }
}

extension Quaternion {
  /// The rotation of a matrix of nine numbers, row by row; nil for what is no rotation.
  init?(matrix m: ArraySlice<Double>) {
    let i = m.startIndex
    let x = Vector3(m[i], m[i + 3], m[i + 6])
    let y = Vector3(m[i + 1], m[i + 4], m[i + 7])
    let z = Vector3(m[i + 2], m[i + 5], m[i + 8])
    // Half precision has three digits.
    let tolerance = 5e-3
    guard abs(x.length - 1) < tolerance, abs(y.length - 1) < tolerance, abs(x.dot(y)) < tolerance,
      (x.cross(y) - z).length < 3 * tolerance
    else { return nil }
    self.init(columns: x, y, z)
  }
}
