import Files
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Pickles and robots' motion")
struct RefusedMotionTests {
  private func sentence(_ bytes: [UInt8], _ path: String) -> String {
    do throws(MotionError) {
      _ = try MotionFile.read(bytes, path: path, options: ImportOptions())
      return "was read"
    } catch {
      return error.description
    }
  }

  /// A pickle of protocol 2 of a dictionary of arrays of float64.
  static func pickle(_ arrays: [(name: String, values: [Double], shape: [Int])], fps: Double?)
    -> [UInt8]
  {
    func text(_ text: String) -> [UInt8] {
      [0x58, UInt8(text.utf8.count), 0, 0, 0] + Array(text.utf8)
    }
    func number(_ value: Int) -> [UInt8] { Array("I\(value)\n".utf8) }
    var bytes: [UInt8] = [0x80, 2] + Array("}(".utf8)
    for (name, values, shape) in arrays {
      bytes += text(name) + Array("cnumpy.core.multiarray\n_reconstruct\n".utf8)
      bytes += Array("(cnumpy\nndarray\n(I0\ntC".utf8) + [1, 0x62] + Array("tR(I1\n(".utf8)
      bytes += shape.flatMap(number) + Array("tcnumpy\ndtype\n(".utf8) + text("f8")
      bytes += Array("I00\nI01\ntR(I3\n".utf8) + text("<")
      bytes += Array("NNNI-1\nI-1\nI0\ntb".utf8) + [0x89]
      let body = values.flatMap { value in
        (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) }
      }
      let length = (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (8 * $0)) }
      bytes += [0x42] + length + body + Array("tb".utf8)
    }
    if let fps {
      bytes +=
        text("fps") + [0x47]
        + (0..<8).reversed().map {
          UInt8(truncatingIfNeeded: fps.bitPattern >> (8 * UInt64($0)))
        }
    }
    return bytes + Array("u.".utf8)
  }

  @Test("a pickle of SMPL's parameters is read like the archive of them")
  func smplPickle() throws {
    let clip = standingClip(seed: 31, frames: 6)
    let poses = (0..<6).flatMap { frame in
      (0..<24).flatMap { joint -> [Double] in
        let v = joint < 22 ? clip.rotations[22 * frame + joint].rotationVector : .zero
        return [v.x, v.y, v.z]
      }
    }
    let bytes = Self.pickle(
      [("pose_world", poses, [6, 72]), ("trans_world", flat(clip.rootTranslations), [6, 3])],
      fps: 30)
    let (result, report) = try MotionFile.read(bytes, path: "x.pkl", options: ImportOptions())
    let off = result.difference(from: clip)
    #expect(off.angle < 1e-9 && off.distance < 1e-9 && report.format == "WHAM", "\(off)")
  }

  @Test(
    "An empty file is called empty, whatever its ending",
    arguments: ["json", "csv", "tsv", "npy", "trc"])
  func empty(_ ending: String) {
    let found = sentence([], "x.\(ending)")
    #expect(found.hasSuffix("it is empty"), "\(found)")
    #expect(!sentence(Array("{}".utf8), "x.json").contains("empty"))
  }

  @Test("Codes of a motion and models are named where a clip is expected")
  func otherKinds() {
    func sentence(_ kind: String) -> String {
      self.sentence(
        Safetensors(metadata: ["kind": kind], tensors: [:]).encoded(), "x.safetensors")
    }
    let codes = sentence("motionc motion codes 2")
    #expect(codes.contains("the codes of a motion"), "\(codes)")
    #expect(codes.contains("a clip expected"), "\(codes)")
    let model = sentence("motionc generator 5")
    #expect(model.contains("'motionc generator 5', a clip expected"), "\(model)")
    #expect(sentence("other").contains("'format' is 'absent'"))
  }

  @Test("GMR's pickle, BeyondMimic, qpos: a robot's motion is named")
  func robots() throws {
    let gmr = Self.pickle(
      [
        ("root_pos", [0, 0, 1, 0, 0, 1], [2, 3]),
        ("root_rot", [0, 0, 0, 1, 0, 0, 0, 1], [2, 4]),
        ("dof_pos", [Double](repeating: 0, count: 58), [2, 29]),
      ], fps: 30)
    let numbers = StoredTensor([Double](repeating: 0, count: 72), shape: [2, 36])
    let tracked = try NumpyArchive(arrays: [
      "joint_pos": StoredTensor([Double](repeating: 0, count: 58), shape: [2, 29]),
      "body_pos_w": numbers, "body_quat_w": numbers, "fps": StoredTensor([50.0], shape: [1]),
    ]).encoded()
    let own = try NumpyArchive(
      arrays: [
        "joint_pos": numbers, "joint_acc": numbers, "joint_vel": numbers,
        "time": StoredTensor([0.0, 1], shape: [2]), "fps": StoredTensor([100.0], shape: [1]),
      ], strings: ["joint_names": ["a"]]
    ).encoded()
    let qpos = try NumpyArchive(arrays: ["qpos": numbers]).encoded()
    let cases = [
      (gmr, "x.pkl", "GMR: 29 joints, 2 frames at 30 Hz"),
      (tracked, "x.npz", "BeyondMimic: 29 joints, 2 frames at 50 Hz"),
      (own, "x.npz", "a trajectory of motionc: 36 joints, 2 frames at 100 Hz"),
      (qpos, "x.npz", "MuJoCo's qpos: 29 joints, 2 frames"),
    ]
    for (bytes, path, part) in cases {
      #expect(sentence(bytes, path).contains(part), "\(sentence(bytes, path))")
      // The smoother's reader says the same.
      let error = #expect(throws: MotionError.self) {
        try TrackFile.read(bytes, path: path, joints: nil, frameRate: nil)
      }
      #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }
  }

  @Test("tables of robots' joints, with and without a header")
  func tables() {
    func row(_ q: [Double]) -> String {
      ([0.1, 0.2, 0.8] + q + [Double](repeating: 0.1, count: 29)).map { "\($0)" }
        .joined(separator: ",")
    }
    let (c, s) = (cos(0.4), sin(0.4))
    let unitree = [row([0, 0, s, c]), row([0, 0, s, c])].joined(separator: "\n") + "\n"
    let kimodo = [row([c, 0, 0, s]), row([c, 0, 0, s])].joined(separator: "\n")
    let hhtools =
      "time,root_x,root_y,root_z,root_qx,root_qy,root_qz,root_qw,dof_a,dof_b\n0,0,0,1,0,0,0,1,2,3\n"
    let soma = "Frame,root_translateX,root_rotateX,left_knee_dof\n0,1,2,3\n"
    let own =
      "# motionc trajectory 'x': joint positions at 100 Hz\n# more\ntime,a,b\n0,1,2\n1,2,3\n"
    let cases = [
      (unitree, "a table without a header: 29 joints, 2 frames"),
      (kimodo, "a table without a header: 29 joints, 2 frames"),
      (hhtools, "hhtools: 2 joints, 1 frame"), (soma, "centimetres and degrees: 1 joint, 1 frame"),
      (own, "a trajectory of motionc: 2 joints, 2 frames"),
    ]
    for (text, part) in cases {
      let found = sentence(Array(text.utf8), "x.csv")
      #expect(found.contains(part), "\(found)")
      let error = #expect(throws: MotionError.self) {
        try TrackFile.read(Array(text.utf8), path: "x.csv", joints: nil, frameRate: nil)
      }
      #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }
  }

  @Test("several people in a pickle: --person chooses, by the keys of the dictionaries")
  func people() throws {
    func person(_ frames: Int, _ height: Double) -> [(name: String, values: [Double], shape: [Int])]
    {
      let roots = (0..<frames).flatMap { _ -> [Double] in [0, height, 0] }
      return [
        ("pose_world", [Double](repeating: 0.1, count: 72 * frames), [frames, 72]),
        ("trans_world", roots, [frames, 3]),
      ]
    }
    let parts = [(0, person(3, 1)), (1, person(5, 2))]
    var archive = NumpyArchive()
    for (number, arrays) in parts {
      for array in arrays {
        archive.arrays["\(number)/\(array.name)"] = StoredTensor(array.values, shape: array.shape)
      }
      archive.arrays["\(number)/fps"] = StoredTensor([30.0], shape: [])
    }
    func read(_ person: String?) throws -> (clip: MotionClip, report: ImportReport) {
      var options = ImportOptions(ground: .keep)
      options.person = person
      return try AMASSImport.read(archive, path: "x.pkl", options: options)
    }
    let error = #expect(throws: MotionError.self) { try read(nil) }
    #expect(
      error?.description.contains("2 people by the keys of its dictionaries (0 in 3 frames")
        == true,
      "\(String(describing: error))")
    #expect(try read("0").clip.frameCount == 3)
    let (clip, report) = try read("1")
    #expect(clip.frameCount == 5 && report.findings.contains { $0.message.contains("person '1'") })
    #expect(throws: MotionError.self) { try read("2") }
    // A file of one has no second person.
    archive.arrays = archive.arrays.filter { $0.key.hasPrefix("1/") }
    #expect(try read("1").clip.frameCount == 5 && read(nil).clip.frameCount == 5)
    #expect(throws: MotionError.self) { try read("2") }
    var options = ImportOptions()
    options.person = "2"
    let bvh = Array(BVHWriter.text(standingClip(seed: 3, frames: 4)).utf8)
    #expect(throws: MotionError.self) { try MotionFile.read(bvh, path: "x.bvh", options: options) }
  }

  @Test("PyTorch's files and joblib's pickles are refused with a line of Python")
  func python() {
    let torch = ZipFixture.stored(name: "archive/data.pkl", bytes: [0x80, 2, 0x2E])
    let old: [UInt8] = [
      0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
    ]
    let tensor = Array("ctorch._utils\n_rebuild_tensor_v2\n(tR.".utf8)
    for (bytes, path) in [(torch, "x.pt"), (torch, "x.npz"), (old, "x.pt"), (tensor, "x.pkl")] {
      #expect(sentence(bytes, path).contains("torch.load(sys.argv[1]"), "\(sentence(bytes, path))")
    }
    let wrapper =
      [0x80, 3] + Array("cjoblib.numpy_pickle\nNumpyArrayWrapper\n)".utf8) + [0x81, 0x2E]
    for bytes in [wrapper, [0x78, 0x9C, 1, 2, 3]] {
      #expect(sentence(bytes, "x.pkl").contains("joblib.load(sys.argv[1])"))
    }
  }

  @Test("a pickle that would run a program is refused by its name and runs nothing")
  func execution() {
    let mark = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    let bytes = Array("cposix\nsystem\n(S'touch \(mark)'\ntR.".utf8)
    let found = sentence(bytes, "x.pkl")
    #expect(found.contains("would call 'posix.system'"), "\(found)")
    #expect(!FileManager.default.fileExists(atPath: mark))
  }
}

/// Zip archives of one stored file.
private enum ZipFixture {
  static func stored(name: String, bytes: [UInt8]) -> [UInt8] {
    CraftedZip.archive(name: name, beginning: bytes, zeros: 0)
  }
}
