import Files
import Foundation

extension Robot {
  /// The largest URDF that is read [bytes]; the largest known ones have under one megabyte.
  private static let largestFile = 32 << 20
  /// What the file of limits beside a URDF is called.
  static let limitsFileName = "limits.yaml"
  /// What the URDF in a robot's folder is called.
  private static let fileName = "robot.urdf"

  /// Reads and checks a robot.
  ///
  /// - Parameters:
  ///   - path: The URDF. A file called `limits.yaml` beside it is read as well.
  ///   - limitsPath: A further file of limits, whose values take precedence over all others.
  public init(urdf path: String, limits limitsPath: String? = nil) throws(KinematicsError) {
    let bytes = try Self.read(path, limit: Self.largestFile)
    let file = try URDFFile(bytes, path: path)
    var tree: RobotTree
    do {
      tree = try RobotTree(file)
    } catch {
      throw .invalidRobot(path: path, reason: error.reason)
    }
    var limits = LimitsReader(joints: tree.joints, fileOrder: tree.fileOrder)
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let beside = folder + Self.limitsFileName
    var files = [path]
    if try !Self.isAbsent(beside) {
      try limits.read(beside, source: Self.limitsFileName)
      files.append(beside)
    }
    if let limitsPath {
      try limits.read(limitsPath, source: "--limits \(limitsPath)")
      files.append(limitsPath)
    }
    self.init(
      name: file.name, links: tree.links, joints: limits.joints,
      configurationJoints: limits.configurationJoints, coupledLimits: limits.coupledLimits,
      hasFloatingBase: limits.hasFloatingBase ?? tree.hasFloatingBase,
      isBaseStated: limits.hasFloatingBase != nil || tree.hasFloatingBase,
      baseLimits: limits.baseLimits, path: path,
      files: files, fingerprint: Fingerprint.sha256(bytes),
      kinematicFingerprint: tree.kinematicFingerprint,
      warnings: file.warnings + tree.warnings + limits.warnings
        + LimitDoubts.warnings(about: limits.joints))
    try checkFoldedLimits()
    self = withEstimates()
  }

  /// The robot with limits of acceleration and jerk estimated where no file has them.
  private func withEstimates() -> Robot {
    let estimates = LimitEstimates(of: self)
    guard estimates.areNeeded else { return self }
    return Robot(
      name: name, links: links, joints: estimates.filled(),
      configurationJoints: configurationJoints, coupledLimits: coupledLimits,
      hasFloatingBase: hasFloatingBase, isBaseStated: isBaseStated, baseLimits: baseLimits,
      path: path, files: files, fingerprint: fingerprint,
      kinematicFingerprint: kinematicFingerprint, warnings: warnings)
  }

  /// The robot of a folder name of Robots/, or of a path.
  ///
  /// A plain name means the robot that ships, whatever lies in the working directory. A name with a
  /// slash or the ending `.urdf` is a path: of a URDF, or of a folder with a `robot.urdf`.
  public static func named(
    _ nameOrPath: String, limits limitsPath: String? = nil
  ) throws(KinematicsError) -> Robot {
    try Robot(urdf: urdf(of: nameOrPath), limits: limitsPath)
  }

  /// The URDF that a name or a path stands for.
  private static func urdf(of nameOrPath: String) throws(KinematicsError) -> String {
    guard nameOrPath.contains("/") || nameOrPath.lowercased().hasSuffix(".urdf") else {
      guard let path = shippedFolder(nameOrPath).map({ "\($0)/\(fileName)" }),
        try !isAbsent(path)
      else { throw .unknownRobot(name: nameOrPath, existing: shippedNames) }
      return path
    }
    guard FileSystem.kind(of: nameOrPath) == .folder else { return nameOrPath }
    let folder = nameOrPath.hasSuffix("/") ? String(nameOrPath.dropLast()) : nameOrPath
    let path = "\(folder)/\(fileName)"
    guard try isAbsent(path) else { return path }
    let files = (FileSystem.names(in: nameOrPath) ?? []).filter {
      $0.lowercased().hasSuffix(".urdf")
    }
    throw .noRobotInFolder(folder: nameOrPath, files: files)
  }

  /// Whether there is nothing at a path; its failure as an error of this module.
  private static func isAbsent(_ path: String) throws(KinematicsError) -> Bool {
    do { return try InputFile.isAbsent(path) } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
  }

  /// The names of the robots in Robots/.
  public static var shippedNames: [String] {
    guard let robots = ProjectFolder.locate("Robots"),
      let names = try? FileManager.default.contentsOfDirectory(atPath: robots)
    else { return [] }
    return names.filter {
      FileManager.default.fileExists(atPath: "\(robots)/\($0)/robot.urdf")
    }.sorted()
  }

  private static func shippedFolder(_ name: String) -> String? {
    guard !name.isEmpty, !name.contains("/"), name != ".", name != "..",
      let robots = ProjectFolder.locate("Robots")
    else { return nil }
    return "\(robots)/\(name)"
  }

  /// A file's bytes, its failure as an error of this module.
  static func read(_ path: String, limit: Int) throws(KinematicsError) -> [UInt8] {
    do {
      return try InputFile.bytes(of: path, limit: limit)
    } catch {
      throw .unreadable(path: path, reason: error.reason)
    }
  }
}
