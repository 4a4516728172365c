import Files
import Foundation
import Geometry

/// Levels a track whose positions are relative to the body, and puts it on the ground.
///
/// Trackers of one camera, such as MediaPipe, report places relative to the hips, along the axes of
/// the camera: a tilt of the camera tilts the body, and there is no ground.
enum TrackLevelling {
  /// Tilts that are left alone: as much as a standing body leans [rad].
  private static let smallest = 3 * Double.pi / 180
  /// Tilts of a camera that is still held upright; a body that leans more lies or bends [rad].
  private static let largest = 35 * Double.pi / 180
  /// The largest angle between thighs and trunk, and of a bent knee, of somebody who stands [rad].
  private static let straight = 35 * Double.pi / 180
  /// The mean of the unit vectors of a body that stands in one direction is at least this long.
  private static let steadiness = 0.95

  /// Whether the hips or the pelvis stay at the origin, so that the way through the room is unknown.
  static func isWithoutWorld(_ track: JointTrack) -> Bool {
    var seen = 0
    var centred = 0
    for frame in 0..<track.frameCount {
      let body = Body(track, frame: frame)
      let nearest = [body.hips.length, body.pelvis.length].filter(\.isFinite).min()
      guard let nearest else { continue }
      seen += 1
      if nearest < 0.02 { centred += 1 }
    }
    return seen >= 5 && centred * 50 >= seen * 49
  }

  /// Removes the tilt of the camera and puts the feet on the ground; returns what was done.
  static func level(_ track: inout JointTrack) -> [ImportReport.Finding] {
    var findings: [ImportReport.Finding] = [
      .init(
        .note,
        "the places are relative to the hips, so where the body goes in the room is not known")
    ]
    let directions = standing(track)
    let mean = directions.reduce(Vector3.zero, +) / Double(max(directions.count, 1))
    let needed = max(5, track.frameCount / 10)
    if directions.count >= needed, mean.length >= steadiness, let up = mean.normalized {
      let tilt = acos(min(max(up.dot(.unitZ), -1), 1))
      let degrees = Int((tilt * 180 / .pi).rounded())
      if tilt > largest {
        findings.append(
          .init(
            .doubtfulUp,
            "where it stands straight the body leans by \(degrees) degrees, more than cameras are"
              + " tilted: left so, and which way is up is doubtful"))
      } else if tilt > smallest {
        let turn = Quaternion(turning: up, into: .unitZ)
        track.positions = track.positions.map { turn * $0 }
        findings.append(
          .init(
            .levelled,
            "the camera is tilted by \(degrees) degrees, by the body where it stands straight"
              + " (\(Wording.count(directions.count, "frame"))): levelled"))
      }
    } else {
      findings.append(
        .init(
          .levelled,
          "in too few frames the body stands straight, so a tilt of the camera stays in it"))
    }
    if let ground = groundHeight(of: track) {
      track.positions = track.positions.map { $0 - Vector3(0, 0, ground) }
      findings.append(
        .init(.levelled, "put on the ground by its lowest ankle, at one height for all frames"))
    } else if let stature = track.stature, let height = pelvisHeight(of: track) {
      let standing = Skeleton.canonical(stature: stature).standingPelvisHeight
      track.positions = track.positions.map { $0 + Vector3(0, 0, standing - height) }
      findings.append(
        .init(
          .levelled,
          "no foot is seen: the pelvis is put at the height of a body that stands, a guess")
      )
    }
    return findings
  }

  /// The height of the ground in a track that has none [m]: what is under the lowest ankle, but for
  /// the lowest twentieth of the frames; nil where no ankle is seen.
  ///
  /// By the ankles, which every tracker reports; many make up the rest of the foot.
  static func groundHeight(of track: JointTrack) -> Double? {
    let ankle = Skeleton.ankleFractionOfStature * Skeleton.canonical.stature
    let lowest = (0..<track.frameCount).compactMap { frame in
      [Skeleton.Joint.leftAnkle, .rightAnkle]
        .map { track.positions[frame * Skeleton.jointCount + $0.rawValue].z - ankle }
        .filter(\.isFinite).min()
    }.sorted()
    return lowest.isEmpty ? nil : lowest[lowest.count / 20]
  }

  /// The median height of the pelvis, or of the middle of the hips [m]; nil where none is seen.
  private static func pelvisHeight(of track: JointTrack) -> Double? {
    let heights = (0..<track.frameCount).compactMap { frame -> Double? in
      let body = Body(track, frame: frame)
      return [body.pelvis.z, body.hips.z].first(where: \.isFinite)
    }.sorted()
    return heights.isEmpty ? nil : heights[heights.count / 2]
  }

  // MARK: - Standing

  /// The places of a frame that tell how the body stands [m].
  private struct Body {
    var pelvis, hips, knees, ankles, shoulders, head: Vector3

    init(_ track: JointTrack, frame: Int) {
      func place(_ joint: Skeleton.Joint) -> Vector3 {
        track.positions[frame * Skeleton.jointCount + joint.rawValue]
      }
      pelvis = place(.pelvis)
      hips = (place(.leftHip) + place(.rightHip)) / 2
      knees = (place(.leftKnee) + place(.rightKnee)) / 2
      ankles = (place(.leftAnkle) + place(.rightAnkle)) / 2
      shoulders = (place(.leftShoulder) + place(.rightShoulder)) / 2
      head = place(.head)
    }

    /// From ankles to head, where the body stands straight.
    var direction: Vector3? {
      guard let trunk = (shoulders - hips).normalized, let thighs = (hips - knees).normalized,
        let shanks = (knees - ankles).normalized,
        trunk.dot(thighs) > cos(straight), thighs.dot(shanks) > cos(straight)
      else { return nil }
      return ((head.isFinite ? head : shoulders) - ankles).normalized
    }
  }

  /// The direction of the body in each frame in which it stands straight.
  private static func standing(_ track: JointTrack) -> [Vector3] {
    (0..<track.frameCount).compactMap { Body(track, frame: $0).direction }
  }
}
