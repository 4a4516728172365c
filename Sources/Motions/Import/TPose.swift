import Geometry
import Morphology

/// How a source's nodes are turned in its T-pose, from its zero pose and what a table says of it.
struct TPose {
  /// The body's axes left, up, forward in the file's axes.
  var body: Quaternion
  /// How joints are turned where it is not as their parents.
  var references: [Skeleton.Joint: SkeletonTable.Reference]
  /// Joints whose bones point exactly in the canonical directions.
  var aimed: Set<Skeleton.Joint>

  /// nodeFromJoint for each canonical joint; the identity where the source has none.
  func alignments(_ slots: SkeletonSlots, _ source: some SourceMotion) -> [Quaternion] {
    let turned = turns(slots, source)
    return slots.turns.map { node in node.map { turned[$0].inverse * body } ?? .identity }
  }

  /// sourceFromNode of all nodes in the T-pose.
  func turns(_ slots: SkeletonSlots, _ source: some SourceMotion) -> [Quaternion] {
    var canonical: [Int: Skeleton.Joint] = [:]
    for joint in Skeleton.Joint.allCases {
      if let node = slots[joint] { canonical[node] = joint }
    }
    var turned: [Quaternion] = []
    for (index, node) in source.nodes.enumerated() {
      var rotation = node.parent >= 0 ? turned[node.parent] : .identity
      if let joint = canonical[index] {
        switch references[joint] ?? .parent {
        case .parent: break
        case .zero: rotation = .identity
        case .axes(let axes): rotation = body * Self.bodyFromLocal(axes)
        }
        if aimed.contains(joint), let next = joint.next, let tip = slots[next],
          let from = (rotation * Self.offset(from: index, to: tip, source)).normalized
        {
          let into = body * SkeletonAlignment.directions[next.rawValue]
          rotation = Quaternion(turning: from, into: into) * rotation
        }
      }
      turned.append(rotation)
    }
    return turned
  }

  /// The way from a node to one below it where nothing turns.
  private static func offset(from top: Int, to tip: Int, _ source: some SourceMotion) -> Vector3 {
    var sum = Vector3.zero
    var index = tip
    while index >= 0, index != top {
      sum += source.restOffsets[index]
      index = source.nodes[index].parent
    }
    return sum
  }

  /// The rotation that takes two local axes to their directions in the body, the first exactly.
  static func bodyFromLocal(_ axes: [Int: Vector3]) -> Quaternion {
    let indices = axes.keys.sorted()
    guard let first = axes[indices[0]], let second = axes[indices[1]],
      let third = first.cross(second).normalized
    else { return .identity }
    let exact = third.cross(first)
    var columns = [Vector3](repeating: .zero, count: 3)
    let rest = 3 - indices[0] - indices[1]
    columns[indices[0]] = first
    columns[indices[1]] = exact
    // Columns in the order x, y, z give a right-handed third one, x and z a left-handed one.
    columns[rest] = indices == [0, 2] ? -third : third
    return Quaternion(columns: columns[0], columns[1], columns[2])
  }
}
