import Files
import Foundation
import Geometry

/// Which axis of a recording points up, by how the body stands in it.
///
/// Formats name an axis, and files do not keep to it: AMASS is z up, and much that has AMASS's
/// layout is y up. People mostly stand, so the mean direction from the ankles to the head tells the
/// two apart. A body that lies for the whole clip would mislead; it is recognised by lying on the
/// format's ground.
struct StandingAxis {
  /// The axis that points up.
  let up: UpAxis
  /// The mean cosine between that axis and the direction from ankles to head.
  let uprightness: Double
  /// Whether the motion confirms the axis; if not it is the format's.
  let isConfirmed: Bool
  /// Why, as part of a sentence.
  let reason: String

  /// The frames that are looked at, spread over the clip.
  private static let mostFrames = 300

  /// Decides which axis points up.
  ///
  /// - Parameters:
  ///   - positions: The canonical joints in the file's axes [m], 22 for each frame, at least one
  ///     frame.
  ///   - expected: The axis by the format's convention.
  ///   - format: The name of the format, for the reason.
  init(positions: [Vector3], expected: UpAxis, format: String) {
    let frames = Self.frames(positions)
    let mean = Self.bodyDirection(frames)
    let along = { (axis: UpAxis) in mean.dot(axis.direction) }
    let best = UpAxis(nearest: mean) ?? expected
    let shown = { (axis: UpAxis) in "\(Int((100 * along(axis)).rounded())) %" }
    let points =
      "from ankles to head the body points along \(best.name) (\(shown(best)) of its length on"
      + " average)"
    if along(expected) > 0.5 {
      (up, isConfirmed) = (expected, true)
      reason = "\(format) and the standing body agree"
    } else if along(best) < 0.8 {
      (up, isConfirmed) = (expected, false)
      reason =
        "the body stands along no axis for most of the clip (\(expected.name) \(shown(expected)),"
        + " \(best.name) \(shown(best))): \(expected.name) is kept, as \(format) has it"
    } else if Self.lies(frames, best, expected) {
      (up, isConfirmed) = (expected, false)
      reason =
        "\(points) and is flat on the ground of \(expected.name), so it seems to lie:"
        + " \(expected.name) is kept, as \(format) has it"
    } else {
      (up, isConfirmed) = (best, true)
      reason =
        "\(points), not along \(expected.name) as \(format) has it (\(shown(expected))):"
        + " \(best.name) is taken"
    }
    uprightness = along(up)
  }

  private static func frames(_ positions: [Vector3]) -> [ArraySlice<Vector3>] {
    let count = positions.count / Skeleton.jointCount
    let step = max(1, count / mostFrames)
    return stride(from: 0, to: count, by: step).map {
      positions[($0 * Skeleton.jointCount)..<(($0 + 1) * Skeleton.jointCount)]
    }
  }

  private static func place(_ joint: Skeleton.Joint, _ frame: ArraySlice<Vector3>) -> Vector3 {
    frame[frame.startIndex + joint.rawValue]
  }

  /// The mean of the unit vectors from the ankles to the head.
  private static func bodyDirection(_ frames: [ArraySlice<Vector3>]) -> Vector3 {
    let sum = frames.reduce(Vector3.zero) { sum, frame in
      let ankles = (place(.leftAnkle, frame) + place(.rightAnkle, frame)) / 2
      return sum + ((place(.head, frame) - ankles).normalized ?? .zero)
    }
    return sum / Double(max(frames.count, 1))
  }

  /// Whether the body lies on the ground of the expected axis, rather than standing on the other's:
  /// flat and just above zero along the one, and its feet not near zero along the other.
  private static func lies(
    _ frames: [ArraySlice<Vector3>], _ best: UpAxis, _ expected: UpAxis
  ) -> Bool {
    var flat = 0
    var footed = 0
    for frame in frames {
      let heights = frame.map { $0.dot(expected.direction) }
      let (low, high) = (heights.min() ?? 0, heights.max() ?? 0)
      if low > -0.03, low < 0.35, high - low < 0.7 { flat += 1 }
      let foot = min(
        place(.leftFoot, frame).dot(best.direction), place(.rightFoot, frame).dot(best.direction))
      if abs(foot) < 0.3 { footed += 1 }
    }
    return flat * 20 > frames.count * 19 && footed * 2 < frames.count
  }
}

extension MotionClip {
  /// Turns a clip in a file's axes into the world, in which z is up.
  mutating func turn(upright axis: UpAxis) {
    let worldFromSource = axis.worldFromSource
    for frame in 0..<frameCount {
      rootTranslations[frame] = axis.world(rootTranslations[frame])
      rotations[frame * Skeleton.jointCount] =
        worldFromSource * rotations[frame * Skeleton.jointCount]
    }
  }

  /// Finds out which axis points up, unless the user says it, turns the clip by it and says so in its
  /// report.
  mutating func stand(
    expecting expected: UpAxis, given: UpAxis?, format: String, in report: inout ImportReport
  ) {
    if let given {
      turn(upright: given)
      report.upAxis = given.option
      return
    }
    let step = max(1, frameCount / 300)
    let sampled = stride(from: 0, to: frameCount, by: step).flatMap { jointPositions(frame: $0) }
    let axis = StandingAxis(positions: sampled, expected: expected, format: format)
    turn(upright: axis.up)
    report.upAxis = axis.up.option
    if axis.up != expected || !axis.isConfirmed {
      report.findings.append(.init(.note, axis.reason))
    }
  }
}
