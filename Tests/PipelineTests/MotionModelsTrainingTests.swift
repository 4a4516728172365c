import Files
import Foundation
import Testing

@Suite("motionc train generator")
struct MotionModelsTrainingTests {
  private func run(_ model: String, _ further: [String], within limit: Double = 120) throws -> Run {
    try Tool.run(arguments: TinyMotionModel.trainGenerator(model, further), within: limit)
  }

  @Test("The same seed gives the same bytes on one thread and on two, another seed others")
  func threads() throws {
    var models: [[UInt8]] = []
    for further in [["--threads", "1"], ["--threads", "2"], ["--seed", "9"]] {
      let model = "\(try Work.folder())/model"
      let run = try run(model, further)
      #expect(run.status == 0, "\(run.text)")
      models.append(try Work.bytes(model))
    }
    let (isSame, isOther) = (models[0] == models[1], models[0] != models[2])
    #expect(isSame && isOther)
  }

  @Test("Ended by the clock and resumed, it ends in the same bytes; nothing else is left behind")
  func resumed() throws {
    let whole = "\(try Work.folder())/model"
    #expect(try run(whole, ["--steps", "60"]).status == 0)
    let folder = try Work.folder()
    let model = "\(folder)/model"
    let first = try run(model, ["--steps", "60", "--time-limit", "0.05s"])
    #expect(first.status == 0, "\(first.text)")
    #expect(Work.files(in: folder) == ["model", "model.checkpoint"])
    let second = try run(model, ["--steps", "60", "--resume"])
    #expect(second.status == 0, "\(second.text)")
    let isSame = try Work.bytes(model) == Work.bytes(whole)
    #expect(isSame)
  }

  @Test(
    "Resumed with other options it is refused",
    arguments: [
      ["--batch", "16"], ["--steps", "30"], ["--width", "32"], ["--layers", "2"],
      ["--rate", "0.002"], ["--frames", "40"], ["--seed", "2"],
    ])
  func otherOptions(_ further: [String]) throws {
    let folder = try Work.folder()
    let model = "\(folder)/model"
    #expect(try run(model, ["--time-limit", "0.02s"]).status == 0)
    try FileManager.default.removeItem(atPath: model)
    let run = try run(model, ["--resume"] + further)
    #expect(run.status == 65, "\(run.text)")
    #expect(run.error.contains("motionc: "), "\(run.text)")
    #expect(Work.files(in: folder) == ["model.checkpoint"])
  }

  @Test("An unfinished training is not begun anew without a word")
  func unfinished() throws {
    let folder = try Work.folder()
    let model = "\(folder)/model"
    #expect(try run(model, ["--time-limit", "0.02s"]).status == 0)
    try FileManager.default.removeItem(atPath: model)
    let before = try Work.bytes("\(model).checkpoint")
    let again = try run(model, [])
    #expect(again.status == 73 && again.error.contains("--resume"), "\(again.text)")
    #expect(try Work.bytes("\(model).checkpoint") == before)
    let anew = try run(model, ["--force", "--time-limit", "0.02s"])
    #expect(anew.status == 0, "\(anew.text)")
  }

  @Test("What is there and no file is not to be written over, also not with --force")
  func noFile() throws {
    for further in [[], ["--force"]] {
      let run = try run("/dev/full", further, within: 20)
      #expect(run.status == 73 && run.error.contains("not a file"), "\(run.text)")
      #expect(!run.error.contains("--force"), "\(run.text)")
    }
  }

  @Test("What is not there or does not fit is said before training")
  func badInput() throws {
    let folder = try Work.folder()
    let output = "\(folder)/out"
    let model = "\(output)/model"
    try AtomicFile.makeFolder(output)
    let clips = try TinyMotionModel.clips()
    func train(_ words: String..., status: Int32 = 65, says: String = "") throws {
      let run = try Tool.run(
        arguments: ["train", "generator", "-o", model, "--steps", "3"] + words
          + ["--width", "16", "--heads", "2", "--layers", "1"] + TinyMotionModel.frames,
        within: 30)
      #expect(run.status == status, "\(words): \(run.text)")
      #expect(run.errorLines.count { $0.hasPrefix("motionc: ") } == 1, "\(words): \(run.text)")
      #expect(says.isEmpty || run.error.contains(says), "\(words): \(run.text)")
      #expect(Work.files(in: output) == [], "\(words)")
    }
    try train("--motions", "/none", status: 66)
    try AtomicFile.makeFolder("\(folder)/empty")
    try train("--motions", "\(folder)/empty")
    try train("--motions", clips, "--labels", "/none.csv", status: 66)
    let labels = try Work.write("file,split\nwalk.bvh,train\n", "\(folder)/labels.csv")
    try train("--motions", clips, "--labels", labels, says: "action")
    let actions = try Work.write("file,action\nwalk.bvh,walk\n", "\(folder)/actions.csv")
    try train("--motions", clips, "--embeddings", "/none", status: 66)
    try train("--motions", clips, "--embeddings", "\(folder)/empty")
    try train(
      "--motions", try Shipped.folder(), "--text", says: "no clip to train on has a description")
    try train("--motions", clips, "--labels", actions, "--text", says: "description")
    try train("--motions", clips, "--licence", "nobody's", says: "nobody's")
    try AtomicFile.makeFolder("\(folder)/uneven")
    for (name, numbers) in [("walk", 5), ("wave", 6)] {
      let tensor = StoredTensor([Float](repeating: 1, count: numbers), shape: [numbers])
      try AtomicFile.write(
        NumpyArray.numbers(tensor).encoded(), to: "\(folder)/uneven/\(name).npy")
    }
    try train("--motions", clips, "--embeddings", "\(folder)/uneven", says: "expected 5")
  }

  @Test(
    "Numbers that are out of range are usage errors",
    arguments: [
      "--steps=0", "--batch=0", "--threads=0", "--rate=0", "--rate=nan", "--width=15", "--heads=0",
      "--layers=0", "--frames=7", "--frames=33", "--frames-per-token=0", "--checkpoint-every=0",
      "--seed=x", "--time-limit=soon",
    ])
  func usage(_ option: String) throws {
    let folder = try Work.folder()
    let run = try run("\(folder)/model", [option], within: 20)
    #expect(run.status == 64, "\(run.text)")
    #expect(Work.files(in: folder) == [])
  }

  @Test("A loss that is no number stops training at once, by its name and step, with a checkpoint")
  func notANumber() throws {
    let folder = try Work.folder()
    let embeddings = "\(folder)/embeddings"
    try AtomicFile.makeFolder(embeddings)
    for name in Shipped.names {
      // So many that their weighted sum overflows, however the weights begin.
      let tensor = StoredTensor([Float](repeating: 3.3e38, count: 256), shape: [256])
      try AtomicFile.write(NumpyArray.numbers(tensor).encoded(), to: "\(embeddings)/\(name).npy")
    }
    let output = "\(folder)/out"
    try AtomicFile.makeFolder(output)
    let run = try run(
      "\(output)/model", ["--embeddings", embeddings, "--steps", "500"], within: 60)
    #expect(run.status == 65, "\(run.text)")
    let sentence = run.errorLines.last { $0.hasPrefix("motionc: ") } ?? ""
    #expect(sentence.contains("step"), "\(run.text)")
    #expect(
      ["flow", "velocity", "stillness", "acceleration", "rotation", "body"].contains {
        sentence.contains($0)
      },
      "\(run.text)")
    #expect(!Work.files(in: output).contains("model"))
  }

  @Test("A retargeter learns from sampled motion, alone and beside captured motion")
  func retargeterOfSamples() throws {
    let folder = try Work.folder()
    let command = [
      "train", "retargeter", "--robot", "uarm_swift_pro", "-o", "\(folder)/model", "--generator",
      try TinyMotionModel.generator.get(), "--epochs", "1", "--width", "8", "--layers", "1",
      "--batch", "256", "--time-limit", "2s", "--force",
    ]
    for further in [[], ["--motions", try Shipped.folder()]] {
      let run = try Tool.run(arguments: command + further)
      #expect(run.status == 0, "\(run.text)")
      #expect(Work.files(in: folder).contains("model"))
    }
    for wrong in [try Subject.uarm.model(), try Shipped.motion("walk")] {
      let run = try Tool.run(
        "train", "retargeter", "--robot", "uarm_swift_pro", "-o", "\(folder)/other",
        "--generator", wrong, within: 30)
      #expect(run.status == 65 && run.saysOneSentence, "\(run.text)")
      #expect(!Work.files(in: folder).contains { $0.hasPrefix("other") })
    }
  }

  @Test("A label with a path in it is a label, and its samples stay in their folder")
  func labelWithPath() throws {
    let folder = try Work.folder()
    try AtomicFile.makeFolder("\(folder)/clips")
    var index = "file,action,split\n"
    for (name, action) in [("walk", "../../out"), ("reach", "reach/far"), ("wave", "hello there")] {
      try Work.write(Work.text(Shipped.motion(name)), "\(folder)/clips/\(name).bvh")
      index += "\(name).bvh,\(action),train\n"
    }
    // What is held back tells no labels.
    try Work.write(Work.text(Shipped.motion("squat")), "\(folder)/clips/squat.bvh")
    index += "squat.bvh,squat,val\n"
    try Work.write(index, "\(folder)/clips/index.csv")
    let model = "\(folder)/model"
    let trained = try Tool.run(
      arguments: ["train", "generator", "--motions", "\(folder)/clips", "-o", model]
        + TinyMotionModel.sizes + TinyMotionModel.frames)
    #expect(trained.status == 0, "\(trained.text)")
    for action in ["../../out", "reach/far", "hello there"] {
      let output = "\(folder)/a/b/samples"
      try? FileManager.default.removeItem(atPath: "\(folder)/a")
      try AtomicFile.makeFolder("\(folder)/a/b")
      let run = try Tool.run(
        "sample", "--model", model, "-o", output, "--action", action, "--format", "npz")
      #expect(run.status == 0, "\(run.text)")
      let files = Work.files(in: "\(folder)/a")
      #expect(files.count == 1 && files.allSatisfy { $0.hasPrefix("b/samples/") }, "\(files)")
    }
  }
}
