import Files
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("The SMPL family's spellings")
struct SMPLFamilyTests {
  private typealias Arrays = [String: StoredTensor]

  private func vectors(_ clip: MotionClip) -> [[Double]] {
    (0..<clip.frameCount).map { frame in
      (0..<22).flatMap { joint in
        let v = clip.rotations[22 * frame + joint].rotationVector
        return [v.x, v.y, v.z]
      }
    }
  }

  private func places(_ clip: MotionClip) -> StoredTensor {
    StoredTensor(flat(clip.rootTranslations), shape: [clip.frameCount, 3])
  }

  /// `poses` of so many columns.
  private func whole(_ clip: MotionClip, width: Int) -> StoredTensor {
    let rows = vectors(clip).flatMap { $0 + [Double](repeating: 0.1, count: width - 66) }
    return StoredTensor(rows, shape: [clip.frameCount, width])
  }

  /// Pelvis and body apart.
  private func split(_ clip: MotionClip, width: Int = 63) -> (
    root: StoredTensor, body: StoredTensor
  ) {
    let rows = vectors(clip)
    let body = rows.flatMap { $0.dropFirst(3) + [Double](repeating: 0.1, count: width - 63) }
    return (
      StoredTensor(rows.flatMap { $0.prefix(3) }, shape: [rows.count, 3]),
      StoredTensor(body, shape: [rows.count, width])
    )
  }

  private func read(_ arrays: Arrays, rate: Double? = nil) throws -> (
    clip: MotionClip, report: ImportReport
  ) {
    var options = ImportOptions(frameRate: rate)
    options.keepsTPose = true
    return try MotionFile.read(
      try NumpyArchive(arrays: arrays).encoded(), path: "a.npz", options: options)
  }

  private let fps: StoredTensor = StoredTensor([30.0], shape: [])

  @Test("poses of 66, 72, 156 and 165 columns", arguments: [66, 72, 156, 165])
  func widths(width: Int) throws {
    let clip = standingClip(seed: 1, frames: 8)
    let (result, report) = try read([
      "poses": whole(clip, width: width), "trans": places(clip), "mocap_framerate": fps,
    ])
    let off = result.difference(from: clip)
    #expect(off.angle < 1e-9 && off.distance < 1e-12, "\(off)")
    #expect(report.format == "AMASS" && report.upAxis == "z" && result.frameRate == 30)
    #expect(!report.findings.contains { $0.message.contains("points along") })
  }

  @Test("the spellings of AMASS, SMPL-X parameters, GVHMR and WHAM")
  func spellings() throws {
    let clip = standingClip(seed: 2, frames: 8)
    let (root, body) = split(clip)
    let long = split(clip, width: 69).body
    let n = clip.frameCount
    let cases: [(Arrays, String)] = [
      (["root_orient": root, "pose_body": body, "trans": places(clip), "fps": fps], "AMASS"),
      (
        ["global_orient": root, "body_pose": body, "transl": places(clip), "fps": fps],
        "SMPL parameters"
      ),
      (
        ["global_orient": root, "body_pose": long, "transl": places(clip), "fps": fps],
        "SMPL parameters"
      ),
      (
        [
          "global_orient": StoredTensor(root.doubles(), shape: [n, 1, 3]),
          "body_pose": StoredTensor(body.doubles(), shape: [n, 21, 3]), "transl": places(clip),
          "fps": fps,
        ], "SMPL parameters"
      ),
      (
        [
          "smpl_params_global/global_orient": root, "smpl_params_global/body_pose": body,
          "smpl_params_global/transl": places(clip), "smpl_params_incam/global_orient": body,
          "smpl_params_incam/body_pose": body, "smpl_params_incam/transl": places(clip), "fps": fps,
        ], "GVHMR"
      ),
      (
        [
          "smpl_params_global_global_orient": root, "smpl_params_global_body_pose": body,
          "smpl_params_global_transl": places(clip), "fps": fps,
        ], "GVHMR"
      ),
      (
        [
          "pose_world": whole(clip, width: 72), "trans_world": places(clip), "pose": fps,
          "trans": fps, "fps": fps,
        ], "WHAM"
      ),
    ]
    for (arrays, format) in cases {
      let (result, report) = try read(arrays)
      let off = result.difference(from: clip)
      #expect(off.angle < 1e-9 && off.distance < 1e-12, "\(arrays.keys.sorted()) \(off)")
      #expect(report.format == format)
    }
  }

  @Test("GVHMR's dictionary as numpy.savez stores it: a pickle in an array of objects")
  func dictionaryInArchive() throws {
    let clip = standingClip(seed: 7, frames: 4)
    let (root, body) = split(clip)
    let pickle = RefusedMotionTests.pickle(
      [
        ("global_orient", root.doubles(), root.shape), ("body_pose", body.doubles(), body.shape),
        ("transl", flat(clip.rootTranslations), [4, 3]),
      ], fps: nil)
    let file = CraftedZip.numpyHeader("|O", []) + pickle
    let bytes = CraftedZip.archive(name: "smpl_params_global.npy", beginning: file, zeros: 0)
    var options = ImportOptions(frameRate: 30)
    options.keepsTPose = true
    let (result, report) = try MotionFile.read(bytes, path: "x.npz", options: options)
    let off = result.difference(from: clip)
    #expect(off.angle < 1e-9 && off.distance < 1e-9 && report.format == "GVHMR", "\(off)")
    // One alone, as numpy.save stores it.
    let alone = try MotionFile.read(file, path: "x.npy", options: options).clip
    #expect(alone.difference(from: clip).angle < 1e-9)
    let evil = CraftedZip.numpyHeader("|O", []) + Array("cos\nsystem\n(S'x'\ntR.".utf8)
    for (bytes, path) in [
      (evil, "x.npy"),
      (CraftedZip.archive(name: "smpl_params_global.npy", beginning: evil, zeros: 0), "x.npz"),
    ] {
      let error = #expect(throws: MotionError.self) {
        try MotionFile.read(bytes, path: path, options: options)
      }
      #expect(error?.description.contains("os.system") == true, "\(String(describing: error))")
    }
  }

  @Test("rotation matrices instead of vectors; what is no rotation is refused")
  func matrices() throws {
    let clip = standingClip(seed: 3, frames: 5)
    let n = clip.frameCount
    var rows = (0..<n).flatMap { frame in
      (0..<24).flatMap { clip.rotations[22 * frame + min($0, 21)].matrix }
    }
    func arrays() -> Arrays {
      ["pred_rotmat": StoredTensor(rows, shape: [n, 24, 3, 3]), "pred_trans": places(clip)]
    }
    let (result, report) = try read(arrays(), rate: 25)
    // TRAM is in a camera's axes, y down; this body stands along z all the same.
    let off = result.difference(from: clip)
    #expect(off.angle < 1e-9 && off.distance < 1e-12 && report.format == "TRAM", "\(off)")
    #expect(report.upAxis == "z" && result.frameRate == 25)
    rows[4] = -rows[4] - 0.3
    let error = #expect(throws: MotionError.self) { try read(arrays(), rate: 25) }
    #expect(error?.description.contains("frame 0, joint 0") == true)
  }

  @Test("any axis that the body stands along is up, and it is said", arguments: 0..<6)
  func up(which: Int) throws {
    let up = UpAxis(which / 2, isPositive: which % 2 == 0)
    let clip = standingClip(seed: 4, frames: 30)
    let file = clip.inAxes(of: up)
    let (result, report) = try read([
      "poses": whole(file, width: 72), "trans": places(file), "mocap_framerate": fps,
    ])
    let off = result.difference(from: clip)
    #expect(off.angle < 1e-9 && off.distance < 1e-9, "\(up.name): \(off)")
    #expect(report.upAxis == up.option)
    #expect(
      report.findings.contains { $0.message.contains("points along \(up.name)") } == (which != 4))
  }

  @Test("a body that lies on the ground of z for the whole clip stays lying")
  func lying() throws {
    var clip = standingClip(seed: 5, frames: 30)
    // On its back, the head along y.
    let turn = Quaternion(angle: -.pi / 2, axis: .unitX)
    for frame in 0..<clip.frameCount {
      let facing = Quaternion(angle: .pi / 2, axis: .unitZ)
      clip.rotations[22 * frame] = turn * facing * Skeleton.worldFromBodyAtRest
      clip.rootTranslations[frame] = [1, 0.1, 0.12]
      for joint in 1..<22 { clip.rotations[22 * frame + joint] = .identity }
    }
    let low = clip.jointPositions().map(\.z).min() ?? 0
    for frame in 0..<clip.frameCount { clip.rootTranslations[frame].z += 0.05 - low }
    let head = clip.jointPositions(frame: 0)[15]
    #expect(abs(head.y) > 0.4 && head.z < 0.4)
    let (result, report) = try read([
      "poses": whole(clip, width: 72), "trans": places(clip), "mocap_framerate": fps,
    ])
    #expect(report.upAxis == "z" && result.difference(from: clip).angle < 1e-9)
    #expect(report.findings.contains { $0.message.contains("seems to lie") })
  }

  @Test("two people, a missing rate, missing arrays: sentences that say what would help")
  func refusals() throws {
    let clip = standingClip(seed: 6, frames: 4)
    let poses = whole(clip, width: 72)
    let cases: [(Arrays, String)] = [
      (
        [
          "0/pose_world": poses, "0/trans_world": places(clip), "1/pose_world": poses,
          "1/trans_world": places(clip), "fps": fps,
        ], "2 people by the keys of its dictionaries (0 in 4 frames, 1 in 4 frames)"
      ),
      (["poses": poses, "trans": places(clip)], "--source-rate"),
      (["poses": poses, "fps": fps], "expected 'poses' and 'trans'"),
      (
        ["global_orient": poses, "body_pose": poses, "transl": places(clip), "fps": fps],
        "expected [frames, 3]"
      ),
      (
        [
          "poses": StoredTensor([Double](repeating: 0, count: 36), shape: [1, 36]),
          "trans": places(clip), "fps": fps,
        ],
        "expected 156"
      ),
      (
        ["poses": poses, "trans": StoredTensor([0.0, 0, 0], shape: [1, 3]), "fps": fps],
        "expected [4, 3]"
      ),
    ]
    for (arrays, part) in cases {
      let error = #expect(throws: MotionError.self) { try read(arrays) }
      #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }
  }

  @Test(
    "the archives that people reported stand like the wave they were made from",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
    arguments: ["smpl_y_up.npz", "smplx_names.npz"])
  func reported(file: String) throws {
    let path = try SharedData.url("data/reported/\(file)").path
    let truth = try MotionFile.read(
      try SharedData.url("data/reported/truth_wave.clip.safetensors").path
    ).clip
    let (clip, report) = try MotionFile.read(path)
    // They hold frames 20 to 43 of the wave.
    try #require(clip.frameCount == 24 && report.upAxis == "y")
    for frame in 0..<clip.frameCount {
      let p = clip.jointPositions(frame: frame)
      #expect(p[15].z > p[0].z + 0.4 && p[0].z > p[7].z + 0.5 && p[0].z > p[8].z + 0.5)
      for joint in 1..<22 {
        let right = truth.rotations[22 * (frame + 20) + joint]
        #expect(angle(clip.rotations[22 * frame + joint], right) < 1e-6)
      }
    }
  }
}
