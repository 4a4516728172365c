import Files
import Foundation
import Motions
import Testing

/// An HG-VAE that is trained once for all tests, as small as it can be.
enum TinyHGVAE {
  static let sizes = [
    "--width", "8", "--levels", "2", "--blocks", "1", "--latents", "4", "--batch", "8", "--steps",
    "20",
  ]

  static let model = Result { () throws -> String in
    let path = "\(try Work.folder())/hgvae.safetensors"
    let run = try Tool.run(arguments: command(path))
    guard run.status == 0 else { throw Tool.Missing(description: "no HG-VAE: \(run.text)") }
    return path
  }

  static func command(_ model: String, _ further: [String] = []) throws -> [String] {
    ["train", "hgvae", "--motions", try Shipped.folder(), "-o", model] + sizes + further
  }
}

@Suite("motionc train hgvae, score, repair and compile --plausibility")
struct MotionModelsPlausibilityTests {
  private static let joints = Skeleton.jointCount

  private func tool(_ words: String..., folder: String? = nil) throws -> Run {
    try Tool.run(arguments: words, folder: folder, within: 120)
  }

  /// A motion that ships as an archive of positions, with holes as asked.
  private func archive(
    _ name: String, _ folder: String, frames: Int = 90,
    change: (inout [Double], inout [Float]) -> Void = { _, _ in }
  ) throws -> String {
    let clip = try MotionFile.read(Shipped.motion(name)).clip
    var positions = clip.jointPositions().prefix(frames * Self.joints).flatMap {
      [$0.x, $0.y, $0.z]
    }
    var confidences = [Float](repeating: 1, count: positions.count / 3)
    change(&positions, &confidences)
    let shape = [confidences.count / Self.joints, Self.joints]
    let archive = NumpyArchive(
      arrays: [
        "positions": StoredTensor(positions, shape: shape + [3]),
        "confidences": StoredTensor(confidences, shape: shape),
        "fps": StoredTensor([30.0], shape: []),
      ], strings: ["names": Skeleton.Joint.names])
    let path = "\(folder)/\(name).npz"
    try archive.write(to: path)
    return path
  }

  @Test("The same seed gives the same bytes on one thread and on two, another seed others")
  func threads() throws {
    var models: [[UInt8]] = []
    for further in [["--threads", "1"], ["--threads", "2"], ["--seed", "9"]] {
      let model = "\(try Work.folder())/model"
      let run = try Tool.run(arguments: TinyHGVAE.command(model, further), within: 120)
      #expect(run.status == 0, "\(run.text)")
      models.append(try Work.bytes(model))
    }
    let (isSame, isOther) = (models[0] == models[1], models[0] != models[2])
    #expect(isSame && isOther)
  }

  @Test("Ended by the clock and resumed, it ends in the same bytes")
  func resumed() throws {
    let whole = "\(try Work.folder())/model"
    let run = try Tool.run(arguments: TinyHGVAE.command(whole, ["--steps", "60"]), within: 120)
    #expect(run.status == 0, "\(run.text)")
    let model = "\(try Work.folder())/model"
    let first = try Tool.run(
      arguments: TinyHGVAE.command(model, ["--steps", "60", "--time-limit", "0.05s"]), within: 120)
    #expect(first.status == 0, "\(first.text)")
    let other = try Tool.run(
      arguments: TinyHGVAE.command(model, ["--steps", "60", "--resume", "--levels", "3"]))
    #expect(other.status == 65, "\(other.text)")
    let second = try Tool.run(
      arguments: TinyHGVAE.command(model, ["--steps", "60", "--resume"]), within: 120)
    #expect(second.status == 0, "\(second.text)")
    let isSame = try Work.bytes(model) == Work.bytes(whole)
    #expect(isSame)
  }

  @Test("A clean track comes back bit for bit; a hole is filled and marked, all else stays")
  func repairs() throws {
    let (folder, output) = (try Work.folder(), try Work.folder())
    let model = try TinyHGVAE.model.get()
    let clean = try archive("walk", folder)
    #expect(try tool("repair", clean, "--model", model, "-o", output).status == 0)
    let before = try NumpyArchive(contentsOf: clean).array("positions", in: clean).doubles()
    let same = try NumpyArchive(contentsOf: "\(output)/walk.npz")
    let isSame = try same.array("positions", in: output).doubles() == before
    #expect(isSame)
    let holed = try archive("wave", folder) { _, confidences in
      for frame in 30..<50 { confidences[frame * Self.joints + 20] = 0 }
    }
    let run = try tool("repair", holed, "--model", model, "-o", output, "--json")
    #expect(run.status == 0 && run.output.contains("\"filled\""), "\(run.text)")
    let old = try NumpyArchive(contentsOf: holed).array("positions", in: holed).doubles()
    let found = try NumpyArchive(contentsOf: "\(output)/wave.npz")
    let new = try found.array("positions", in: output).doubles()
    let marks = try found.array("repaired", in: output).bytes
    for at in marks.indices {
      let isHole = at % Self.joints == 20 && (30..<50).contains(at / Self.joints)
      #expect((marks[at] == 1) == isHole)
      let isKept = new[(3 * at)..<(3 * at + 3)] == old[(3 * at)..<(3 * at + 3)]
      #expect(isKept || isHole)
    }
    let isFinite = new.allSatisfy { $0.isFinite }
    #expect(isFinite)
    let smooth = try tool("smooth", "\(output)/wave.npz", "-o", "\(output)/smooth")
    #expect(smooth.status == 0, "\(smooth.text)")
    #expect(!run.text.contains("never seen"))
    let unseen = try archive("wave", folder) { _, confidences in
      for at in stride(from: 20, to: confidences.count, by: Self.joints) { confidences[at] = 0 }
    }
    let guessed = try tool("repair", unseen, "--model", model, "-o", output)
    #expect(guessed.status == 0 && guessed.text.contains("never seen"), "\(guessed.text)")
    #expect(guessed.output.contains("hands and knees: L_Wrist"), "\(guessed.text)")
  }

  @Test("Scores say which joint is unusual, in words, JSON and arrays")
  func scores() throws {
    let (folder, output) = (try Work.folder(), try Work.folder())
    let model = try TinyHGVAE.model.get()
    let shaken = try archive("walk", folder) { positions, _ in
      for frame in 40..<44 { positions[3 * (frame * Self.joints + 20)] += 0.4 }
    }
    let run = try tool("score", shaken, "--model", model, "-o", output)
    #expect(run.status == 0 && run.output.contains("L_Wrist at 1."), "\(run.text)")
    let arrays = try NumpyArchive(contentsOf: "\(output)/walk.score.npz")
    #expect(try arrays.array("pose", in: output).shape == [90, 22])
    #expect(try arrays.array("top_latent", in: output).shape == [3, 16])
    let json = try tool("score", shaken, try Shipped.motion("wave"), "--model", model, "--json")
    #expect(json.status == 0 && json.outputLines.count == 2, "\(json.text)")
    #expect(json.outputLines.allSatisfy { $0.contains("\"plausibility\": ") })
  }

  @Test("A joint that is farther away than any can be is implausible, and said, not merely missing")
  func farAway() throws {
    let (folder, model) = (try Work.folder(), try TinyHGVAE.model.get())
    let wrist = Skeleton.Joint.leftWrist.rawValue
    for height in [1.5, 5, 5000] {
      let path = try archive("walk", folder) { positions, _ in
        for frame in 40..<44 { positions[3 * (frame * Self.joints + wrist) + 2] += height }
      }
      let run = try tool("score", path, "--model", model)
      #expect(run.status == 0, "\(run.text)")
      #expect(run.output.contains("plausibility 0.000"), "\(height): \(run.text)")
      #expect(run.output.contains("L_Wrist at 1."), "\(height): \(run.text)")
      #expect(
        run.output.contains("farther from the middle of the body") == (height > 2), "\(run.text)")
    }
  }

  @Test("Of a folder tracked joints are scored as well as captures")
  func folders() throws {
    let (folder, model) = (try Work.folder(), try TinyHGVAE.model.get())
    try FileManager.default.copyItem(atPath: Shipped.motion("walk"), toPath: "\(folder)/a.bvh")
    let track = try archive("wave", folder)
    var text =
      "frame," + Skeleton.Joint.names.map { "\($0)_x,\($0)_y,\($0)_z" }.joined(separator: ",")
    let places = try MotionFile.read(Shipped.motion("squat")).clip.jointPositions()
    for frame in 0..<60 {
      let row = places[(frame * Self.joints)..<((frame + 1) * Self.joints)]
      text += "\n\(frame)," + row.map { "\($0.x),\($0.y),\($0.z)" }.joined(separator: ",")
    }
    _ = try Work.write(text + "\n", "\(folder)/squat.csv")
    let run = try tool("score", folder, "--model", model, "--rate", "30")
    #expect(run.status == 0, "\(run.text)")
    for name in ["a.bvh", track, "squat.csv"] { #expect(run.output.contains(name), "\(run.text)") }
    // What is not there keeps nothing else from being scored.
    let some = try tool("score", "\(folder)/none.bvh", track, "--model", model)
    #expect(some.status == 66 && some.output.contains(track), "\(some.text)")
    #expect(some.error.contains("none.bvh") && some.error.contains("1 scored, 1 failed"))
  }

  @Test("What is not seen is counted and said")
  func unseen() throws {
    let model = try TinyHGVAE.model.get()
    let holed = try archive("walk", Work.folder()) { _, confidences in
      for frame in 10..<30 { confidences[frame * Self.joints + 20] = 0 }
    }
    let text = try tool("score", holed, "--model", model)
    #expect(text.output.contains("; 20 of 1980 joints in frames not seen"), "\(text.text)")
    let json = try tool("score", holed, "--model", model, "--json")
    #expect(json.output.contains("\"unseen_joints\": 20"), "\(json.text)")
    let whole = try tool("score", try archive("walk", Work.folder()), "--model", model)
    #expect(whole.status == 0 && !whole.output.contains("not seen"), "\(whole.text)")
  }

  @Test("Thresholds of a model are measured anew on other motion: its weights stay as they are")
  func recalibrated() throws {
    let folder = try Work.folder()
    let (model, other) = (try TinyHGVAE.model.get(), "\(folder)/other.safetensors")
    // The same motion, faster: more is usual.
    let fast = "\(folder)/fast"
    try AtomicFile.makeFolder(fast)
    for name in Shipped.names {
      var clip = try MotionFile.read(Shipped.motion(name)).clip
      clip.frameRate *= 1.5
      try BVHWriter.write(clip, to: "\(fast)/\(name).bvh")
    }
    let run = try tool("train", "hgvae", "--motions", fast, "-o", other, "--weights", model)
    #expect(run.status == 0 && run.error.contains("thresholds measured on"), "\(run.text)")
    let (old, new) = (try Safetensors(contentsOf: model), try Safetensors(contentsOf: other))
    #expect(Set(old.tensors.keys) == Set(new.tensors.keys))
    for (name, tensor) in old.tensors where !name.hasPrefix("calibration.") {
      #expect(new.tensors[name]?.bytes == tensor.bytes, "\(name)")
    }
    let bounds = try [old, new].map {
      try $0.tensor("calibration.acceleration").floats().reduce(0, +)
    }
    #expect(bounds[1] > bounds[0])
    let steps = try tool(
      "train", "hgvae", "--motions", fast, "-o", other, "--weights", model, "--steps", "9")
    #expect(steps.status == 64, "\(steps.text)")
    let same = try tool("train", "hgvae", "--motions", fast, "-o", model, "--weights", model)
    #expect(same.status != 0, "\(same.text)")
    let wrong = try tool(
      "train", "hgvae", "--motions", fast, "-o", "\(folder)/third", "--weights",
      try TinySmoother.plain.get())
    #expect(wrong.status == 65 && wrong.error.contains("an HG-VAE expected"), "\(wrong.text)")
  }

  @Test("A track with nobody, a short one, NaN, and a model of another kind")
  func badInput() throws {
    let (folder, output) = (try Work.folder(), try Work.folder())
    let model = try TinyHGVAE.model.get()
    let blank = try archive("walk", folder) { _, confidences in
      confidences = confidences.map { _ in 0 }
    }
    let short = try archive("wave", folder, frames: 20)
    let lost = try archive("squat", folder) { positions, _ in
      positions = positions.map { _ in .nan }
    }
    for verb in ["repair", "score"] {
      for (path, word) in [(blank, "walk"), (short, "at least 38"), (lost, "squat")] {
        let run = try tool(verb, path, "--model", model, "-o", output)
        expectRefusal(run, output, says: word)
      }
      let other = try TinySmoother.plain.get()
      expectRefusal(
        try tool(verb, try Shipped.motion("walk"), "--model", other, "-o", output), output,
        says: "it is a smoother (HPSTM)", "an HG-VAE expected")
    }
    let run = try tool("smooth", short, "--model", model, "-o", output)
    expectRefusal(run, output, says: "it is an HG-VAE", "a smoother (HPSTM) expected")
  }

  @Test("compile reports the plausibility, and refuses what is below the one asked for")
  func compiles() throws {
    let output = try Work.folder()
    let model = try TinyHGVAE.model.get()
    func compile(_ further: String...) throws -> Run {
      try Tool.run(
        arguments: [
          "compile", try Shipped.motion("walk"), "--robot", "uarm_swift_pro", "--model",
          try Subject.uarm.model(), "-o", output,
        ] + further, within: 120)
    }
    let refused = try compile("--plausibility", model, "--refuse-below", "1")
    // Only the most usual motion of all is as plausible as that.
    #expect(refused.status == 65 && refused.error.contains("--refuse-below"), "\(refused.text)")
    #expect(Work.files(in: output) == [])
    let run = try compile("--plausibility", model, "--json")
    #expect(run.status == 0 && run.output.contains("\"plausibility\": {"), "\(run.text)")
    let text = try compile("--plausibility", model)
    #expect(text.output.contains("; plausibility "), "\(text.text)")
    for bad in [["--refuse-below", "0.5"], ["--plausibility", model, "--refuse-below", "nan"]] {
      let run = try Tool.run(
        arguments: ["compile", Shipped.motion("walk"), "--robot", "uarm_swift_pro", "-o", output]
          + bad)
      #expect(run.status == 64, "\(run.text)")
    }
  }
}
