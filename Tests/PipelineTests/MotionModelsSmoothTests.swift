import Files
import Foundation
import Geometry
import Motions
import TestSupport
import Testing

/// Smoothers that are trained once for all tests.
enum TinySmoother {
  static let plain = Result { try train([]) }
  static let withCovariances = Result { try train(["--covariance"]) }
  static let frames = ["--frames", "15"]

  static func command(_ model: String, _ further: [String] = []) throws -> [String] {
    ["train", "smoother", "--motions", try Shipped.folder(), "-o", model]
      + TinyMotionModel.sizes + frames + further
  }

  private static func train(_ further: [String]) throws -> String {
    let path = "\(try Work.folder())/smoother.safetensors"
    let run = try Tool.run(arguments: command(path, further))
    guard run.status == 0 else { throw Tool.Missing(description: "no smoother: \(run.text)") }
    return path
  }
}

@Suite("motionc smooth")
struct MotionModelsSmoothTests {
  private func smooth(_ output: String, _ further: String..., within limit: Double = 60) throws
    -> Run
  {
    try Tool.run(
      arguments: ["smooth", "--model", TinySmoother.plain.get(), "-o", output] + further,
      within: limit)
  }

  /// A motion that ships as a table of named joints, with holes as asked.
  private func table(
    _ name: String, _ folder: String, rate: Double = 30,
    isMissing: (_ frame: Int, _ joint: Int) -> Bool = { _, _ in false },
    shift: (_ frame: Int) -> Vector3 = { _ in .zero }
  ) throws -> String {
    let clip = try MotionFile.read(Shipped.motion(name)).clip
    var text =
      "time_s,"
      + Skeleton.Joint.names.map { "\($0)_x,\($0)_y,\($0)_z" }
      .joined(separator: ",") + "\n"
    for frame in 0..<min(clip.frameCount, 60) {
      let cells = clip.jointPositions(frame: frame).enumerated().map { joint, old in
        let place = old + shift(frame)
        return isMissing(frame, joint) ? ",," : "\(place.x),\(place.y),\(place.z)"
      }
      text += "\(Double(frame) / rate)," + cells.joined(separator: ",") + "\n"
    }
    try AtomicFile.makeFolder(folder)
    return try Work.write(text, "\(folder)/\(name).csv")
  }

  @Test("A smoothed track is on one skeleton: bones keep their length in every frame")
  func bones() throws {
    let (folder, output) = (try Work.folder(), try Work.folder())
    let path = try table("walk", folder)
    let run = try smooth(output, path, "--format", "npz,bvh,clip")
    #expect(run.status == 0, "\(run.text)")
    #expect(run.output.contains("canonical") && run.output.contains("z up"), "\(run.text)")
    #expect(Work.files(in: output) == ["walk.bvh", "walk.clip.safetensors", "walk.npz"])
    let archive = try NumpyArchive(contentsOf: "\(output)/walk.npz")
    let positions = try archive.array("positions", in: output)
    let lengths = try archive.array("bone_lengths", in: output).doubles()
    #expect(positions.shape == [60, 22, 3])
    #expect(archive.arrays["covariances"] == nil)
    let values = positions.doubles()
    for frame in 0..<60 {
      func place(_ joint: Int) -> Vector3 {
        let at = 3 * (22 * frame + joint)
        return [values[at], values[at + 1], values[at + 2]]
      }
      for joint in 1..<22 {
        let bone = (place(joint) - place(Skeleton.parents[joint])).length
        #expect(abs(bone - lengths[joint]) <= 1e-6 * lengths[joint])
      }
    }
    let clips = try ["walk.bvh", "walk.clip.safetensors"].map {
      try MotionFile.read("\(output)/\($0)").clip.jointPositions()
    }
    let worst = zip(clips[0], clips[1]).map { ($0 - $1).length }.max()
    #expect(try #require(worst) < 1e-3)
  }

  @Test("Covariances are symmetric and positive definite")
  func covariances() throws {
    let (folder, output) = (try Work.folder(), try Work.folder())
    let run = try Tool.run(
      "smooth", try table("wave", folder), "--model", try TinySmoother.withCovariances.get(), "-o",
      output, "--format", "npz")
    #expect(run.status == 0, "\(run.text)")
    let archive = try NumpyArchive(contentsOf: "\(output)/wave.npz")
    let array = try archive.array("covariances", in: output)
    #expect(array.shape == [60, 22, 3, 3])
    let c = array.doubles()
    for at in stride(from: 0, to: c.count, by: 9) {
      #expect(c[at + 1] == c[at + 3] && c[at + 2] == c[at + 6] && c[at + 5] == c[at + 7])
      let minor = c[at] * c[at + 4] - c[at + 1] * c[at + 3]
      let determinant =
        c[at] * (c[at + 4] * c[at + 8] - c[at + 5] * c[at + 7])
        - c[at + 1] * (c[at + 3] * c[at + 8] - c[at + 5] * c[at + 6])
        + c[at + 2] * (c[at + 3] * c[at + 7] - c[at + 4] * c[at + 6])
      #expect(c[at] > 0 && minor > 0 && determinant > 0)
    }
  }

  @Test("Holes of every kind are filled; a person who is lost for half a second comes back")
  func holes() throws {
    let folder = try Work.folder()
    let kinds: [(name: String, isMissing: (Int, Int) -> Bool)] = [
      ("wrist", { _, joint in joint == 21 }), ("lost", { frame, _ in (20..<35).contains(frame) }),
      ("late", { frame, _ in frame < 10 }), ("early", { frame, _ in frame > 40 }),
      ("scattered", { frame, joint in (frame * 31 + joint * 17) % 3 == 0 }),
      ("legless", { frame, joint in frame > 2 && [1, 2, 4, 5, 7, 8, 10, 11].contains(joint) }),
      ("one frame", { frame, _ in frame != 7 }),
    ]
    for (name, isMissing) in kinds {
      let output = try Work.folder()
      let path = try table("squat", "\(folder)/\(name)", isMissing: isMissing)
      let run = try smooth(output, path, "--format", "npz")
      #expect(run.status == 0, "\(name): \(run.text)")
      guard run.status == 0 else { continue }
      let archive = try NumpyArchive(contentsOf: "\(output)/squat.npz")
      let values = try archive.array("positions", in: output).doubles()
      #expect(values.count == 60 * 66 && values.allSatisfy { abs($0) < 5 }, "\(name)")
    }
  }

  @Test("Jumps that are left in what is written are said, in words and in JSON")
  func jumps() throws {
    let (folder, output) = (try Work.folder(), try Work.folder())
    let calm = try smooth(output, try table("walk", folder))
    #expect(calm.status == 0 && !calm.output.contains("m/s behind"), "\(calm.text)")
    let path = try table("walk", "\(folder)/jump", shift: { $0 < 30 ? .zero : [5, 0, 0] })
    let said = try smooth(output, path)
    #expect(said.status == 0, "\(said.text)")
    let words = "when smoothed, the whole body jumps behind frame"
    #expect(said.output.contains(words), "\(said.text)")
    let json = try smooth(output, path, "--json")
    #expect(json.output.contains("{\"kind\": \"teleport\""), "\(json.text)")
    #expect(json.output.contains("{\"kind\": \"glitch\""), "\(json.text)")
  }

  @Test(
    "A model that had nothing to fill in is said to have done nothing; one that had, what it did")
  func filling() throws {
    let folder = try Work.folder()
    let model = try TinyHGVAE.model.get()
    let wrist = Skeleton.Joint.leftWrist.rawValue
    for (name, hidden, said) in [
      ("short", 20..<22, "HG-VAE filled in nothing"), ("fit", 20..<35, "filled in by HG-VAE"),
      ("none", 0..<0, nil),
    ] {
      let path = try table(
        "walk", "\(folder)/\(name)", isMissing: { hidden.contains($0) && $1 == wrist })
      let run = try smooth(try Work.folder(), path, "--filling", model)
      #expect(run.status == 0, "\(run.text)")
      #expect(run.output.contains("HG-VAE") == (said != nil), "\(name): \(run.text)")
      #expect(said.map { run.output.contains($0) } ?? true, "\(name): \(run.text)")
    }
  }

  @Test("The axis that is said to point up is taken, and the one that was found changes nothing")
  func up() throws {
    let path = try table("walk", try Work.folder())
    func head(_ further: String...) throws -> Vector3 {
      let output = try Work.folder()
      let run = try Tool.run(
        arguments: ["smooth", "--model", TinySmoother.plain.get(), "-o", output, path] + further)
      #expect(run.status == 0, "\(run.text)")
      let clip = try MotionFile.read("\(output)/walk.clip.safetensors").clip
      let places = clip.jointPositions(frame: 30)
      return places[Skeleton.Joint.head.rawValue] - places[0]
    }
    let (found, given, other) = (try head(), try head("--up", "z"), try head("--up", "y"))
    #expect((found - given).length < 1e-9 && found.z > 0.5)
    // With y up who stands along z lies.
    #expect(abs(other.z) < 0.3, "\(other)")
  }

  @Test("The same file gives the same bytes; tracks at other rates keep their length in seconds")
  func repeatable() throws {
    let folder = try Work.folder()
    let path = try table("reach", folder, rate: 60)
    var results: [[UInt8]] = []
    for _ in 0..<2 {
      let output = try Work.folder()
      let run = try smooth(output, path, "--format", "npz")
      #expect(run.status == 0, "\(run.text)")
      results.append(try Work.bytes("\(output)/reach.npz"))
    }
    let isSame = results[0] == results[1]
    #expect(isSame)
    let archive = try NumpyArchive(decoding: results[0], path: "reach.npz")
    let rate = try #require(try archive.array("fps", in: "").doubles().first)
    let frames = try archive.array("positions", in: "").shape[0]
    #expect(abs(Double(frames - 1) / rate - 59.0 / 60) < 0.05, "\(frames) frames at \(rate) Hz")
  }

  @Test("All joints missing, no frames, an unknown set, no rate, no such file")
  func refusals() throws {
    let (folder, output) = (try Work.folder(), try Work.folder())
    let nobody = try table("walk", "\(folder)/nobody", isMissing: { _, _ in true })
    expectRefusal(try smooth(output, nobody), output, says: "nobody was found")
    let header = try Work.text(nobody).split(separator: "\n")[0]
    let empty = try Work.write("\(header)\n", "\(folder)/empty.csv")
    expectRefusal(try smooth(output, empty), output, says: "no rows")
    let path = try table("walk", folder)
    expectRefusal(
      try smooth(output, path, "--joints", "coco18"), output, says: "coco17", "smpl22", "kinect")
    expectRefusal(try smooth(output, path, "--rate", "0"), output)
    expectRefusal(try smooth(output, path, "--rate", "nan"), output)
    expectRefusal(try smooth(output, "\(folder)/none.csv"), output, status: 66)
    let array = NumpyArray.numbers(
      StoredTensor([Double](repeating: 1, count: 132), shape: [2, 22, 3]))
    try AtomicFile.write(array.encoded(), to: "\(folder)/track.npy")
    expectRefusal(try smooth(output, "\(folder)/track.npy"), output, says: "coco17")
    expectRefusal(
      try smooth(output, "\(folder)/track.npy", "--joints", "smpl22"), output, says: "frame rate")
    expectRefusal(
      try smooth(output, "\(folder)/track.npy", "--joints", "h36m", "--rate", "30"), output,
      says: "17")
    expectRefusal(
      try smooth(output, "\(folder)/track.npy", "--joints", "smpl22", "--rate", "30"), output,
      says: "nobody")
  }

  @Test("Of several files, a bad one is reported and counted, and the others are smoothed")
  func several() throws {
    let (folder, output) = (try Work.folder(), try Work.folder())
    let good = try table("walk", folder)
    let nobody = try table("squat", folder, isMissing: { _, _ in true })
    let bad = try Work.write("{", "\(folder)/bad.json")
    let run = try smooth(output, nobody, good, bad, try table("wave", folder), "--json")
    #expect(run.status == 65, "\(run.text)")
    #expect(Work.files(in: output) == ["walk.clip.safetensors", "wave.clip.safetensors"])
    #expect(run.outputLines.count == 2, "\(run.text)")
    #expect(run.outputLines.allSatisfy { $0.contains("\"findings\"") }, "\(run.text)")
    #expect(run.error.contains("squat.csv") && run.error.contains("bad.json"), "\(run.text)")
    #expect(run.error.contains("2 smoothed, 2 failed"), "\(run.text)")
    let (alone, alsoAlone) = (try Work.folder(), try Work.folder())
    expectRefusal(try smooth(alone, bad), alone, says: "bad.json")
    let whole = try smooth(alsoAlone, good)
    #expect(whole.status == 0 && !whole.error.contains("failed"), "\(whole.text)")
    // What is written beside a bad file is what is written alone.
    let name = "walk.clip.safetensors"
    let isSame = try Work.bytes("\(output)/\(name)") == Work.bytes("\(alsoAlone)/\(name)")
    #expect(isSame)
    let same = try table("walk", "\(folder)/again")
    let none = try Work.folder()
    expectRefusal(try smooth(none, good, same), none, says: "same name")
  }

  @Test("A file is never written over by what is made of it")
  func ownInput() throws {
    let folder = try Work.folder()
    let made = try smooth(folder, try Shipped.motion("walk"))
    #expect(made.status == 0, "\(made.text)")
    let before = try Work.bytes("\(folder)/walk.clip.safetensors")
    for output in [
      folder, "\(folder)/.", "\(folder)/../\(URL(filePath: folder).lastPathComponent)",
    ] {
      let run = try smooth(output, "\(folder)/walk.clip.safetensors")
      #expect(run.status == 73 && run.saysOneSentence, "\(run.text)")
    }
    let isSame = try Work.bytes("\(folder)/walk.clip.safetensors") == before
    #expect(isSame)
  }

  @Test("A model of another kind, cut short or damaged is refused")
  func models() throws {
    let (folder, output) = (try Work.folder(), try Work.folder())
    let path = try table("walk", folder)
    let good = try Work.bytes(TinySmoother.withCovariances.get())
    var models = [
      try TinyMotionModel.generator.get(), try Subject.uarm.model(),
      "\(try TinySmoother.plain.get()).checkpoint", path,
    ]
    for length in [0, 8, 100, good.count / 2, good.count - 1] {
      let cut = "\(folder)/cut\(length)"
      try AtomicFile.write(Array(good.prefix(length)), to: cut)
      models.append(cut)
    }
    for model in models {
      let run = try Tool.run("smooth", path, "--model", model, "-o", output, within: 20)
      expectRefusal(run, output)
    }
    let smoother = try TinySmoother.plain.get()
    let run = try Tool.run("sample", "--model", smoother, "-o", output, within: 20)
    expectRefusal(
      run, output, says: "it is a smoother (HPSTM)",
      "a generator of motion (HPSTM-Gen) or a PoseGPT expected")
    var random = Damage(seed: 12)
    for round in 0..<40 {
      let length = 8 + good[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
      let bytes =
        round % 2 == 0
        ? random.damaged(Array(good[..<length])) + good[length...]
        : random.damaged(good)
      try AtomicFile.write(bytes, to: "\(folder)/damaged")
      let output = try Work.folder()
      let run = try Tool.run(
        "smooth", path, "--model", "\(folder)/damaged", "-o", output, "--format", "npz",
        prelude: "ulimit -v 4000000", within: 20)
      #expect(run.signal == 0 && [0, 65].contains(run.status), "round \(round): \(run.text)")
      guard run.status == 0 else { continue }
      let archive = try NumpyArchive(contentsOf: "\(output)/walk.npz")
      let values = try archive.array("positions", in: output).doubles()
      #expect(values.allSatisfy { $0.isFinite }, "round \(round): a motion that is no number")
    }
  }

  @Test("Training is repeatable, on any number of threads, and resumable")
  func training() throws {
    var models: [[UInt8]] = []
    for further in [["--threads", "1"], ["--threads", "2"]] {
      let model = "\(try Work.folder())/model"
      let run = try Tool.run(arguments: TinySmoother.command(model, further))
      #expect(run.status == 0, "\(run.text)")
      models.append(try Work.bytes(model))
    }
    let isSame = models[0] == models[1]
    #expect(isSame)
    let folder = try Work.folder()
    let limited = try Tool.run(
      arguments: TinySmoother.command("\(folder)/model", ["--time-limit", "0.01s"]))
    #expect(limited.status == 0, "\(limited.text)")
    let resumed = try Tool.run(arguments: TinySmoother.command("\(folder)/model", ["--resume"]))
    #expect(resumed.status == 0, "\(resumed.text)")
    let isResumed = try Work.bytes("\(folder)/model") == models[0]
    #expect(isResumed)
    #expect(Work.files(in: folder).allSatisfy { ["model", "model.checkpoint"].contains($0) })
  }

  @Test("Evaluations print their figures as JSON")
  func evaluations() throws {
    let clips = try TinyMotionModel.clips()
    let smoother = try Tool.run(
      "evaluate", "smoother", "--model", try TinySmoother.plain.get(), "--motions", clips, "--all",
      "--json", within: 120)
    #expect(smoother.status == 0, "\(smoother.text)")
    #expect(throws: Never.self) {
      try JSONSerialization.jsonObject(with: Data(smoother.output.utf8))
    }
  }
}

@Suite(
  "motionc smooth on files of real trackers",
  .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct MotionModelsRealTrackersTests {
  @Test(
    "Every kind of file comes out as motion on one skeleton",
    arguments: [
      "mediapipe/treadmill_27_perframe.json", "coco17_3d/pose2sim_cam01_perframe.json",
      "csv/pose2sim_cam02_perframe_world.csv", "joint_positions/smpl_keypoints.npy",
      "amass_layout/cmux_train_running_03_poses.npz",
    ])
  func everyKind(_ file: String) throws {
    let path = try SharedData.url("data/trackers/\(file)").path
    let output = try Work.folder()
    let rate = file.hasSuffix(".npy") ? ["--rate", "30"] : []
    let run = try Tool.run(
      arguments: [
        "smooth", path, "--model", TinySmoother.plain.get(), "-o", output, "--format", "npz",
      ] + rate, within: 60)
    #expect(run.status == 0, "\(run.text)")
    let name = try #require(Work.files(in: output).first)
    let archive = try NumpyArchive(contentsOf: "\(output)/\(name)")
    #expect(try archive.array("positions", in: name).doubles().allSatisfy { abs($0) < 20 })
  }

  @Test("Bad tracker files", arguments: BadFile.all.filter { ["csv", "json"].contains($0.kind) })
  func bad(_ file: BadFile) throws {
    // Pixels have no depth: valid or not, OpenPose's frames are not for us.
    let expected = file.path.contains("openpose") ? "reject" : file.expected
    let path = try SharedData.url("data/bad/\(file.path)").path
    let output = try Work.folder()
    let run = try Tool.run(
      "smooth", path, "--model", try TinySmoother.plain.get(), "-o", output,
      prelude: "ulimit -v 1500000", within: 20)
    #expect(run.signal == 0 && [0, 65].contains(run.status), "\(run.text)")
    if expected == "accept" { #expect(run.status == 0, "\(run.text)") }
    if expected == "reject" || run.status != 0 { expectRefusal(run, output) }
  }
}
