import Files
import Foundation
import Testing

@Suite("Results of many files: all of a motion or none, and what earlier runs left")
struct OutputsTests {
  private static let formats = "csv,npz,json,yaml"
  private static let endings = ["csv", "json", "npz", "trajectory.safetensors", "yaml"]

  @Test("An export that cannot be written leaves all files of an earlier run", arguments: endings)
  func failingExport(ending: String) throws {
    let output = try Work.folder()
    let first = try Subject.uarm.compile(
      Shipped.motion("wave"), to: output, "--format", Self.formats)
    try #require(first.status == 0, "\(first.text)")
    let broken = "\(output)/wave.\(ending)"
    unlink(broken)
    try AtomicFile.makeFolder(broken)
    let names = Work.files(in: output)
    let before = try names.map { try Work.bytes("\(output)/\($0)") }
    let run = try Subject.uarm.compile(
      Shipped.motion("wave"), to: output, "--format", Self.formats, "--speed", "0.5")
    #expect(run.status == 73 && run.saysOneSentence, "\(run.text)")
    #expect(Work.files(in: output) == names)
    let isSame = try names.map { try Work.bytes("\(output)/\($0)") } == before
    #expect(isSame)
  }

  @Test("Files of an earlier motion in formats that are not written now stay, and are named")
  func older() throws {
    let output = try Work.folder()
    let first = try Subject.uarm.compile(Shipped.motion("wave"), to: output, "--format", "csv,npz")
    #expect(first.status == 0 && !first.output.contains("there from before"), "\(first.text)")
    let csv = try Work.bytes("\(output)/wave.csv")
    let second = try Subject.uarm.compile(
      Shipped.motion("wave"), to: output, "--format", "npz", "--speed", "0.5")
    #expect(second.status == 0, "\(second.text)")
    let words = second.output.split(separator: "\n").filter { $0.contains("there from before") }
    #expect(words.count == 1 && words[0].contains("wave.csv") && !words[0].contains("wave.npz"))
    #expect(try Work.bytes("\(output)/wave.csv") == csv)
    let model = try TinyMotionModel.plainGenerator.get()
    let samples = try Work.folder()
    for (formats, isOld) in [("npz,bvh", false), ("npz,bvh", false), ("npz", true)] {
      let run = try Tool.run(
        "sample", "--model", model, "-o", samples, "--format", formats, "--count", "2")
      #expect(run.status == 0, "\(run.text)")
      #expect(run.error.contains("there from before") == isOld, "\(run.text)")
      #expect(run.error.contains("sample_1_0001.bvh' and 1 more file") == isOld, "\(run.text)")
    }
  }

  @Test("A file that grows beyond the process's limit is an error of writing and no death")
  func fileSizeLimit() throws {
    let output = try Work.folder()
    let commands = [
      ["compile", try Shipped.motion("wave"), "--robot", "uarm_swift_pro", "--format", "csv"],
      ["import", try Shipped.motion("wave")],
      ["smooth", try Shipped.motion("wave")],
      ["sample"],
    ]
    for arguments in commands {
      let run = try Tool.run(arguments: arguments + ["-o", output], prelude: "ulimit -f 4")
      #expect(run.status == 74 && run.saysOneSentence, "\(run.text)")
      #expect(Work.files(in: output) == [])
    }
    let model = try Tool.run(
      arguments: [
        "train", "retargeter", "--robot", "uarm_swift_pro", "-o", "\(output)/model",
      ] + Subject.tiny, prelude: "ulimit -f 4")
    #expect(model.status == 74, "\(model.text)")
    #expect(Work.files(in: output) == [])
  }

  @Test(
    "A signal that ends it removes temporary files, in the middle of writing thousands",
    arguments: [SIGINT, SIGTERM, SIGHUP])
  func signals(number: Int32) throws {
    var ended = 0
    // A small model, so that most of the time is that of writing.
    let model = try TinyMotionModel.plainGenerator.get()
    for round in 0..<6 {
      let output = try Work.folder()
      let tool = try Tool.start([
        "sample", "--model", model, "-o", output, "--count", "50000", "--frames", "8", "--format",
        "npz,bvh,clip",
      ])
      let deadline = ContinuousClock().now + .seconds(60)
      while Work.files(in: output).count < 20 + 10 * round, ContinuousClock().now < deadline {
        usleep(300)
      }
      tool.send(number)
      let run = try tool.wait()
      if run.signal == number { ended += 1 }
      let left = Work.files(in: output).filter { $0.hasPrefix(".") }
      #expect(left == [], "round \(round): \(run.text)")
    }
    #expect(ended > 0)
  }

  @Test("What a killed run left goes with the next one, and a signal that is ignored stays so")
  func killed() throws {
    var leftBehind = 0
    let model = try TinyMotionModel.plainGenerator.get()
    for round in 0..<12 where leftBehind == 0 {
      let output = try Work.folder()
      let arguments = [
        "sample", "--model", model, "-o", output, "--count", "300", "--frames", "8", "--format",
        "npz,bvh,clip",
      ]
      let tool = try Tool.start(arguments)
      let deadline = ContinuousClock().now + .seconds(60)
      while Work.files(in: output).count < 20 + 10 * round, ContinuousClock().now < deadline {
        usleep(300)
      }
      tool.send(SIGKILL)
      _ = try tool.wait()
      leftBehind += Work.files(in: output).count { $0.hasPrefix(".") }
      let again = try Tool.run(arguments: arguments, prelude: "trap '' HUP")
      #expect(again.status == 0, "\(again.text)")
      #expect(Work.files(in: output).filter { $0.hasPrefix(".") } == [])
      #expect(Work.files(in: output).count == 900)
    }
    #expect(leftBehind > 0, "no run was killed in the middle of a file")
    let output = try Work.folder()
    let deaf = try Tool.start(
      ["sample", "--model", model, "-o", output, "--count", "400", "--frames", "8"],
      prelude: "trap '' HUP")
    let deadline = ContinuousClock().now + .seconds(60)
    while Work.files(in: output).isEmpty, ContinuousClock().now < deadline { usleep(300) }
    deaf.send(SIGHUP)
    #expect(try deaf.wait().status == 0)
  }

  @Test("Permissions of results that are replaced stay as they were")
  func permissions() throws {
    let output = try Work.folder()
    let path = "\(output)/wave.trajectory.safetensors"
    for mode: mode_t in [0o600, 0o664] {
      for _ in 0..<2 {
        #expect(try Subject.uarm.compile(Shipped.motion("wave"), to: output).status == 0)
        var status = stat()
        try #require(stat(path, &status) == 0)
        if status.st_mode & 0o777 == mode { break }
        chmod(path, mode)
      }
      var status = stat()
      try #require(stat(path, &status) == 0)
      #expect(status.st_mode & 0o777 == mode)
    }
  }
}

@Suite("Folders of captures in which results lie, and batches with bad files")
struct BatchTests {
  @Test("What motionc wrote into a folder is skipped for what it holds, under whatever name")
  func ownResults() throws {
    let folder = try Work.folder()
    for name in ["wave", "reach"] {
      try Work.write(Work.text(Shipped.motion(name)), "\(folder)/\(name).bvh")
    }
    let first = try Subject.uarm.compile(folder, to: folder, "--format", "npz,csv")
    #expect(first.status == 0 && first.resultLines.count == 2, "\(first.text)")
    let imported = try Tool.run("import", folder, "-o", folder)
    #expect(imported.status == 0, "\(imported.text)")
    #expect(imported.outputLines.contains("read     2"), "\(imported.text)")
    let files = FileManager.default
    try files.moveItem(
      atPath: "\(folder)/wave.trajectory.safetensors", toPath: "\(folder)/mine.safetensors")
    try files.moveItem(atPath: "\(folder)/reach.npz", toPath: "\(folder)/moved.npz")
    let again = try Subject.uarm.compile(folder, to: "\(folder)/out")
    #expect(again.status == 0 && again.resultLines.count == 2, "\(again.text)")
    #expect(
      Work.files(in: "\(folder)/out")
        == ["reach.trajectory.safetensors", "wave.trajectory.safetensors"])
    let notes = again.errorLines.filter { $0.contains("skipped as") }
    #expect(notes.count == 2, "\(again.text)")
    #expect(notes.contains { $0.contains("robot trajectory") }, "\(again.text)")
  }

  @Test("A capture is not skipped for the name of something beside it")
  func capturesStay() throws {
    let folder = try Work.folder()
    // A capture called as the export of another motion's trajectory would be.
    let made = try Tool.run("smooth", try Shipped.motion("walk"), "-o", folder, "--format", "npz")
    try #require(made.status == 0, "\(made.text)")
    let compiled = try Subject.uarm.compile(
      Shipped.motion("walk"), to: folder, "--format", "csv")
    try #require(compiled.status == 0, "\(compiled.text)")
    let run = try Subject.uarm.compile(folder, to: "\(folder)/out", "--json")
    #expect(run.status == 0, "\(run.text)")
    #expect(Work.files(in: "\(folder)/out") == ["walk.trajectory.safetensors"])
    // Two captures of one name are a question to the user, never one of them left out.
    try Work.write(Work.text(Shipped.motion("wave")), "\(folder)/walk.bvh")
    let two = try Subject.uarm.compile(folder, to: "\(folder)/out2")
    #expect(two.status == 65 && two.saysOneSentence && two.error.contains("same name"))
  }

  @Test("Of a motion in several formats of ours the most exact one is taken")
  func formats() throws {
    let folder = try Work.folder()
    let made = try Tool.run(
      "smooth", try Shipped.motion("walk"), try Shipped.motion("wave"), "-o", folder, "--format",
      "npz,bvh,clip")
    try #require(made.status == 0, "\(made.text)")
    #expect(made.errorLines.contains("note: 2 smoothed, 0 failed"), "\(made.text)")
    let run = try Subject.uarm.compile(folder, to: "\(folder)/out")
    #expect(run.status == 0 && run.resultLines.count == 2, "\(run.text)")
    // Once one of them was changed, it is no copy any more.
    let text = try Work.text("\(folder)/walk.bvh")
    try Work.write(
      text.replacing("Frame Time: 0.0333", with: "Frame Time: 0.0334"), "\(folder)/walk.bvh")
    let changed = try Subject.uarm.compile(folder, to: "\(folder)/out2")
    #expect(changed.status == 65 && changed.error.contains("same name"), "\(changed.text)")
  }

  @Test(
    "Bad files among good ones: each verb names them, goes on, and sums up",
    arguments: ["import", "compile"])
  func goesOn(verb: String) throws {
    let (folder, output) = (try Work.folder(), try Work.folder())
    for name in ["a", "c", "e"] {
      try Work.write(Work.text(Shipped.motion("wave")), "\(folder)/\(name).bvh")
    }
    try Work.write("HIERARCHY", "\(folder)/b.bvh")
    try Work.write("x", "\(folder)/d.npz")
    let robot = verb == "compile" ? ["--robot", "uarm_swift_pro"] : []
    let run = try Tool.run(arguments: [verb, folder, "-o", output] + robot)
    #expect(run.status == (verb == "import" ? 2 : 65), "\(run.text)")
    #expect(Work.files(in: output).count == 3)
    #expect(run.complaints.count == 2, "\(run.text)")
    for bad in ["b.bvh", "d.npz"] {
      #expect(run.complaints.contains { $0.contains(bad) }, "\(run.text)")
    }
    if verb == "import" {
      for line in ["read     3", "doubted  0", "refused  2"] {
        #expect(run.outputLines.contains { $0 == line }, "\(run.text)")
      }
    } else {
      #expect(run.errorLines.last == "note: 3 compiled, 2 failed", "\(run.text)")
    }
    // A file that is not there is said before anything is done.
    let first = try Tool.run(
      arguments: [verb, "\(folder)/a.bvh", "\(folder)/none.bvh", "-o", output] + robot)
    #expect(first.status == 66, "\(first.text)")
  }

  @Test("verify names each file that fails, whatever is wrong with it, and sums up")
  func verifyNames() throws {
    let folder = try Work.folder()
    let made = try Subject.uarm.compile(Shipped.motion("wave"), to: folder)
    try #require(made.status == 0)
    let sound = try Safetensors(contentsOf: "\(folder)/wave.trajectory.safetensors")
    try sound.write(to: "\(folder)/sound.safetensors")
    unlink("\(folder)/wave.trajectory.safetensors")
    var changes: [String: (inout Safetensors) -> Void] = [:]
    for quantity in ["lower", "velocity"] {
      changes["nan-\(quantity)"] = {
        $0.tensors[quantity] = StoredTensor([Double](repeating: .nan, count: 4), shape: [4])
      }
    }
    changes["other-robot"] = { $0.metadata["robot_sha256"] = "ffff" }
    changes["other-joints"] = { $0.metadata["joints"] = #"["a","b","c","d"]"# }
    changes["no-format"] = { $0.metadata["format"] = nil }
    changes["moved"] = {
      let shape = $0.tensors["control_points"]?.shape ?? []
      $0.tensors["control_points"] = StoredTensor(
        [Double](repeating: 9, count: shape.reduce(1, *)), shape: shape)
    }
    for (name, change) in changes {
      var file = sound
      change(&file)
      try file.write(to: "\(folder)/\(name).safetensors")
    }
    try Work.write("x", "\(folder)/text.safetensors")
    let files = Work.files(in: folder) + ["none.safetensors"]
    let run = try Tool.run(
      arguments: ["verify", "--robot", "uarm_swift_pro"] + files, folder: folder)
    for file in files where file != "sound.safetensors" {
      let lines = (run.outputLines + run.errorLines).filter { $0.contains(file) }
      #expect(lines.count == 1, "\(file): \(run.text)")
    }
    #expect(
      run.errorLines.last == "note: 1 verified, 1 broke a limit, 7 could not be checked",
      "\(run.text)")
  }
}
