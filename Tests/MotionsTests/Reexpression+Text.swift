import Foundation
import Geometry
import TestSupport

@testable import Motions

extension Reexpression {
  /// A node's constant place in its parent's frame, and its rotations there.
  struct Local {
    var offset: Vector3
    var turns: [Quaternion]
    /// The places of a node that moves in its parent's frame, as the root does.
    var places: [Vector3]?
    var world: [Pose]
  }

  /// Gives all nodes constant offsets: those whose parents were left out get their mean place.
  static func withoutLoosePlaces(_ nodes: [Node], _ file: [[Pose]]) -> [Local] {
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

  mutating func write(
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
  mutating func measure(
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
