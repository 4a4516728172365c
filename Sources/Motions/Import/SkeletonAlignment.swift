import Geometry

/// The constant rotations between the frames of a file's joints and the canonical ones, from the
/// file's T-pose.
///
/// With the source's rotations in its T-pose `T`, constant rotations `A = T⁻¹ sourceFromBody` give
/// `worldFromJoint = worldFromSource * sourceFromSourceJoint * A`, which at the T-pose is the
/// canonical rest. Joint positions are kept exactly where no turning joint is left out between.
struct SkeletonAlignment {
  /// The canonical joint's source; nil where it moves with its parent.
  var sources: [Int?]
  /// sourceJointFromJoint for each canonical joint.
  var alignments: [Quaternion]
  /// The directions left, up, forward of the body in the file's axes.
  var sourceFromBody: Quaternion
  /// Rest offsets in the body's frame [units of the file].
  var restOffsets: [Vector3]
  /// For joints with a turning joint left out before the next one: that next joint's source, and
  /// the bone to it in the source joint's frame [units of the file].
  var followed: [(source: Int, bone: Vector3)?]
  /// Joints below an omitted rotating joint whose parent has other children: their rest positions
  /// are means over the motion.
  var loose: [Skeleton.Joint] = []
  /// Canonical joints that the file does not have.
  var filled: [Skeleton.Joint] = []

  /// worldFromSource: the file's axes in ours.
  var worldFromSource: Quaternion { Skeleton.worldFromBodyAtRest * sourceFromBody.inverse }

  /// The alignment of a matched skeleton, its offsets as `offsets` says [units of the file].
  init(_ match: SkeletonMatch, hierarchy: BVHHierarchy, offsets: [Vector3], path: String)
    throws(MotionError)
  {
    sources = match.sources
    let body = try Self.bodyAxes(match, hierarchy, offsets, path)
    sourceFromBody = body
    let turned = Self.tPose(match, hierarchy, offsets, body)
    alignments = match.sources.map { source in
      source.map { turned[$0].inverse * body } ?? .identity
    }
    var positions = [Vector3](repeating: .zero, count: hierarchy.joints.count)
    for (index, joint) in hierarchy.joints.enumerated() where joint.parent >= 0 {
      positions[index] = positions[joint.parent] + turned[joint.parent] * offsets[index]
    }
    restOffsets = []
    followed = Array(repeating: nil, count: Skeleton.jointCount)
    fillRestOffsets(match.sources.map { $0.map { body.inverse * positions[$0] } })
    loose = Skeleton.Joint.allCases.filter { joint in
      guard let parent = joint.parent, let source = sources[joint.rawValue],
        let above = sources[parent.rawValue], parent.next == nil
      else { return false }
      return Self.turns(between: above, and: source, hierarchy)
    }
    for joint in Skeleton.Joint.allCases {
      guard let source = sources[joint.rawValue], let next = joint.next,
        let tip = sources[next.rawValue], Self.turns(between: source, and: tip, hierarchy)
      else { continue }
      followed[joint.rawValue] = (
        tip, turned[source].inverse * (positions[tip] - positions[source])
      )
    }
  }

  /// Rest offsets from positions at rest; joints that are absent get a place of their own.
  private mutating func fillRestOffsets(_ found: [Vector3?]) {
    var positions = found.map { $0 ?? .zero }
    let legs = Skeleton.Joint.legs.map { pair in
      (positions[pair.1.rawValue] - positions[pair.0.rawValue]).length
    }
    let stature = legs.reduce(0, +) / 2 / Skeleton.legFractionOfStature
    let template = Skeleton.canonical(stature: stature)
    for joint in Skeleton.Joint.allCases where found[joint.rawValue] == nil {
      guard let parent = joint.parent else { continue }
      filled.append(joint)
      let start = positions[parent.rawValue]
      var next = joint.next
      while let joint = next, found[joint.rawValue] == nil { next = joint.next }
      if let next {
        // A part of the way to the next joint: half of it in the spine, a third in the collars.
        let fraction = joint == .leftCollar || joint == .rightCollar ? 0.35 : 0.5
        positions[joint.rawValue] = start + (positions[next.rawValue] - start) * fraction
      } else {
        positions[joint.rawValue] = start + template.restOffset(of: joint)
      }
    }
    restOffsets = Skeleton.Joint.allCases.map { joint in
      joint.parent.map { positions[joint.rawValue] - positions[$0.rawValue] } ?? .zero
    }
  }

  /// Whether a joint that can turn lies between two joints, of which one is above the other.
  private static func turns(between top: Int, and tip: Int, _ hierarchy: BVHHierarchy) -> Bool {
    var index = hierarchy.joints[tip].parent
    while index >= 0, index != top {
      if hierarchy.joints[index].channels.contains(where: { !$0.isPosition }) { return true }
      index = hierarchy.joints[index].parent
    }
    return false
  }
}

// MARK: - T-pose

extension SkeletonAlignment {
  /// sourceFromJoint of all the file's joints in the T-pose.
  private static func tPose(
    _ match: SkeletonMatch, _ hierarchy: BVHHierarchy, _ offsets: [Vector3], _ body: Quaternion
  ) -> [Quaternion] {
    var canonical: [Int: Skeleton.Joint] = [:]
    for joint in Skeleton.Joint.allCases {
      if let source = match.sources[joint.rawValue] { canonical[source] = joint }
    }
    var turned: [Quaternion] = []
    for (index, source) in hierarchy.joints.enumerated() {
      var rotation = source.parent >= 0 ? turned[source.parent] : .identity
      if let joint = canonical[index] {
        switch match.table.references[joint] ?? .parent {
        case .parent: break
        case .zero: rotation = .identity
        case .axes(let axes): rotation = body * bodyFromLocal(axes)
        }
        if match.table.aimed.contains(joint), let next = joint.next,
          let tip = match.sources[next.rawValue]
        {
          let bone = rotation * sum(of: offsets, from: index, to: tip, hierarchy)
          let wanted = body * Skeleton.canonical.restOffset(of: next)
          if let from = bone.normalized, let into = wanted.normalized {
            rotation = Quaternion(turning: from, into: into) * rotation
          }
        }
      }
      turned.append(rotation)
    }
    return turned
  }

  private static func sum(
    of offsets: [Vector3], from top: Int, to tip: Int, _ hierarchy: BVHHierarchy
  ) -> Vector3 {
    var sum = Vector3.zero
    var index = tip
    while index >= 0, index != top {
      sum += offsets[index]
      index = hierarchy.joints[index].parent
    }
    return sum
  }

  /// The rotation that takes two local axes to their directions in the body, the first exactly.
  private static func bodyFromLocal(_ axes: [Int: Vector3]) -> Quaternion {
    let indices = axes.keys.sorted()
    guard let first = axes[indices[0]], let second = axes[indices[1]],
      let third = first.cross(second).normalized
    else { return .identity }
    let exact = third.cross(first)
    var columns = [Vector3](repeating: .zero, count: 3)
    let rest = 3 - indices[0] - indices[1]
    columns[indices[0]] = first
    columns[indices[1]] = exact
    // RotationMatrix in the order x, y, z give a right-handed third one, x and z a left-handed one.
    columns[rest] = indices == [0, 2] ? -third : third
    return Quaternion(columns: columns[0], columns[1], columns[2])
  }

  /// sourceFromBody: from the table, or from where hips and neck lie in the zero pose.
  private static func bodyAxes(
    _ match: SkeletonMatch, _ hierarchy: BVHHierarchy, _ offsets: [Vector3], _ path: String
  ) throws(MotionError) -> Quaternion {
    if let axes = match.table.axes { return Quaternion(columns: axes[0], axes[1], axes[2]) }
    func place(_ joint: Skeleton.Joint) -> Vector3 {
      match.sources[joint.rawValue].map { sum(of: offsets, from: -1, to: $0, hierarchy) } ?? .zero
    }
    let left = nearestAxis(to: place(.leftHip) - place(.rightHip))
    let up = nearestAxis(to: place(.neck) - (place(.leftHip) + place(.rightHip)) * 0.5)
    guard let left, let up, left.dot(up) == 0 else {
      throw .malformed(
        path: path,
        reason: place(.leftHip) == place(.rightHip)
          ? "the hips lie in one point, so neither size nor left side of the body can be told"
          : "the rest offsets do not show which way is up and left: expected a figure that stands"
            + " along the file's axes")
    }
    return Quaternion(columns: left, up, left.cross(up))
  }

  /// The axis within 30 degrees of a direction.
  private static func nearestAxis(to vector: Vector3) -> Vector3? {
    guard let unit = vector.normalized else { return nil }
    let axes: [Vector3] = [.unitX, .unitY, .unitZ, -.unitX, -.unitY, -.unitZ]
    return axes.first { $0.dot(unit) > 0.866 }
  }
}

extension Skeleton.Joint {
  /// The bones of both legs, as pairs of joints.
  static let legs: [(Skeleton.Joint, Skeleton.Joint)] = [
    (.leftHip, .leftKnee), (.leftKnee, .leftAnkle), (.rightHip, .rightKnee),
    (.rightKnee, .rightAnkle),
  ]
}
