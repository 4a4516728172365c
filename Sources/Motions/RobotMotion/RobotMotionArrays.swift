import Files
import Geometry

/// A robot's motion in arrays: reads what `RobotMotionLayout` names.
struct RobotMotionArrays {
  private let archive: NumpyArchive
  private let path: String
  private let layout: RobotMotionLayout
  private let leaves: [String: String]

  /// The most frames at which the places of bodies are kept.
  private static let mostSamples = 16

  /// The arrays of a robot's motion; nil for other arrays.
  init?(_ archive: NumpyArchive, path: String) throws(MotionError) {
    guard let (layout, leaves) = RobotMotionLayout.of(archive.names) else { return nil }
    (self.archive, self.path, self.layout, self.leaves) = (archive, path, layout, leaves)
    let clips = archive.names.filter { RobotMotionLayout.leaf($0) == layout.joints }
    guard clips.count == 1 else {
      throw .malformed(
        path: path,
        reason: "it holds the motions of \(clips.count) clips (\(clips.prefix(8).shownList)),"
          + " expected one: save each of them to a file of its own")
    }
  }

  /// The motion, checked.
  func source(_ options: RobotMotionSource.Options) throws(MotionError) -> RobotMotionSource {
    let names = RobotMotionLayout.jointNames.lazy.compactMap { archive.strings[leaves[$0] ?? ""] }
      .first
    let joints = try tensor(layout.joints, dimensions: 2)
    let (frames, width) = (joints.shape[0], joints.shape[1])
    let others = layout.rootColumns(of: width, names: names?.count)
    guard frames > 0, width > others else {
      throw .malformed(
        path: path,
        reason: "'\(layout.joints)' has the shape \(joints.shape), expected [frames, joints]")
    }
    guard names == nil || names?.count == width - others else {
      throw .malformed(
        path: path,
        reason: "it has \(names?.count ?? 0) names of joints and \(width - others) columns of them")
    }
    let (rate, finding) = try rate(frames, options)
    let rows = joints.doubles()
    let base = try base(rows, width, others, frames, options)
    var source = try RobotMotionSource(
      path: path, kind: layout.kind, names: names, jointCount: width - others,
      positions: others == 0
        ? rows : (0..<frames).flatMap { rows[(width * $0 + others)..<(width * ($0 + 1))] },
      rate: rate, base: base)
    if let finding { source.findings.append(finding) }
    try takeBodies(into: &source)
    return source
  }

  private func rate(
    _ frames: Int, _ options: RobotMotionSource.Options
  ) throws(MotionError) -> (rate: Double, finding: ImportReport.Finding?) {
    let stated = RobotMotionLayout.rates.lazy.compactMap {
      archive.arrays[leaves[$0] ?? ""]?.single
    }
    .first
    let times = archive.arrays[leaves["time"] ?? ""]?.doubles() ?? []
    guard times.isEmpty || times.count == frames else {
      throw .malformed(path: path, reason: "it has \(times.count) times and \(frames) frames")
    }
    return try RobotMotionSource.rate(
      stated: stated, times: times, options: options, path: path, kind: layout.kind)
  }

  /// Places and quaternions of the base; nil where the file has none.
  private func base(
    _ rows: [Double], _ width: Int, _ others: Int, _ frames: Int,
    _ options: RobotMotionSource.Options
  ) throws(MotionError) -> (places: [Double], quaternions: [Double], order: RootOrder)? {
    var (places, quaternions): ([Double], [Double])
    if others == 7 {
      (places, quaternions) = ([], [])
      for row in stride(from: 0, to: rows.count, by: width) {
        places += rows[row..<(row + 3)]
        quaternions += rows[(row + 3)..<(row + 7)]
      }
    } else {
      let names = layout.rootNames
      guard names.count == 2, leaves[names[0]] != nil, leaves[names[1]] != nil else { return nil }
      (places, quaternions) = (
        try first(names[0], 3, frames), try first(names[1], 4, frames)
      )
    }
    let order = RootOrder(
      of: quaternions, expected: layout.order, isStated: layout.statesOrder,
      asked: options.rootOrder)
    return (places, quaternions, order)
  }

  /// The numbers of a base in an array [frame, width], or of the first body in [frame, body, width].
  private func first(_ name: String, _ width: Int, _ frames: Int) throws(MotionError) -> [Double] {
    var isOfBodies = false
    if case .firstBody = layout.root { isOfBodies = true }
    let tensor = try tensor(name, dimensions: isOfBodies ? 3 : 2)
    let shape = tensor.shape
    guard shape[0] == frames, shape.last == width, !isOfBodies || shape[1] > 0 else {
      throw .malformed(
        path: path,
        reason: "'\(name)' has the shape \(shape), expected"
          + " [\(frames), \(isOfBodies ? "bodies, " : "")\(width)]")
    }
    guard isOfBodies else { return tensor.doubles() }
    var result: [Double] = []
    for frame in 0..<frames {
      result += tensor.doubles(ofRows: frame..<(frame + 1)).prefix(width)
    }
    return result
  }

  private func takeBodies(into source: inout RobotMotionSource) throws(MotionError) {
    guard case .firstBody(let name, _) = layout.root else { return }
    let tensor = try tensor(name, dimensions: 3)
    let step = max(1, source.frameCount / Self.mostSamples)
    for frame in stride(from: 0, to: source.frameCount, by: step) {
      let row = tensor.doubles(ofRows: frame..<(frame + 1))
      let places = stride(from: 0, to: row.count, by: 3).map {
        Vector3(row[$0], row[$0 + 1], row[$0 + 2])
      }
      source.bodies.append(.init(frame: frame, places: places))
    }
  }

  /// An array of floating-point numbers of so many dimensions, no larger than what is read.
  private func tensor(_ name: String, dimensions: Int) throws(MotionError) -> StoredTensor {
    let tensor: StoredTensor
    do throws(FileError) { tensor = try archive.array(leaves[name] ?? name, in: path) } catch {
      throw .malformed(path: path, reason: error.reason)
    }
    let most = RobotMotionSource.mostNumbers * (dimensions == 3 ? 20 : 1)
    guard tensor.shape.count == dimensions, tensor.type.isFloatingPoint, tensor.count <= most else {
      throw .malformed(
        path: path,
        reason: "'\(name)' is \(tensor.type.rawValue) of shape \(tensor.shape.prefix(8)), expected"
          + " at most \(most) floating-point numbers in \(dimensions) dimensions")
    }
    return tensor
  }
}
