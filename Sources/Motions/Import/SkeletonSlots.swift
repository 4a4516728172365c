import Files
import Geometry
import Morphology

/// The nodes of a source that are our joints.
struct SkeletonSlots: Sendable, Hashable {
  /// The node at the place of each canonical joint; nil where the source has none.
  var places: [Int?]
  /// The node that turns with each canonical joint's bone: the last of the joints that share a bone.
  var turns: [Int?]

  /// By the joints that a plan found.
  init(_ plan: BodyPlan, in tree: BodyTree) {
    places = Array(repeating: nil, count: Skeleton.jointCount)
    turns = places
    let trunk = Self.three(of: plan.trunk, in: tree)
    self[.pelvis] = plan.pelvis
    self[.spine1] = trunk[0]
    self[.spine2] = trunk[1]
    self[.spine3] = trunk[2]
    self[.neck] = plan.neck.first
    self[.head] = plan.neck.count > 1 ? plan.neck.last : nil
    for (leg, hip) in [(plan.left, Skeleton.Joint.leftHip), (plan.right, .rightHip)] {
      set(hip, [leg.hip, leg.knee, leg.ankle, leg.toe])
    }
    for (arm, collar) in [(plan.leftArm, Skeleton.Joint.leftCollar), (plan.rightArm, .rightCollar)]
    {
      set(collar, [arm.collar, arm.shoulder, arm.elbow, arm.wrist])
    }
    turns = places
    shareBones(in: tree)
  }

  /// No joint at all.
  static let none = SkeletonSlots(places: Array(repeating: nil, count: Skeleton.jointCount))

  /// By a table's names; nil for names that the source lacks.
  init(places: [Int?]) {
    self.places = places
    turns = places
  }

  private mutating func set(_ first: Skeleton.Joint, _ nodes: [Int?]) {
    var joint: Skeleton.Joint? = first
    for node in nodes {
      guard let current = joint else { return }
      self[current] = node
      joint = current.next
    }
  }

  subscript(joint: Skeleton.Joint) -> Int? {
    get { places[joint.rawValue] }
    set { places[joint.rawValue] = newValue }
  }

  /// First, middle and last joint of the trunk: of two there is no middle one, of one only the last;
  /// of many the middle one is nearest to where ours is, at 0.62 of the way.
  private static func three(of trunk: [Int], in tree: BodyTree) -> [Int?] {
    guard let first = trunk.first, let last = trunk.last else { return [nil, nil, nil] }
    guard trunk.count > 1 else { return [nil, nil, last] }
    guard trunk.count > 2 else { return [first, nil, last] }
    func distance(_ a: Int, _ b: Int) -> Double {
      (tree.place(a, in: 0) - tree.place(b, in: 0)).length
    }
    var ways: [Double] = []
    var (at, way) = (first, 0.0)
    for node in trunk {
      way += distance(at, node)
      ways.append(way)
      at = node
    }
    let inner = trunk.indices.dropFirst().dropLast()
    let middle = inner.min { abs(ways[$0] - 0.62 * way) < abs(ways[$1] - 0.62 * way) } ?? 1
    return [first, trunk[middle], last]
  }

  /// Where joints that only turn about a limb's bone divide it, the last of them turns with the bone.
  private mutating func shareBones(in tree: BodyTree) {
    for joint in Skeleton.Joint.limbs {
      guard let next = joint.next, let start = self[joint], let end = self[next] else { continue }
      var node = tree.nodes[end].parent
      guard node > start else { continue }
      let length = tree.distance(start, end)
      guard length.spread < 0.002 * length.mean else { continue }
      while node > start, tree.nodes[node].isTip { node = tree.nodes[node].parent }
      if node > start { turns[joint.rawValue] = node }
    }
  }

  /// The number of canonical joints that the source has.
  var count: Int { places.count { $0 != nil } }

  /// Whether each joint hangs on the one before it in the body.
  func isOrdered(in nodes: [BodyTree.Node]) -> Bool {
    Skeleton.Joint.allCases.allSatisfy { joint in
      guard let node = self[joint], var parent = joint.parent else { return true }
      while self[parent] == nil, let above = parent.parent { parent = above }
      guard let top = self[parent] else { return true }
      var current = node
      while current > top { current = nodes[current].parent }
      return current == top && node != top
    }
  }
}

extension Skeleton.Joint {
  /// The joints at the upper ends of the limbs' long bones.
  static let limbs: [Skeleton.Joint] = [
    .leftHip, .rightHip, .leftKnee, .rightKnee, .leftShoulder, .rightShoulder, .leftElbow,
    .rightElbow,
  ]
}
