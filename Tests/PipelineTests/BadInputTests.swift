import Files
import Foundation
import TestSupport
import Testing

/// A file of ../shared/data/bad, and what its index says.
struct BadFile: Sendable, CustomTestStringConvertible {
  var path: String
  var kind: String
  var expected: String
  var testDescription: String { "\(path), \(expected)" }

  /// All of them; none where ../shared is absent.
  static let all: [BadFile] = {
    guard let url = try? SharedData.url("data/bad/index.csv"),
      let text = try? String(contentsOf: url, encoding: .utf8)
    else { return [] }
    return text.split(whereSeparator: \.isNewline).dropFirst().map { line in
      // The note in quotes may hold commas; `expected` is the one of three words in a cell alone.
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let expected = cells.dropFirst(2).first { ["reject", "accept", "either"].contains($0) }
      return BadFile(path: cells[0], kind: cells[1], expected: expected ?? "missing")
    }
  }()
}

@Suite(
  "Every file of ../shared/data/bad", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct SharedBadInputTests {
  /// Address space that stops a runaway before the machine feels it [KiB].
  private static let memory = "ulimit -v 1500000"

  @Test("The index is there and says of each file what is expected")
  func index() {
    #expect(BadFile.all.count > 120)
    #expect(BadFile.all.allSatisfy { ["reject", "accept", "either"].contains($0.expected) })
    #expect(Set(BadFile.all.map(\.kind)) == ["bvh", "npz", "urdf", "csv", "json"])
  }

  @Test("Motion files", arguments: BadFile.all.filter { $0.kind != "urdf" })
  func motions(_ file: BadFile) throws {
    let path = try SharedData.url("data/bad/\(file.path)").path
    guard !["csv", "json"].contains(file.kind) else { return try tracked(file, path) }
    let expected = file.expected
    let output = try Work.folder()
    let imported = try Tool.run("import", path, "-o", output, prelude: Self.memory, within: 10)
    check(imported, expected, output)
    let compiled = try Tool.run(
      "compile", path, "--robot", "uarm_swift_pro", "--model", try Subject.uarm.model(), "-o",
      output, "--format", "csv", prelude: Self.memory, within: 10)
    check(compiled, expected, output)
    #expect(imported.status == compiled.status)
    guard compiled.status == 0 else { return }
    // What is accepted may be odd (a body that jumps 280 m), but the robot keeps its limits.
    let native = Work.files(in: output).filter { $0.hasSuffix(".trajectory.safetensors") }
    #expect(native.count == 1)
    let verified = try Tool.run(arguments: ["verify"] + native.map { "\(output)/\($0)" })
    #expect(verified.status == 0, "\(verified.text)")
  }

  /// Tables and JSON are tracked joints: `import` reads those that miss nothing, `compile` none.
  private func tracked(_ file: BadFile, _ path: String) throws {
    let incomplete = ["missing_frames", "zero_confidence_joint", "spike", "openpose"]
    let isIncomplete = incomplete.contains { file.path.contains($0) }
    let output = try Work.folder()
    let imported = try Tool.run("import", path, "-o", output, prelude: Self.memory, within: 10)
    check(imported, isIncomplete ? "reject" : file.expected, output)
    #expect(imported.status != 0 || Work.files(in: output).count == 1)
    let other = try Work.folder()
    let compiled = try Tool.run(
      "compile", path, "--robot", "uarm_swift_pro", "--model", try Subject.uarm.model(), "-o",
      other, "--format", "csv", prelude: Self.memory, within: 10)
    check(compiled, "reject", other)
  }

  @Test("Robot files", arguments: BadFile.all.filter { $0.kind == "urdf" })
  func robots(_ file: BadFile) throws {
    let path = try SharedData.url("data/bad/\(file.path)").path
    // The index leaves it open whether planar joints are held or refused by name; they are refused.
    let isPlanar = file.path.hasSuffix("floating_and_planar.urdf")
    let run = try Tool.run("inspect", path, "--json", prelude: Self.memory, within: 10)
    check(run, isPlanar ? "reject" : file.expected, nil)
    if isPlanar { #expect(run.error.contains("'j2'")) }
    if run.status == 0 {
      _ = try JSONDecoder().decode(RobotLimits.self, from: Data(run.output.utf8))
    }
    let plain = try Tool.run("inspect", path, prelude: Self.memory, within: 10)
    #expect(plain.status == run.status)
  }

  private func check(_ run: Run, _ expected: String, _ output: String?) {
    let allowed: [Int32] =
      switch expected {
      case "accept": [0]
      case "reject": [65, 66]
      default: [0, 65, 66]
      }
    #expect(allowed.contains(run.status), "\(expected): \(run.text)")
    #expect(run.peak < 500_000_000, "\(run.text)")
    #expect(run.seconds < 5, "\(run.text)")
    guard run.status != 0 else { return }
    #expect(run.saysOneSentence, "\(run.text)")
    let controls = run.error.unicodeScalars.filter {
      $0.value < 32 && $0 != "\n" || $0.value == 127
    }
    #expect(controls.isEmpty, "control characters reach the terminal: \(run.text)")
    if let output { #expect(Work.files(in: output) == [], "\(run.text)") }
  }
}

@Suite("Motions that are wrong, made here")
struct BadMotionTests {
  /// The text of a shipped motion cut into hierarchy, lines before the rows, and rows.
  private func parts() throws -> (head: String, rows: [String]) {
    let text = try Work.text(Shipped.motion("wave"))
    let lines = text.split(separator: "\n").map(String.init)
    let place = try #require(lines.firstIndex { $0.hasPrefix("Frame Time") })
    return (lines[...place].joined(separator: "\n") + "\n", Array(lines[(place + 1)...]))
  }

  private func motion(frames: Int? = nil, _ rows: [String], head: String) -> String {
    let count = frames ?? rows.count
    let counted = head.replacing(/Frames: \d+/, with: "Frames: \(count)")
    return counted + rows.joined(separator: "\n") + "\n"
  }

  private func compile(_ text: String) throws -> (run: Run, files: [String]) {
    let folder = try Work.folder()
    let path = try Work.write(text, "\(folder)/motion.bvh")
    let run = try Subject.uarm.compile(path, to: "\(folder)/out", "--format", "csv,npz,json,yaml")
    return (run, Work.files(in: "\(folder)/out"))
  }

  @Test("A BVH cut at any place is refused or, at the end of its rows, whole")
  func cut() throws {
    let text = try Work.text(Shipped.motion("wave"))
    for share in stride(from: 0.0, to: 1.0, by: 0.083) {
      let (run, files) = try compile(String(text.prefix(Int(Double(text.count) * share))))
      #expect(run.status == 65 && run.saysOneSentence, "\(share): \(run.text)")
      #expect(files == [])
    }
  }

  @Test("A wrong channel count, wrong rows, numbers that are none")
  func wrongRows() throws {
    let (head, rows) = try parts()
    let first = rows[0].split(separator: " ").map(String.init)
    func changed(_ row: [String]) -> String {
      motion([row.joined(separator: " ")] + rows.dropFirst(), head: head)
    }
    let wrong = [
      "channels": motion(rows, head: head.replacing("CHANNELS 3 Z", with: "CHANNELS 4 Z")),
      "five channels": motion(rows, head: head.replacing("CHANNELS 6", with: "CHANNELS 5")),
      "row too short": changed(first.dropLast()),
      "row too long": changed(first + ["0"]),
      "NaN": changed(["NaN"] + first.dropFirst()),
      "inf": changed(["-inf"] + first.dropFirst()),
      "overflow": changed(["1e999"] + first.dropFirst()),
      "word": changed(["zero"] + first.dropFirst()),
      "0 frames": motion([], head: head),
      "frames that are not there": motion(frames: 1_000_000_000_000, rows, head: head),
      "frame count without end": head.replacing(
        /Frames: \d+/, with: "Frames: 99999999999999999999999"),
    ]
    for (what, text) in wrong {
      let (run, files) = try compile(text)
      #expect(run.status == 65 && run.saysOneSentence, "\(what): \(run.text)")
      #expect(files == [], "\(what)")
    }
  }

  @Test("A motion of one frame, of two, of three", arguments: [1, 2, 3], Subject.allCases)
  func fewFrames(_ count: Int, _ subject: Subject) throws {
    let (head, rows) = try parts()
    let folder = try Work.folder()
    let path = try Work.write(
      motion(Array(rows[60..<(60 + count)]), head: head), "\(folder)/few.bvh")
    let run = try subject.compile(path, to: folder, "--format", "csv,npz,json,yaml")
    #expect(run.status == 0, "\(run.text)")
    #expect(try Samples(csv: "\(folder)/few.csv").rows.count == count)
    #expect(try JointTrajectory(json: "\(folder)/few.json").points.count == count)
    let verified = try Tool.run("verify", "\(folder)/few.trajectory.safetensors")
    #expect(verified.status == 0, "\(verified.text)")
    let faster = try subject.compile(path, to: folder, "--rate", "200", "--timing", "stretch")
    #expect([0, 65].contains(faster.status), "\(faster.text)")
  }

  @Test("100,000 frames in bounded time and memory")
  func manyFrames() throws {
    let (head, rows) = try parts()
    let folder = try Work.folder()
    let count = 100_000
    let lines = rows.map { Array(($0 + "\n").utf8) }
    var bytes = Array(head.replacing(/Frames: \d+/, with: "Frames: \(count)").utf8)
    let last = lines.count - 1
    for frame in 0..<count {
      // There and back again, so that no frame jumps.
      let place = frame % (2 * last)
      bytes += lines[place <= last ? place : 2 * last - place]
    }
    try AtomicFile.write(bytes, to: "\(folder)/long.bvh")
    let size = Double(bytes.count) / 1e6
    // 29 joints, 32 numbers a frame for the pose of the body, some copies of both, and the file.
    let run = try Tool.run(
      "compile", "\(folder)/long.bvh", "--robot", "unitree_g1", "--model",
      try Subject.humanoid.model(), "-o", folder, "--refine", "off", "--collision", "off",
      prelude: "ulimit -v 3000000")
    #expect(run.status == 0, "\(run.text)")
    #expect(run.seconds < 60, "\(run.text)")
    #expect(run.peak > 20_000_000 && run.peak < 600_000_000 + 2 * bytes.count, "\(run.text)")
    let verified = try Tool.run("verify", "\(folder)/long.trajectory.safetensors")
    #expect(verified.status == 0 && verified.seconds < 60, "\(verified.text)")
    print("100,000 frames (\(Int(size)) MB): \(run.seconds) s")
  }

  @Test("One bad motion among good ones: it is named, the others are compiled")
  func amongOthers() throws {
    let folder = try Work.folder()
    for name in ["reach", "wave"] {
      try Work.write(Work.text(Shipped.motion(name)), "\(folder)/\(name).bvh")
    }
    try Work.write("HIERARCHY", "\(folder)/bad.bvh")
    let run = try Subject.uarm.compile(folder, to: "\(folder)/out")
    #expect(run.status == 65, "\(run.text)")
    #expect(run.saysOneSentence && run.error.contains("bad.bvh"), "\(run.text)")
    #expect(
      Work.files(in: "\(folder)/out")
        == ["reach.trajectory.safetensors", "wave.trajectory.safetensors"])
  }
}
