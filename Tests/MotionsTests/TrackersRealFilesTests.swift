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

  static func path(_ file: String) throws -> String {
    try SharedData.url("data/trackers/\(file)").path
  }

  static func read(_ file: String) throws -> (track: JointTrack, report: TrackReport) {
    // Optical capture of climbing keeps every fourth frame of 480 Hz; the other array is at 30 Hz.
    let rate: Double? = file.hasSuffix(".npy") ? (file.contains("climb") ? 120 : 30) : nil
    return try TrackFile.read(path(file), frameRate: rate)
  }
}

extension JointTrack {
  func place(_ joint: Skeleton.Joint, _ frame: Int) -> Vector3 {
    positions[frame * Skeleton.jointCount + joint.rawValue]
  }
}

@Suite("Files of real trackers", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct TrackersRealFilesTests {
  @Test("every file is a person who stands upright in metres", arguments: TrackerFiles.all)
  func everyFile(_ file: String) throws {
    let (track, report) = try TrackerFiles.read(file)
    #expect(track.frameCount == report.frameCount && track.frameCount >= 90)
    #expect((1.45...1.85).contains(report.stature), "\(report.stature)")
    #expect(report.metresPerUnit == 1)
    #expect(zip(track.positions, track.confidences).allSatisfy { $0.isFinite == ($1 > 0) })
    #expect(track.confidences.allSatisfy { (0...1).contains($0) })
    #expect(track.confidences.allSatisfy { $0 > 0 }, "these files miss no joint")
    let frames = 0..<track.frameCount
    // They walk, run, climb, jump, play football and lean far on a beam; all keep their heads up.
    let upright = frames.count {
      let feet = max(track.place(.leftFoot, $0).z, track.place(.rightFoot, $0).z)
      return track.place(.head, $0).z > track.place(.pelvis, $0).z
        && track.place(.pelvis, $0).z > feet
    }
    #expect(Double(upright) > 0.9 * Double(track.frameCount), "\(upright)")
    #expect(report.lines.allSatisfy { !$0.contains("\n") })
  }

  @Test("the left is left: feet and knees point ahead", arguments: TrackerFiles.all)
  func leftIsLeft(_ file: String) throws {
    let (track, report) = try TrackerFiles.read(file)
    var (feetAhead, kneesAhead) = (0, 0)
    for frame in 0..<track.frameCount {
      let facing = BodyFacing(track, frame: frame)
      let forward = try #require(facing.trunk)
      if try #require(facing.feet).dot(forward) > 0 { feetAhead += 1 }
      // A knee lies ahead of the line from its hip to its ankle, whatever the feet do.
      var bend = Vector3.zero
      for (hip, knee, ankle) in [
        (Skeleton.Joint.leftHip, Skeleton.Joint.leftKnee, Skeleton.Joint.leftAnkle),
        (.rightHip, .rightKnee, .rightAnkle),
      ] {
        bend +=
          track.place(knee, frame) - (track.place(hip, frame) + track.place(ankle, frame)) / 2
      }
      if bend.dot(forward) > 0 { kneesAhead += 1 }
    }
    #expect(Double(feetAhead) > 0.8 * Double(track.frameCount), "\(feetAhead)")
    #expect(Double(kneesAhead) > 0.8 * Double(track.frameCount), "\(kneesAhead)")
    #expect(!report.findings.contains { $0.message.contains("mirror image") })
  }

  @Test("a mirrored file is called a mirror image")
  func mirrored() throws {
    let path = try TrackerFiles.path("joint_positions/smpl_keypoints.npy")
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    var source = try TrackArrays.readArray(bytes, path: path)
    source.positions = source.positions.map { [-$0.x, $0.y, $0.z] }
    let (_, report) = try TrackAssembly.track(of: source, joints: nil, frameRate: 30)
    #expect(report.findings.contains { $0.message.contains("mirror image") })
  }

  @Test("what was chosen is what the files' README says")
  func choices() throws {
    let mediapipe = try TrackerFiles.read(TrackerFiles.mediapipe[0]).report
    #expect(mediapipe.joints == "mediapipe" && mediapipe.upAxis == "y down")
    #expect(mediapipe.frameRate == 60 && mediapipe.frameCount == 100)
    let coco = try TrackerFiles.read(TrackerFiles.coco[1]).report
    #expect(coco.joints == "coco17" && coco.upAxis == "y down" && coco.frameRate == 23.976)
    let table = try TrackerFiles.read(TrackerFiles.table).report
    #expect(table.joints == "mediapipe" && table.upAxis == "y down" && table.frameRate == 60)
    let climb = try TrackerFiles.read(TrackerFiles.arrays[0]).report
    #expect(climb.joints == "climb53" && climb.upAxis == "z up" && climb.frameCount == 2423)
    let smpl = try TrackerFiles.read(TrackerFiles.arrays[2]).report
    #expect(smpl.joints.hasPrefix("smpl") && smpl.upAxis == "z up" && smpl.frameCount == 122)
  }

  @Test("the same take as JSON and as a table is the same track")
  func sameTake() throws {
    let json = try TrackerFiles.read("mediapipe/pose2sim_cam02_perframe.json").track
    let table = try TrackerFiles.read(TrackerFiles.table).track
    #expect(json.positions.count == table.positions.count)
    let worst = zip(json.positions, table.positions).map { ($0 - $1).length }.max()
    #expect(try #require(worst) < 1e-4)
  }

  @Test(
    "COCO's joints of MediaPipe's take differ in the feet only",
    arguments: ["pose2sim_cam01", "treadmill_27"])
  func cocoOfMediaPipe(_ take: String) throws {
    let full = try TrackerFiles.read("mediapipe/\(take)_perframe.json").track
    let coco = try TrackerFiles.read("coco17_3d/\(take)_perframe.json").track
    for joint in Skeleton.Joint.allCases {
      let errors = (0..<full.frameCount).map {
        (full.place(joint, $0) - coco.place(joint, $0)).length
      }.sorted()
      let middle = errors[errors.count / 2]
      let isToe = joint == .leftFoot || joint == .rightFoot
      #expect(middle < (isToe ? 0.09 : 1e-4), "\(joint): \(middle) m")
    }
  }

  /// Places of the surely seen joints in two tracks, each from its body's pelvis.
  private func pairs(_ a: JointTrack, _ b: JointTrack, mirrored: Bool) -> [(Vector3, Vector3)] {
    var pairs: [(Vector3, Vector3)] = []
    for frame in 0..<min(a.frameCount, b.frameCount) {
      for joint in Skeleton.Joint.allCases
      where JointSet.mediapipe.recipes[joint.rawValue]?.certainty == 1 {
        let other = mirrored ? joint.mirrored : joint
        pairs.append(
          (
            a.place(joint, frame) - a.place(.pelvis, frame),
            b.place(other, frame) - b.place(.pelvis, frame)
          ))
      }
    }
    return pairs
  }

  /// The turn that brings the first of the pairs nearest to the second (Horn 1987): the largest
  /// eigenvector of a symmetric matrix of four, by powers.
  private func turn(_ pairs: [(Vector3, Vector3)]) -> Quaternion {
    var m = [[Double]](repeating: [0, 0, 0], count: 3)
    var size = 0.0
    for (a, b) in pairs {
      for i in 0..<3 { for j in 0..<3 { m[i][j] += a[i] * b[j] } }
      size += a.length * b.length
    }
    let n: [SIMD4<Double>] = [
      [m[0][0] + m[1][1] + m[2][2], m[1][2] - m[2][1], m[2][0] - m[0][2], m[0][1] - m[1][0]],
      [m[1][2] - m[2][1], m[0][0] - m[1][1] - m[2][2], m[0][1] + m[1][0], m[2][0] + m[0][2]],
      [m[2][0] - m[0][2], m[0][1] + m[1][0], m[1][1] - m[0][0] - m[2][2], m[1][2] + m[2][1]],
      [m[0][1] - m[1][0], m[2][0] + m[0][2], m[1][2] + m[2][1], m[2][2] - m[0][0] - m[1][1]],
    ]
    var q: SIMD4<Double> = [0.5, 0.4, 0.6, 0.5]
    for _ in 0..<2000 {
      // Shifted, so that the largest eigenvalue is the largest in size too.
      var next: SIMD4<Double> = q * size
      for i in 0..<4 { next[i] += (n[i] * q).sum() }
      q = next / (next * next).sum().squareRoot()
    }
    return Quaternion(w: q[0], x: q[1], y: q[2], z: q[3])
  }

  private func medianDistance(_ pairs: [(Vector3, Vector3)]) -> Double {
    let turn = turn(pairs)
    let distances = pairs.map { (turn * $0.0 - $0.1).length }.sorted()
    return distances[distances.count / 2]
  }

  @Test(
    "three cameras see one body: after one turn they agree, and not with its mirror image",
    arguments: ["perframe", "tracked"], [(1, 2), (1, 3), (2, 3)])
  func threeCameras(_ mode: String, _ cameras: (Int, Int)) throws {
    let a = try TrackerFiles.read("mediapipe/pose2sim_cam0\(cameras.0)_\(mode).json").track
    let b = try TrackerFiles.read("mediapipe/pose2sim_cam0\(cameras.1)_\(mode).json").track
    let straight = medianDistance(pairs(a, b, mirrored: false))
    let swapped = medianDistance(pairs(a, b, mirrored: true))
    // One camera guesses depth: 10 to 18 cm apart; with left and right exchanged it is far more.
    #expect(straight < 0.2, "\(straight) m")
    #expect(swapped > 1.4 * straight, "\(swapped) m against \(straight) m")
  }

  @Test(
    "levelled, three cameras agree which way is up",
    arguments: ["perframe", "tracked"], [(1, 2), (1, 3), (2, 3)])
  func levelled(_ mode: String, _ cameras: (Int, Int)) throws {
    let (a, first) = try TrackerFiles.read("mediapipe/pose2sim_cam0\(cameras.0)_\(mode).json")
    let (b, second) = try TrackerFiles.read("mediapipe/pose2sim_cam0\(cameras.1)_\(mode).json")
    for report in [first, second] {
      #expect(report.findings.contains { $0.message.contains("the camera is tilted by") })
    }
    // The turn from one view to the other, which knows no levelling, keeps the vertical.
    let up = turn(pairs(a, b, mirrored: false)) * .unitZ
    let tilt = acos(min(max(up.z, -1), 1)) * 180 / .pi
    #expect(tilt < 12, "\(tilt) degrees")
  }

  @Test("OpenPose's pixels are refused with a sentence")
  func openPose() throws {
    let path = try TrackerFiles.path("openpose_body25/treadmill_27/003.json")
    let error = #expect(throws: MotionError.self) { try TrackFile.read(path) }
    #expect(try #require(error).description.contains("have no depth"))
    #expect(throws: MotionError.self) {
      try TrackFile.read(TrackerFiles.path("openpose_body25/treadmill_27"))
    }
  }

  @Test("arrays without names need a set, and the set must fit")
  func needsSet() throws {
    let path = try TrackerFiles.path("joint_positions/smpl_keypoints.npy")
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let elsewhere = "/nowhere/x.npy"
    let error = #expect(throws: MotionError.self) {
      try TrackFile.read(bytes, path: elsewhere, joints: nil, frameRate: 30)
    }
    let sentence = try #require(error).description
    #expect(JointSet.all.allSatisfy { sentence.contains($0.name) }, "\(sentence)")
    #expect(throws: MotionError.self) {
      try TrackFile.read(bytes, path: elsewhere, joints: .coco17, frameRate: 30)
    }
    #expect(throws: MotionError.self, "no frame rate") {
      try TrackFile.read(bytes, path: elsewhere, joints: .smpl24, frameRate: nil)
    }
    let (track, _) = try TrackFile.read(bytes, path: elsewhere, joints: .smpl22, frameRate: 30)
    #expect(
      track.positions
        == (try TrackerFiles.read("joint_positions/smpl_keypoints.npy").track.positions))
  }
}
