import Files
import Geometry

/// Builds a clip of the world frames of canonical joints, as formats with positions and rotations
/// have them.
///
/// The offsets of the skeleton are the mean places of the joints in their parents' frames; how far
/// single frames are off is measured, because a format may have joints that turn between two of
/// ours.
struct CanonicalAssembly {
  /// The clip so far; its skeleton is settled by `finish`.
  private(set) var clip: MotionClip
  private var sums = [Vector3](repeating: .zero, count: Skeleton.jointCount)
  private var squares = [Double](repeating: 0, count: Skeleton.jointCount)

  init(name: String, frameRate: Double) {
    clip = MotionClip(
      name: name, skeleton: .canonical, frameRate: frameRate, rootTranslations: [], rotations: [])
  }

  /// Appends a frame: worldFromJoint and the place of all 22 joints.
  mutating func append(_ world: [Quaternion], _ places: [Vector3]) {
    let before = clip.rotations.count - Skeleton.jointCount
    for joint in 0..<Skeleton.jointCount {
      let parent = Skeleton.parents[joint]
      var local = parent < 0 ? world[joint] : world[parent].inverse * world[joint]
      local = local.normalized
      let flips = before < 0 ? local.w < 0 : clip.rotations[before + joint].dot(local) < 0
      clip.rotations.append(flips ? -local : local)
      guard parent >= 0 else { continue }
      let place = world[parent].inverse * (places[joint] - places[parent])
      sums[joint] += place
      squares[joint] += place.squaredLength
    }
    clip.rootTranslations.append(places[0])
  }

  /// The clip with its skeleton, and the joint that is farthest off its mean place in its parent's
  /// frame (root mean square) [m].
  consuming func finish() -> (clip: MotionClip, loosest: Skeleton.Joint, deviation: Double) {
    let count = Double(max(clip.frameCount, 1))
    var loosest = (joint: Skeleton.Joint.pelvis, deviation: 0.0)
    for joint in Skeleton.Joint.allCases where joint != .pelvis {
      let mean = sums[joint.rawValue] / count
      clip.skeleton.restOffsets[joint.rawValue] = mean
      let variance = squares[joint.rawValue] / count - mean.squaredLength
      let deviation = max(0, variance).squareRoot()
      if deviation > loosest.deviation { loosest = (joint, deviation) }
    }
    clip.skeleton.restOffsets[0] = .zero
    return (clip, loosest.joint, loosest.deviation)
  }

  /// Refuses a skeleton whose bones at rest are not those of a T-pose, which the canonical frames
  /// stand for.
  ///
  /// Arms within 35 degrees of level to the sides, legs of straight down, the head of straight up.
  static func refuseOtherRest(_ skeleton: Skeleton, _ what: String, _ path: String)
    throws(MotionError)
  {
    let bones: [(Skeleton.Joint, Vector3)] = [
      (.leftElbow, .unitX), (.rightElbow, -.unitX), (.leftWrist, .unitX), (.rightWrist, -.unitX),
      (.leftKnee, -.unitY), (.rightKnee, -.unitY), (.leftAnkle, -.unitY), (.rightAnkle, -.unitY),
      (.head, .unitY),
    ]
    for (joint, direction) in bones {
      let cosine = skeleton.restOffset(of: joint).normalized?.dot(direction) ?? 0
      guard cosine > 0.82 else {
        throw .malformed(
          path: path,
          reason: "in \(what) the bone that ends at \(joint) does not point as in a T-pose"
            + " (cosine \(ImportReport.short(cosine))), expected arms level and legs straight down")
      }
    }
  }

  /// Adds a finding about a joint that is off its place by more than 3 mm.
  static func note(
    _ joint: Skeleton.Joint, deviation: Double, in report: inout ImportReport
  ) {
    guard deviation > 0.003 else { return }
    report.findings.append(
      .init(
        .inexactPositions,
        "\(joint) hangs on joints that turn and that our skeleton does not have: its place is off by"
          + " \(ImportReport.short(deviation)) m (root mean square)"))
  }
}
