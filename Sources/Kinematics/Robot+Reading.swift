import Files
import Foundation

extension Robot {
  /// The largest URDF that is read [bytes]; the largest known ones have under one megabyte.
  private static let largestFile = 32 << 20
  /// What the file of limits beside a URDF is called.
  static let limitsFileName = "limits.yaml"

  /// Reads and checks a robot.
  ///
  /// - Parameters:
  ///   - path: The URDF. A file called `limits.yaml` beside it is read as well.
  ///   - limitsPath: A further file of limits, whose values go before those of all others.
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
    if FileSystem.exists(beside) {
      try limits.read(beside, source: Self.limitsFileName)
    }
    if let limitsPath { try limits.read(limitsPath, source: "--limits \(limitsPath)") }
    self.init(
      name: file.name, links: tree.links, joints: limits.joints,
      configurationJoints: limits.configurationJoints, coupledLimits: limits.coupledLimits,
      hasFloatingBase: limits.hasFloatingBase ?? tree.hasFloatingBase, path: path,
      fingerprint: Fingerprint.sha256(bytes),
      warnings: file.warnings + tree.warnings + limits.warnings)
    try checkFoldedLimits()
  }

  /// The robot of a folder name of Robots/, or of the path of any URDF.
  public static func named(
    _ nameOrPath: String, limits limitsPath: String? = nil
  ) throws(KinematicsError) -> Robot {
    let kind = FileSystem.kind(of: nameOrPath)
    if let kind, kind != .folder {
      return try Robot(urdf: nameOrPath, limits: limitsPath)
    }
    for folder in [nameOrPath, Self.shippedFolder(nameOrPath)].compactMap({ $0 }) {
      let path = "\(folder.hasSuffix("/") ? String(folder.dropLast()) : folder)/robot.urdf"
      if FileSystem.exists(path) { return try Robot(urdf: path, limits: limitsPath) }
    }
    if kind == .folder {
      let files = (FileSystem.names(in: nameOrPath) ?? []).filter {
        $0.lowercased().hasSuffix(".urdf")
      }
      throw .noRobotInFolder(folder: nameOrPath, files: files)
    }
    throw .unknownRobot(name: nameOrPath, existing: shippedNames)
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
    guard !name.isEmpty, !name.contains("/"), name != "..",
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
