import Foundation
import HumanBody
import Motions

/// The features by which windows of motion are compared.
///
/// A frame's heading is the direction in which the pelvis faces, about the vertical (for a person
/// lying down, that of the pelvis's left side minus a quarter turn). "Turned" means rotated about
/// the vertical by minus a heading.
public enum MotionFeatures: String, Sendable, Hashable, CaseIterable, Codable {
  /// Where the joints are: for 4 frames evenly spread over the window, the height of the pelvis
  /// and the positions of the other 21 joints relative to it, turned by the heading of the same
  /// frame. One point of 64 numbers a frame.
  case pose
  /// How fast the joints are: for the same frames, the velocities of all 22 joints in the world
  /// (difference to the next frame), turned by the heading of the same frame. One point of 66
  /// numbers a frame.
  case velocity
  /// What happens in the window, as one point of 288 numbers: at 8 evenly spaced frames, the first
  /// and last among them, nine joints (head, elbows, wrists, knees, ankles) relative to the pelvis
  /// and the place of the pelvis itself (relative to the ground below it in the first frame), all
  /// turned by the heading of the first frame; the mean and the standard deviation over time of
  /// the speed of each joint; the length of the pelvis's path on the ground; sine,
  /// cosine and size of the turn of the heading from first to last frame.
  case motion

  /// The number of frames of a window whose poses and velocities are used.
  static let sampledFrames = 4
  /// The number of frames of a window's motion features.
  static let describedFrames = 8
  private static let described: [Skeleton.Joint] = [
    .head, .leftElbow, .rightElbow, .leftWrist, .rightWrist, .leftKnee, .rightKnee, .leftAnkle,
    .rightAnkle,
  ]

  /// The dimension of a point.
  public var columns: Int {
    switch self {
    case .pose: 3 * BodyModel.jointCount - 2
    case .velocity: 3 * BodyModel.jointCount
    case .motion:
      Self.describedFrames * 3 * (Self.described.count + 1) + 2 * BodyModel.jointCount + 4
    }
  }

  /// The least standard deviation that a column is divided by: 2 cm, 5 cm/s or 0.05 rad.
  public var floors: [Float] {
    switch self {
    case .pose: [Float](repeating: 0.02, count: columns)
    case .velocity: [Float](repeating: 0.05, count: columns)
    case .motion:
      [Float](repeating: 0.02, count: Self.describedFrames * 3 * (Self.described.count + 1))
        + [Float](repeating: 0.05, count: 2 * BodyModel.jointCount + 4)
    }
  }

  /// The feature points of a window, [n, columns].
  ///
  /// - Parameters:
  ///   - positions: the joints in the world [frames, 22, 3], metres
  ///   - headings: the heading of each frame [rad]
  ///   - frameRate: frames a second
  func points(positions: [Float], headings: [Float], frameRate: Float) -> [Float] {
    let frames = headings.count
    precondition(frames >= 2, "a window of \(frames) frames has no velocity")
    switch self {
    case .pose:
      return Self.sampled(frames).flatMap { frame in
        Self.pose(positions, frame, heading: headings[frame])
      }
    case .velocity:
      return Self.sampled(frames).flatMap { frame in
        Self.velocities(positions, frame, heading: headings[frame], frameRate)
      }
    case .motion: return Self.descriptor(positions, headings, frameRate)
    }
  }

  private static func sampled(_ frames: Int) -> [Int] {
    (0..<sampledFrames).map { min(frames - 2, (2 * $0 + 1) * frames / (2 * sampledFrames)) }
  }

  /// The height of the pelvis and the other joints relative to it, turned by minus a heading.
  static func pose(_ positions: [Float], _ frame: Int, heading: Float) -> [Float] {
    let base = 3 * BodyModel.jointCount * frame
    let (s, c) = (sin(heading), cos(heading))
    var result = [positions[base + 2]]
    for joint in 1..<BodyModel.jointCount {
      let (x, y, z) = relative(positions, base + 3 * joint, base)
      result += [c * x + s * y, c * y - s * x, z]
    }
    return result
  }

  /// The velocities of the joints, turned by minus a heading [m/s].
  static func velocities(
    _ positions: [Float], _ frame: Int, heading: Float, _ frameRate: Float
  ) -> [Float] {
    let step = 3 * BodyModel.jointCount
    let (s, c) = (frameRate * sin(heading), frameRate * cos(heading))
    var result: [Float] = []
    for joint in 0..<BodyModel.jointCount {
      let at = step * frame + 3 * joint
      let (x, y, z) = relative(positions, at + step, at)
      result += [c * x + s * y, c * y - s * x, frameRate * z]
    }
    return result
  }

  private static func descriptor(
    _ positions: [Float], _ headings: [Float], _ frameRate: Float
  ) -> [Float] {
    let frames = headings.count
    let step = 3 * BodyModel.jointCount
    let (s, c) = (sin(headings[0]), cos(headings[0]))
    var result: [Float] = []
    for index in 0..<describedFrames {
      let base = step * (index * (frames - 1) / (describedFrames - 1))
      for joint in described {
        let (x, y, z) = relative(positions, base + 3 * joint.rawValue, base)
        result += [c * x + s * y, c * y - s * x, z]
      }
      let (x, y, _) = relative(positions, base, 0)
      result += [c * x + s * y, c * y - s * x, positions[base + 2]]
    }
    for joint in 0..<BodyModel.jointCount {
      let speeds = (0..<(frames - 1)).map { frame in
        let (x, y, z) = relative(
          positions, step * (frame + 1) + 3 * joint, step * frame + 3 * joint)
        return frameRate * (x * x + y * y + z * z).squareRoot()
      }
      let mean = speeds.reduce(0, +) / Float(speeds.count)
      let variance = speeds.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(speeds.count)
      result += [mean, variance.squareRoot()]
    }
    let path = (0..<(frames - 1)).reduce(Float(0)) { sum, frame in
      let (x, y, _) = relative(positions, step * (frame + 1), step * frame)
      return sum + (x * x + y * y).squareRoot()
    }
    let turn = headings[frames - 1] - headings[0]
    return result + [path, sin(turn), cos(turn), abs(atan2(sin(turn), cos(turn)))]
  }

  private static func relative(
    _ positions: [Float], _ point: Int, _ origin: Int
  ) -> (Float, Float, Float) {
    (
      positions[point] - positions[origin], positions[point + 1] - positions[origin + 1],
      positions[point + 2] - positions[origin + 2]
    )
  }

  /// The direction that the pelvis faces in each frame of a window, about the vertical from x
  /// [rad].
  static func headings(of window: MotionWindow) -> [Float] {
    (0..<window.frames).map { window.heading(frame: $0) }
  }
}
