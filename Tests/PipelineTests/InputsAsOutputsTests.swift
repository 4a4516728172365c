import Files
import Foundation
import Testing

/// A way to make `motionc` write: a verb, and one of its options that names a file or a folder.
struct Writing: CustomTestStringConvertible {
  /// The verb ("train retargeter").
  var verb: String
  /// The option that says where to.
  var option: String
  /// All other arguments; they name files of `Writing.folder`.
  var arguments: String
  /// The files of the folder that it reads.
  var inputs: [String]
  /// What it calls its results in the folder that is named; none where the option names a file.
  var results: [String] = []

  var testDescription: String { "\(verb) \(option)" }

  static let robot = ["robot/robot.urdf", "robot/limits.yaml"]
  static let chosen = "--robot robot/robot.urdf --limits more.yaml"
  static let robotFiles = robot + ["more.yaml"]
  static let wired = robotFiles + ["robot/wire.yaml", "calibration.yaml"]

  static let all: [Writing] =
    [
      Writing(
        verb: "compile", option: "--output",
        arguments:
          "walk.bvh --model retargeter --plausibility hgvae --format csv,npz,json,yaml \(chosen)",
        inputs: robotFiles + ["walk.bvh", "retargeter", "hgvae"],
        results: ["trajectory.safetensors", "csv", "npz", "json", "yaml"].map { "walk.\($0)" }),
      Writing(
        verb: "compile", option: "--output", arguments: "walk.bvh --mapping mapping.yaml \(chosen)",
        inputs: robotFiles + ["walk.bvh", "mapping.yaml"],
        results: ["walk.trajectory.safetensors"]),
      Writing(
        verb: "compile", option: "--dump",
        arguments: "walk.bvh --model retargeter -o out \(chosen)",
        inputs: robotFiles + ["walk.bvh", "retargeter"]),
      Writing(
        verb: "import", option: "--output", arguments: "walk.bvh", inputs: ["walk.bvh"],
        results: ["walk.clip.safetensors"]),
      Writing(
        verb: "skeleton", option: "--output", arguments: "walk.bvh", inputs: ["walk.bvh"]),
      Writing(
        verb: "map", option: "--output", arguments: "robot/robot.urdf --motions walk.bvh",
        inputs: robot + ["walk.bvh"]),
      Writing(
        verb: "smooth", option: "--output",
        arguments: "walk.bvh --model smoother --format clip,npz,bvh",
        inputs: ["walk.bvh", "smoother"],
        results: ["walk.clip.safetensors", "walk.npz", "walk.bvh"]),
      Writing(
        verb: "sample", option: "--output",
        arguments: "--model generator --past walk.bvh --frames 16 --format clip,npz,bvh",
        inputs: ["walk.bvh", "generator"],
        results: ["clip.safetensors", "npz", "bvh"].map { "sample_1_0001.\($0)" }),
      Writing(
        verb: "sample", option: "--uncertainty",
        arguments: "--model generator --past walk.bvh --embedding embedding.npy -o out --count 2",
        inputs: ["walk.bvh", "generator", "embedding.npy"]),
      Writing(
        verb: "train retargeter", option: "--output",
        arguments: "--motions walk.bvh --mapping mapping.yaml --generator generator "
          + "--from retargeter \(chosen)",
        inputs: robotFiles + ["walk.bvh", "mapping.yaml", "generator", "retargeter"]),
      Writing(
        verb: "train generator", option: "--output",
        arguments: "--motions clips --labels labels.csv --embeddings embeddings",
        inputs: ["clips/wave.bvh", "clips/index.csv", "labels.csv", "embeddings/wave.npy"]),
      Writing(
        verb: "train generator", option: "--pack",
        arguments: "--motions clips --labels labels.csv --embeddings embeddings -o out",
        inputs: ["clips/wave.bvh", "clips/index.csv", "labels.csv", "embeddings/wave.npy"]),
      Writing(
        verb: "train smoother", option: "--output", arguments: "--motions clips",
        inputs: ["clips/wave.bvh", "clips/index.csv"]),
      Writing(
        verb: "train smoother", option: "--pack", arguments: "--motions clips -o out",
        inputs: ["clips/wave.bvh", "clips/index.csv"]),
      Writing(
        verb: "train hgvae", option: "--output", arguments: "--motions clips",
        inputs: ["clips/wave.bvh", "clips/index.csv"]),
      Writing(
        verb: "train hgvae", option: "--pack", arguments: "--motions clips -o out",
        inputs: ["clips/wave.bvh", "clips/index.csv"]),
      Writing(
        verb: "evaluate hgvae", option: "--card",
        arguments: "--all --motions walk.bvh --model hgvae", inputs: ["walk.bvh", "hgvae"]),
      Writing(
        verb: "score", option: "--output", arguments: "walk.bvh --model hgvae",
        inputs: ["walk.bvh", "hgvae"], results: ["walk.score.npz"]),
      Writing(
        verb: "repair", option: "--output", arguments: "walk.bvh --model hgvae",
        inputs: ["walk.bvh", "hgvae"], results: ["walk.npz"]),
      Writing(
        verb: "train posegpt", option: "--output",
        arguments: "--motions clips --labels labels.csv --tokenizer posegpt",
        inputs: ["clips/wave.bvh", "clips/index.csv", "labels.csv", "posegpt"]),
      Writing(
        verb: "train posegpt", option: "--pack",
        arguments: "--motions clips --labels labels.csv --tokenizer posegpt -o out",
        inputs: ["clips/wave.bvh", "clips/index.csv", "labels.csv", "posegpt"]),
      Writing(
        verb: "evaluate posegpt", option: "--card",
        arguments: "--motions walk.bvh --labels labels.csv --model posegpt --beside generator",
        inputs: ["walk.bvh", "labels.csv", "posegpt", "generator"]),
      Writing(
        verb: "evaluate retargeter", option: "--card",
        arguments: "--all --motions walk.bvh --model retargeter \(chosen)",
        inputs: robotFiles + ["walk.bvh", "retargeter"]),
      Writing(
        verb: "evaluate retargeter", option: "--dump",
        arguments: "--all --motions walk.bvh --model retargeter \(chosen)",
        inputs: robotFiles + ["walk.bvh", "retargeter"]),
      Writing(
        verb: "evaluate body", option: "--dump",
        arguments: "--all --motions walk.bvh --model retargeter \(chosen)",
        inputs: robotFiles + ["walk.bvh", "retargeter"]),
      Writing(
        verb: "evaluate smoother", option: "--card",
        arguments: "--all --motions walk.bvh --model smoother", inputs: ["walk.bvh", "smoother"]),
      Writing(
        verb: "evaluate generator", option: "--card",
        arguments: "--motions walk.bvh --labels labels.csv --model generator",
        inputs: ["walk.bvh", "labels.csv", "generator"]),
      Writing(
        verb: "report", option: "--html", arguments: "walk.bvh --gate gate.yaml",
        inputs: ["walk.bvh", "gate.yaml"]),
      Writing(
        verb: "report", option: "--png", arguments: "walk.bvh --gate gate.yaml",
        inputs: ["walk.bvh", "gate.yaml"]),
      Writing(
        verb: "calibrate", option: "--output",
        arguments: "robot/robot.urdf --port none --wire wiring.yaml",
        inputs: robot + ["robot/wire.yaml", "wiring.yaml"]),
      Writing(
        verb: "simulate", option: "--record",
        arguments: "uarm-v4 --robot robot/robot.urdf --link link",
        inputs: robot + ["robot/wire.yaml"]),
    ]
    + ["--log", "--record"].flatMap { option in
      [
        Writing(
          verb: "stream", option: option,
          arguments: "walk.trajectory --calibration calibration.yaml \(chosen)",
          inputs: wired + ["walk.trajectory"]),
        Writing(
          verb: "jog", option: option,
          arguments: "robot/robot.urdf base=1 --limits more.yaml --calibration calibration.yaml",
          inputs: wired),
        Writing(
          verb: "park", option: option,
          arguments: "robot/robot.urdf --limits more.yaml --calibration calibration.yaml",
          inputs: wired),
      ]
    }

  /// A folder with everything that the verbs read.
  static func folder() throws -> String {
    let folder = try Work.folder()
    let files = FileManager.default
    func copy(_ path: String, _ name: String) throws {
      try files.copyItem(atPath: path, toPath: "\(folder)/\(name)")
    }
    let robots = try #require(ProjectFolder.locate("Robots"))
    let mappings = try #require(ProjectFolder.locate("Mappings"))
    try copy("\(robots)/uarm_swift_pro", "robot")
    try copy("\(mappings)/human-to-uarm_swift_pro.yaml", "mapping.yaml")
    try copy("\(robots)/uarm_swift_pro/wire.yaml", "wiring.yaml")
    try copy(Shipped.motion("walk"), "walk.bvh")
    try copy(Subject.uarm.model(), "retargeter")
    try copy(TinyMotionModel.generator.get(), "generator")
    try copy(TinySmoother.plain.get(), "smoother")
    try copy(TinyHGVAE.model.get(), "hgvae")
    try copy(TinyPoseGPT.model.get(), "posegpt")
    try copy(TinyMotionModel.clips(), "clips")
    try copy(TinyMotionModel.embeddings(), "embeddings")
    try copy("\(TinyMotionModel.embeddings())/walk.npy", "embedding.npy")
    try Work.write("file,action\nwave.bvh,wave\n", "\(folder)/labels.csv")
    try Work.write("stance.slip_mean: 1\n", "\(folder)/gate.yaml")
    try Work.write("defaults: {jerk: 1000}\n", "\(folder)/more.yaml")
    try Work.write("robot: uarm_swift_pro\n", "\(folder)/calibration.yaml")
    try Work.write("not read before the check", "\(folder)/walk.trajectory")
    return folder
  }
}

@Suite("No output may be an input")
struct InputsAsOutputsTests {
  private func snapshot(_ folder: String) throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for name in Work.files(in: folder) { contents[name] = try Work.bytes("\(folder)/\(name)") }
    return contents
  }

  private func expectRefused(_ writing: Writing, _ target: String, _ folder: String) throws {
    let before = try snapshot(folder)
    // Nothing that may be written over is an input.
    let force = writing.verb.hasPrefix("train") ? ["--force"] : []
    let words =
      (writing.verb + " " + writing.arguments).split(separator: " ").map(String.init) + force
    let run = try Tool.run(arguments: words + [writing.option, target], folder: folder, within: 60)
    #expect(run.status == 73 && run.saysOneSentence, "\(writing.testDescription): \(run.text)")
    let isSame = try snapshot(folder) == before
    #expect(isSame, "\(writing.testDescription) \(target)")
  }

  @Test(
    "By its own name, through a symbolic link and through a hard link it is refused, and nothing is written",
    arguments: Writing.all)
  func refused(_ writing: Writing) throws {
    let folder = try Writing.folder()
    for input in writing.inputs {
      let links = ["soft", "hard"].map { "\(folder)/\($0)" }
      try FileManager.default.createSymbolicLink(
        atPath: links[0], withDestinationPath: "\(folder)/\(input)")
      try #require(link("\(folder)/\(input)", links[1]) == 0)
      if writing.results.isEmpty {
        for target in [input] + links { try expectRefused(writing, target, folder) }
        if writing.verb.hasPrefix("train"), writing.option == "--output" {
          // What is written beside the model counts, too.
          try FileManager.default.moveItem(atPath: links[0], toPath: "\(folder)/m.checkpoint")
          try expectRefused(writing, "m", folder)
          unlink("\(folder)/m.checkpoint")
        }
      } else {
        try AtomicFile.makeFolder("\(folder)/out")
        for result in writing.results {
          for link in links {
            try FileManager.default.moveItem(atPath: link, toPath: "\(folder)/out/\(result)")
            try expectRefused(writing, "out", folder)
            try FileManager.default.moveItem(atPath: "\(folder)/out/\(result)", toPath: link)
          }
        }
      }
      for link in links { unlink(link) }
    }
  }

  @Test("Every option of every verb that writes is held to this")
  func covered() throws {
    let run = try Tool.run("--experimental-dump-help")
    struct Help: Decodable {
      struct Argument: Decodable {
        struct Name: Decodable {
          var kind: String
          var name: String
        }
        var kind: String
        var names: [Name]?
        var abstract: String?
      }
      struct Command: Decodable {
        var commandName: String
        var arguments: [Argument]?
        var subcommands: [Command]?
      }
      var command: Command
    }
    func outputs(_ command: Help.Command, _ verb: String) -> [String] {
      let own = (command.arguments ?? []).compactMap { argument -> String? in
        guard argument.kind == "option",
          let name = argument.names?.first(where: { $0.kind == "long" })?.name,
          ["output", "pack"].contains(name)
            || argument.abstract?.lowercased().contains("writes") == true
        else { return nil }
        return "\(verb) --\(name)"
      }
      let below = (command.subcommands ?? []).flatMap {
        outputs($0, verb.isEmpty ? $0.commandName : "\(verb) \($0.commandName)")
      }
      return own + below
    }
    let help = try JSONDecoder().decode(Help.self, from: Data(run.output.utf8))
    let found = Set(outputs(help.command, ""))
    #expect(found == Set(Writing.all.map { "\($0.verb) \($0.option)" }))
  }

  @Test("A capture is not written over by its own export, nor its folder by the folder's")
  func ownExport() throws {
    let folder = try Work.folder()
    let made = try Tool.run(
      "smooth", try Shipped.motion("walk"), "-o", folder, "--format", "npz")
    try #require(made.status == 0, "\(made.text)")
    for motions in ["walk.npz", "."] {
      let before = try snapshot(folder)
      let run = try Tool.run(
        "compile", motions, "--robot", "uarm_swift_pro", "-o", ".", "--format", "npz",
        folder: folder)
      #expect(run.status == 73 && run.saysOneSentence, "\(run.text)")
      let isSame = try snapshot(folder) == before
      #expect(isSame)
    }
  }
}
