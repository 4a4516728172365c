import Files
import Foundation
import MotionData
import Testing

@Suite("Packs of motions that trainings make and keep")
struct WindowsPackTests {
  /// A folder of its own with the clips of the tiny model.
  private func clips() throws -> String {
    let folder = try Work.folder()
    try FileManager.default.copyItem(
      atPath: try TinyMotionModel.clips(), toPath: "\(folder)/clips")
    return "\(folder)/clips"
  }

  private func train(_ folder: String, _ clips: String, _ further: [String]) throws -> Run {
    try Tool.run(
      arguments: ["train", "generator", "--motions", clips, "-o", "\(folder)/model", "--force"]
        + TinyMotionModel.sizes + TinyMotionModel.frames + further)
  }

  @Test("A pack is kept where that is asked for, used again, and made again for other motions")
  func kept() throws {
    let (folder, clips) = (try Work.folder(), try clips())
    let pack = "\(folder)/kept.pack"
    #expect(try train(folder, clips, ["--pack", pack]).status == 0)
    let model = try Work.bytes("\(folder)/model")
    let first = try DatasetShard(path: pack)
    #expect(first.labels.contains("walk"))
    func inode() throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: pack)[.systemFileNumber] as? Int
    }
    let before = try inode()
    #expect(try train(folder, clips, ["--pack", pack]).status == 0)
    #expect(try inode() == before)
    #expect(try Work.bytes("\(folder)/model") == model)
    // The pack that nobody sees gives the same model.
    #expect(try train(folder, clips, []).status == 0)
    #expect(try Work.bytes("\(folder)/model") == model)
    let index = try Work.text("\(clips)/index.csv").replacing("walk,train", with: "stroll,train")
    try Work.write(index, "\(clips)/index.csv")
    let again = try train(folder, clips, ["--pack", pack])
    #expect(again.status == 0 && again.error.contains("made again"), "\(again.text)")
    #expect(try DatasetShard(path: pack).labels.contains("stroll"))
    #expect(Work.files(in: folder) == ["kept.pack", "model", "model.checkpoint"])
  }

  @Test("A file that is no pack is not written over, nor is a damaged one trained on")
  func refused() throws {
    let (folder, clips) = (try Work.folder(), try clips())
    let diary = try Work.write("my diary", "\(folder)/diary")
    let run = try train(folder, clips, ["--pack", diary])
    #expect(run.status == 65 && run.saysOneSentence, "\(run.text)")
    #expect(try Work.text(diary) == "my diary")
    let pack = "\(folder)/kept.pack"
    #expect(try train(folder, clips, ["--pack", pack]).status == 0)
    var bytes = try Work.bytes(pack)
    bytes[500] ^= 1
    try AtomicFile.write(bytes, to: pack)
    let damaged = try train(folder, clips, ["--pack", pack])
    #expect(damaged.status == 65 && damaged.error.contains("as it was written"), "\(damaged.text)")
  }

  @Test("A pack of the user's that has the name of the one beside the model stays")
  func ownName() throws {
    let (folder, clips) = (try Work.folder(), try clips())
    try Work.write("mine", "\(folder)/model.pack")
    #expect(try train(folder, clips, []).status == 0)
    #expect(try Work.text("\(folder)/model.pack") == "mine")
    #expect(Work.files(in: folder) == ["model", "model.checkpoint", "model.pack"])
  }

  @Test("Clips that cannot be read are left out with a note; where none is left, that is the error")
  func leftOut() throws {
    let (folder, clips) = (try Work.folder(), try clips())
    try Work.write("HIERARCHY nonsense", "\(clips)/walk.bvh")
    let run = try train(folder, clips, [])
    #expect(run.status == 0 && run.error.contains("left out: "), "\(run.text)")
    for file in Work.files(in: clips) where file.hasSuffix(".bvh") {
      try Work.write("HIERARCHY nonsense", "\(clips)/\(file)")
    }
    let other = try Work.folder()
    let none = try train(other, clips, [])
    #expect(none.status == 65, "\(none.text)")
    #expect(Work.files(in: other) == [])
  }

  @Test(
    "Labels by another index: by the names of the files; embeddings are arrays of one dimension")
  func labelsAndEmbeddings() throws {
    let (folder, clips) = (try Work.folder(), try clips())
    let labels = try Work.write(
      "action,file\ngo,elsewhere/walk.bvh\n,wave.bvh\n", "\(folder)/labels.csv")
    let pack = "\(folder)/kept.pack"
    #expect(try train(folder, clips, ["--pack", pack, "--labels", labels]).status == 0)
    #expect(try DatasetShard(path: pack).labels == ["go"])
    try AtomicFile.makeFolder("\(folder)/embeddings")
    let tensor = StoredTensor([Float](repeating: 1, count: 6), shape: [2, 3])
    try AtomicFile.write(
      NumpyArray.numbers(tensor).encoded(), to: "\(folder)/embeddings/walk.npy")
    let run = try train(folder, clips, ["--embeddings", "\(folder)/embeddings"])
    #expect(run.status == 65 && run.error.contains("[2, 3]"), "\(run.text)")
    try FileManager.default.removeItem(atPath: "\(folder)/embeddings/walk.npy")
    let row = Safetensors(tensors: ["e": StoredTensor([Float(1), 2, 3], shape: [3])])
    try row.write(to: "\(folder)/embeddings/walk.safetensors")
    let read = try train(folder, clips, ["--pack", pack, "--embeddings", "\(folder)/embeddings"])
    #expect(read.status == 0, "\(read.text)")
    #expect(try DatasetShard(path: pack).embeddingWidth == 3)
  }

  @Test("A retargeter learns from motion that a generator samples, the same on any threads")
  func retargeter() throws {
    var models: [[UInt8]] = []
    let small = ["--epochs", "1", "--width", "8", "--layers", "1", "--batch", "256"]
    let generator = try TinyMotionModel.generator.get()
    for further in [["--threads", "1"], ["--threads", "2"], ["--generator-share", "1"]] {
      let model = "\(try Work.folder())/model"
      let run = try Tool.run(
        arguments: [
          "train", "retargeter", "--robot", "uarm_swift_pro", "-o", model, "--generator", generator,
          "--motions", try TinyMotionModel.clips(),
        ] + small + further)
      #expect(run.status == 0, "\(run.text)")
      models.append(try Work.bytes(model))
      let history = try Safetensors(contentsOf: model).metadata
      let digest = Fingerprint.sha256(try Work.bytes(generator))
      #expect(history["generator"] == digest)
      #expect(history["data"]?.contains("motion of generator \(digest.prefix(16))") == true)
    }
    #expect(models[0] == models[1])
    #expect(models[0] != models[2])
    let folder = try Work.folder()
    let run = try Tool.run(
      arguments: [
        "train", "retargeter", "--robot", "uarm_swift_pro", "-o", "\(folder)/model", "--generator",
        try Shipped.motion("walk"),
      ] + small)
    expectRefusal(run, folder)
  }
}
