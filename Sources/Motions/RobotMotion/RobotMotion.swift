import Files

/// What a file that holds a robot's motion says of itself: recognised without reading all of it.
struct RobotMotion {
  /// The program or layout that wrote it.
  var kind: String
  /// How many joints a frame has.
  var jointCount: Int
  /// How many frames there are.
  var frameCount: Int
  /// The frame rate, where the file states it [Hz].
  var rate: Double?
  /// Whether motionc itself wrote it.
  var isOwn = false

  /// The refusal by whoever reads human motion.
  func refusal(_ path: String) -> MotionError {
    let rate = rate.map { " at \(ImportReport.short($0)) Hz" } ?? ""
    return .malformed(
      path: path,
      reason: "it is the motion of a robot (\(kind): \(Wording.count(jointCount, "joint")),"
        + " \(Wording.count(frameCount, "frame"))\(rate)), expected human motion; 'motionc compile"
        + " FILE --robot NAME' makes a trajectory of it that keeps the robot's limits")
  }
}

// MARK: - Arrays

extension RobotMotion {
  /// Whether arrays of these names are a robot's motion.
  static func isLikely(_ names: [String]) -> Bool { RobotMotionLayout.of(names) != nil }

  /// The motion of these arrays; nil where they are something else.
  init?(_ archive: NumpyArchive) {
    guard let (layout, leaves) = RobotMotionLayout.of(archive.names) else { return nil }
    let shape = leaves[layout.joints].flatMap { archive.arrays[$0]?.shape } ?? []
    let width = shape.count > 1 ? shape[1] : 0
    let names = RobotMotionLayout.jointNames.lazy.compactMap { archive.strings[leaves[$0] ?? ""] }
      .first
    let rate = RobotMotionLayout.rates.lazy.compactMap { archive.arrays[leaves[$0] ?? ""]?.single }
      .first
    self.init(
      kind: layout.kind,
      jointCount: max(0, width - layout.rootColumns(of: width, names: names?.count)),
      frameCount: shape.first ?? 0, rate: rate, isOwn: layout.isOwn)
  }

  /// The motion of a file; nil where it is something else.
  init?(_ bytes: [UInt8], path: String) {
    if FileSignature.isArchive(bytes) {
      let names = ArchiveNames.of(bytes)
      guard let layout = RobotMotionLayout.of(names)?.layout else { return nil }
      let counted = Set([layout.joints] + RobotMotionLayout.rates + RobotMotionLayout.jointNames)
      let wanted = names.filter { counted.contains(RobotMotionLayout.leaf($0)) }
      guard let archive = try? NumpyArchive(decoding: bytes, path: path, wanting: Set(wanted))
      else { return nil }
      self.init(archive)
    } else {
      guard let table = RobotMotionTable(bytes, path: path) else { return nil }
      self.init(
        kind: table.kind, jointCount: table.jointCount, frameCount: table.frameCount,
        isOwn: table.isOwn)
    }
  }
}

/// Robots' motion, refused by what it is where human motion is read.
struct RobotMotionFormat: MotionFormat {
  let name = "robot"
  let endings: [String] = []

  func matches(_ bytes: [UInt8], path: String) -> Bool { RobotMotion(bytes, path: path) != nil }

  func read(_ bytes: [UInt8], path: String, options: ImportOptions) throws(MotionError)
    -> (clip: MotionClip, report: ImportReport)
  {
    guard let robot = RobotMotion(bytes, path: path) else {
      throw .malformed(path: path, reason: "it is not the motion of a robot")
    }
    throw robot.refusal(path)
  }
}
