import Geometry

/// How high above the ground each frame of a motion lies, whatever touches it: feet, knees, hands or a back.
struct RestingHeights {
  /// How high joints are when they rest on the ground, above a foot that does [m]; by the canonical body.
  private static let resting: [Skeleton.Joint: Double] = [
    .pelvis: 0.08, .leftHip: 0.07, .rightHip: 0.07, .spine1: 0.08, .spine2: 0.08, .spine3: 0.08,
    .leftKnee: 0.04, .rightKnee: 0.04, .leftAnkle: 0.04, .rightAnkle: 0.04, .leftFoot: 0,
    .rightFoot: 0, .neck: 0.05, .leftCollar: 0.06, .rightCollar: 0.06, .head: 0.07,
    .leftShoulder: 0.06, .rightShoulder: 0.06, .leftElbow: 0.03, .rightElbow: 0.03,
    .leftWrist: 0.02, .rightWrist: 0.02,
  ]
  private static let aboveGround: [Double] = Skeleton.Joint.allCases.map {
    GroundContact.standing + (resting[$0] ?? 0)
  }

  /// How high the joint that is lowest is above where it would be at rest on z = 0 [m], for each frame.
  let lowest: [Double]
  /// The mean height of all joints [m], for each frame.
  let middle: [Double]

  /// The heights of a motion.
  init(_ clip: MotionClip) {
    let frames = (0..<clip.frameCount).map { clip.jointPositions(frame: $0).map(\.z) }
    lowest = frames.map { heights in
      zip(heights, Self.aboveGround).reduce(.infinity) { min($0, $1.0 - $1.1) }
    }
    middle = frames.map { $0.reduce(0, +) / Double($0.count) }
  }
}

extension MotionClip {
  /// How high what rests lowest is above z = 0 [m], in the frame in the middle of all by that; nil where it is nearer
  /// than 0.15 m.
  package var heightAboveGround: Double? {
    let heights = RestingHeights(self).lowest.sorted()
    guard !heights.isEmpty else { return nil }
    let height = heights[heights.count / 2]
    return abs(height) > 0.15 ? height : nil
  }
}
