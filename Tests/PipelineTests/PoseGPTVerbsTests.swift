import Foundation
import Motions
import Testing

@Suite("PoseGPT from the command line")
struct PoseGPTVerbsTests {
  @Test("sample takes PoseGPT's file, continues a past and its own codes, cuts a long past")
  func sample() throws {
    let (model, folder) = (try TinyPoseGPT.model.get(), try Work.folder())
    let first = try Tool.run(
      "sample", "--model", model, "-o", folder, "--count", "2", "--frames", "130", "--action",
      "walk", "--format", "clip", "--codes", "--top-k", "8", "--threads", "1")
    #expect(first.status == 0, "\(first.text)")
    #expect(
      Work.files(in: folder) == [
        "walk_1_0001.clip.safetensors", "walk_1_0001.codes.safetensors",
        "walk_1_0002.clip.safetensors", "walk_1_0002.codes.safetensors",
      ])
    let clip = try MotionFile.read("\(folder)/walk_1_0001.clip.safetensors").clip
    #expect(clip.frameCount == 130)
    for past in ["walk_1_0001.clip.safetensors", "walk_1_0001.codes.safetensors"] {
      let output = try Work.folder()
      let next = try Tool.run(
        "sample", "--model", model, "-o", output, "--past", "\(folder)/\(past)", "--frames", "20",
        "--format", "clip", "--threads", "1")
      #expect(next.status == 0, "\(next.text)")
      #expect(next.text.contains("reads the last 72"), "\(next.text)")
      let sampled = try MotionFile.read("\(output)/sample_1_0001.clip.safetensors").clip
      #expect(sampled.frameCount == 20)
    }
  }

  @Test(
    "What a model cannot do is refused in one sentence",
    arguments: [
      (["--frames", "0"], "0 frames"), (["--steps", "3"], "--steps"),
      (["--solver", "heun"], "--solver"), (["--action", "swim"], "no action 'swim'"),
      (["--top-p", "2"], "probability of 2"), (["--temperature", "nan"], "temperature is nan"),
      (["--codes", "--frames", "2"], "at least 4"),
    ])
  func refused(_ further: [String], _ words: String) throws {
    let folder = try Work.folder()
    let run = try Tool.run(
      arguments: ["sample", "--model", TinyPoseGPT.model.get(), "-o", folder] + further)
    #expect(run.status == 65 && run.text.contains(words) && run.saysOneSentence, "\(run.text)")
    #expect(Work.files(in: folder).isEmpty)
  }

  @Test("HPSTM-Gen refuses what only PoseGPT does")
  func foreign() throws {
    let folder = try Work.folder()
    for further in [["--top-k", "3"], ["--top-p", "0.5"], ["--codes"]] {
      let run = try Tool.run(
        arguments: ["sample", "--model", TinyMotionModel.generator.get(), "-o", folder] + further)
      #expect(run.status == 65 && run.text.contains(further[0]), "\(run.text)")
    }
  }

  @Test("Codes of another model are refused")
  func otherCodes() throws {
    let (folder, other) = (try Work.folder(), "\(try Work.folder())/other.safetensors")
    let trained = try Tool.run(
      arguments: ["train", "posegpt", "--motions", TinyMotionModel.clips(), "-o", other]
        + TinyPoseGPT.sizes + ["--seed", "2"])
    #expect(trained.status == 0, "\(trained.text)")
    let made = try Tool.run(
      "sample", "--model", other, "-o", folder, "--codes", "--format", "clip")
    #expect(made.status == 0, "\(made.text)")
    let run = try Tool.run(
      "sample", "--model", try TinyPoseGPT.model.get(), "-o", folder, "--past",
      "\(folder)/sample_1_0001.codes.safetensors")
    #expect(run.status == 65 && run.saysOneSentence, "\(run.text)")
    #expect(run.text.contains("are those of the model"), "\(run.text)")
  }

  @Test(
    "A training that was interrupted after its autoencoder goes on; of nothing there is no going on"
  )
  func resumed() throws {
    let folder = try Work.folder()
    let path = "\(folder)/m.safetensors"
    let train =
      ["train", "posegpt", "--motions", try TinyMotionModel.clips(), "-o", path] + TinyPoseGPT.sizes
    let nothing = try Tool.run(arguments: train + ["--resume"])
    #expect(nothing.status == 65 && nothing.saysOneSentence, "\(nothing.text)")
    #expect(Work.files(in: folder) == [])
    let whole = try Tool.run(arguments: train)
    #expect(whole.status == 0, "\(whole.text)")
    let model = try Work.bytes(path)
    for name in Work.files(in: folder) where !name.hasSuffix(".tokenizer") {
      try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
    #expect(Work.files(in: folder) == ["m.safetensors.tokenizer"])
    let run = try Tool.run(arguments: train + ["--resume"])
    #expect(run.status == 0, "\(run.text)")
    let isSame = try Work.bytes(path) == model
    #expect(isSame)
  }

  @Test("A file that is there already is refused before the autoencoder is trained, not after")
  func isThere() throws {
    let folder = try Work.folder()
    let path = try Work.write("mine", "\(folder)/m.safetensors")
    let run = try Tool.run(
      arguments: ["train", "posegpt", "--motions", try TinyMotionModel.clips(), "-o", path]
        + TinyPoseGPT.sizes)
    #expect(run.status == 73 && run.text.contains("--force"), "\(run.text)")
    let text = try Work.text(path)
    #expect(Work.files(in: folder) == ["m.safetensors"] && text == "mine")
  }

  @Test(
    "Sizes that do not fit are refused before anything is read",
    arguments: [
      ["--books", "3"], ["--frames-per-token", "5"], ["--context", "1"], ["--codes", "0"],
      ["--quantizer", "scalar", "--codes", "24", "--books", "2"], ["--tokenizer-steps", "0"],
      ["--books", "0"], ["--tokenizer-width", "9223372036854775804"], ["--frames-per-token", "0"],
    ])
  func sizes(_ further: [String]) throws {
    let run = try Tool.run(
      arguments: ["train", "posegpt", "--motions", "nowhere", "-o", "m"] + further)
    #expect(run.status == 64, "\(run.text)")
  }

  @Test("--resume never takes the autoencoder of another training for its own")
  func otherAutoencoder() throws {
    let clips = try TinyMotionModel.clips()
    func train(_ path: String, steps: String, _ further: String...) throws -> Run {
      let sizes = TinyPoseGPT.sizes.indices.map {
        $0 > 0 && TinyPoseGPT.sizes[$0 - 1] == "--tokenizer-steps" ? steps : TinyPoseGPT.sizes[$0]
      }
      return try Tool.run(
        arguments: ["train", "posegpt", "--motions", clips, "-o", path] + sizes + further)
    }
    let (folder, other) = (try Work.folder(), try Work.folder())
    let (path, apart) = ("\(folder)/m.safetensors", "\(other)/m.safetensors")
    #expect(try train(path, steps: "3").status == 0)
    #expect(try train(apart, steps: "5").status == 0)
    // Its state is of another training.
    let longer = try train(path, steps: "5", "--resume")
    #expect(longer.status == 65 && longer.text.contains("steps 3"), "\(longer.text)")
    // So is the autoencoder alone.
    let state = "\(path).tokenizer.checkpoint"
    if FileManager.default.fileExists(atPath: state) {
      try FileManager.default.removeItem(atPath: state)
    }
    let alone = try train(path, steps: "5", "--resume")
    #expect(alone.status == 65 && alone.text.contains("another training"), "\(alone.text)")
    // As after --force and Ctrl-C: the new state beside the old files.
    try FileManager.default.copyItem(atPath: "\(apart).tokenizer.checkpoint", toPath: state)
    let resumed = try train(path, steps: "5", "--resume")
    #expect(resumed.status == 0 && resumed.text.contains("the GPT begins anew"), "\(resumed.text)")
    let isSame = try Work.bytes(path) == Work.bytes(apart)
    #expect(isSame)
  }
}
