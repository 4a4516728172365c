import Files
import Foundation
import Geometry
import Motions
import Testing

/// A verb and what its help says, from the tool's own description of itself.
struct Verb: Decodable, Sendable, CustomTestStringConvertible {
  private struct Whole: Decodable {
    var command: Verb
  }

  struct Argument: Decodable {
    struct Name: Decodable {
      var kind: String
      var name: String
    }
    var names: [Name]?
  }

  var commandName: String
  var superCommands: [String]?
  var discussion: String?
  var subcommands: [Verb]?
  var arguments: [Argument]?

  var testDescription: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }

  /// All verbs, those that only lead to others too; none where the tool is not built.
  static let all: [Verb] = {
    guard let run = try? Tool.run("--experimental-dump-help"),
      let whole = try? JSONDecoder().decode(Whole.self, from: Data(run.output.utf8))
    else { return [] }
    func below(_ verb: Verb) -> [Verb] { [verb] + (verb.subcommands ?? []).flatMap(below) }
    return below(whole.command)
  }()

  /// The lines of the help that are commands, without the tool's name.
  var examples: [[String]] {
    var lines = (discussion ?? "").split(separator: "\n").map {
      $0.trimmingCharacters(in: .whitespaces)
    }[...]
    var examples: [[String]] = []
    while var line = lines.popFirst() {
      guard line.hasPrefix("motionc ") else { continue }
      while line.hasSuffix("\\"), let next = lines.popFirst() { line = line.dropLast() + next }
      let words = line.split(separator: " ").map(String.init).filter { $0 != "&" }
      examples.append(Array(words.dropFirst()))
    }
    return examples
  }
}

@Suite("Every example of every help text is run")
struct HelpExamplesTests {
  @Test("Verbs are found, and nearly all have examples")
  func found() {
    #expect(Verb.all.count > 20)
    #expect(Verb.all.filter { !$0.examples.isEmpty }.count > 18)
  }

  @Test("No verb has two options of one name", arguments: Verb.all)
  func names(_ verb: Verb) {
    let names = (verb.arguments ?? []).flatMap { $0.names ?? [] }.map { "\($0.kind) \($0.name)" }
    let counts = names.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
    for (name, count) in counts {
      #expect(count == 1, "\(name) of \(verb.testDescription)")
    }
  }

  /// What is said of an example beside it: how it is run here.
  private func words(_ example: [String]) -> [String] {
    switch example.first {
    // It trains nothing, and so takes no time.
    case "train" where example.contains("--weights"): example + ["--force"]
    case "train": example + ["--time-limit", "1s", "--batch", "8", "--threads", "2", "--force"]
    case "evaluate" where ["generator", "posegpt"].contains(example[1]):
      example + ["--count", "16"]
    case "bench" where !example.contains("--only"): example + ["--names"]
    default: example
    }
  }

  @Test(
    "In a folder that has the files it names, an example does what it says",
    arguments: Verb.all.filter { !$0.examples.isEmpty && $0.commandName != "simulate" })
  func run(_ verb: Verb) throws {
    let folder = try ExampleFolder.make(for: verb.commandName)
    for example in verb.examples {
      if example.contains("--resume") {
        let first = try Tool.run(
          arguments: words(example).filter { $0 != "--resume" }, folder: folder, within: 300)
        #expect(first.status == 0, "\(example): \(first.text)")
      }
      let run = try Tool.run(
        arguments: try ExampleFolder.expanded(words(example), in: folder), folder: folder,
        within: 600)
      if example.first == "calibrate" {
        // It leads a person from joint to joint, and here is no terminal.
        #expect(run.status == 64 && run.saysOneSentence, "\(example): \(run.text)")
      } else if example.contains(where: { $0.hasPrefix("/dev/") }) {
        // The device that the example is for is not there.
        #expect(run.status == 66 && run.saysOneSentence, "\(example): \(run.text)")
      } else {
        #expect(run.status == 0, "\(example): \(run.text)")
      }
    }
  }

  @Test("Those of simulate, one beside the other")
  func simulate() throws {
    let verb = try #require(Verb.all.first { $0.commandName == "simulate" })
    let folder = try ExampleFolder.make(for: "simulate")
    try #require(verb.examples.count == 2)
    let device = try Tool.start(verb.examples[0], folder: folder)
    _ = try device.waitForError("Ctrl-C ends it")
    let run = try Tool.run(arguments: verb.examples[1], folder: folder, within: 300)
    #expect(run.status == 0, "\(run.text)")
    device.send(SIGINT)
    let ended = try device.wait(within: 30)
    #expect(ended.signal == 0, "\(ended.text)")
  }
}

/// Folders with the files that examples name.
private enum ExampleFolder {
  static func make(for verb: String) throws -> String {
    let folder = try Work.folder()
    let examples = try #require(ProjectFolder.locate("Examples"))
    let robots = try #require(ProjectFolder.locate("Robots"))
    func copy(_ source: String, _ names: String...) throws {
      let bytes = try InputFile.bytes(of: source)
      for name in names { try AtomicFile.write(bytes, to: "\(folder)/\(name)") }
    }
    for name in ["capture", "captures", "captions", "my_robot", "samples", "out"] {
      try AtomicFile.makeFolder("\(folder)/\(name)")
    }
    try copy("\(examples)/Motions/walk.bvh", "walk.bvh", "dance.bvh", "shaky.bvh", "capture.bvh")
    try copy("\(examples)/Motions/walk.bvh", "capture/one.bvh")
    try copy("\(examples)/Models/unitree_g1.safetensors", "g1.safetensors")
    try copy("\(examples)/Models/uarm_swift_pro.safetensors", "uarm.safetensors")
    try copy("\(examples)/Models/generator.safetensors", "generator.safetensors")
    try copy("\(examples)/Models/smoother.safetensors", "smoother.safetensors")
    try copy("\(examples)/Models/hgvae.safetensors", "hgvae.safetensors")
    let own = ["smooth": "smoother", "score": "hgvae", "repair": "hgvae"][verb] ?? "generator"
    try copy("\(examples)/Models/\(own).safetensors", "mine.safetensors")
    try copy("\(robots)/uarm_swift_pro/robot.urdf", "my_robot.urdf", "my_robot/robot.urdf")
    try copy("\(robots)/uarm_swift_pro/limits.yaml", "my_limits.yaml")
    try copy("\(robots)/unitree_g1/robot.urdf", "my_humanoid.urdf")
    let row = ([0, 0, 0.8, 0, 0, 0, 1] + [Double](repeating: 0.1, count: 29)).map { "\($0)" }
    let table = [row, row].map { $0.joined(separator: ",") }.joined(separator: "\n")
    try Work.write(table, "\(folder)/lafan1_g1.csv")
    try writeCaptures(in: folder)
    try writeTracks(in: folder)
    if verb == "sample" { try copy(TinyMotionModel.describedGenerator.get(), "mine.safetensors") }
    if ["posegpt", "sample"].contains(verb) { try writePoseGPT(in: folder, verb) }
    try runBefore(verb, in: folder)
    if verb == "body" {
      let run = try Tool.run(
        "compile", "captures", "--robot", "unitree_g1", "-o", "gmr", "--format", "csv", "--refine",
        "off", "--collision", "off", folder: folder, within: 300)
      #expect(run.status == 0, "\(run.text)")
    }
    return folder
  }

  /// A PoseGPT of a few steps.
  private static func writePoseGPT(in folder: String, _ verb: String) throws {
    let model = try InputFile.bytes(of: TinyPoseGPT.model.get())
    try AtomicFile.write(model, to: "\(folder)/posegpt.safetensors")
    if verb == "posegpt" { try AtomicFile.write(model, to: "\(folder)/mine.safetensors") }
  }

  /// Long motions, so that there are windows enough, with labels and embeddings.
  private static func writeCaptures(in folder: String) throws {
    var labels = "file,action,description\n"
    for name in Shipped.names {
      let clip = try MotionFile.read(Shipped.motion(name)).clip
      let last = clip.frameCount - 1
      let order = (0..<900).map { $0 % (2 * last) }.map { $0 <= last ? $0 : 2 * last - $0 }
      let joints = Skeleton.jointCount
      let long = MotionClip(
        name: name, skeleton: clip.skeleton, frameRate: clip.frameRate,
        rootTranslations: order.map { clip.rootTranslations[$0] },
        rotations: order.flatMap { clip.rotations[($0 * joints)..<(($0 + 1) * joints)] })
      try BVHWriter.write(long, to: "\(folder)/captures/\(name).bvh")
      labels += "\(name).bvh,\(name),a person does \(name)\n"
      let embedding = StoredTensor([Float](repeating: 0.5, count: 8), shape: [8])
      try AtomicFile.write(
        NumpyArray.numbers(embedding).encoded(), to: "\(folder)/captions/\(name).npy")
    }
    try Work.write(labels, "\(folder)/labels.csv")
  }

  /// A motion as trackers would have seen it: named keypoints, and H36M's joints in their order.
  private static func writeTracks(in folder: String) throws {
    let clip = try MotionFile.read(Shipped.motion("walk")).clip
    let frames = (0..<clip.frameCount).map { clip.jointPositions(frame: $0) }
    func text(_ place: Vector3) -> String { "[\(place.x), \(place.y), \(place.z)]" }
    let rows = frames.map { "{\"keypoints\": [\($0.map(text).joined(separator: ", "))]}" }
    let names = Skeleton.Joint.names.map { "\"\($0)\"" }.joined(separator: ", ")
    try Work.write(
      "{\"fps\": \(clip.frameRate), \"joint_names\": [\(names)], \"frames\": ["
        + rows.joined(separator: ",\n") + "]}", "\(folder)/landmarks.json")
    let h36m: [Skeleton.Joint] = [
      .pelvis, .rightHip, .rightKnee, .rightAnkle, .leftHip, .leftKnee, .leftAnkle, .spine2,
      .spine3,
      .neck, .head, .leftShoulder, .leftElbow, .leftWrist, .rightShoulder, .rightElbow, .rightWrist,
    ]
    let numbers = frames.flatMap { places in
      h36m.flatMap { [places[$0.rawValue].x, places[$0.rawValue].y, places[$0.rawValue].z] }
    }
    let track = StoredTensor(numbers, shape: [frames.count, h36m.count, 3])
    try AtomicFile.write(NumpyArray.numbers(track).encoded(), to: "\(folder)/track.npy")
  }

  /// What other verbs have to make first.
  private static func runBefore(_ verb: String, in folder: String) throws {
    func run(_ line: String) throws {
      let run = try Tool.run(
        arguments: line.split(separator: " ").map(String.init), folder: folder, within: 300)
      try #require(run.status == 0, "\(line): \(run.text)")
    }
    switch verb {
    case "motionc", "verify", "report":
      try run("compile walk.bvh --robot unitree_g1 --model g1.safetensors -o out")
    case "sample": try run("import capture.bvh -o .")
    case "stream", "simulate":
      try Work.write(Work.text(Shipped.motion("wave")), "\(folder)/wave.bvh")
      try run("compile wave.bvh --robot uarm_swift_pro --model uarm.safetensors -o .")
    default: break
    }
  }

  /// The words with patterns replaced by the files that fit, as a shell does it.
  static func expanded(_ words: [String], in folder: String) throws -> [String] {
    words.flatMap { word -> [String] in
      guard let star = word.firstIndex(of: "*") else { return [word] }
      let (head, tail) = (word[..<star], word[word.index(after: star)...])
      return Work.files(in: folder).filter { $0.hasPrefix(head) && $0.hasSuffix(tail) }
    }
  }
}
