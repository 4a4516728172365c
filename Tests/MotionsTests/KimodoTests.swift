import Files
import Geometry
import Testing

@testable import Motions

@Suite("Kimodo's archives")
struct KimodoTests {
  /// Our joints' columns by names that its README gives, told from the chain of SOMA's joints.
  static func columns(of count: Int) -> [Int] {
    func arm(_ side: String) -> [String] {
      let joints = ["Shoulder", "Arm", "ForeArm", "Hand"].map { side + $0 }
      let ends = count == 77 ? 4 + 4 * 5 : 2
      return joints + (0..<ends).map { "\(side)Finger\($0)" }
    }
    func leg(_ side: String) -> [String] {
      ["Leg", "Shin", "Foot", "ToeBase"].map { side + $0 } + (count == 77 ? ["\(side)ToeEnd"] : [])
    }
    let head =
      count == 77 ? ["HeadEnd", "Jaw", "LeftEye", "RightEye"] : ["Jaw", "LeftEye", "RightEye"]
    let names =
      ["Hips", "Spine1", "Spine2", "Chest", "Neck1", "Neck2", "Head"] + head + arm("Left")
      + arm("Right") + leg("Left") + leg("Right")
    let ours = [
      "Hips", "LeftLeg", "RightLeg", "Spine1", "LeftShin", "RightShin", "Spine2", "LeftFoot",
      "RightFoot", "Chest", "LeftToeBase", "RightToeBase", "Neck1", "LeftShoulder",
      "RightShoulder", "Head", "LeftArm", "RightArm", "LeftForeArm", "RightForeArm", "LeftHand",
      "RightHand",
    ]
    precondition(names.count == count, "\(names.count)")
    return count == 22 ? Array(0..<22) : ours.compactMap(names.firstIndex)
  }

  static func archive(_ clip: MotionClip, joints: Int, rate: Double?) -> NumpyArchive {
    let file = clip.inAxes(of: UpAxis(1, isPositive: true))
    let columns = joints == 22 ? Array(0..<22) : columns(of: joints)
    var (turns, places): ([Double], [Double]) = ([], [])
    for frame in 0..<file.frameCount {
      let poses = file.jointPoses(frame: frame)
      var all = [Pose](repeating: Pose(rotation: .identity, translation: .zero), count: joints)
      for (joint, column) in columns.enumerated() { all[column] = poses[joint] }
      turns += all.flatMap(\.rotation.matrix)
      places += flat(all.map(\.translation))
    }
    let n = file.frameCount
    var arrays = [
      "global_rot_mats": StoredTensor(turns.map(Float.init), shape: [n, joints, 3, 3]),
      "local_rot_mats": StoredTensor([Float](repeating: 0, count: 9), shape: [1, 1, 3, 3]),
      "posed_joints": StoredTensor(places.map(Float.init), shape: [n, joints, 3]),
    ]
    if let rate { arrays["fps"] = StoredTensor([rate], shape: []) }
    return NumpyArchive(arrays: arrays)
  }

  @Test("22, 30 and 77 joints give the motion and the body", arguments: [22, 30, 77])
  func joints(count: Int) throws {
    let clip = standingClip(seed: 8, frames: 12)
    let bytes = try Self.archive(clip, joints: count, rate: 30).encoded()
    let (result, report) = try MotionFile.read(bytes, path: "k.npz", options: ImportOptions())
    let off = result.difference(from: clip)
    #expect(off.angle < 1e-5 && off.distance < 1e-6, "\(off)")
    #expect(report.format == "Kimodo" && report.upAxis == "y" && report.sourceJointCount == count)
    for (a, b) in zip(result.skeleton.restOffsets, clip.skeleton.restOffsets) {
      #expect((a - b).length < 1e-5)
    }
  }

  @Test("no rate, a robot's joints, a rest that is no T-pose, no rotations: refused")
  func refusals() throws {
    let clip = standingClip(seed: 9, frames: 4)
    var bent = clip
    bent.skeleton.restOffsets[18] = [0, -0.3, 0]
    var broken = Self.archive(clip, joints: 22, rate: 30)
    broken.arrays["global_rot_mats"] = StoredTensor(
      [Float](repeating: 0.3, count: 4 * 22 * 9), shape: [4, 22, 3, 3])
    var robot = Self.archive(clip, joints: 30, rate: 30)
    robot.arrays["global_rot_mats"] = StoredTensor(
      [Float](repeating: 0, count: 34 * 9), shape: [1, 34, 3, 3])
    robot.arrays["posed_joints"] = StoredTensor(
      [Float](repeating: 0, count: 34 * 3), shape: [1, 34, 3])
    // NaN in the middle of the three, which 'max' loses.
    var lost = Self.archive(clip, joints: 22, rate: 30)
    var places = try #require(lost.arrays["posed_joints"]).floats()
    places[3 * 12 + 1] = .nan
    lost.arrays["posed_joints"] = StoredTensor(places, shape: [places.count / 66, 22, 3])
    let cases = [
      (lost, "joint 12 is at"), (Self.archive(clip, joints: 22, rate: nil), "--source-rate"),
      (Self.archive(bent, joints: 22, rate: 30), "bone that ends at L_Elbow"),
      (broken, "no rotation matrix"), (robot, "the robot G1"),
    ]
    for (archive, part) in cases {
      let bytes = try archive.encoded()
      let error = #expect(throws: MotionError.self) {
        try MotionFile.read(bytes, path: "k.npz", options: ImportOptions())
      }
      #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }
  }

  @Test("Kimodo's own files have 30 Hz, which is said")
  func rate() throws {
    var archive = Self.archive(standingClip(seed: 10, frames: 4), joints: 22, rate: nil)
    archive.arrays["foot_contacts"] = StoredTensor([Float](repeating: 0, count: 16), shape: [4, 4])
    archive.arrays["smooth_root_pos"] = StoredTensor(
      [Float](repeating: 0, count: 12), shape: [4, 3])
    let (clip, report) = try MotionFile.read(
      try archive.encoded(), path: "k.npz", options: ImportOptions())
    #expect(clip.frameRate == 30 && report.findings.contains { $0.message.contains("30 Hz") })
  }
}
