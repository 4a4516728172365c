import Files
import Foundation
import Geometry
import Motions
import TestSupport
import Testing

/// A place where foreign text comes in, and what is run to have it shown.
struct ForeignText: Sendable, CustomTestStringConvertible {
  /// Control characters of all kinds and two lines that would pass for the tool's own.
  static let foul =
    "a\u{1B}[31m\u{9B}2J\u{7}\r\nmotionc: FORGED\u{2028}\nFORGED: every limit holds\u{202E}\u{2066}b\u{85}"
  /// The same without what a line or a tag of a text file cannot hold.
  static let inLine = "a\u{1B}[31m\u{9B}2J\u{7}\u{2028}FORGED\u{202E}\u{2066}b\u{85}c"
  /// As JSON and YAML escape it.
  static let escaped =
    #"a\u001b[31m\u009b2J\u0007\r\nmotionc: FORGED\u2028\nFORGED: every limit holds\u202e\u2066b\u0085"#
  static let long = String(repeating: "long", count: 1_500_000)

  var name: String
  /// Writes files into a folder and says what is run there.
  var prepare: @Sendable (_ folder: String) throws -> [String]

  var testDescription: String { name }

  init(_ name: String, _ prepare: @escaping @Sendable (String) throws -> [String]) {
    self.name = name
    self.prepare = prepare
  }

  private static func file(_ text: String, _ name: String, in folder: String) throws -> String {
    try AtomicFile.write(text, to: "\(folder)/\(name)")
    return name
  }

  private static func bvh(joint: String) -> String {
    "HIERARCHY\nROOT \(joint)\n{\nOFFSET 0 0 0\nCHANNELS 3 Xposition Yposition Zposition\n"
      + "JOINT \(joint)2\n{\nOFFSET 0 1 0\nCHANNELS 1 Xrotation\n}\n}\nMOTION\nFrames: 1\n"
      + "Frame Time: 0.1\n0 0 0 0\n"
  }

  private static func urdf(_ name: String, second: String? = nil) -> String {
    "<robot name=\"\(name)\"><link name=\"\(name)1\"/><link name=\"\(name)2\"/>"
      + "<link name=\"\(second ?? name + "3")\"/>"
      + [("1", "2"), ("2", "3")].map { parent, child in
        "<joint name=\"\(name)j\(child)\" type=\"revolute\"><parent link=\"\(name)\(parent)\"/>"
          + "<child link=\"\(name)\(child)\"/><axis xyz=\"0 0 1\"/>"
          + "<limit lower=\"-1\" upper=\"1\" effort=\"1\" velocity=\"-1\"/></joint>"
      }.joined() + "</robot>"
  }

  private static let xml =
    foul.replacing("\n", with: "&#10;").replacing("\r", with: "&#13;")
    .replacing("\u{7}", with: "")

  /// A clip whose texts are foul.
  private static func clip(_ name: String, _ text: String, format: Bool, in folder: String) throws
    -> String
  {
    var clip = try MotionFile.read(Shipped.motion("wave")).clip
    clip.name = text
    clip.label = text
    var file = NativeClip.encoded(clip)
    if format { file.metadata["format"] = text }
    try file.write(to: "\(folder)/\(name)")
    return name
  }

  /// Verifies a changed trajectory whose first joint has such a name.
  private static func trajectory(
    in folder: String, _ change: (inout Safetensors) -> Void
  ) throws -> [String] {
    let wave = try file(Work.text(Shipped.motion("wave")), "wave.bvh", in: folder)
    let run = try Subject.uarm.compile("\(folder)/\(wave)", to: folder)
    try #require(run.status == 0)
    var made = try Safetensors(contentsOf: "\(folder)/wave.trajectory.safetensors")
    made.metadata["joints"] = made.metadata["joints"]?.replacing(
      "\"base\"", with: "\"\(escaped)\"")
    change(&made)
    try made.write(to: "\(folder)/\(foul).trajectory.safetensors")
    return ["verify", "\(foul).trajectory.safetensors"]
  }

  static let all: [ForeignText] = [
    .init("the name of a motion's file") { folder in
      let text = try Work.text(Shipped.motion("wave"))
      return ["import", try file(text, "\(foul).bvh", in: folder), "-o", foul]
    },
    .init("the name of a motion's file, as JSON") { folder in
      let text = try Work.text(Shipped.motion("wave"))
      return ["import", try file(text, "\(foul).bvh", in: folder), "-o", foul, "--json"]
    },
    .init("the name of a file that is not UTF-8") { folder in
      let name = FileName.text(of: [0x9B, 0x32, 0x4A, 0x0A] + Array("FORGED.bvh".utf8))
      try AtomicFile.write(Work.text(Shipped.motion("wave")), to: "\(folder)/\(name)")
      return ["import", ".", "-o", "out"]
    },
    .init("the name of a file that is refused") { folder in
      ["import", try file("HIERARCHY", "\(foul).bvh", in: folder), "-o", "out"]
    },
    .init("the name of a file that is not there") { _ in ["import", "\(foul).bvh", "-o", "out"] },
    .init("joints of a BVH") { folder in
      ["import", try file(bvh(joint: inLine), "x.bvh", in: folder), "-o", "out"]
    },
    .init("long joints of a BVH") { folder in
      ["import", try file(bvh(joint: long), "x.bvh", in: folder), "-o", "out"]
    },
    .init("name and label of a clip") { folder in
      ["import", try clip("x.clip.safetensors", foul, format: false, in: folder), "-o", "out"]
    },
    .init("the format of a clip") { folder in
      ["import", try clip("x.clip.safetensors", foul, format: true, in: folder), "-o", "out"]
    },
    .init("a long format of a clip") { folder in
      ["import", try clip("x.clip.safetensors", long, format: true, in: folder), "-o", "out"]
    },
    .init("names of a robot") { folder in
      ["inspect", try file(urdf(xml), "\(foul).urdf", in: folder)]
    },
    .init("names of a robot, as JSON") { folder in
      ["inspect", try file(urdf(xml), "\(foul).urdf", in: folder), "--json"]
    },
    .init("names of a robot that is refused") { folder in
      ["inspect", try file(urdf(xml, second: "\(xml)1"), "x.urdf", in: folder)]
    },
    .init("long names of a robot") { folder in
      ["inspect", try file(urdf(String(long.prefix(1_000_000))), "x.urdf", in: folder)]
    },
    .init("keys of limits") { folder in
      let text = "joint_limits:\n  \"\(escaped)\": {velocity: 1}\n"
      return ["inspect", "uarm_swift_pro", "--limits", try file(text, foul, in: folder)]
    },
    .init("values of limits") { folder in
      let text = "joint_limits:\n  base: {velocity: \"\(escaped)\"}\n"
      return ["inspect", "uarm_swift_pro", "--limits", try file(text, "l", in: folder)]
    },
    .init("names of coupled limits") { folder in
      let text =
        "coupled_limits:\n  - {name: \"\(escaped)\", terms: {base: 1}, lower: -1, upper: 1}\n"
      return ["inspect", "uarm_swift_pro", "--limits", try file(text, "\(foul).yaml", in: folder)]
    },
    .init("keypoints' names of a tracker") { folder in
      let text =
        #"{"fps": 30, "joint_names": ["\#(escaped)"], "frames": [{"keypoints": [[1,2,3]]}]}"#
      return ["smooth", try file(text, "x.json", in: folder), "-o", "out"]
    },
    .init("the unit of a tracker") { folder in
      let text =
        #"{"fps": 30, "unit": "\#(escaped)", "frames": [{"keypoints": [[1,2,3]]}]}"#
      return ["smooth", try file(text, "x.json", in: folder), "-o", "out"]
    },
    .init("keys of a tracker") { folder in
      ["smooth", try file(#"{"\#(escaped)": 1}"#, "x.json", in: folder), "-o", "out"]
    },
    .init("a value of a tracker's table") { folder in
      ["smooth", try file("a_x,a_y,a_z\n\(inLine),1,2\n", "x.csv", in: folder), "-o", "out"]
    },
    .init("names of arrays") { folder in
      let header = CraftedZip.numpyHeader("<f8", [1])
      try AtomicFile.write(
        CraftedZip.archive(name: "\(foul).npy", beginning: header, zeros: 8),
        to: "\(folder)/x.npz")
      return ["import", "x.npz", "-o", "out"]
    },
    .init("the header of an array") { folder in
      let header = "{'descr': '\(foul)', 'fortran_order': False, 'shape': (1,), }"
      let bytes =
        [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
      try AtomicFile.write(bytes, to: "\(folder)/x.npy")
      return ["smooth", "x.npy", "-o", "out"]
    },
    .init("names of tensors") { folder in
      try Safetensors(tensors: [foul: StoredTensor([1.0], shape: [1])]).write(to: "\(folder)/x")
      return ["verify", "x"]
    },
    .init("metadata of a trajectory") { folder in
      try Safetensors(metadata: ["format": foul, foul: foul]).write(to: "\(folder)/\(foul)")
      return ["verify", foul]
    },
    .init("long metadata of a trajectory") { folder in
      try Safetensors(metadata: ["format": long, long: long]).write(to: "\(folder)/x")
      return ["verify", "x", "--json"]
    },
    .init("joints of a trajectory that breaks a limit") { folder in
      try trajectory(in: folder) {
        $0.tensors["velocity"] = StoredTensor([1e-9, 1e-9, 1e-9, 1e-9], shape: [4])
      }
    },
    .init("joints of a trajectory without a limit") { folder in
      try trajectory(in: folder) {
        let others = $0.tensors["acceleration"]?.floats().dropFirst() ?? []
        $0.tensors["acceleration"] = StoredTensor(
          [Double.infinity] + others.map(Double.init), shape: [4])
      }
    },
    .init("the kind of a model") { folder in
      try Safetensors(metadata: ["kind": foul]).write(to: "\(folder)/x")
      return ["sample", "--model", "x", "-o", "out"]
    },
    .init("the robot of a model") { folder in
      try Safetensors(metadata: [
        "kind": "motionc retargeter 1", "robot": foul, "robot_sha256": foul,
      ])
      .write(to: "\(folder)/x")
      return [
        "compile", try Shipped.motion("wave"), "--robot", "uarm_swift_pro", "--model", "x", "-o",
        foul,
      ]
    },
    .init("columns of an index") { folder in
      _ = try file(inLine + ",b\n1,2\n", "index.csv", in: folder)
      return [
        "train", "generator", "--motions", ".", "--labels", "index.csv", "-o", "m", "--time-limit",
        "1s",
      ]
    },
    .init("an action") { _ in ["sample", "-o", "out", "--action", foul] },
    .init("a robot's name") { _ in ["inspect", foul] },
    .init("a joint set") { _ in
      ["smooth", try Shipped.motion("wave"), "-o", "out", "--joints", foul]
    },
    .init("a skeleton table") { _ in
      ["import", try Shipped.motion("wave"), "-o", "out", "--skeleton", foul]
    },
    .init("a verb") { _ in [foul] },
    .init("an option") { _ in ["inspect", "unitree_g1", "--\(foul)"] },
    .init("an argument too many") { _ in
      ["inspect", "unitree_g1", foul, String(long.prefix(100_000))]
    },
    .init("a value that is no number") { _ in ["sample", "-o", "out", "--count", foul] },
    .init("formats") { _ in ["sample", "-o", "out", "--format", foul] },
    .init("a measure") { _ in ["bench", "--only", foul] },
    .init("a loss") { _ in
      ["train", "retargeter", "--robot", "uarm_swift_pro", "-o", "m", "--weight", foul]
    },
    .init("a port") { _ in
      ["jog", "uarm_swift_pro", "base=1", "--port", foul]
    },
    .init("a joint to jog") { _ in ["jog", "uarm_swift_pro", "\(foul)=1"] },
    .init("a fault of a simulated device") { _ in
      ["simulate", "uarm-v4", "--link", "arm", "--fault", foul]
    },
    .init("keys of wiring") { folder in
      _ = try file(urdf("arm"), "robot.urdf", in: folder)
      _ = try file("\"\(escaped)\": 1\n", "wire.yaml", in: folder)
      return ["jog", "./robot.urdf", "armj2=1"]
    },
  ]
}

@Suite("No text of others' reaches the terminal as it is")
struct TerminalTests {
  @Test(
    "Control characters, line ends, overrides and lengths are gone, whoever put them there",
    arguments: ForeignText.all)
  func clean(_ text: ForeignText) throws {
    let folder = try Work.folder()
    let run = try Tool.run(arguments: text.prepare(folder), folder: folder, within: 60)
    #expect(run.signal == 0, "\(run.text)")
    for (stream, output) in [("output", run.output), ("error", run.error)] {
      let foul = output.unicodeScalars.filter { !$0.isPrintable && $0 != "\n" }
      #expect(foul.isEmpty, "\(stream): \(output.prefix(3000).debugDescription)")
      let lines = output.split(separator: "\n")
      #expect(
        !lines.contains { $0.hasPrefix("motionc: FORGED") || $0.hasPrefix("FORGED") },
        "\(stream): \(output.prefix(3000))")
      #expect(lines.allSatisfy { $0.utf8.count < 20_000 }, "\(stream)")
      #expect(output.utf8.count < 60_000, "\(stream): \(output.utf8.count) bytes")
    }
    #expect(!(run.output + run.error).isEmpty)
  }
}

@Suite("What is misspelt on the command line")
struct MisspellingTests {
  @Test(
    "The word that was meant is named",
    arguments: [
      ("compile --hepl", "--help"), ("compile a.bvh --robot r --modle m -o o", "--model"),
      ("compile a.bvh --robo=r", "--robot"), ("inspekt unitree_g1", "inspect"),
      ("train retargetter", "retargeter"), ("bench --onyl fk_ns", "--only"),
      ("train smoother --steeps 3", "--steps"),
    ])
  func suggestion(line: String, meant: String) throws {
    let run = try Tool.run(arguments: line.split(separator: " ").map(String.init))
    #expect(run.status == 64 && run.output.isEmpty, "\(run.text)")
    #expect(run.errorLines.first?.contains("Did you mean '\(meant)'?") == true, "\(run.text)")
  }

  @Test("What is like nothing is called unknown, and the help is named")
  func unlike() throws {
    let run = try Tool.run("compile", "--quantum-entanglement")
    #expect(run.status == 64)
    #expect(run.error.contains("Unknown option '--quantum-entanglement'."), "\(run.text)")
    #expect(run.error.contains("motionc compile --help") && !run.error.contains("Did you mean"))
  }

  @Test(
    "What is right, or wrong in another way, is not called misspelt",
    arguments: [
      ("compile", 64), ("compile --help", 0), ("help compile", 0), ("inspect unitree_g1 --json", 0),
      ("inspect -- --model", 66), ("train --help", 0), ("--version", 0),
    ])
  func right(line: String, status: Int32) throws {
    let run = try Tool.run(arguments: line.split(separator: " ").map(String.init))
    #expect(run.status == status && !run.error.contains("Unknown"), "\(run.text)")
  }
}

@Suite("Files whose names are not UTF-8")
struct ForeignNameTests {
  @Test("They are read, compiled and verified, and their results are called as they are")
  func chain() throws {
    let folder = try Work.folder()
    let name = FileName.text(of: Array("w".utf8) + [0xE4] + Array("ve".utf8))
    try AtomicFile.write(Work.text(Shipped.motion("wave")), to: "\(folder)/\(name).bvh")
    // The shell hands over the byte itself.
    let byte = "$(printf 'w\\344ve')"
    let tool = try #require(Tool.path)
    func run(_ line: String) throws -> Run {
      try Tool.run(
        arguments: ["--version"], folder: folder, prelude: "\"\(tool)\" \(line) || exit")
    }
    let model = try Subject.uarm.model()
    for line in [
      "import . -o \"\(byte)\"", "import \"\(byte).bvh\" -o clips",
      "smooth \"\(byte).bvh\" -o smooth --format npz,bvh,clip",
      "compile \"\(byte).bvh\" --robot uarm_swift_pro --model \(model) -o out --format csv,npz",
      "verify out/*.trajectory.safetensors",
      "sample -o samples --past \"\(byte).bvh\"",
    ] {
      let run = try run(line)
      #expect(run.status == 0, "\(line): \(run.text)")
    }
    #expect(FileSystem.names(in: "\(folder)/clips") == ["\(name).clip.safetensors"])
    #expect(FileSystem.names(in: "\(folder)/\(name)") == ["\(name).clip.safetensors"])
    #expect(
      FileSystem.names(in: "\(folder)/out") == [
        "\(name).csv", "\(name).npz", "\(name).trajectory.safetensors",
      ])
  }
}
