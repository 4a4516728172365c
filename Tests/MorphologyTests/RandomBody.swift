import Geometry
import Morphology
import TestSupport

/// A tree that grows joint by joint, with rotations in some poses.
struct GrowingTree {
  private(set) var nodes: [BodyTree.Node] = []
  private var offsets: [Vector3] = []
  /// The rotation of each node in each pose, relative to its parent.
  private var turns: [[Quaternion]] = []
  let poseCount: Int

  init(poseCount: Int) { self.poseCount = poseCount }

  /// Adds a node; returns its index.
  mutating func add(
    below parent: Int, at offset: Vector3, turns: [Quaternion]? = nil, isTip: Bool = false
  ) -> Int {
    nodes.append(.init(name: "n\(nodes.count)", parent: parent, isTip: isTip))
    offsets.append(offset)
    self.turns.append(turns ?? Array(repeating: .identity, count: poseCount))
    return nodes.count - 1
  }

  /// The tree in all poses, in a world that is turned and scaled.
  func tree(worldFromRoot: Quaternion, scale: Double) -> BodyTree {
    var poses: [Pose] = []
    for pose in 0..<poseCount {
      var all: [Pose] = []
      for (index, node) in nodes.enumerated() {
        let local = Pose(rotation: turns[index][pose], translation: offsets[index] * scale)
        all.append(
          node.parent < 0
            ? Pose(rotation: worldFromRoot * local.rotation) : all[node.parent] * local)
      }
      poses += all
    }
    return BodyTree(nodes: nodes, poses: poses)
  }
}

/// A person with random proportions, random numbers of joints and random ornaments.
struct RandomBody {
  let tree: BodyTree
  let pelvis: Int, chest: Int, head: Int
  /// Hip, knee, ankle and toe of the left and of the right leg.
  let legs: [[Int]]
  /// Shoulder, elbow and wrist of the left and of the right arm.
  let arms: [[Int]]

  init(seed: UInt64, poseCount: Int = 24) {
    var random = SeededGenerator(seed)
    var (pelvis, chest, head) = (0, 0, 0)
    var (legs, arms): ([[Int]], [[Int]]) = ([], [])
    var grown = GrowingTree(poseCount: poseCount)
    func length(_ mean: Double) -> Double { mean * .random(in: 0.9...1.1, using: &random) }
    func swing(_ axis: Vector3, _ range: ClosedRange<Double>) -> [Quaternion] {
      (0..<poseCount).map { _ in
        Quaternion(angle: .random(in: range, using: &random), axis: axis)
      }
    }
    func ball(_ most: Double) -> [Quaternion] {
      (0..<poseCount).map { _ in
        Quaternion(
          rotationVector: Vector3(
            .random(in: -most...most, using: &random), .random(in: -most...most, using: &random),
            .random(in: -most...most, using: &random)))
      }
    }
    var root = -1
    if Bool.random(using: &random) { root = grown.add(below: -1, at: .zero) }
    pelvis = grown.add(below: root, at: [0, 0.9, 0], turns: ball(0.3))
    let hipWidth = length(0.05)
    let thigh = length(0.245)
    let shank = length(0.246)
    let foot = length(0.08)
    func leg(_ side: Double) -> [Int] {
      var above = pelvis
      if seed % 3 == 0 { above = grown.add(below: pelvis, at: .zero) }
      let hip = grown.add(
        below: above, at: [side * hipWidth, -0.053, 0], turns: ball(0.5))
      var parent = hip
      var part = 1.0
      if seed % 4 == 1 {
        parent = grown.add(below: hip, at: [0, -thigh / 2, 0], turns: swing(.unitY, -0.3...0.3))
        part = 0.5
      }
      let knee = grown.add(
        below: parent, at: [0, -thigh * part, 0], turns: swing(.unitX, 0.1...1.4))
      let ankle = grown.add(below: knee, at: [0, -shank, 0], turns: ball(0.3))
      let toe = grown.add(below: ankle, at: [0, -0.03, foot], turns: swing(.unitX, -0.2...0.2))
      _ = grown.add(below: toe, at: [0, 0, 0.05], isTip: true)
      return [hip, knee, ankle, toe]
    }
    let upperArm = length(0.186)
    let forearm = length(0.146)
    let fingers = Int.random(in: 0...5, using: &random)
    func arm(_ side: Double, _ chest: Int) -> [Int] {
      var parent = chest
      var start = Vector3(side * 0.13, 0.08, 0)
      if seed % 5 != 0 {
        parent = grown.add(below: chest, at: [side * 0.045, 0.07, 0], turns: ball(0.1))
        start = [side * 0.085, 0.01, 0]
      }
      let shoulder = grown.add(below: parent, at: start, turns: ball(0.9))
      let elbow = grown.add(
        below: shoulder, at: [side * upperArm, 0, 0],
        turns: swing(.unitY, side > 0 ? -1.8...(-0.1) : 0.1...1.8))
      let wrist = grown.add(below: elbow, at: [side * forearm, 0, 0], turns: ball(0.4))
      for finger in 0..<fingers {
        var above = wrist
        for joint in 0..<3 {
          above = grown.add(
            below: above,
            at: [
              side * (joint == 0 ? 0.05 : 0.02), 0, joint == 0 ? 0.01 * Double(finger) - 0.02 : 0,
            ],
            turns: swing(.unitZ, -0.4...0.4))
        }
      }
      if fingers == 0 { _ = grown.add(below: wrist, at: [side * 0.1, 0, 0], isTip: true) }
      return [shoulder, elbow, wrist]
    }
    func trunk() {
      var parent = pelvis
      let count = Int.random(in: 1...5, using: &random)
      for _ in 0..<count {
        parent = grown.add(
          below: parent, at: [0, 0.158 / Double(count), -0.003], turns: ball(0.12))
      }
      chest = parent
      let isFirst = Bool.random(using: &random)
      if isFirst { arms.append(arm(1, chest)) }
      if !isFirst { arms.append(arm(-1, chest)) }
      parent = grown.add(below: chest, at: [0, 0.119, -0.01], turns: ball(0.2))
      if Bool.random(using: &random) {
        parent = grown.add(below: parent, at: [0, 0.03, 0.005], turns: ball(0.1))
      }
      head = grown.add(below: parent, at: [0, 0.05, 0.01], turns: ball(0.3))
      _ = grown.add(below: head, at: [0, 0.1, 0.02], isTip: true)
      arms.append(arm(isFirst ? -1 : 1, chest))
      if !isFirst { arms.swapAt(0, 1) }
    }
    if Bool.random(using: &random) {
      legs = [leg(1), leg(-1)]
      trunk()
    } else {
      trunk()
      legs = [leg(-1), leg(1)]
      legs.swapAt(0, 1)
    }
    (self.pelvis, self.chest, self.head) = (pelvis, chest, head)
    (self.legs, self.arms) = (legs, arms)
    tree = grown.tree(
      worldFromRoot: Quaternion(
        rotationVector: [
          .random(in: -2...2, using: &random), .random(in: -2...2, using: &random),
          .random(in: -2...2, using: &random),
        ]), scale: [1, 170, 1700, 67].randomElement(using: &random) ?? 1)
  }
}
