import Files
import Geometry
public import Motions

extension MotionClip {
  /// The motion of a skeleton that is fitted to tracked joints, without any smoothing.
  ///
  /// Frames before the person appears and after it has left are left out. Bone lengths are constant,
  /// so that joints whose distances vary move a little; the twist of bones about their axes cannot be
  /// determined from positions.
  ///
  /// - Parameters:
  ///   - track: The joints, of which none may be missing between the first frame and the last.
  ///   - path: The file, for the error.
  /// - Returns: The clip, how many frames were left out, and the root mean square of the distances
  ///   between its joints and the track's [m].
  public static func fitted(
    to track: JointTrack, path: String
  ) throws(MotionError) -> (clip: MotionClip, droppedFrameCount: Int, deviation: Double) {
    let joints = Skeleton.jointCount
    let seen = (0..<track.frameCount).map { frame in
      track.confidences[(frame * joints)..<((frame + 1) * joints)].count { $0 > 0 }
    }
    guard let first = seen.firstIndex(where: { $0 > 0 }),
      let last = seen.lastIndex(where: { $0 > 0 })
    else {
      throw .malformed(path: path, reason: "nobody was found in any of its frames")
    }
    let frames = first...last
    if let gap = frames.first(where: { seen[$0] < joints }) {
      let incomplete = frames.count { seen[$0] < joints }
      throw .malformed(
        path: path,
        reason:
          "in \(incomplete) of \(Wording.count(track.frameCount, "frame")) joints are missing,"
          + " the first in frame \(gap) (\(names(of: track, missingIn: gap))); 'motionc smooth' fills"
          + " them, import takes whole bodies only")
    }
    let places = Array(track.positions[(first * joints)..<((last + 1) * joints)])
    // Far from the origin single precision is coarse: the first pelvis is the origin.
    let origin = SIMD3<Float>(places[0])
    let shift = Vector3(origin)
    let fit = SkeletonFit(
      places.flatMap { place -> [Float] in
        let local = SIMD3<Float>(place - shift)
        return [local.x, local.y, local.z]
      })
    let clip = fit.clip(name: track.name, frameRate: track.frameRate, shift: origin).withoutFlips()
    let squares = zip(clip.jointPositions(), places).reduce(0) { $0 + ($1.0 - $1.1).squaredLength }
    let deviation = (squares / Double(places.count)).squareRoot()
    return (clip, track.frameCount - frames.count, deviation)
  }

  /// The names of the joints that a frame misses.
  private static func names(of track: JointTrack, missingIn frame: Int) -> String {
    let missing = Skeleton.Joint.allCases.filter {
      !(track.confidences[frame * Skeleton.jointCount + $0.rawValue] > 0)
    }
    guard missing.count < Skeleton.jointCount else { return "nobody is seen" }
    return missing.prefix(4).map(\.name).joined(separator: ", ") + (missing.count > 4 ? ", …" : "")
  }
}
