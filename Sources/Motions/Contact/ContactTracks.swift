public import Geometry

/// The positions of the joints by which contact is observed, at any frame rate.
public struct ContactTracks: Sendable {
  /// The frame rate [Hz].
  public var frameRate: Double
  /// The stature of the person, which the thresholds of height are scaled with [m].
  public var stature: Double
  /// The positions of each part's joint in the world, z up [m]; empty for those that are not known.
  var positions: [[Vector3]]

  /// The number of frames.
  public var frameCount: Int { positions.map(\.count).max() ?? 0 }

  /// Tracks of the ankles and of the balls of both feet, all of the same length.
  public init(
    leftAnkle: [Vector3], leftBall: [Vector3], rightAnkle: [Vector3], rightBall: [Vector3],
    frameRate: Double, stature: Double = 1.70
  ) {
    precondition(
      [leftBall, rightAnkle, rightBall].allSatisfy { $0.count == leftAnkle.count },
      "tracks of \(leftAnkle.count), \(leftBall.count), \(rightAnkle.count) and"
        + " \(rightBall.count) frames")
    self.frameRate = frameRate
    self.stature = stature
    positions = [leftAnkle, rightAnkle, leftBall, rightBall]
    positions += Array(repeating: [], count: Contact.Part.allCases.count - positions.count)
  }

  /// The tracks of all parts of a clip.
  public init(_ clip: MotionClip) {
    frameRate = clip.frameRate
    stature = clip.skeleton.stature
    positions = Contact.Part.allCases.map { _ in [] }
    for part in Contact.Part.allCases { positions[part.rawValue].reserveCapacity(clip.frameCount) }
    // A block at a time, so that long clips need no memory for the other joints.
    let block = 256
    for start in stride(from: 0, to: clip.frameCount, by: block) {
      let frames = start..<min(start + block, clip.frameCount)
      let places = clip.jointPositions(frames: frames)
      for base in stride(from: 0, to: places.count, by: Skeleton.jointCount) {
        for part in Contact.Part.allCases {
          positions[part.rawValue].append(places[base + part.joint.rawValue])
        }
      }
    }
  }

  /// Positions of a part that was not observed by `init(leftAnkle:…)`.
  public mutating func set(_ part: Contact.Part, to track: [Vector3]) {
    precondition(
      track.count == frameCount, "a track of \(track.count) frames for \(frameCount) frames")
    positions[part.rawValue] = track
  }
}
