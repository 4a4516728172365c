import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

/// The files of real trackers, by what their README says of them.
enum TrackerFiles {
  static let mediapipe = ["perframe", "tracked"].flatMap { mode in
    ["pose2sim_cam01", "pose2sim_cam02", "pose2sim_cam03", "treadmill_27", "treadmill_32"].map {
      "mediapipe/\($0)_\(mode).json"
    }
  }
  static let coco = [
    "coco17_3d/pose2sim_cam01_perframe.json", "coco17_3d/treadmill_27_perframe.json",
  ]
  static let table = "csv/pose2sim_cam02_perframe_world.csv"
  static let arrays = ["climb_seq_1", "climb_seq_4", "smpl_keypoints"].map {
    "joint_positions/\($0).npy"
  }
  static let amass = ["walking_04", "jumping_02", "soccer_03", "running_03"].map {
    "amass_layout/cmux_train_\($0)_poses.npz"
  }
  static let all = mediapipe + coco + [table] + arrays + amass

  static func read(_ file: String) throws -> (track: JointTrack, report: TrackReport) {
    // Optical capture of climbing keeps every fourth frame of 480 Hz; the other array is at 30 Hz.
    let rate: Double? = file.hasSuffix(".npy") ? (file.contains("climb") ? 120 : 30) : nil
    return try TrackFile.read(
      SharedData.url("data/trackers/\(file)").path, frameRate: rate)
  }
}

@Suite("Files of real trackers", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct TrackersRealFilesTests {
  @Test("explore", arguments: TrackerFiles.all)
  func explore(_ file: String) throws {
    let (track, report) = try TrackerFiles.read(file)
    print(report.lines.joined(separator: "\n"))
    _ = track
  }
}
