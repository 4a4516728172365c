import Files

/// A robot's motion, recognised by the layouts that retargeters and simulators write, so that it is
/// refused by what it is: motion comes from humans here.
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

  /// The refusal.
  func refusal(_ path: String) -> MotionError {
    let rate = rate.map { " at \(ImportReport.short($0)) Hz" } ?? ""
    let what =
      "it is the motion of a robot (\(kind): \(Wording.count(jointCount, "joint")),"
      + " \(Wording.count(frameCount, "frame"))\(rate)), expected human motion; "
    let advice =
      isOwn
      ? "its trajectory is read by 'motionc verify' and 'motionc stream' from the .safetensors file"
        + " that was written with it"
      : "import the human clip that it was retargeted from, and 'motionc compile' makes the robot's"
        + " motion of it"
    return .malformed(path: path, reason: what + advice)
  }
}

// MARK: - Arrays

extension RobotMotion {
  /// A layout of arrays.
  private struct Layout {
    var kind: String
    /// Arrays that must be there.
    var names: [String]
    /// The array of the joints.
    var joints: String
    /// The columns of it that are no joints.
    var others = 0
    var isOwn = false
  }

  private static let layouts = [
    Layout(
      kind: "a trajectory of motionc", names: ["joint_pos", "joint_acc", "joint_names", "time"],
      joints: "joint_pos", isOwn: true),
    Layout(kind: "BeyondMimic", names: ["joint_pos", "body_quat_w"], joints: "joint_pos"),
    Layout(kind: "BeyondMimic", names: ["joint_pos", "body_pos_w"], joints: "joint_pos"),
    Layout(kind: "GMR", names: ["root_pos", "root_rot", "dof_pos"], joints: "dof_pos"),
    Layout(kind: "PHC's motion library", names: ["root_trans_offset", "dof"], joints: "dof"),
    Layout(kind: "PyRoki", names: ["base_frame_pos", "joint_angles"], joints: "joint_angles"),
    Layout(kind: "MuJoCo's qpos", names: ["qpos"], joints: "qpos", others: 7),
  ]

  /// The names by their last part: a pickle may hold a dictionary for each clip.
  private static func leaves(_ names: [String]) -> [String: String] {
    Dictionary(names.map { (String($0.split(separator: "/").last ?? ""), $0) }) { first, _ in first
    }
  }

  private static func layout(_ names: [String]) -> Layout? {
    let leaves = leaves(names)
    return layouts.first { layout in layout.names.allSatisfy { leaves[$0] != nil } }
  }

  /// Whether arrays of these names are a robot's motion.
  static func isLikely(_ names: [String]) -> Bool { layout(names) != nil }

  /// The motion of these arrays; nil where they are something else.
  init?(_ archive: NumpyArchive) {
    let leaves = Self.leaves(archive.names)
    guard let layout = Self.layout(archive.names) else { return nil }
    let shape = leaves[layout.joints].flatMap { archive.arrays[$0]?.shape } ?? []
    let fps = leaves["fps"] ?? leaves["frequency"]
    self.init(
      kind: layout.kind, jointCount: max(0, (shape.count > 1 ? shape[1] : 0) - layout.others),
      frameCount: shape.first ?? 0, rate: fps.flatMap { archive.arrays[$0]?.single },
      isOwn: layout.isOwn)
  }

  /// The motion of a file; nil where it is something else.
  init?(_ bytes: [UInt8], path: String) {
    if FileSignature.isArchive(bytes) {
      guard let layout = Self.layout(ArchiveNames.of(bytes)),
        let archive = try? NumpyArchive(
          decoding: bytes, path: path, wanting: [layout.joints, "fps", "frequency"])
      else { return nil }
      self.init(archive)
    } else {
      guard path.lowercased().hasSuffix(".csv") || path.lowercased().hasSuffix(".txt"),
        let table = Self.table(bytes)
      else { return nil }
      self = table
    }
  }
}

// MARK: - Tables

extension RobotMotion {
  /// The motion of a table; nil where it is something else.
  private static func table(_ bytes: [UInt8]) -> RobotMotion? {
    let lines = bytes.prefix(1 << 16).split(maxSplits: 400) { $0 == 0x0A || $0 == 0x0D }.prefix(400)
    guard let first = lines.first else { return nil }
    // Counted only where the first lines are a robot's.
    func count() -> Int { bytes.count { $0 == 0x0A } + (bytes.last == 0x0A ? 0 : 1) }
    if first.starts(with: Array("# motionc trajectory".utf8)) {
      let comments = lines.prefix { $0.first == UInt8(ascii: "#") }.count
      let header = comments < lines.count ? cells(lines[lines.startIndex + comments]) : []
      let roots = header.count { $0.hasPrefix("root_") }
      return RobotMotion(
        kind: "a trajectory of motionc", jointCount: max(0, header.count - 1 - roots),
        frameCount: max(0, count() - comments - 1), isOwn: true)
    }
    let header = cells(first)
    if header.contains("root_qx"), header.contains("root_x") {
      return RobotMotion(
        kind: "hhtools", jointCount: header.count { $0.hasPrefix("dof_") }, frameCount: count() - 1)
    }
    if header.contains("root_translateX") {
      return RobotMotion(
        kind: "SOMA, in centimetres and degrees",
        jointCount: header.count { $0.hasSuffix("_dof") }, frameCount: count() - 1)
    }
    guard var motion = bare(lines.prefix(3).map(cells)) else { return nil }
    motion.frameCount = count()
    return motion
  }

  private static func cells(_ line: ArraySlice<UInt8>) -> [String] {
    line.prefix(1 << 14).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
      String(decoding: $0.filter { $0 > 0x20 && $0 != UInt8(ascii: "\"") }, as: UTF8.self)
    }
  }

  /// A table without a header, its rows not counted: place and quaternion of the root, then the
  /// joints.
  private static func bare(_ rows: [[String]]) -> RobotMotion? {
    var (last, first) = (0.0, 0.0)
    for row in rows {
      let numbers = row.compactMap(Double.init)
      guard numbers.count == row.count, numbers.count == rows[0].count,
        (13...100).contains(numbers.count)
      else { return nil }
      let q = numbers[3..<7].map { $0 * $0 }
      guard abs(q.reduce(0, +) - 1) < 0.02 else { return nil }
      // Turning about z alone, x and y are zero: they lie first in xyzw, in the middle in wxyz.
      last += q[0] + q[1]
      first += q[1] + q[2]
    }
    guard !rows.isEmpty else { return nil }
    let order = last < 0.5 * first ? "xyzw, as Unitree's" : "wxyz, as Kimodo's"
    let known = abs(last - first) > 0.1 ? ", quaternions \(order)" : ""
    return RobotMotion(
      kind: "a table without a header\(known)", jointCount: rows[0].count - 7, frameCount: 0)
  }
}

/// Robots' motion, refused by what it is.
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
