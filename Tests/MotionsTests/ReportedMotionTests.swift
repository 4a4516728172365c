import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

/// Files in the manner of what people reported against other tools: the same motion in other clothes.
@Suite("Reported motion files", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct ReportedMotionTests {
  private static let names = [
    "mixamo_fingers", "two_spines", "mixamo_blender_z_up", "lafan_names_t_pose", "xsens_names",
    "prefix_model", "prefix_nocolon", "prefix_underscore", "rest_y_motion_z", "frames_no_colon",
  ]

  /// The largest distance [m] and angle [degrees] from the truth, up to heading and origin.
  ///
  /// - Parameter fromChest: Whether what hangs on the chest is compared relative to it.
  private func errors(
    _ clip: MotionClip, _ truth: MotionClip, of joints: [Skeleton.Joint], fromChest: Bool
  )
    -> (place: Double, angle: Double, worst: Skeleton.Joint)
  {
    let fit = HeadingFit(truth, onto: clip, frames: Array(0..<truth.frameCount))
    var (place, angle, worst) = (0.0, 0.0, Skeleton.Joint.pelvis)
    for frame in 0..<truth.frameCount {
      let (p, q) = (clip.jointPoses(frame: frame), truth.jointPoses(frame: frame))
      for joint in Skeleton.Joint.allCases where joint != .spine2 {
        let (a, b) = (p[joint.rawValue], q[joint.rawValue])
        var off = a.translation - fit(b.translation)
        if fromChest, joint.hangsOnChest {
          off -=
            p[Skeleton.Joint.spine3.rawValue].translation
            - fit(q[Skeleton.Joint.spine3.rawValue].translation)
        }
        let distance = off.length
        if distance > place { (place, worst) = (distance, joint) }
        guard joints.contains(joint) else { continue }
        angle = max(angle, (a.rotation.inverse * (fit.yaw * b.rotation)).normalized.angle)
      }
    }
    return (place, angle * 180 / .pi, worst)
  }

  @Test("the wave is the same in every file", arguments: names, [true, false])
  func wave(name: String, withTables: Bool) throws {
    // The files hold frames 20 to 43 of the wave.
    let whole = try MotionFile.read(
      try SharedData.url("data/reported/truth_wave.clip.safetensors").path
    ).clip
    let truth = MotionClip(
      name: "truth", skeleton: whole.skeleton, frameRate: whole.frameRate,
      rootTranslations: Array(whole.rootTranslations[20..<44]),
      rotations: Array(whole.rotations[(20 * Skeleton.jointCount)..<(44 * Skeleton.jointCount)]))
    var options = ImportOptions()
    if !withTables { options.tables = [] }
    let (clip, report) = try MotionFile.read(
      try SharedData.url("data/reported/\(name).bvh").path, options: options)
    try #require(clip.frameCount == 24 && abs(clip.frameRate - truth.frameRate) < 0.01)
    // Without a table nothing says how feet and trunk of bones along one axis are turned.
    let isAlongBones = name == "frames_no_colon" && !withTables
    let (place, angle, worst) = errors(
      clip, truth, of: isAlongBones ? Skeleton.Joint.limbs : Skeleton.Joint.allCases,
      // A trunk that cannot bend in the middle has the chest some millimetres elsewhere.
      fromChest: name == "two_spines")
    #expect(
      place < 0.001 && angle < 1, "\(place) m at \(worst), \(angle) degrees: \(report.lines)")
    #expect(!report.isDoubted, "\(report.lines)")
  }

  @Test("a frame time of 0.016 is 62.5 Hz")
  func frameTime() throws {
    let path = try SharedData.url("data/reported/frame_time_0016.bvh").path
    #expect(try MotionFile.read(path).report.frameRate == 62.5)
  }
}

extension Skeleton.Joint {
  /// Whether the joint is the chest or hangs on it.
  fileprivate var hangsOnChest: Bool {
    var joint: Skeleton.Joint? = self
    while let current = joint {
      if current == .spine3 { return true }
      joint = current.parent
    }
    return false
  }
}
