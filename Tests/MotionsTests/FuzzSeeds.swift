import Files
import Foundation
import Geometry
import Testing

@testable import Motions

/// A small good file of every format of motion: two or three frames, so that a hundred thousand
/// damaged ones are read in minutes.
struct FuzzSeed: Sendable, CustomTestStringConvertible {
  var name: String
  var bytes: [UInt8]
  /// The arrays of an archive, which are damaged before they are packed too: what is damaged
  /// afterwards, a checksum catches.
  var archive: NumpyArchive?

  var testDescription: String { name }

  static let all: [FuzzSeed] = captures + tracks + robots

  private static func packed(_ name: String, _ archive: NumpyArchive) -> FuzzSeed {
    FuzzSeed(name: name, bytes: (try? archive.encoded()) ?? [], archive: archive)
  }

  private static func text(_ name: String, _ text: String) -> FuzzSeed {
    FuzzSeed(name: name, bytes: Array(text.utf8))
  }

  private static let clip = standingClip(seed: 41, frames: 2)

  private static let captures: [FuzzSeed] = {
    let vectors = clip.rotations.flatMap { rotation -> [Double] in
      let v = rotation.rotationVector
      return [v.x, v.y, v.z]
    }
    let roots = flat(clip.rootTranslations)
    let parameters = NumpyArchive(arrays: [
      "global_orient": StoredTensor(Array(vectors.prefix(6)), shape: [2, 3]),
      "body_pose": StoredTensor(Array(vectors.prefix(126)), shape: [2, 63]),
      "transl": StoredTensor(roots, shape: [2, 3]), "fps": StoredTensor([30.0], shape: []),
    ])
    let pickle = RefusedMotionTests.pickle(
      [("poses", vectors, [2, 66]), ("trans", roots, [2, 3])], fps: 30)
    return [
      text("x.bvh", BVHWriter.text(clip)), text("x.mvnx", MVNXText().text(clip)),
      FuzzSeed(name: "x.pkl", bytes: pickle), packed("smpl.npz", parameters),
      packed("kimodo.npz", KimodoTests.archive(clip, joints: 22, rate: 30)),
      FuzzSeed(
        name: "x.clip.safetensors", bytes: NativeClip.encoded(clip).encoded()),
      FuzzSeed(
        name: "own.npz",
        bytes: (try? ArchiveFormat().encoded(clip, with: [:])) ?? []),
    ]
  }()

  private static let tracks: [FuzzSeed] = {
    let names = Skeleton.Joint.names
    let rows = (0..<2).map { frame in
      let places = clip.jointPositions(frame: frame).map { "\($0.x)\t\($0.y)\t\($0.z)" }
      return "\(frame + 1)\t\(Double(frame) / 30)\t" + places.joined(separator: "\t") + "\n"
    }
    let trc =
      "PathFileType\t4\t(X/Y/Z)\tx.trc\nDataRate\tNumMarkers\tUnits\n30\t22\tm\n"
      + "Frame#\tTime\t\(names.joined(separator: "\t\t\t"))\t\t\n\t\t"
      + (1...22).map { "X\($0)\tY\($0)\tZ\($0)" }.joined(separator: "\t") + "\n" + rows.joined()
    // x left, y up, z ahead.
    let places = clip.jointPositions(frame: 0).map { Vector3($0.y, $0.z, $0.x) }
    let about = places.dropFirst().flatMap { [$0.x - places[0].x, $0.y, $0.z - places[0].z] }
    let turns = (0..<21).flatMap { _ -> [Double] in [1, 0, 0, 0, 1, 0] }
    let features = [0.1, 0, 0, places[0].y] + about + turns
    let all = features + [Double](repeating: 0.1, count: 263 - features.count)
    let landmarks = JointSet.mediapipe.joints.enumerated().map { index, name in
      let plain = name.replacing("left_", with: "l_").replacing("right_", with: "r_")
      let ours = names.firstIndex { $0.lowercased() == plain }
      let place = places[ours ?? 15]
      return "[\(-place.x),\(-place.y),\(0.001 * Double(index) - place.z),0.9]"
    }.joined(separator: ",")
    let archive = TrackerText.archive(clip)
    return [
      text("x.trc", trc), text("x.csv", TrackerText.table(clip)),
      text("x.json", TrackerText.json(clip)),
      text(
        "mediapipe.json",
        "{\"fps\":30,\"frames\":[{\"pose_world_landmarks\":[\(landmarks)]},"
          + "{\"pose_world_landmarks\":null}]}"),
      packed("track.npz", archive),
      FuzzSeed(
        name: "x.npy",
        bytes: archive.arrays["positions"].map { NumpyArray.numbers($0).encoded() } ?? []),
      FuzzSeed(
        name: "h.npy", bytes: NumpyArray.numbers(StoredTensor(all, shape: [1, 263])).encoded()),
    ]
  }()

  private static let robots: [FuzzSeed] = {
    let rotations = [0, 0, 0.6, 0.8, 0, 0, 0.6, 0.8]
    let joints = (0..<14).map { 0.1 * Double($0) }
    let gmr = RefusedMotionTests.pickle(
      [
        ("root_pos", [0, 0, 1, 0, 0, 1], [2, 3]), ("root_rot", rotations, [2, 4]),
        ("dof_pos", joints, [2, 7]),
      ], fps: 30)
    let (rate, angles) = (StoredTensor([50.0], shape: [1]), StoredTensor(joints, shape: [2, 7]))
    let tracked = NumpyArchive(arrays: [
      "fps": rate, "joint_pos": angles,
      "body_pos_w": StoredTensor([Double](repeating: 0.5, count: 12), shape: [2, 2, 3]),
      "body_quat_w": StoredTensor(rotations + rotations, shape: [2, 2, 4]),
    ])
    let own = NumpyArchive(
      arrays: [
        "fps": rate, "joint_pos": angles, "joint_acc": angles, "joint_vel": angles,
        "time": StoredTensor([0.0, 0.02], shape: [2]),
      ], strings: ["joint_names": ["a", "b", "c", "d", "e", "f", "g"]])
    let row = "0.1,0.2,0.8,0,0,0.6,0.8,0.1,0.2,0.3,0.4,0.5,0.6"
    let base = "root_x,root_y,root_z,root_qx,root_qy,root_qz,root_qw"
    return [
      FuzzSeed(name: "gmr.pkl", bytes: gmr), packed("beyond.npz", tracked),
      packed("trajectory.npz", own), text("bare.csv", "\(row)\n\(row)\n"),
      text("hhtools.csv", "time,\(base),dof_a,dof_b\n0,\(row.prefix(23)),1,2\n"),
      text(
        "trajectory.csv",
        "# motionc trajectory 'x': joint positions at 50 Hz\n# robot: g1, SHA-256 00\n"
          + "time,\"a,b\",c\n0,0.1,0.2\n0.02,0.1,0.2\n"),
      text(
        "soma.csv",
        "Frame,root_translateX,root_translateY,root_translateZ,root_rotateX,root_rotateY,"
          + "root_rotateZ,a_dof\n0,1,2,80,0,0,90,4\n1,1,2,80,0,0,90,5\n"),
    ]
  }()
}
