import Foundation
import Geometry
import Morphology

/// What a source's zero pose is, in which every rotation is zero and all frames are aligned.
enum RestPose: Sendable {
  /// A person who stands with arms anywhere below the head; the body's axes in the file's.
  case standing(sourceFromBody: Quaternion)
  /// No pose, but bones of straight limbs lie along one line, so that a rotation of zero means a
  /// straight joint.
  case alongBones
  /// Nothing: frames were chosen joint by joint.
  case meaningless

  /// Judges the zero pose.
  init(_ slots: SkeletonSlots, _ source: some SourceMotion) {
    let places = Self.places(source)
    if let body = Self.body(slots, places), Self.isPerson(slots, places, body) {
      self = .standing(sourceFromBody: body)
    } else if Self.isStraight(slots, places) {
      self = .alongBones
    } else {
      self = .meaningless
    }
  }

  /// Places of all nodes in the zero pose.
  static func places(_ source: some SourceMotion) -> [Vector3] {
    var places: [Vector3] = []
    for (node, offset) in zip(source.nodes, source.restOffsets) {
      places.append(node.parent < 0 ? .zero : places[node.parent] + offset)
    }
    return places
  }

  /// The body's axes: along the file's where it stands so, otherwise along hips and trunk.
  static func body(_ slots: SkeletonSlots, _ places: [Vector3]) -> Quaternion? {
    func place(_ joint: Skeleton.Joint) -> Vector3? { slots[joint].map { places[$0] } }
    guard let left = place(.leftHip), let right = place(.rightHip),
      let top = place(.neck) ?? place(.spine3), let across = (left - right).normalized,
      let trunk = (top - (left + right) / 2).normalized
    else { return nil }
    if let x = nearestAxis(to: across), let y = nearestAxis(to: trunk), x.dot(y) == 0 {
      return Quaternion(columns: x, y, x.cross(y))
    }
    // Up as the file's axis, if the trunk is near to one; the trunk of a pose may lean.
    let up = nearestAxis(to: trunk) ?? trunk
    guard let x = (across - up * up.dot(across)).normalized, abs(across.dot(up)) < 0.5 else {
      return nil
    }
    return Quaternion(columns: x, up, x.cross(up))
  }

  /// The axis within 30 degrees of a direction.
  private static func nearestAxis(to vector: Vector3) -> Vector3? {
    guard let unit = vector.normalized else { return nil }
    let axes: [Vector3] = [.unitX, .unitY, .unitZ, -.unitX, -.unitY, -.unitZ]
    return axes.first { $0.dot(unit) > 0.866 }
  }

  /// Whether the figure could be a person who stands: legs down, arms on their sides, head up, feet
  /// forward.
  private static func isPerson(_ slots: SkeletonSlots, _ places: [Vector3], _ body: Quaternion)
    -> Bool
  {
    func bone(_ from: Skeleton.Joint, _ to: Skeleton.Joint) -> Vector3? {
      guard let a = slots[from], let b = slots[to] else { return nil }
      return (body.inverse * (places[b] - places[a])).normalized
    }
    func holds(_ bone: Vector3?, _ test: (Vector3) -> Bool) -> Bool { bone.map(test) ?? true }
    let sides: [(hip: Skeleton.Joint, shoulder: Skeleton.Joint, left: Double)] = [
      (.leftHip, .leftShoulder, 1), (.rightHip, .rightShoulder, -1),
    ]
    for side in sides {
      guard let knee = side.hip.next, let ankle = knee.next, let toe = ankle.next,
        let elbow = side.shoulder.next, let wrist = elbow.next
      else { return false }
      // Thigh and shank within 60 degrees of down, so that nobody sits or kneels.
      guard holds(bone(side.hip, knee), { $0.y < -0.5 }),
        holds(bone(knee, ankle), { $0.y < -0.5 }),
        holds(bone(ankle, toe), { $0.z > -0.1 || $0.y < -0.9 }),
        holds(bone(side.shoulder, elbow), { $0.x * side.left > -0.35 && $0.y < 0.6 }),
        let upper = bone(side.shoulder, elbow), let lower = bone(elbow, wrist),
        upper.dot(lower) > -0.2
      else { return false }
    }
    return holds(bone(.spine3, .head) ?? bone(.spine3, .neck), { $0.y > 0.5 })
  }

  /// Whether knees, elbows and the trunk are straight where they do not turn.
  private static func isStraight(_ slots: SkeletonSlots, _ places: [Vector3]) -> Bool {
    var count = 0
    for joint in [
      Skeleton.Joint.leftHip, .rightHip, .leftShoulder, .rightShoulder, .spine1, .spine2,
    ] {
      guard let middle = joint.next, let a = slots[joint], let b = slots[middle] else { continue }
      guard let end = middle.next ?? (middle == .spine3 ? .neck : nil), let c = slots[end] else {
        continue
      }
      let (one, two) = (places[b] - places[a], places[c] - places[b])
      guard one.length > 1e-9, two.length > 1e-9 else { continue }
      count += 1
      guard atan2(one.cross(two).length, one.dot(two)) < 0.3 else { return false }
    }
    return count > 3
  }
}
