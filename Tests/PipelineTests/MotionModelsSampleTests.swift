import Files
import Foundation
import Geometry
import Motions
import Testing

@Suite("motionc sample")
struct MotionModelsSampleTests {
  private func bytes(_ folder: String) throws -> [String: [UInt8]] {
    var all: [String: [UInt8]] = [:]
    for file in Work.files(in: folder) { all[file] = try Work.bytes("\(folder)/\(file)") }
    return all
  }

  @Test("Each motion is an archive that NumPy reads: positions, rotations, root, lengths, rate")
  func archive() throws {
    let output = try Work.folder()
    let run = try TinyMotionModel.sample(
      output, "--count", "2", "--frames", "45", "--action", "walk", "--format", "npz")
    #expect(run.status == 0, "\(run.text)")
    let files = Work.files(in: output)
    #expect(files.count == 2 && files.allSatisfy { $0.hasSuffix(".npz") }, "\(files)")
    for file in files {
      let archive = try NumpyArchive(contentsOf: "\(output)/\(file)")
      #expect(archive.unreadable.isEmpty)
      let shapes = [
        "positions": [45, 22, 3], "rotations": [45, 22, 4], "root": [45, 3],
        "bone_lengths": [22], "fps": [],
      ]
      for (name, shape) in shapes {
        let array = try archive.array(name, in: file)
        #expect(array.shape == shape, "\(name)")
        #expect(array.doubles().allSatisfy { $0.isFinite }, "\(name)")
      }
      #expect(try archive.array("fps", in: file).doubles() == [30])
      #expect(archive.strings["names"] == Skeleton.Joint.names)
      try checkBones(archive, file)
    }
  }

  /// The figure is exactly on its skeleton: bones keep their length, quaternions are of length one,
  /// the first joint is the root.
  private func checkBones(_ archive: NumpyArchive, _ file: String) throws {
    let positions = try archive.array("positions", in: file).doubles()
    let lengths = try archive.array("bone_lengths", in: file).doubles()
    let root = try archive.array("root", in: file).doubles()
    func place(_ frame: Int, _ joint: Int) -> Vector3 {
      let at = 3 * (22 * frame + joint)
      return [positions[at], positions[at + 1], positions[at + 2]]
    }
    for frame in 0..<45 {
      #expect(
        (place(frame, 0) - Vector3(root[3 * frame], root[3 * frame + 1], root[3 * frame + 2]))
          .length < 1e-9)
      for joint in 1..<22 {
        let bone = (place(frame, joint) - place(frame, Skeleton.parents[joint])).length
        #expect(abs(bone - lengths[joint]) <= 1e-6 * lengths[joint], "\(joint)")
      }
    }
    let rotations = try archive.array("rotations", in: file).doubles()
    for at in stride(from: 0, to: rotations.count, by: 4) {
      let size = rotations[at..<(at + 4)].reduce(0) { $0 + $1 * $1 }
      #expect(abs(size - 1) < 1e-9)
    }
  }

  @Test("BVH, archive and our own clip hold one motion")
  func formats() throws {
    let output = try Work.folder()
    let run = try TinyMotionModel.sample(output, "--frames", "40", "--format", "npz,bvh,clip")
    #expect(run.status == 0, "\(run.text)")
    let files = Work.files(in: output)
    #expect(files.count == 3, "\(files)")
    var motions: [[Vector3]] = []
    for file in files {
      // A BVH is not known to be ours, and would be moved to the ground.
      let (clip, report) = try MotionFile.read(
        "\(output)/\(file)", options: ImportOptions(ground: .keep))
      #expect(clip.frameRate == 30 || abs(clip.frameRate - 30) < 1e-3)
      #expect(clip.frameCount == 40, "\(file): \(report.lines)")
      motions.append(clip.jointPositions())
    }
    for motion in motions {
      let worst = zip(motion, motions[0]).map { ($0 - $1).length }.max()
      #expect(try #require(worst) < 1e-3, "a millimetre")
    }
    let archive = try #require(files.first { $0.hasSuffix(".npz") })
    let track = try TrackFile.read("\(output)/\(archive)").track
    #expect(zip(track.positions, motions[0]).allSatisfy { ($0 - $1).length < 1e-3 })
  }

  @Test("The same seed gives the same bytes on one thread and on two; another seed, another motion")
  func seeds() throws {
    var results: [[String: [UInt8]]] = []
    for further in [["--threads", "1"], ["--threads", "2"], ["--threads", "7"]] {
      let output = try Work.folder()
      let run = try Tool.run(
        arguments: [
          "sample", "--model", TinyMotionModel.generator.get(), "-o", output, "--count", "19",
          "--frames", "20", "--seed", "3", "--format", "npz",
        ] + further)
      #expect(run.status == 0, "\(run.text)")
      results.append(try bytes(output))
    }
    #expect(results[0].count == 19)
    let isSame = results[0] == results[1] && results[0] == results[2]
    #expect(isSame)
    #expect(Set(results[0].values).count == 19, "each is another motion")
    let output = try Work.folder()
    let other = try TinyMotionModel.sample(
      output, "--count", "19", "--frames", "20", "--seed", "4", "--format", "npz")
    #expect(other.status == 0)
    let others = Set(try bytes(output).values)
    let isOther = others.isDisjoint(with: results[0].values)
    #expect(isOther)
  }

  @Test("A generator of short windows makes long motions, too", arguments: [8, 16, 17])
  func shortWindows(frames: Int) throws {
    let model = "\(try Work.folder())/short.safetensors"
    let trained = try Tool.run(
      arguments: [
        "train", "generator", "--motions", Shipped.folder(), "-o", model, "--frames", "\(frames)",
        "--frames-per-token", "1",
      ] + TinyMotionModel.sizes)
    #expect(trained.status == 0, "\(trained.text)")
    let output = try Work.folder()
    let run = try Tool.run(
      arguments: ["sample", "--model", model, "-o", output, "--frames", "50", "--format", "clip"],
      within: 20)
    #expect(run.status == 0, "\(run.text)")
    let file = try #require(Work.files(in: output).first)
    #expect(try MotionFile.read("\(output)/\(file)").clip.frameCount == 50)
  }

  @Test("Uncertainty is the mean and the covariance of what was sampled, and grows from a past")
  func uncertainty() throws {
    let output = try Work.folder()
    let file = "\(output)/sure.npz"
    let run = try Tool.run(
      arguments: [
        "sample", "--model", TinyMotionModel.generator.get(), "-o", "\(output)/motions", "--count",
        "70", "--past", Shipped.motion("walk"), "--frames", "20", "--format", "npz",
        "--uncertainty", file,
      ])
    #expect(run.status == 0, "\(run.text)")
    let found = try NumpyArchive(contentsOf: file)
    let mean = try found.array("mean", in: file)
    let covariance = try found.array("covariance", in: file)
    #expect(mean.shape == [20, 22, 3] && covariance.shape == [20, 22, 3, 3])
    let motions = try Work.files(in: "\(output)/motions").map {
      try MotionFile.read("\(output)/motions/\($0)").clip.jointPositions()
    }
    #expect(motions.count == 70)
    for place in stride(from: 0, to: 20 * 22, by: 7) {
      let x = motions.map { $0[place].x }
      let y = motions.map { $0[place].y }
      let (mx, my) = (x.reduce(0, +) / 70, y.reduce(0, +) / 70)
      let xy = zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) } / 69
      #expect(abs(mean.doubles()[3 * place] - mx) < 1e-9)
      #expect(abs(covariance.doubles()[9 * place + 1] - xy) < 1e-9)
      #expect(covariance.doubles()[9 * place + 1] == covariance.doubles()[9 * place + 3])
    }
    func variance(_ frame: Int) -> Double {
      (0..<22).reduce(0) { sum, joint in
        (0..<3).reduce(sum) { $0 + covariance.doubles()[9 * (22 * frame + joint) + 4 * $1] }
      }
    }
    #expect(variance(19) > 4 * variance(0), "\(variance(0)) to \(variance(19)) m²")
    // Never over one of the samples, however the path is written.
    let own = try Work.folder()
    let over = try TinyMotionModel.sample(
      own, "--count", "2", "--format", "npz", "--uncertainty", "\(own)/./sample_1_0002.npz")
    #expect(over.status == 65 && over.text.contains("of a sample"), "\(over.text)")
    #expect(Work.files(in: own).isEmpty)
    let links = try Work.folder()
    let table = try TinyMotionModel.sample(own, "--count", "2", "--uncertainty", "\(links)/u.csv")
    #expect(table.status == 65 && table.text.contains(".npz"), "\(table.text)")
    let nowhere = try TinyMotionModel.sample(
      own, "--count", "2", "--uncertainty", "\(links)/none/u.npz")
    #expect(nowhere.status == 73, "\(nowhere.text)")
    #expect(Work.files(in: own).isEmpty)
    let fresh = "\(links)/fresh"
    let within = try TinyMotionModel.sample(
      fresh, "--count", "2", "--format", "npz", "--uncertainty", "\(fresh)/u.npz")
    #expect(within.status == 0 && Work.files(in: fresh).contains("u.npz"), "\(within.text)")
    // Nor by a link to it, which leads nowhere yet.
    try FileManager.default.createSymbolicLink(
      atPath: "\(links)/sure.npz", withDestinationPath: "\(own)/sample_1_0002.npz")
    let linked = try TinyMotionModel.sample(
      own, "--count", "2", "--format", "npz", "--uncertainty", "\(links)/sure.npz")
    #expect(linked.status == 65 && linked.text.contains("of a sample"), "\(linked.text)")
    #expect(Work.files(in: own).isEmpty)
    let alone = try TinyMotionModel.sample(output, "--uncertainty", file)
    #expect(alone.status == 64 && alone.text.contains("--count"), "\(alone.text)")
  }

  @Test("The first of many is the only one of one")
  func count() throws {
    let (one, many) = (try Work.folder(), try Work.folder())
    #expect(try TinyMotionModel.sample(one, "--format", "npz").status == 0)
    #expect(try TinyMotionModel.sample(many, "--format", "npz", "--count", "9").status == 0)
    let again = try TinyMotionModel.sample(many, "--format", "npz", "--count", "3")
    #expect(again.text.contains("3 in place of others of the same name"), "\(again.text)")
    let name = try #require(Work.files(in: one).first { $0.hasSuffix(".npz") })
    let first = try MotionFile.read("\(one)/\(name)").clip.jointPositions()
    let among = try MotionFile.read("\(many)/\(name)").clip.jointPositions()
    #expect(first.count == among.count && !first.isEmpty)
    // Products of many rows round otherwise than those of few on some processors: by micrometres.
    for (x, y) in zip(first, among) {
      #expect(abs(x.x - y.x) < 1e-4 && abs(x.y - y.y) < 1e-4 && abs(x.z - y.z) < 1e-4)
    }
  }

  @Test(
    "Label, embedding, guidance, solver, steps and length each make another motion",
    arguments: [
      ["--action", "walk"], ["--action", "stand", "--guidance", "2"], ["--solver", "heun"],
      ["--solver", "midpoint"], ["--steps", "3"], ["--temperature", "1"], ["--embedding", "wave"],
      ["--frames", "70"],
    ])
  func options(_ further: [String]) throws {
    let (plain, told) = (try Work.folder(), try Work.folder())
    #expect(try TinyMotionModel.sample(plain, "--format", "npz").status == 0)
    let arguments = try further.map {
      $0 == "wave" ? "\(try TinyMotionModel.embeddings())/wave.npy" : $0
    }
    let run = try Tool.run(
      arguments: [
        "sample", "--model", TinyMotionModel.generator.get(), "-o", told, "--format", "npz",
      ] + arguments)
    #expect(run.status == 0, "\(run.text)")
    let before = try #require(try bytes(plain).values.first)
    let after = try #require(try bytes(told).values.first)
    let isOther = after != before
    #expect(isOther)
  }

  @Test("A generator of one component is guided by its network, one of many by their choice alone")
  func guidedBy() throws {
    let one = "\(try Work.folder())/one.safetensors"
    let trained = try Tool.run(
      arguments: TinyMotionModel.trainGenerator(one, ["--components", "1"]))
    #expect(trained.status == 0, "\(trained.text)")
    func sampled(_ model: String, _ guidance: String, seed: Int) throws -> Data? {
      let output = try Work.folder()
      let run = try Tool.run(
        "sample", "--model", model, "-o", output, "--format", "npz", "--action", "walk",
        "--guidance", guidance, "--seed", "\(seed)")
      #expect(run.status == 0, "\(run.text)")
      return try bytes(output).values.first.map { Data($0) }
    }
    #expect(try sampled(one, "0", seed: 1) != sampled(one, "2", seed: 1))
    // Where the same component is drawn, the motion is the same.
    let same = try (1...6).count { seed in
      try sampled(TinyMotionModel.generator.get(), "0", seed: seed)
        == sampled(TinyMotionModel.generator.get(), "2", seed: seed)
    }
    #expect(same > 0)
  }

  private func sampleText(_ model: String, _ output: String, _ text: String, _ more: String...)
    throws -> Run
  {
    try Tool.run(
      arguments: ["sample", "--model", model, "-o", output, "--format", "npz", "--text", text]
        + more)
  }

  @Test("A text makes another motion, unknown words are named, and a text of none is refused")
  func text() throws {
    let model = try TinyMotionModel.describedGenerator.get()
    let (plain, told, half) = (try Work.folder(), try Work.folder(), try Work.folder())
    let run = try Tool.run(
      arguments: ["sample", "--model", model, "-o", plain, "--format", "npz"])
    #expect(run.status == 0, "\(run.text)")
    let walking = try sampleText(model, told, "walking")
    #expect(walking.status == 0 && !walking.error.contains("knows no word"), "\(walking.text)")
    let differs = try bytes(plain).values.first != bytes(told).values.first
    #expect(differs)
    let juggling = try sampleText(model, half, "walks and juggles")
    #expect(juggling.status == 0 && juggling.error.contains("'juggl'"), "\(juggling.text)")
    #expect(Work.files(in: half) == ["walks_and_juggles_1_0001.npz"])
    let output = "\(try Work.folder())/none"
    for text in ["juggling", "the", "", "走る", String(repeating: "walk ", count: 300)] {
      expectRefusal(try sampleText(model, output, text), output)
    }
    expectRefusal(
      try sampleText(TinyMotionModel.plainGenerator.get(), output, "walk"), output,
      says: "train generator --text")
    expectRefusal(
      try sampleText(
        model, output, "walk", "--embedding", "\(TinyMotionModel.embeddings())/wave.npy"), output,
      says: "one of them")
  }

  @Test("An action of which training showed a few seconds is sampled with a doubt")
  func littleSeen() throws {
    let run = try TinyMotionModel.sample(try Work.folder(), "--action", "stand")
    #expect(run.status == 0, "\(run.text)")
    #expect(run.error.contains(" s of 'stand' in training, at least 60 s expected"), "\(run.text)")
  }

  @Test("A sample is compiled through files, and the trajectory keeps the limits")
  func chain() throws {
    let (samples, output) = (try Work.folder(), try Work.folder())
    let run = try TinyMotionModel.sample(samples, "--count", "2", "--frames", "48")
    #expect(run.status == 0, "\(run.text)")
    let compiled = try Subject.uarm.compile(samples, to: output)
    #expect(compiled.status == 0, "\(compiled.text)")
    let native = Work.files(in: output).filter { $0.hasSuffix(".trajectory.safetensors") }
    #expect(native.count == 2, "one for each motion: \(native)")
    let verified = try Tool.run(arguments: ["verify"] + native.map { "\(output)/\($0)" })
    #expect(verified.status == 0, "\(verified.text)")
  }

  @Test("A sample goes on in the past's own world and on its skeleton", arguments: Shipped.names)
  func past(_ name: String) throws {
    let (before, after, archive) = try goingOn(name, model: TinyMotionModel.generator.get())
    let offsets = try archive.array("rest_offsets", in: name).doubles()
    let own = before.skeleton.restOffsets.flatMap { [$0.x, $0.y, $0.z] }
    #expect(zip(offsets, own).allSatisfy { abs($0 - $1) < 1e-9 })
    // A model of twenty steps shakes by centimetres, yet it does not begin anew elsewhere.
    let last = before.jointPositions(frame: before.frameCount - 1)
    for joint in Skeleton.Joint.allCases {
      #expect((after[joint.rawValue] - last[joint.rawValue]).length < 0.25, "\(joint)")
    }
  }

  /// The joints of the one sample that goes on from a clip, written as a BVH file.
  private func sampled(after clip: MotionClip, saying words: String? = nil) throws -> [Vector3] {
    let (output, folder) = (try Work.folder(), try Work.folder())
    try BVHWriter.write(clip, to: "\(folder)/past.bvh")
    let run = try TinyMotionModel.sample(
      output, "--past", "\(folder)/past.bvh", "--format", "clip", "--no-level-ground")
    #expect(run.status == 0, "\(run.text)")
    if let words { #expect(run.error.contains(words), "\(run.text)") }
    let name = try #require(Work.files(in: output).first)
    return try MotionFile.read("\(output)/\(name)", options: ImportOptions(ground: .keep)).clip
      .jointPositions()
  }

  @Test("A past at another rate is read at that of samples, from its last frame on")
  func otherRates() throws {
    let walk = try MotionFile.read(Shipped.motion("walk")).clip
    let plain = try sampled(after: walk)
    for rate in [120.0, 60] {
      let found = try sampled(after: walk.resampled(to: rate), saying: "\(rate) Hz")
      #expect(found.count == plain.count)
      let worst = zip(found, plain).map { ($0 - $1).length }.max() ?? .infinity
      #expect(worst < 0.05, "\(worst) m at \(rate) Hz")
    }
  }

  @Test("A past above the ground is gone on with where it is")
  func height() throws {
    let walk = try MotionFile.read(Shipped.motion("walk")).clip
    // Both are moved to the ground, which leaves motion alone that is within some millimetres of it.
    let places = try [0.25, 0.75].map { height in
      var high = walk
      for frame in high.rootTranslations.indices { high.rootTranslations[frame].z += height }
      return try sampled(after: high)
    }
    for (low, high) in zip(places[0], places[1]) {
      #expect((high - low - Vector3(0, 0, 0.5)).length < 1e-3)
    }
    // And the first new frame is where the past ends, not on the ground.
    let last = walk.jointPositions(frame: walk.frameCount - 1)
    #expect(abs(places[0][0].z - last[0].z - 0.25) < 0.1)
  }

  @Test(
    "An action that was hardly seen is doubted, by name and in words",
    .enabled(if: !shippedGenerator.isEmpty))
  func rare() throws {
    for words in [["--action", "crawl"], ["--text", "somebody crawls about"]] {
      let run = try Tool.run(
        arguments: ["sample", "--model", Self.shippedGenerator, "-o", Work.folder()] + words)
      #expect(run.status == 0 && run.error.contains("of 'crawl' in training"), "\(run.text)")
    }
    let run = try Tool.run(
      arguments: [
        "sample", "--model", Self.shippedGenerator, "-o", Work.folder(), "--text", "a person walks",
      ])
    #expect(run.status == 0 && !run.error.contains("in training"), "\(run.text)")
  }

  private static let shippedGenerator =
    ProjectFolder.locate("Examples")
    .map { "\($0)/Models/generator.safetensors" } ?? ""

  @Test(
    "The generator that ships joins a past: a jump below 1 cm and 0.2 m/s at the wrists",
    .enabled(if: FileManager.default.fileExists(atPath: shippedGenerator), "no generator ships"),
    arguments: Shipped.names)
  func joins(_ name: String) throws {
    let (before, after, _) = try goingOn(name, model: Self.shippedGenerator)
    let last = before.jointPositions(frame: before.frameCount - 1)
    let earlier = before.jointPositions(frame: before.frameCount - 2)
    for joint in [Skeleton.Joint.leftWrist, .rightWrist].map(\.rawValue) {
      let (now, next) = (last[joint], after[joint])
      // Where the joint would be if it went on as it did.
      #expect((next - (2 * now - earlier[joint])).length < 0.01, "\(Skeleton.Joint.names[joint])")
      let change = ((next - now) - (now - earlier[joint])) * 30
      #expect(change.length < 0.2, "\(Skeleton.Joint.names[joint]): \(change.length) m/s")
    }
  }

  /// A motion that ships, and the joints in the first frame that a model makes after it.
  private func goingOn(_ name: String, model: String) throws -> (
    past: MotionClip, next: [Vector3], archive: NumpyArchive
  ) {
    let output = try Work.folder()
    let run = try Tool.run(
      "sample", "--model", model, "-o", output, "--past", try Shipped.motion(name), "--frames",
      "24", "--format", "npz")
    try #require(run.status == 0, "\(run.text)")
    let file = try #require(Work.files(in: output).first)
    let archive = try NumpyArchive(contentsOf: "\(output)/\(file)")
    let values = try archive.array("positions", in: file).doubles()
    let next = (0..<22).map { Vector3(values[3 * $0], values[3 * $0 + 1], values[3 * $0 + 2]) }
    return (try MotionFile.read(Shipped.motion(name)).clip, next, archive)
  }
}
