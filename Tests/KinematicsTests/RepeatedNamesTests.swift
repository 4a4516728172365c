import Foundation
import Kinematics
import Testing

@Suite("Names that are there twice in a file of limits, and limits that must not go missing")
struct RepeatedNamesTests {
  /// A file of limits as a tree, of which variants are written in YAML's flow style.
  private indirect enum Tree {
    case text(String)
    case map([(String, Tree)])
    case list([Tree])

    var yaml: String {
      switch self {
      case .text(let text): text
      case .map(let entries):
        "{\(entries.map { "\($0): \($1.yaml)" }.joined(separator: ", "))}"
      case .list(let items): "[\(items.map(\.yaml).joined(separator: ", "))]"
      }
    }

    /// All trees in which one key of a mapping, or one named member of a list, is there twice.
    var repetitions: [(what: String, tree: Tree)] {
      switch self {
      case .text: []
      case .map(let entries):
        entries.indices.map { (entries[$0].0, Tree.map(entries + [entries[$0]])) }
          + entries.indices.flatMap { index in
            entries[index].1.repetitions.map { what, tree in
              var changed = entries
              changed[index].1 = tree
              return ("\(entries[index].0), \(what)", Tree.map(changed))
            }
          }
      case .list(let items):
        items.indices.map { ("member \($0)", Tree.list(items + [items[$0]])) }
          + items.indices.flatMap { index in
            items[index].repetitions.map { what, tree in
              var changed = items
              changed[index] = tree
              return ("member \(index), \(what)", Tree.list(changed))
            }
          }
      }
    }
  }

  /// Every section that a file may have.
  private static let whole = Tree.map([
    ("floating_base", .text("true")),
    ("defaults", .map([("acceleration", .text("3")), ("jerk", .text("9"))])),
    ("defaults_prismatic", .map([("velocity", .text("0.2"))])),
    (
      "joint_limits",
      .map([
        ("lead", .map([("lower", .text("-1")), ("upper", .text("1"))])),
        ("slide", .map([("has_velocity_limits", .text("true")), ("max_velocity", .text("0.4"))])),
      ])
    ),
    (
      "coupled_limits",
      .list([
        .map([
          ("name", .text("sum")), ("terms", .map([("lead", .text("1")), ("follow", .text("1"))])),
          ("lower", .text("-1")), ("upper", .text("1")),
        ]),
        .map([
          ("name", .text("other")), ("terms", .map([("lead", .text("2"))])),
          ("lower", .text("-1")), ("upper", .text("1")), ("unit", .text("radians")),
        ]),
      ])
    ),
  ])

  @Test("In every section and at every depth a repeated name is refused")
  func repeated() throws {
    #expect(
      try TemporaryRobot.make(LimitsTests.links, limits: Self.whole.yaml)
        .coupledLimits.map(\.name) == ["sum", "other"])
    let variants = Self.whole.repetitions
    #expect(variants.count > 25)
    for (what, tree) in variants {
      let error = #expect(throws: KinematicsError.self, "\(what)") {
        try TemporaryRobot.make(LimitsTests.links, limits: tree.yaml)
      }
      guard case .invalidLimits = error else {
        Issue.record("\(what): \(String(describing: error))")
        continue
      }
      // The same in a file of --limits.
      #expect(throws: KinematicsError.self, "\(what)") {
        try TemporaryRobot.make(LimitsTests.links, further: tree.yaml)
      }
    }
  }

  @Test("Only a later file replaces, and only what it names")
  func laterFile() throws {
    let robot = try TemporaryRobot.make(
      LimitsTests.links, limits: Self.whole.yaml,
      further: "coupled_limits: [{name: sum, terms: {lead: 1}, lower: -0.1, upper: 0.1}]")
    #expect(robot.coupledLimits.map(\.name) == ["other", "sum"])
    #expect(robot.coupledLimits.last?.upper == 0.1)
  }

  @Test(
    "Limits beside a robot that cannot be read are an error and no absence",
    arguments: ["link", "folder", "loop", "secret"])
  func unreadable(kind: String) throws {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: folder) }
    try Data("<robot name=\"odd\">\(LimitsTests.links)</robot>".utf8)
      .write(to: URL(filePath: "\(folder)/robot.urdf"))
    #expect(try Robot(urdf: "\(folder)/robot.urdf").files == ["\(folder)/robot.urdf"])
    let path = "\(folder)/limits.yaml"
    switch kind {
    case "link": try files.createSymbolicLink(atPath: path, withDestinationPath: "none.yaml")
    case "folder": try files.createDirectory(atPath: path, withIntermediateDirectories: true)
    case "loop": try files.createSymbolicLink(atPath: path, withDestinationPath: "limits.yaml")
    default:
      // Root reads everything; for others the file is locked away.
      try Data("defaults: {jerk: 1}".utf8).write(to: URL(filePath: path))
      chmod(path, 0)
      if geteuid() == 0 { return }
    }
    let error = #expect(throws: KinematicsError.self) { try Robot(urdf: "\(folder)/robot.urdf") }
    guard case .unreadable(path, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
