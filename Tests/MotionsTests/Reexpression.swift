import Foundation
import Geometry
import Morphology

@testable import Motions

/// A motion written anew in conventions of its own, with the same joints at the same places.
///
/// Names are random, every joint's zero is turned, axes, unit, channel order and the root's offset are
/// others, and joints that are not ours are added or left out. Whoever reads the file has to find the
/// same motion in it.
struct Reexpression {
  /// What the zero pose of the file is.
  enum Zero: String, CaseIterable {
    case random, tPose, aPose, armsDown, firstFrame, alongBones
  }

  var zero: Zero
  var seed: UInt64
  /// The file.
  private(set) var text = ""
  /// The node of the new file for each canonical joint.
  private(set) var places: [[Vector3]] = []
  /// How far the original import itself is from the original's joints, where joints that are not ours
  /// turn [m].
  private(set) var slack: [[Double]] = []
  /// worldFromJoint of the original import in each frame.
  private(set) var frames: [[Quaternion]] = []
  /// The new file's axes in the world of the original import, where z is up.
  private(set) var worldFromFile = Quaternion.identity
  /// The world of the original import in the new file's axes.
  var fileFromWorld: Quaternion { worldFromFile.inverse }
  /// What was changed, for messages.
  private(set) var changes = ""

  /// A node of the new file: an old one, or one of its own that hangs on an old one.
  private struct Node {
    var name: String
    var parent: Int
    /// The old node that it turns with; -1 for a root of its own.
    var old: Int
    /// The place in the old node's frame, for added nodes.
    var place: Vector3?
    /// The bone about which it turns further in the old node's frame, where a twist joint below it turns
    /// back.
    var twist: Vector3?
    var isTip: Bool
  }

  /// The most frames that are written.
  static let mostFrames = 90
}

// MARK: - Writing

extension Reexpression {
  /// Writes a motion anew.
  ///
  /// - Parameters:
  ///   - source: the original
  ///   - match: the original's joints
  ///   - clip: the original as it is imported, all of its frames
  init(
    _ source: BVHMotion, _ match: SkeletonMatch, _ clip: MotionClip, metresPerUnit: Double,
    worldFromSource: Quaternion, zero: Zero, seed: UInt64
  ) {
    self.zero = zero
    self.seed = seed
    var random = SeededGenerator(seed)
    let step = max(1, clip.frameCount / Self.mostFrames)
    let chosen = Array(stride(from: 0, to: clip.frameCount, by: step).prefix(Self.mostFrames))
    var old: [[Pose]] = []
    var poses = [Pose](repeating: Pose(), count: source.nodes.count)
    for frame in chosen {
      source.solve(frame, into: &poses)
      old.append(poses)
    }
    let turns = Self.zeroTurns(zero, source, match, old[0], using: &random)
    let nodes = Self.nodes(source, match, old, changes: &changes, using: &random)
    let unit: Double = [1.0, 0.01, 0.0254, 0.001, 0.3048].randomElement(using: &random) ?? 1
    let newFromOld = Self.axes(match, using: &random)
    worldFromFile = worldFromSource * newFromOld.inverse
    let scale = metresPerUnit / unit
    changes += " unit \(unit)"
    let file = nodes.map { node in
      old.enumerated().map { frame, poses -> Pose in
        guard node.old >= 0 else { return Pose() }
        let pose = poses[node.old]
        let further = node.twist.flatMap(\.normalized).map { axis in
          Quaternion(angle: 0.4 * sin(0.3 * Double(frame)), axis: axis)
        }
        return Pose(
          rotation: newFromOld * pose.rotation * (further ?? .identity) * turns[node.old],
          translation: newFromOld * (pose * (node.place ?? .zero)) * scale)
      }
    }
    let local = Self.withoutLoosePlaces(nodes, file)
    write(nodes, local, rate: clip.frameRate / Double(step), using: &random)
    measure(nodes, local, match, clip, chosen, unit)
    for (poses, frame) in zip(old, chosen) {
      let own = clip.jointPositions(frame: frame)
      slack.append(
        Skeleton.Joint.allCases.map { joint in
          guard let node = match.slots[joint], let root = match.slots[.pelvis] else { return 0 }
          let way = (poses[node].translation - poses[root].translation) * metresPerUnit
          return (worldFromSource * way - (own[joint.rawValue] - own[0])).length
        })
    }
  }

  /// The rotations by which each node's frame is turned, so that the zero pose is as asked.
  private static func zeroTurns(
    _ zero: Zero, _ source: BVHMotion, _ match: SkeletonMatch, _ first: [Pose],
    using random: inout SeededGenerator
  ) -> [Quaternion] {
    func anyTurn() -> Quaternion {
      Quaternion(
        w: .random(in: -1...1, using: &random), x: .random(in: -1...1, using: &random),
        y: .random(in: -1...1, using: &random), z: .random(in: -1...1, using: &random)
      ).normalized
    }
    switch zero {
    case .random: return source.nodes.map { _ in anyTurn() }
    case .firstFrame: return first.map(\.rotation.inverse)
    case .tPose: return pose(source, match, drop: 0).map(\.inverse)
    case .aPose: return pose(source, match, drop: 0.8).map(\.inverse)
    case .armsDown: return pose(source, match, drop: 1.4).map(\.inverse)
    case .alongBones:
      // The local x along each bone of the T-pose, z as near to forward as may be.
      let turned = pose(source, match, drop: 0)
      let offsets = source.restOffsets
      var bones = [Vector3?](repeating: nil, count: turned.count)
      for (index, node) in source.nodes.enumerated() where node.parent >= 0 {
        let bone = turned[node.parent] * offsets[index]
        if bone.length > 1e-6, bones[node.parent] == nil || !node.isTip {
          bones[node.parent] = bones[node.parent] ?? bone
        }
      }
      for joint in Skeleton.Joint.allCases {
        guard let next = joint.next ?? (joint == .spine3 ? .neck : nil),
          let node = match.slots[joint], let tip = match.slots[next]
        else { continue }
        var (bone, index) = (Vector3.zero, tip)
        while index > node {
          bone += turned[source.nodes[index].parent] * offsets[index]
          index = source.nodes[index].parent
        }
        bones[node] = bone
      }
      return turned.indices.map { index in
        let parent = source.nodes[index].parent
        guard let x = (bones[index] ?? (parent >= 0 ? bones[parent] : nil))?.normalized else {
          return turned[index].inverse
        }
        let forward = (match.alignment.sourceFromBody ?? .identity) * Vector3.unitZ
        let z = (forward - x * x.dot(forward)).normalized ?? x.anyPerpendicular
        return turned[index].inverse * Quaternion(columns: x, z.cross(x), z)
      }
    }
  }

  /// The source's nodes in a pose: the canonical one with arms lowered by an angle [rad].
  private static func pose(_ source: BVHMotion, _ match: SkeletonMatch, drop: Double)
    -> [Quaternion]
  {
    var result: [Quaternion] = []
    let body = match.alignment.sourceFromBody ?? .identity
    var byNode: [Int: Quaternion] = [:]
    for joint in Skeleton.Joint.allCases {
      guard let node = match.slots[joint] else { continue }
      let angle: Double =
        switch joint {
        case .leftShoulder, .leftElbow, .leftWrist: -drop
        case .rightShoulder, .rightElbow, .rightWrist: drop
        default: 0
        }
      byNode[node] =
        body * Quaternion(angle: angle, axis: .unitZ)
        * match.alignment.alignments[joint.rawValue].inverse
    }
    for (index, node) in source.nodes.enumerated() {
      result.append(byNode[index] ?? (node.parent >= 0 ? result[node.parent] : body))
    }
    return result
  }

  /// The old world's axes in the new file's, up along any axis.
  private static func axes(_ match: SkeletonMatch, using random: inout SeededGenerator)
    -> Quaternion
  {
    let quarter = Double.pi / 2
    var turn = Quaternion.identity
    for axis in [Vector3.unitX, .unitY, .unitZ] {
      turn =
        Quaternion(angle: quarter * Double(Int.random(in: 0..<4, using: &random)), axis: axis)
        * turn
    }
    return turn.normalized
  }

  /// The nodes of the new file: some of the old, and others.
  private static func nodes(
    _ source: BVHMotion, _ match: SkeletonMatch, _ old: [[Pose]], changes: inout String,
    using random: inout SeededGenerator
  ) -> [Node] {
    var left = Set<Int>()
    if Bool.random(using: &random) {
      changes += " no clavicles"
      for joint in [Skeleton.Joint.leftCollar, .rightCollar] {
        if let node = match.slots[joint] { left.insert(node) }
      }
    }
    let dropsToes = Int.random(in: 0..<3, using: &random) == 0
    if dropsToes { changes += " no toes" }
    func isBelowAnkle(_ node: Int) -> Bool {
      var parent = source.nodes[node].parent
      while parent >= 0 {
        if parent == match.slots[.leftAnkle] || parent == match.slots[.rightAnkle] { return true }
        parent = source.nodes[parent].parent
      }
      return false
    }
    var nodes: [Node] = []
    var new: [Int: Int] = [:]
    for (index, node) in source.nodes.enumerated() {
      var parent = node.parent
      while parent >= 0, left.contains(parent) { parent = source.nodes[parent].parent }
      if left.contains(index) || dropsToes && isBelowAnkle(index) { continue }
      new[index] = nodes.count
      nodes.append(
        Node(name: "", parent: parent < 0 ? -1 : new[parent] ?? -1, old: index, isTip: node.isTip))
    }
    if Bool.random(using: &random) {
      changes += " fingers"
      addFingers(to: &nodes, new, match, old, using: &random)
    }
    if Bool.random(using: &random) {
      changes += " twist joints"
      addTwists(to: &nodes, new, match, old)
    }
    for index in nodes.indices {
      nodes[index].name =
        (0..<6).map { _ in
          String("abcdefghijklmnopqrstuvwxyz".randomElement(using: &random) ?? "a")
        }.joined() + "\(index)"
    }
    return ordered(nodes)
  }

  private static func addFingers(
    to nodes: inout [Node], _ new: [Int: Int], _ match: SkeletonMatch, _ old: [[Pose]],
    using random: inout SeededGenerator
  ) {
    let count = Int.random(in: 3...5, using: &random)
    for (wrist, elbow) in [
      (Skeleton.Joint.leftWrist, Skeleton.Joint.leftElbow), (.rightWrist, .rightElbow),
    ] {
      guard let hand = match.slots[wrist], let arm = match.slots[elbow], let parent = new[hand]
      else {
        continue
      }
      let bone =
        old[0][hand].rotation.inverse * (old[0][hand].translation - old[0][arm].translation)
      let side = bone.anyPerpendicular * bone.length
      for finger in 0..<count {
        var above = parent
        for joint in 1...3 {
          nodes.append(
            Node(
              name: "", parent: above, old: hand,
              place: bone * (0.35 + 0.12 * Double(joint)) + side * (0.06 * Double(finger) - 0.1),
              isTip: false))
          above = nodes.count - 1
        }
      }
    }
  }

  /// Leaves beside the limbs' lower joints, half of the way along the upper bones.
  private static func addTwists(
    to nodes: inout [Node], _ new: [Int: Int], _ match: SkeletonMatch, _ old: [[Pose]]
  ) {
    for joint in Skeleton.Joint.limbs {
      guard let next = joint.next, let node = match.slots[joint], let tip = match.slots[next],
        let parent = new[node]
      else { continue }
      let bone =
        old[0][node].rotation.inverse * (old[0][tip].translation - old[0][node].translation)
      nodes.append(Node(name: "", parent: parent, old: node, place: bone * 0.5, isTip: false))
    }
  }

  /// Joints half of the way along the upper bones of the limbs, which take over the last part of the
  /// turn about the bone.
  private static func divideBones(
    in nodes: inout [Node], _ new: [Int: Int], _ match: SkeletonMatch, _ old: [[Pose]]
  ) {
    for joint in [Skeleton.Joint.leftHip, .rightHip, .leftShoulder, .rightShoulder] {
      guard let next = joint.next, let node = match.slots[joint], let tip = match.slots[next],
        let upper = new[node]
      else { continue }
      let bone =
        old[0][node].rotation.inverse * (old[0][tip].translation - old[0][node].translation)
      nodes.append(Node(name: "", parent: upper, old: node, place: bone * 0.5, isTip: false))
      for child in nodes.indices.dropLast() where nodes[child].parent == upper {
        nodes[child].parent = nodes.count - 1
      }
      nodes[upper].twist = bone
    }
  }

  /// Depth first, as BVH nests.
  private static func ordered(_ nodes: [Node]) -> [Node] {
    var children = [[Int]](repeating: [], count: nodes.count)
    for (index, node) in nodes.enumerated() where node.parent >= 0 {
      children[node.parent].append(index)
    }
    var result: [Node] = []
    func visit(_ index: Int, _ parent: Int) {
      var node = nodes[index]
      node.parent = parent
      let own = result.count
      result.append(node)
      for child in children[index] { visit(child, own) }
    }
    visit(0, -1)
    return result
  }
}

// MARK: - Text

extension Reexpression {
  /// A node's constant place in its parent's frame, and its rotations there.
  private struct Local {
    var offset: Vector3
    var turns: [Quaternion]
    /// The places of a node that moves in its parent's frame, as the root does.
    var places: [Vector3]?
    var world: [Pose]
  }

  /// Gives all nodes constant offsets: those whose parents were left out get their mean place.
  private static func withoutLoosePlaces(_ nodes: [Node], _ file: [[Pose]]) -> [Local] {
    var locals: [Local] = []
    for (index, node) in nodes.enumerated() {
      guard node.parent >= 0 else {
        locals.append(
          Local(
            offset: .zero, turns: file[index].map(\.rotation),
            places: file[index].map(\.translation), world: file[index]))
        continue
      }
      let parent = file[node.parent]
      let places = zip(parent, file[index]).map { $0.inverse * $1.translation }
      let mean = places.reduce(Vector3.zero, +) / Double(places.count)
      let spread = places.map { ($0 - mean).length }.max() ?? 0
      let above = locals[node.parent].world
      let turns = zip(above, file[index]).map { $0.rotation.inverse * $1.rotation }
      // A root that stays behind keeps its motion; anything less is a joint that lost its parent.
      let moves =
        nodes[node.parent].old < 0 || spread > 0.5 * mean.length && node.parent == 0
      let world = above.indices.map { frame in
        Pose(
          rotation: file[index][frame].rotation,
          translation: above[frame] * (moves ? places[frame] : mean))
      }
      locals.append(
        Local(offset: mean, turns: turns, places: moves ? places : nil, world: world))
    }
    return locals
  }

  private mutating func write(
    _ nodes: [Node], _ locals: [Local], rate: Double, using random: inout SeededGenerator
  ) {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    let own = nodes.map { _ in orders.randomElement(using: &random) ?? orders[0] }
    let letters = ["X", "Y", "Z"]
    let rootOffset = Bool.random(using: &random)
    var header = "HIERARCHY\n"
    var open: [Int] = []
    func close(to parent: Int) {
      while let last = open.last, last != parent {
        header += "}\n"
        open.removeLast()
      }
    }
    for (index, node) in nodes.enumerated() {
      close(to: node.parent)
      let hasChildren = nodes.contains { $0.parent == index }
      if node.isTip, !hasChildren {
        header += "End Site\n{\n"
      } else {
        header += node.parent < 0 ? "ROOT \(node.name)\n{\n" : "JOINT \(node.name)\n{\n"
      }
      var offset = locals[index].offset
      if node.parent < 0, rootOffset, let first = locals[index].places?.first { offset = first }
      header += "OFFSET \(offset.x) \(offset.y) \(offset.z)\n"
      if !(node.isTip && !hasChildren) {
        let rotations = own[index].map { "\(letters[$0])rotation" }.joined(separator: " ")
        header +=
          locals[index].places == nil
          ? "CHANNELS 3 \(rotations)\n"
          : "CHANNELS 6 Xposition Yposition Zposition \(rotations)\n"
      }
      open.append(index)
    }
    close(to: -1)
    let count = locals[0].world.count
    text = header + "MOTION\nFrames: \(count)\nFrame Time: \(1 / rate)\n"
    for frame in 0..<count {
      var row: [String] = []
      for (index, node) in nodes.enumerated() {
        if node.isTip, !nodes.contains(where: { $0.parent == index }) { continue }
        if let place = locals[index].places?[frame] {
          row += ["\(place.x)", "\(place.y)", "\(place.z)"]
        }
        let angles = Self.angles(locals[index].turns[frame], own[index])
        row += angles.map { String(format: "%.8f", $0 * 180 / .pi) }
      }
      text += row.joined(separator: " ") + "\n"
    }
  }

  /// Angles about the axes of an order whose product, left to right, is a rotation [rad].
  private static func angles(_ turn: Quaternion, _ order: [Int]) -> [Double] {
    let columns = turn.normalized.columns
    let m = [columns.0, columns.1, columns.2]
    let (i, j, k) = (order[0], order[1], order[2])
    let sign = (i + 1) % 3 == j ? 1.0 : -1.0
    // R = R_i R_j R_k; m[column][row].
    let sine = sign * m[k][i]
    let middle = asin(min(1, max(-1, sine)))
    if abs(sine) > 1 - 1e-12 {
      return [atan2(sign * m[j][k], m[j][j]), middle, 0]
    }
    return [atan2(-sign * m[k][j], m[k][k]), middle, atan2(-sign * m[j][i], m[i][i])]
  }

  /// Where the canonical joints are in the new file, in metres and its own axes.
  private mutating func measure(
    _ nodes: [Node], _ locals: [Local], _ match: SkeletonMatch, _ clip: MotionClip,
    _ chosen: [Int], _ unit: Double
  ) {
    var new: [Int: Int] = [:]
    for (index, node) in nodes.enumerated() where node.place == nil && node.old >= 0 {
      new[node.old] = index
    }
    for (frame, original) in chosen.enumerated() {
      places.append(
        Skeleton.Joint.allCases.map { joint in
          guard let node = match.slots[joint], let index = new[node] else {
            return Vector3(repeating: .nan)
          }
          return locals[index].world[frame].translation * unit
        })
      frames.append(clip.jointPoses(frame: original).map(\.rotation))
    }
  }
}
