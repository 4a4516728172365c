import Geometry
import Motions

/// A joint of a fast track that is thrown about as no person moves.
struct TrackJolt: Sendable, Hashable {
  /// The index of the joint.
  var joint: Int
  /// The frame of the track.
  var frame: Int
  /// The acceleration [m/s²].
  var acceleration: Double
  /// What an acceleration has to be above to be no motion of a person [m/s²].
  var limit: Double

  /// The slowest rate at which frames are looked at [Hz]: at the model's own it sees them itself.
  private static let leastRate = 45.0
  /// An acceleration that is no motion of a person [m/s²].
  private static let violent = 1000.0
  /// The least deviation of a frame from the middle of those beside it, twice, that is no noise [m].
  private static let least = 0.15

  /// All of them in a track, which at the model's rate would be averaged away.
  static func all(in track: JointTrack) -> [TrackJolt] {
    guard track.frameRate > leastRate, track.frameCount > 2 else { return [] }
    let joints = Skeleton.jointCount
    let square = track.frameRate * track.frameRate
    let limit = max(least, violent / square)
    let confidences = Smoother.confidences(of: track)
    var found: [TrackJolt] = []
    for frame in 1..<(track.frameCount - 1) {
      for joint in 0..<joints {
        let at = frame * joints + joint
        guard min(confidences[at - joints], confidences[at], confidences[at + joints]) > 0 else {
          continue
        }
        let beside = track.positions[at - joints] + track.positions[at + joints]
        let bend = (beside - track.positions[at] * 2).length
        if bend > limit {
          found.append(
            TrackJolt(
              joint: joint, frame: frame, acceleration: bend * square, limit: limit * square))
        }
      }
    }
    return found
  }
}
