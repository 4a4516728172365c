import Files
import Foundation
import Geometry
import Kinematics
import Motions
import TestSupport
import Testing

@testable import Retargeting

@Suite("Robots' motion as a source")
struct RobotMotionSourceTests {
  private static let frames = 6
  private static let joints = 29

  /// The formula of Tests/Fixtures/make_robot_motion.py.
  private static func position(_ frame: Int, _ joint: Int) -> Double {
    0.002 * Double(joint + 1) * (1 + 0.1 * Double(frame))
  }

  private static let positions = (0..<frames).flatMap { frame in
    (0..<joints).map { position(frame, $0) }
  }

  private static func yaw(_ frame: Int) -> Double { 1.2 + 0.02 * Double(frame) }

  private func read(
    _ bytes: [UInt8], _ name: String, rate: Double? = nil, order: QuaternionOrder? = nil
  ) throws -> RobotMotionSource {
    let folder = FileManager.default.temporaryDirectory.appending(path: "robot-\(UUID())").path
    try AtomicFile.makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
    let source = try RobotMotionSource.read(
      "\(folder)/\(name)", options: .init(frameRate: rate, rootOrder: order))
    return try #require(source)
  }

  /// GMR's arrays, changed in part.
  private func gmr(
    _ change: (inout NumpyArchive) -> Void = { _ in }
  ) throws -> [UInt8] {
    let frames = Self.frames
    var archive = NumpyArchive(arrays: [
      "fps": StoredTensor([30.0], shape: []),
      "root_pos": StoredTensor(
        (0..<frames).flatMap { frame -> [Double] in [0, 0.1 * Double(frame), 0.8] },
        shape: [frames, 3]),
      "root_rot": StoredTensor(
        (0..<frames).flatMap { frame -> [Double] in
          [0, 0, sin(Self.yaw(frame) / 2), cos(Self.yaw(frame) / 2)]
        },
        shape: [frames, 4]),
      "dof_pos": StoredTensor(Self.positions, shape: [frames, Self.joints]),
    ])
    change(&archive)
    return try archive.encoded()
  }

  private func error(_ bytes: [UInt8], _ name: String = "x.npz", rate: Double? = nil) -> String {
    do {
      _ = try read(bytes, name, rate: rate).motion(of: Subjects.robot("unitree_g1"))
      return "was read"
    } catch { return "\(error)" }
  }

  // MARK: - Layouts

  @Test("GMR's pickle, as Python and NumPy 2 wrote it")
  func pickle() throws {
    let path = SharedData.fixtures.appending(path: "robot-motion-gmr.pkl").path
    let source = try #require(try RobotMotionSource.read(path))
    let (motion, findings) = try source.motion(of: Subjects.robot("unitree_g1"))
    #expect(motion.frameRate == 30 && motion.positions == Self.positions)
    let root = try #require(motion.root)
    for frame in 0..<Self.frames {
      let expected = Quaternion(angle: Self.yaw(frame), axis: .unitZ)
      #expect((root.rotations[frame].inverse * expected).angle < 1e-7)
      #expect((root.translations[frame] - [0.01 * Double(frame), 0, 0.78]).length < 1e-12)
    }
    #expect(findings.contains { $0.kind == .doubtfulJoints && $0.message.contains("URDF") })
    #expect(findings.contains { $0.kind == .note && $0.message.contains("xyzw") })
  }

  @Test(
    "Unitree's and Kimodo's tables: the order of the quaternions is that in which the base stands")
  func tables() throws {
    for isReal in [true, false] {
      let rows = (0..<Self.frames).map { frame in
        let (s, c) = (sin(Self.yaw(frame) / 2), cos(Self.yaw(frame) / 2))
        let numbers: [Double] =
          [0, 0, 0.8] + (isReal ? [0, 0, s, c] : [c, 0, 0, s])
          + (0..<Self.joints).map { Self.position(frame, $0) }
        return numbers.map { "\($0)" }.joined(separator: ",")
      }
      let source = try read(Array(rows.joined(separator: "\r\n").utf8), "a.csv", rate: 30)
      let root = try #require(source.root)
      let off = root.rotations[2].inverse * Quaternion(angle: Self.yaw(2), axis: .unitZ)
      #expect(off.angle < 1e-7 && source.positions == Self.positions)
      #expect(source.findings.map(\.kind) == [isReal ? .note : .doubtfulUp], "\(source.findings)")
      let asked = try read(
        Array(rows.joined(separator: "\n").utf8), "a.csv", rate: 30, order: isReal ? .xyzw : .wxyz)
      #expect(asked.findings.isEmpty && asked.root?.rotations[2] == root.rotations[2])
      #expect(error(Array(rows[0].utf8), "a.csv").contains("--source-rate"))
    }
  }

  @Test("hhtools and SOMA: joints by their names, whatever the order; degrees and centimetres")
  func named() throws {
    let robot = try Subjects.robot("unitree_g1")
    let names = Array(robot.coordinateNames.reversed())
    let header = "time,root_x,root_y,root_z,root_qx,root_qy,root_qz,root_qw"
    var hhtools = header + names.map { ",dof_\($0.dropLast(6))" }.joined() + "\n"
    var soma =
      "Frame,root_translateX,root_translateY,root_translateZ,root_rotateX,root_rotateY,root_rotateZ"
      + names.map { ",\($0)_dof" }.joined() + "\n"
    for frame in 0..<Self.frames {
      let angles = (0..<Self.joints).reversed().map { Self.position(frame, $0) }
      hhtools += "\(0.02 * Double(frame)),1,2,0.8,0,0,0,1"
      hhtools += angles.map { ",\($0)" }.joined() + "\n"
      soma += "\(frame),100,200,80,0,0,90" + angles.map { ",\($0 * 180 / .pi)" }.joined() + "\n"
    }
    let (one, _) = try read(Array(hhtools.utf8), "h.csv").motion(of: robot)
    #expect(one.positions == Self.positions && abs(one.frameRate - 50) < 1e-9)
    let (other, findings) = try read(Array(soma.utf8), "s.csv", rate: 120).motion(of: robot)
    #expect(zip(other.positions, Self.positions).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(other.root?.translations[3] == [1, 2, 0.8] && other.frameRate == 120)
    let turned = try #require(other.root).rotations[0]
    #expect((turned * .unitX - .unitY).length < 1e-12 && findings.isEmpty, "\(findings)")
  }

  @Test("BeyondMimic without names: places of bodies, as Pinocchio has them, decide on the order")
  func orders() throws {
    let robot = try Subjects.robot("unitree_g1")
    let path = SharedData.fixtures.appending(path: "kinematics-unitree_g1.safetensors").path
    let golden = try Safetensors(contentsOf: path)
    let configuration = try golden.tensor("configuration", in: path).doubles()
    let poses = try golden.tensor("world_from_link", in: path)
    let links = poses.shape[1]
    let all = poses.doubles()
    // Isaac's order of the G1's joints, as its users write it down.
    let arms = ["shoulder_pitch", "shoulder_roll", "shoulder_yaw", "elbow", "wrist_roll"]
    let isaac =
      ["hip_pitch", "waist_yaw", "hip_roll", "waist_roll", "hip_yaw", "waist_pitch", "knee"]
      + [arms[0], "ankle_pitch", arms[1], "ankle_roll"] + arms[2...] + ["wrist_pitch", "wrist_yaw"]
    let names = isaac.flatMap { part in
      part.hasPrefix("waist") ? ["\(part)_joint"] : ["left_\(part)_joint", "right_\(part)_joint"]
    }
    try #require(Set(names) == Set(robot.coordinateNames) && names.count == Self.joints)
    for (order, what) in [(names, "Isaac's"), (robot.coordinateNames, "URDF")] {
      let columns = try order.map { try robot.coordinateIndex(named: $0) }
      let rows = (0..<8).flatMap { row in columns.map { configuration[row * Self.joints + $0] } }
      let places = (0..<8 * links).flatMap { at -> [Double] in
        (0..<3).map { all[16 * at + 4 * $0 + 3] }
      }
      let archive = NumpyArchive(arrays: [
        "fps": StoredTensor([50.0], shape: [1]),
        "joint_pos": StoredTensor(rows, shape: [8, Self.joints]),
        "body_pos_w": StoredTensor(places, shape: [8, links, 3]),
        "body_quat_w": StoredTensor(
          (0..<8 * links).flatMap { _ -> [Double] in [1, 0, 0, 0] }, shape: [8, links, 4]),
      ])
      let (motion, findings) = try read(archive.encoded(), "b.npz").motion(of: robot)
      #expect(motion.positions == configuration, "\(what)")
      let finding = findings.first { $0.message.contains("joints") }
      #expect(finding?.kind == .note && finding?.message.contains(what) == true, "\(findings)")
    }
  }

  @Test("holosoma's 36 columns with 29 names, qpos: the base stands before the joints")
  func columns() throws {
    let robot = try Subjects.robot("unitree_g1")
    let rows = (0..<Self.frames).flatMap { frame -> [Double] in
      [0, 0, 0.8, 1.0, 0, 0, 0] + (0..<Self.joints).map { Self.position(frame, $0) }
    }
    let wide = StoredTensor(rows, shape: [Self.frames, 36])
    let bodies = StoredTensor(
      [Double](repeating: 0, count: 3 * Self.frames), shape: [Self.frames, 1, 3])
    let fps = StoredTensor([50.0], shape: [1])
    let holosoma = NumpyArchive(
      arrays: ["joint_pos": wide, "body_pos_w": bodies, "fps": fps],
      strings: ["joint_names": robot.coordinateNames])
    let qpos = NumpyArchive(arrays: ["qpos": wide, "fps": fps])
    for archive in [holosoma, qpos] {
      let (motion, _) = try read(archive.encoded(), "q.npz").motion(of: robot)
      #expect(motion.positions == Self.positions && motion.root?.translations[1] == [0, 0, 0.8])
    }
  }

  // MARK: - Refusals

  @Test("Another number of joints, a missing name, another robot: found and expected are said")
  func otherRobots() throws {
    let few = try gmr {
      $0.arrays["dof_pos"] = StoredTensor([Double](repeating: 0, count: 138), shape: [6, 23])
    }
    #expect(error(few).contains("23 joints and no names of them, expected the 29"), "\(error(few))")
    let table =
      "time,root_x,root_y,root_z,root_qx,root_qy,root_qz,root_qw,dof_head\n0,0,0,1,0,0,0,1,2\n1,0,0,1,0,0,0,1,2\n"
    let found = error(Array(table.utf8), "x.csv")
    #expect(found.contains("lacks 29 of the 29") && found.contains("'head'"), "\(found)")
    let own =
      "# motionc trajectory 'x': joint positions at 10 Hz\n# robot: other, SHA-256 "
      + String(repeating: "0", count: 64) + "\ntime,a\n0,1\n0.1,2\n"
    #expect(error(Array(own.utf8), "x.csv").contains("written for robot 'other'"))
  }

  @Test("Degrees, NaN, a quaternion of another length, times that go back, no rate")
  func numbers() throws {
    let degrees = try gmr {
      $0.arrays["dof_pos"] = StoredTensor(
        Self.positions.map { 100 * $0 * 180 / .pi / 10 }, shape: [6, 29])
    }
    #expect(error(degrees).contains("in degrees all of its angles would fit"), "\(error(degrees))")
    let nan = try gmr {
      $0.arrays["dof_pos"] = StoredTensor(
        [Double](repeating: 0, count: 30) + [.nan] + [Double](repeating: 0, count: 143),
        shape: [6, 29])
    }
    #expect(error(nan).contains("joint 1, frame 1: nan"), "\(error(nan))")
    let long = try gmr {
      $0.arrays["root_rot"] = StoredTensor([Double](repeating: 1, count: 24), shape: [6, 4])
    }
    #expect(error(long).contains("a quaternion of length 2, expected 1"), "\(error(long))")
    let rateless = try gmr { $0.arrays["fps"] = nil }
    #expect(error(rateless).contains("--source-rate"), "\(error(rateless))")
    #expect(error(rateless, rate: 30) == "was read")
    let header = "time,root_x,root_y,root_z,root_qx,root_qy,root_qz,root_qw,dof_a\n"
    func times(_ times: [Double]) -> String {
      let rows = times.map { "\($0),0,0,1,0,0,0,1,2\n" }
      return error(Array((header + rows.joined()).utf8), "x.csv")
    }
    #expect(times([0, 0.1, 0.1]).contains("expected later than"), "\(times([0, 0.1, 0.1]))")
    #expect(times([0, 0.1, 0.2, 0.9]).contains("even times"), "\(times([0, 0.1, 0.2, 0.9]))")
    #expect(times([0, .nan, 0.2]).contains("expected later"), "\(times([0, .nan, 0.2]))")
    let cut = header + "0,0,0,1,0,0,0,1,2\n0.1,0,0\n"
    #expect(
      error(Array(cut.utf8), "x.csv").contains("line 3"), "\(error(Array(cut.utf8), "x.csv"))")
  }

  @Test("Two clips in one dictionary are refused; one is read")
  func clips() throws {
    var archive = NumpyArchive()
    for name in ["a", "b"] {
      archive.arrays["\(name)/dof"] = StoredTensor(Self.positions, shape: [6, 29])
      archive.arrays["\(name)/root_trans_offset"] = StoredTensor(
        [Double](repeating: 0, count: 18), shape: [6, 3])
      archive.arrays["\(name)/fps"] = StoredTensor([30.0], shape: [])
    }
    #expect(error(try archive.encoded()).contains("the motions of 2 clips"))
    for array in archive.arrays.keys where array.hasPrefix("b/") { archive.arrays[array] = nil }
    #expect(error(try archive.encoded()) == "was read")
  }
}
