import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

/// Files in the manner of what people reported against other tools: the same motion in other clothes.
@Suite("Reported motion files", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct ReportedMotionTests {
  private static let waves = [
    "mixamo_fingers", "two_spines", "mixamo_blender_z_up", "lafan_names_t_pose", "xsens_names",
    "prefix_model", "prefix_nocolon", "prefix_underscore", "rest_y_motion_z", "frames_no_colon",
  ]

  /// The largest distance [m] and angle [degrees] from the truth, up to heading and origin.
  private func errors(_ clip: MotionClip, _ truth: MotionClip) -> (place: Double, angle: Double) {
    var (c, s) = (0.0, 0.0)
    for frame in 0..<truth.frameCount {
      let (p, q) = (clip.jointPositions(frame: frame), truth.jointPositions(frame: frame))
      for joint in p.indices {
        let (a, b) = (p[joint] - p[0], q[joint] - q[0])
        c += a.x * b.x + a.y * b.y
        s += b.x * a.y - b.y * a.x
      }
    }
    let yaw = Quaternion(angle: atan2(s, c), axis: .unitZ)
    let shift = clip.rootTranslations[0] - yaw * truth.rootTranslations[0]
    var (place, angle) = (0.0, 0.0)
    for frame in 0..<truth.frameCount {
      let (p, q) = (clip.jointPoses(frame: frame), truth.jointPoses(frame: frame))
      for joint in Skeleton.Joint.allCases where joint != .spine2 {
        let (a, b) = (p[joint.rawValue], q[joint.rawValue])
        place = max(place, (a.translation - (yaw * b.translation + shift)).length)
        angle = max(angle, (a.rotation.inverse * (yaw * b.rotation)).normalized.angle)
      }
    }
    return (place, angle * 180 / .pi)
  }

  @Test("the wave is the same in every file", arguments: waves, [true, false])
  func waves(name: String, withTables: Bool) throws {
    let truth = try MotionFile.read(
      try SharedData.url("data/reported/truth_wave.clip.safetensors").path
    ).clip
    var options = ImportOptions()
    if !withTables { options.tables = [] }
    let (clip, report) = try MotionFile.read(
      try SharedData.url("data/reported/\(name).bvh").path, options: options)
    #expect(clip.frameCount == truth.frameCount && abs(clip.frameRate - truth.frameRate) < 0.01)
    let (place, angle) = errors(clip, truth)
    #expect(place < 0.001 && angle < 1, "\(place) m, \(angle) degrees: \(report.lines)")
    #expect(!report.isDoubted, "\(report.lines)")
  }

  @Test("a frame time of 0.016 is 62.5 Hz")
  func frameTime() throws {
    let path = try SharedData.url("data/reported/frame_time_0016.bvh").path
    #expect(try MotionFile.read(path).report.frameRate == 62.5)
  }
}
