import Files
import Foundation
import Testing

@Suite("motionc train, killed, interrupted and resumed")
struct TrainingTests {
  /// A training of 400 small steps with a checkpoint every 20.
  private static let options = [
    "--epochs", "1", "--width", "8", "--layers", "1", "--batch", "64", "--seed", "5",
    "--checkpoint-every", "20",
  ]

  private static let uninterrupted = Result {
    let path = "\(try Work.folder())/model"
    let run = try Tool.run(arguments: command(path))
    guard run.status == 0 else { throw Tool.Missing(description: run.text) }
    return try Work.bytes(path)
  }

  private static func command(_ model: String, _ further: [String] = []) -> [String] {
    ["train", "retargeter", "--robot", "uarm_swift_pro", "-o", model] + options + further
  }

  /// Starts a training, waits for a checkpoint that is newer than what was there, and a little more.
  private func startAndWait(_ model: String, _ further: [String], delay: Double) throws
    -> RunningTool
  {
    let checkpoint = "\(model).checkpoint"
    let before = try? Work.bytes(checkpoint)
    let tool = try Tool.start(Self.command(model, further))
    let deadline = ContinuousClock().now + .seconds(30)
    while (try? Work.bytes(checkpoint)) == before, ContinuousClock().now < deadline {
      usleep(500)
    }
    usleep(UInt32(delay * 1e6))
    return tool
  }

  @Test("Killed at any moment and resumed, it ends in the same bytes", arguments: [1, 2, 3])
  func killed(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let model = "\(try Work.folder())/model"
    var kills = 0
    for round in 0..<4 {
      let delay = Double.random(in: 0...0.15, using: &generator)
      let tool = try startAndWait(model, round == 0 ? [] : ["--resume"], delay: delay)
      tool.send(SIGKILL)
      let run = try tool.wait()
      if run.signal == SIGKILL { kills += 1 } else { #expect(run.status == 0, "\(run.text)") }
    }
    #expect(kills > 0)
    let checkpoint = try Safetensors(contentsOf: "\(model).checkpoint")
    #expect(checkpoint.tensors["training.step"] != nil)
    let run = try Tool.run(arguments: Self.command(model, ["--resume"]))
    #expect(run.status == 0, "\(run.text)")
    #expect(try Work.bytes(model) == Self.uninterrupted.get())
  }

  @Test(
    "Ctrl-C ends with code 130 and a checkpoint, and --resume goes on to the same bytes",
    arguments: [SIGINT, SIGTERM])
  func interrupted(signal: Int32) throws {
    let model = "\(try Work.folder())/model"
    let tool = try startAndWait(model, [], delay: 0.02)
    tool.send(signal)
    let run = try tool.wait()
    #expect(run.status == 130, "\(run.text)")
    #expect(run.error.contains("--resume"))
    #expect(
      Work.files(in: URL(filePath: model).deletingLastPathComponent().path) == ["model.checkpoint"])
    let resumed = try Tool.run(arguments: Self.command(model, ["--resume"]))
    #expect(resumed.status == 0, "\(resumed.text)")
    #expect(try Work.bytes(model) == Self.uninterrupted.get())
  }

  @Test("--resume goes on from the step of the checkpoint and does not begin again")
  func goesOn() throws {
    let model = "\(try Work.folder())/model"
    let tool = try startAndWait(model, [], delay: 0)
    tool.send(SIGKILL)
    _ = try tool.wait()
    let stored = try Safetensors(contentsOf: "\(model).checkpoint").tensors["training.step"]
    let step = try #require(stored?.words()?.first)
    #expect(step >= 20 && step.isMultiple(of: 20))
    let run = try Tool.run(
      arguments: Self.command(model, ["--resume", "--time-limit", "0.000000001s"]))
    #expect(run.status == 0, "\(run.text)")
    #expect(try Safetensors(contentsOf: model).metadata["steps"] == "\(step)")
  }

  @Test("The same seed gives the same bytes on one thread and on two, another seed gives others")
  func threads() throws {
    let expected = try Self.uninterrupted.get()
    for threads in ["1", "2"] {
      let model = "\(try Work.folder())/model"
      let run = try Tool.run(arguments: Self.command(model, ["--threads", threads]))
      #expect(run.status == 0, "\(run.text)")
      #expect(try Work.bytes(model) == expected, "\(threads) threads")
    }
    let model = "\(try Work.folder())/model"
    let run = try Tool.run(arguments: Self.command(model, ["--seed", "6"]))
    #expect(run.status == 0, "\(run.text)")
    #expect(try Work.bytes(model) != expected)
  }

  @Test("A time limit writes a model, and --resume goes on to the same bytes")
  func timeLimit() throws {
    let model = "\(try Work.folder())/model"
    let run = try Tool.run(arguments: Self.command(model, ["--time-limit", "0.1s"]))
    #expect(run.status == 0, "\(run.text)")
    #expect(try Work.bytes(model) != Self.uninterrupted.get())
    let resumed = try Tool.run(arguments: Self.command(model, ["--resume"]))
    #expect(resumed.status == 0, "\(resumed.text)")
    #expect(try Work.bytes(model) == Self.uninterrupted.get())
  }

  @Test(
    "Resumed with other options, it is refused in one sentence and the checkpoint stays",
    arguments: [
      ["--seed", "6"], ["--batch", "128"], ["--epochs", "2"], ["--rate", "0.003"],
      ["--width", "16"], ["--layers", "2"], ["--weight", "distance=2"],
      ["--robot", "unitree_g1"],
    ])
  func otherOptions(_ further: [String]) throws {
    let model = try interruptedTraining()
    let before = try Work.bytes("\(model).checkpoint")
    let run = try Tool.run(arguments: Self.command(model, ["--resume"] + further))
    #expect(run.status == 65, "\(run.text)")
    #expect(run.errorLines.last?.hasPrefix("motionc: ") == true, "\(run.text)")
    #expect(run.errorLines.count { $0.hasPrefix("motionc: ") } == 1)
    #expect(try Work.bytes("\(model).checkpoint") == before)
    #expect(!FileManager.default.fileExists(atPath: model))
  }

  /// A training that ended early; the path of its model, which is not there.
  private func interruptedTraining() throws -> String {
    let model = "\(try Work.folder())/model"
    let run = try Tool.run(arguments: Self.command(model, ["--time-limit", "0.02s"]))
    try #require(run.status == 0, "\(run.text)")
    try FileManager.default.removeItem(atPath: model)
    return model
  }

  @Test("Resumed with another mapping or other limits, it is refused")
  func otherFiles() throws {
    let model = try interruptedTraining()
    let folder = try Work.folder()
    let mappings = try #require(ProjectFolder.locate("Mappings"))
    let text = try Work.text("\(mappings)/human-to-uarm_swift_pro.yaml")
    let other = text.replacing("scale: 0.16", with: "scale: 0.17")
    try #require(other != text)
    let mapping = try Work.write(other, "\(folder)/m.yaml")
    let run = try Tool.run(arguments: Self.command(model, ["--resume", "--mapping", mapping]))
    #expect(run.status == 65, "\(run.text)")
    let limits = try Work.write("joint_limits: {base: {lower: -1}}\n", "\(folder)/l.yaml")
    let tighter = try Tool.run(arguments: Self.command(model, ["--resume", "--limits", limits]))
    #expect(tighter.status == 65, "\(tighter.text)")
  }

  @Test("A mapping that is not there cannot be read")
  func missingMapping() throws {
    let model = "\(try Work.folder())/model"
    let run = try Tool.run(arguments: Self.command(model, ["--mapping", "/nonexistent.yaml"]))
    #expect(run.status == 66 && run.saysOneSentence, "\(run.text)")
  }

  @Test("Without a checkpoint, or with a damaged one, --resume is refused")
  func noCheckpoint() throws {
    let model = "\(try Work.folder())/model"
    let none = try Tool.run(arguments: Self.command(model, ["--resume"]))
    #expect(none.status == 66, "\(none.text)")
    #expect(none.errorLines.last?.contains("model.checkpoint") == true)
    let other = try interruptedTraining()
    let bytes = try Work.bytes("\(other).checkpoint")
    for length in [0, 8, bytes.count / 2, bytes.count - 1] {
      try AtomicFile.write(Array(bytes.prefix(length)), to: "\(other).checkpoint")
      let run = try Tool.run(arguments: Self.command(other, ["--resume"]))
      #expect(run.status == 65, "\(length) bytes: \(run.text)")
    }
  }

  @Test("A model that is there is not written over without --force")
  func force() throws {
    let model = try Work.write("somebody's", "\(Work.folder())/model")
    let refused = try Tool.run(arguments: Self.command(model))
    #expect(refused.status == 73 && refused.saysOneSentence, "\(refused.text)")
    #expect(refused.error.contains("--force") && refused.error.contains("--resume"))
    #expect(try Work.text(model) == "somebody's")
    let forced = try Tool.run(arguments: Self.command(model, ["--force"]))
    #expect(forced.status == 0, "\(forced.text)")
    #expect(try Work.bytes(model) == Self.uninterrupted.get())
  }

  @Test("--time-limit alone plans a schedule that ends with it; --from starts from a model")
  func plannedSchedule() throws {
    let model = "\(try Work.folder())/model"
    let small = ["--width", "8", "--layers", "1", "--batch", "64"]
    let run = try Tool.run(
      arguments: [
        "train", "retargeter", "--robot", "uarm_swift_pro", "-o", model, "--json",
        "--time-limit", "10s",
      ] + small, within: 60)
    #expect(run.status == 0, "\(run.text)")
    #expect(run.error.contains("the schedule is planned for the time limit: "), "\(run.text)")
    // A machine that became busy meanwhile ends early, and says so.
    if run.error.contains("written to") {
      let last = try #require(run.outputLines.last)
      let object = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
      #expect(object?["step"] as? Int == object?["steps"] as? Int)
      #expect(object?["rate"] as? Double ?? 1 < 2e-5, "\(last)")
    }
    let next = "\(try Work.folder())/model"
    let warm = try Tool.run(
      arguments: Self.command(next, ["--from", model]), within: 60)
    #expect(warm.status == 0, "\(warm.text)")
    #expect(try Work.bytes(next) != Self.uninterrupted.get())
    #expect(try Safetensors(contentsOf: next).metadata["started_from"] == "model")
  }

  @Test("Training from motions, and --json as lines")
  func fromMotions() throws {
    let model = "\(try Work.folder())/model"
    let run = try Tool.run(
      "train", "retargeter", "--robot", "uarm_swift_pro", "-o", model, "--epochs", "1", "--width",
      "8", "--layers", "1", "--batch", "1024", "--json", "--motions", try Shipped.folder())
    #expect(run.status == 0, "\(run.text)")
    #expect(!run.outputLines.isEmpty)
    for line in run.outputLines {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(object?["step"] is Int)
      #expect(object?["loss"] is Double)
    }
    let evaluated = try Tool.run(
      "evaluate", "retargeter", "--robot", "uarm_swift_pro", "--model", model, "--json",
      "--optimum-poses", "5", "--motions", try Shipped.folder())
    #expect(evaluated.status == 0, "\(evaluated.text)")
    let object = try JSONSerialization.jsonObject(with: Data(evaluated.output.utf8))
    #expect((object as? [String: Any])?["meanDistance"] is Double)
  }

  @Test("A retargeter's card states what inverse kinematics reaches on the same clips")
  func card() throws {
    let card = "\(try Work.folder())/card.md"
    let words = [
      "evaluate", "retargeter", "--robot", "uarm_swift_pro", "--all", "--optimum-poses", "2",
      "--motions", try Shipped.motion("wave"),
    ]
    let run = try Tool.run(arguments: words + ["--card", card])
    #expect(run.status == 0, "\(run.text)")
    let solved = try Tool.run(arguments: words + ["--ik"])
    let mean = "mean distance of links from targets: "
    let figure = try #require(
      solved.outputLines.first { $0.hasPrefix(mean) }?.dropFirst(mean.count).prefix { $0 != "(" })
    let line = try #require(
      Work.text(card).split(separator: "\n").first { $0.hasPrefix("inverse kinematics frame") })
    #expect(
      line.contains("on the same clips: \(figure.dropLast()), ") && line.contains("poses a second"),
      "\(line), \(figure)")
  }

  @Test("An index.csv says what is trained on, by split and by licence")
  func index() throws {
    let folder = try Work.folder()
    for name in Shipped.names {
      try Work.write(Work.text(Shipped.motion(name)), "\(folder)/\(name).bvh")
    }
    try Work.write(
      "file,note,split,licence\nwave.bvh,\"a, b\",train,free\nreach.bvh,c,train,other\n"
        + "walk.bvh,d,val,other\n", "\(folder)/index.csv")
    for (licence, clips) in [(nil, 2), ("free", 1)] as [(String?, Int)] {
      let run = try Tool.run(
        arguments: Self.command(
          "\(Work.folder())/model", ["--time-limit", "0.02s", "--motions", folder])
          + (licence.map { ["--licence", $0] } ?? []))
      #expect(run.status == 0, "\(run.text)")
      #expect(
        run.error.contains(" poses of \(clips) clips, 1 clips held back"), "\(run.text)")
    }
    try Work.write("name,split\nwave.bvh,train\n", "\(folder)/index.csv")
    let run = try Tool.run(
      arguments: Self.command("\(Work.folder())/model", ["--motions", folder]))
    #expect(run.status == 65 && run.saysOneSentence, "\(run.text)")
  }

  @Test(
    "A place where the model cannot be written is found before training",
    arguments: ["missing/model", "file/model", ""])
  func unwritable(_ path: String) throws {
    let folder = try Work.folder()
    try Work.write("x", "\(folder)/file")
    let run = try Tool.run(
      "train", "retargeter", "--robot", "uarm_swift_pro", "-o", "\(folder)/\(path)", "--epochs",
      "10000", within: 20)
    #expect(run.status == 73, "\(run.text)")
    #expect(Work.files(in: folder) == ["file"])
  }
}
