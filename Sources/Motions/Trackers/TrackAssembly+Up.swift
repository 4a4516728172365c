import Foundation
import Geometry

extension TrackAssembly {
  /// The axis that points up, as the file states it or as the person stands.
  mutating func upAxis() throws(MotionError) -> (axis: UpAxis, reason: String) {
    if let given = source.givenUp { return (given, "as you said") }
    if let stated = source.up, source.isUpCertain { return (stated, "stated") }
    var sum = Vector3.zero
    var trunk = Vector3.zero
    for frame in 0..<frameCount {
      func place(_ joint: Skeleton.Joint) -> Vector3 {
        places[frame * Self.joints + joint.rawValue]
      }
      let head =
        place(.head).isFinite ? place(.head) : (place(.leftShoulder) + place(.rightShoulder)) / 2
      let step = head - (place(.leftAnkle) + place(.rightAnkle)) / 2
      if let direction = step.normalized { sum += direction }
      // Where no ankle is seen: from the hips, or from the shoulders to the head.
      let shoulders = (place(.leftShoulder) + place(.rightShoulder)) / 2
      let hips = (place(.leftHip) + place(.rightHip)) / 2
      let upper = hips.isFinite ? shoulders - hips : place(.head) - shoulders
      if let direction = upper.normalized { trunk += direction }
    }
    let isLegless = sum == .zero
    if isLegless { sum = trunk }
    let way = isLegless ? "along the trunk" : "from ankles to head"
    let nearest = UpAxis(nearest: sum)
    if let stated = source.up {
      if let nearest, nearest.axis == stated.axis, nearest != stated {
        findings.append(
          .init(
            .note,
            "the file says \(stated.name), yet the head is at the other end: \(nearest.name) is"
              + " taken"))
        reportLean(of: sum, from: nearest, way)
        return (nearest, "the axis nearest to the body \(way)")
      } else if let nearest, nearest != stated {
        findings.append(
          .init(
            .doubtfulUp,
            "the body stands along the file's axis \(nearest.name), yet the file says"
              + " \(stated.name): the file is believed; import's --up says otherwise"))
      } else {
        reportLean(of: sum, from: stated, way)
      }
      return (stated, "stated")
    }
    guard let nearest else {
      throw .malformed(
        path: source.path,
        reason:
          "no frame shows head or shoulders with both ankles or hips, so which way is up cannot be"
          + " told"
      )
    }
    reportLean(of: sum, from: nearest, way)
    return (nearest, "the axis nearest to the body \(way)")
  }

  /// Warns if the body leans all the time, because of the person or the camera.
  private mutating func reportLean(of sum: Vector3, from up: UpAxis, _ way: String) {
    let lean = acos(min(max(sum.normalized?.dot(up.direction) ?? 1, -1), 1)) * 180 / .pi
    guard lean > 15 else { return }
    self.lean = ImportReport.Finding(
      lean > 40 ? .doubtfulUp : .note,
      "\(way) the body leans \(Int(lean.rounded())) degrees away from \(up.name) on"
        + " average; the camera may be tilted"
        + "\(lean > 40 ? ", and which way is up is doubtful" : "")")
  }

  /// Warns if left and right seem swapped: the feet or the face point backwards.
  mutating func reportMirrorImage(_ track: JointTrack) {
    var ahead = 0
    var behind = 0
    for frame in 0..<frameCount {
      let facing = BodyFacing(track, frame: frame)
      guard let forward = facing.trunk, let feet = facing.feet else { continue }
      if forward.dot(feet) > 0 { ahead += 1 } else { behind += 1 }
    }
    guard behind > ahead else { return }
    findings.append(
      .init(
        .note,
        "the feet point behind the body in \(behind) of \(ahead + behind) frames: left and right"
          + " are swapped, or the file's axes are left-handed and the motion is a mirror image"))
  }
}

/// The facing direction of a body in one frame, by two independent cues.
struct BodyFacing {
  /// Ahead by the hips' and shoulders' left and right, level; nil where it is not known.
  var trunk: Vector3?
  /// Ahead by the feet, from ankles to toes, level; nil where it is not known.
  var feet: Vector3?

  init(_ track: JointTrack, frame: Int) {
    let base = frame * Skeleton.jointCount
    func place(_ joint: Skeleton.Joint) -> Vector3 { track.positions[base + joint.rawValue] }
    func level(_ v: Vector3) -> Vector3? { Vector3(v.x, v.y, 0).normalized }
    let left = place(.leftHip) - place(.rightHip) + place(.leftShoulder) - place(.rightShoulder)
    let up = place(.leftShoulder) + place(.rightShoulder) - place(.leftHip) - place(.rightHip)
    trunk = level(left.cross(up))
    feet = level(place(.leftFoot) - place(.leftAnkle) + place(.rightFoot) - place(.rightAnkle))
  }
}
