import Geometry
import Morphology
import TestSupport

/// Changes to a mechanism that change nothing about the body that it is.
struct MechanismVariation {
  private var random: Damage
  /// The rotation by which the base was turned.
  private(set) var turn = Quaternion.identity
  /// Which name each new name stands for.
  private(set) var originals: [String: String] = [:]

  init(seed: UInt64) { random = Damage(seed: seed) }

  /// Zeros moved, base turned, everything scaled, siblings shuffled, all renamed.
  mutating func vary(_ tree: HingedTree, extents: Bool) -> HingedTree {
    var tree = tree
    moveZeros(of: &tree)
    turnBase(of: &tree)
    scale(&tree)
    if !extents { removeExtents(of: &tree) }
    tree = shuffled(tree)
    rename(&tree)
    return tree
  }

  private mutating func moveZeros(of tree: inout HingedTree) {
    for index in tree.hinges.indices where tree.hinges[index].turns {
      let shift = Double.random(in: -1...1, using: &random)
      let hinge = tree.hinges[index]
      tree.hinges[index].parentFromChild = hinge.parentFromChild(at: shift)
      tree.hinges[index].range = hinge.range.map {
        ($0.lowerBound - shift)...($0.upperBound - shift)
      }
    }
  }

  private mutating func turnBase(of tree: inout HingedTree) {
    let axis = Vector3(
      .random(in: -1...1, using: &random), .random(in: -1...1, using: &random),
      .random(in: -1...1, using: &random))
    turn = Quaternion(
      angle: Double.random(in: -3...3, using: &random), axis: axis.normalized ?? .unitZ)
    let pose = Pose(rotation: turn)
    for index in tree.hinges.indices where tree.hinges[index].parent == 0 {
      tree.hinges[index].parentFromChild = pose * tree.hinges[index].parentFromChild
    }
    tree.bodies[0].frames = tree.bodies[0].frames.map { frame in
      var frame = frame
      frame.bodyFromFrame = pose * frame.bodyFromFrame
      frame.extents = frame.extents.map { pose * $0 }
      frame.center = pose * frame.center
      return frame
    }
  }

  private mutating func scale(_ tree: inout HingedTree) {
    let factor = Double.random(in: 0.1...3, using: &random)
    for index in tree.hinges.indices {
      tree.hinges[index].parentFromChild.translation *= factor
      guard !tree.hinges[index].turns else { continue }
      tree.hinges[index].range = tree.hinges[index].range.map {
        (factor * $0.lowerBound)...(factor * $0.upperBound)
      }
    }
    for body in tree.bodies.indices {
      tree.bodies[body].frames = tree.bodies[body].frames.map { frame in
        var frame = frame
        frame.bodyFromFrame.translation *= factor
        frame.extents = frame.extents.map { factor * $0 }
        frame.center *= factor
        return frame
      }
    }
  }

  private func removeExtents(of tree: inout HingedTree) {
    for body in tree.bodies.indices {
      for frame in tree.bodies[body].frames.indices {
        tree.bodies[body].frames[frame].extents = []
        tree.bodies[body].frames[frame].mass = 0
      }
    }
  }

  private mutating func shuffled(_ tree: HingedTree) -> HingedTree {
    var result = HingedTree(bodies: [tree.bodies[0]], hinges: [])
    var newOfOld: [Int: Int] = [:]
    var waiting = tree.hinges(below: 0).shuffled(using: &random).map { ($0, 0) }
    while let (old, parent) = waiting.popLast() {
      var hinge = tree.hinges[old]
      var body = tree.bodies[hinge.child]
      newOfOld[old] = result.hinges.count
      let below = tree.hinges(below: hinge.child)
      (hinge.parent, hinge.child) = (parent, result.bodies.count)
      body.hingeAbove = result.hinges.count
      result.hinges.append(hinge)
      result.bodies.append(body)
      waiting += below.shuffled(using: &random).map { ($0, hinge.child) }
    }
    for index in result.hinges.indices {
      result.hinges[index].follows = result.hinges[index].follows.flatMap { newOfOld[$0] }
    }
    return result
  }

  private mutating func rename(_ tree: inout HingedTree) {
    for index in tree.hinges.indices {
      tree.hinges[index].name = word(for: tree.hinges[index].name)
    }
    for body in tree.bodies.indices {
      for frame in tree.bodies[body].frames.indices {
        tree.bodies[body].frames[frame].name = word(for: tree.bodies[body].frames[frame].name)
      }
    }
  }

  private mutating func word(for name: String) -> String {
    let letters = Array("bcdfghkmnpstvwz")
    let word = (0..<6).map { _ in String(letters.randomElement(using: &random) ?? "b") }.joined()
    let whole = "\(word)\(originals.count)"
    originals[whole] = name
    return whole
  }
}
