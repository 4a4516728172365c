import Files
import Geometry

/// The links and joints of a URDF in an order in which each comes after its parent.
///
/// The joint below which link `i + 1` hangs is joint `i`; branches stay in the file's order.
struct RobotTree {
  var links: [Link] = []
  var joints: [Joint] = []
  /// The place of each joint in the file.
  var fileOrder: [Int] = []
  var hasFloatingBase = false
  var warnings: [String] = []

  /// The most movable joints; the robot with most of those known has 109.
  ///
  /// Some of what is done with a robot takes time and memory with the square of their number.
  private static let mostMovableJoints = 1000

  /// Why the joints are not one tree.
  struct Refusal: Error {
    var reason: String
  }

  /// Sorts a file's joints into a tree and resolves who follows whom.
  init(_ file: URDFFile) throws(Refusal) {
    let movable = file.joints.count { $0.kind != .fixed }
    guard movable <= Self.mostMovableJoints else {
      throw Refusal(
        reason: "it has \(movable) movable joints, more than the \(Self.mostMovableJoints) of any "
          + "robot")
    }
    try Self.refuseRepeats(file.links, kind: "link")
    try Self.refuseRepeats(file.joints.map(\.name), kind: "joint")
    let root = try Self.root(of: file)
    grow(file, from: root)
    guard links.count == file.links.count else {
      let reached = Set(links.map(\.name))
      let lost = file.links.filter { !reached.contains($0) }
      throw Refusal(
        reason: "the links \(KinematicsError.list(lost)) form a cycle that the root link "
          + "'\(file.links[root])' does not reach")
    }
    try holdBase()
    try resolveMimics(file)
  }

  private static func refuseRepeats(_ names: [String], kind: String) throws(Refusal) {
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw Refusal(reason: "two \(kind)s are called '\(name)'")
    }
  }

  /// The one link that no joint has as its child.
  private static func root(of file: URDFFile) throws(Refusal) -> Int {
    let known = Set(file.links)
    var parentJoint: [String: String] = [:]
    for joint in file.joints {
      for (role, link) in [("parent", joint.parent), ("child", joint.child)] {
        guard known.contains(link) else {
          throw Refusal(
            reason: "joint '\(joint.name)': its \(role) link '\(link)' does not exist; there are "
              + KinematicsError.list(file.links))
        }
      }
      guard joint.parent != joint.child else {
        throw Refusal(reason: "joint '\(joint.name)' has the link '\(joint.child)' on both sides")
      }
      if let other = parentJoint.updateValue(joint.name, forKey: joint.child) {
        throw Refusal(
          reason: "link '\(joint.child)' hangs below two joints, '\(other)' and '\(joint.name)'")
      }
    }
    let roots = file.links.indices.filter { parentJoint[file.links[$0]] == nil }
    guard let root = roots.first else {
      throw Refusal(reason: "the joints form a cycle: there is no root link")
    }
    guard roots.count == 1 else {
      throw Refusal(
        reason: "there are \(roots.count) root links, "
          + "\(KinematicsError.list(roots.map { file.links[$0] })), expected one")
    }
    return root
  }

  /// Depth first without recursion, so that a chain of thousands is no danger.
  private mutating func grow(_ file: URDFFile, from root: Int) {
    var below: [String: [Int]] = [:]
    for (index, joint) in file.joints.enumerated() {
      below[joint.parent, default: []].append(index)
    }
    let places = Dictionary(zip(file.links, file.links.indices)) { first, _ in first }
    func link(_ name: String, below joint: Int?) -> Link {
      guard let place = places[name] else { return Link(name: name, parentJoint: joint) }
      return Link(
        name: name, parentJoint: joint, shapes: file.shapes[place].collision,
        visualShapes: file.shapes[place].visual, massPoint: file.masses[place],
        hasUnreadShape: file.shapes[place].isIncomplete)
    }
    links = [link(file.links[root], below: nil)]
    var waiting = (below[file.links[root]] ?? []).reversed().map { (joint: $0, parent: 0) }
    while let (index, parent) = waiting.popLast() {
      let element = file.joints[index]
      let child = links.count
      links.append(link(element.child, below: joints.count))
      joints.append(
        Joint(
          name: element.name, kind: element.kind, parentLink: parent, childLink: child,
          parentFromJoint: element.parentFromJoint, axis: element.axis, limits: element.limits,
          armature: element.armature))
      fileOrder.append(index)
      waiting += (below[element.child] ?? []).reversed().map { ($0, child) }
    }
  }

  private mutating func holdBase() throws(Refusal) {
    for joint in joints where joint.kind == .floating || joint.kind == .planar {
      guard joint.parentLink == 0 else {
        throw Refusal(
          reason: "joint '\(joint.name)' is \(joint.kind.rawValue), which only a joint below the "
            + "root link '\(links[0].name)' may be; it is below '\(links[joint.parentLink].name)'")
      }
      hasFloatingBase = true
      warnings.append(
        "joint '\(joint.name)' is \(joint.kind.rawValue): it is held at zero, "
          + "the base's pose is carried beside the configuration")
    }
  }

  /// Follows each chain of mimics to an independent joint.
  private mutating func resolveMimics(_ file: URDFFile) throws(Refusal) {
    var indexOf: [String: Int] = [:]
    for (index, joint) in joints.enumerated() { indexOf[joint.name] = index }
    for index in joints.indices {
      let joint = joints[index]
      guard joint.isMovable, var rule = file.joints[fileOrder[index]].mimic else { continue }
      var seen: Set<Int> = [index]
      while true {
        guard let leader = indexOf[rule.leader] else {
          throw Refusal(
            reason: "joint '\(joint.name)' mimics '\(rule.leader)', which does not exist; there "
              + "are " + KinematicsError.list(joints.map(\.name)))
        }
        guard seen.insert(leader).inserted else {
          throw Refusal(reason: "joint '\(joint.name)' mimics itself, by way of '\(rule.leader)'")
        }
        guard joints[leader].isMovable else {
          throw Refusal(
            reason: "joint '\(joint.name)' mimics '\(rule.leader)', which is "
              + "\(joints[leader].kind.rawValue), expected a joint with one position")
        }
        guard let next = file.joints[fileOrder[leader]].mimic else {
          joints[index].mimic = Joint.Mimic(
            leader: leader, multiplier: rule.multiplier, offset: rule.offset)
          if rule.multiplier == 0 {
            warnings.append(
              "joint '\(joint.name.printable)' follows '\(rule.leader.printable)' with the "
                + "multiplier 0: it stands still at \(rule.offset)")
          }
          break
        }
        rule = (
          next.leader, rule.multiplier * next.multiplier,
          rule.multiplier * next.offset + rule.offset
        )
      }
    }
  }
}
