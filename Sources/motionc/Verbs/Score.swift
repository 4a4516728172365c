import ArgumentParser
import Files
import Foundation
import MotionData
import MotionModels
import Motions

/// `motionc score`: how plausible motion is.
struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Scores how plausible motion is, joint by joint and frame by frame.",
    discussion: """
      motionc score walk.bvh
      motionc score landmarks.json --model mine.safetensors -o scores

      The plausibility is that of the least plausible window: the share of windows of real motion, \
      kept from training, with a greater anomaly. The anomaly is the greatest quotient of a joint's \
      residual (pose, velocity or acceleration) and what 999 of 1000 frames of real motion stay \
      below, more where motion is lively. Joints that are not seen count for nothing and are \
      counted. With -o, NAME.score.npz has residuals [frames, 22], windows, and the top latents.
      """)

  @Argument(help: "Motion files, files of tracked joints, or folders.", completion: .file())
  var files: [String]

  @Option(help: "The model's file; by default the shipped HG-VAE.", completion: .file())
  var model: String?

  @Option(name: [.short, .long], help: "The folder to write to.", completion: .directory)
  var output: String?

  @OptionGroup var tracked: TrackOptions
  @OptionGroup var axis: UpOption

  @Option(help: "The true frame rate of the files [Hz].")
  var rate: Double?

  @Flag(help: "Prints one JSON line for each file.")
  var json = false

  func run() throws {
    let set = try tracked.jointSet()
    let model = try model ?? ShippedModel.path(of: "hgvae")
    let hgvae = try HGVAE(contentsOf: model)
    var batch = Batch("scored")
    // One that is not there is said with the others, which are scored.
    let files = files.flatMap { path -> [String] in
      do { return try MotionPaths.motions([path], taking: [.capture, .track]) } catch {
        batch.fail(error, file: path)
        return []
      }
    }
    let inputs = InputFiles(files + [model])
    if let output {
      try MotionPaths.refuseCollisions(files)
      for file in files { try inputs.refuse(path(file, in: output)) }
      try AtomicFile.makeFolder(output)
    }
    for file in files {
      do {
        let (track, reading) = try TrackFile.read(
          file, joints: set, frameRate: rate, person: tracked.person, up: axis.up)
        let score = try hgvae.score(track)
        let doubts = reading.findings.filter { $0.kind.isDoubt || $0.kind == .glitch }
        if let output {
          var outputs = OutputSet(sparing: inputs)
          try outputs.add(score.archive.encoded(), to: path(file, in: output))
          try outputs.commit()
        }
        Console.result(json ? score.json(file) : score.text(file, doubts: doubts.map(\.message)))
        batch.succeed()
      } catch {
        batch.fail(error, file: file)
      }
    }
    try batch.conclude()
  }

  private func path(_ file: String, in folder: String) -> String {
    "\(folder)/\(MotionPaths.outputName(file)).score.npz"
  }
}

extension PlausibilityScore {
  /// What is unusual, in a sentence each; the worst of each joint, at most five.
  var sentences: [String] {
    var seen = Set<Int>()
    return findings.filter { seen.insert($0.joint).inserted }.prefix(5).map { finding in
      let unit =
        ["pose": "m", "velocity": "m/s", "acceleration": "m/s²"][finding.kind.rawValue] ?? ""
      return "\(Skeleton.Joint.names[finding.joint]) at "
        + "\(Console.fixed(Double(finding.frame) / frameRate, 2)) s: \(finding.kind.rawValue) "
        + "\(Console.fixed(Double(finding.value), 2)) \(unit) from what is expected, usual below "
        + "\(Console.fixed(Double(finding.threshold), 2))"
    }
  }

  /// The score in a line.
  var summary: String {
    let place =
      worst.map { " (worst from \(Console.fixed(Double($0.start) / frameRate, 1)) s)" } ?? ""
    return "plausibility \(Console.fixed(plausibility, 3))\(place), ELBO "
      + "\(Console.fixed(evidence, 3)) nats, log-density \(Console.fixed(logDensity, 3)) nats"
      + (unseen > 0
        ? "; \(unseen) of \(frames * Skeleton.jointCount) joints in frames not seen" : "")
  }

  /// The score in lines, with what is doubtful about the file.
  func text(_ file: String, doubts: [String]) -> String {
    let lines = (sentences + doubts.map(\.shownReason)).map { "  \($0)" }
    return (["\(file.shownPath): \(summary)"] + lines).joined(separator: "\n")
  }

  func json(_ file: String) -> String {
    "{\"file\": \(JSONText.quoted(file)), \(fields)}"
  }

  /// The fields of the score in a line of JSON.
  var fields: String {
    "\"plausibility\": \(JSONText.number(plausibility)), \"anomaly\": "
      + "\(JSONText.number(Double(worst?.anomaly ?? 0))), \"elbo_nats\": "
      + "\(JSONText.number(evidence)), \"log_density_nats\": \(JSONText.number(logDensity)), "
      + "\"worst_window_s\": \(JSONText.number(Double(worst?.start ?? 0) / frameRate)), "
      + "\"unusual_joints\": \(Set(findings.map { [$0.frame, $0.joint] }).count), "
      + "\"unseen_joints\": \(unseen), \"windows\": \(windows.count)"
  }

  /// Everything as arrays.
  var archive: NumpyArchive {
    let joints = Skeleton.jointCount
    let shape = [frames, joints]
    return NumpyArchive(
      arrays: [
        "pose": StoredTensor(pose, shape: shape), "velocity": StoredTensor(velocity, shape: shape),
        "acceleration": StoredTensor(acceleration, shape: shape),
        "fps": StoredTensor([frameRate], shape: []),
        "window_start": StoredTensor(windows.map { Int64($0.start) }, shape: [windows.count]),
        "elbo": StoredTensor(windows.map(\.evidence), shape: [windows.count]),
        "log_density": StoredTensor(windows.map(\.logDensity), shape: [windows.count]),
        "liveliness": StoredTensor(windows.map(\.liveliness), shape: [windows.count]),
        "anomaly": StoredTensor(windows.map(\.anomaly), shape: [windows.count]),
        "plausibility": StoredTensor(windows.map(\.plausibility), shape: [windows.count]),
        "top_latent": StoredTensor(
          windows.flatMap(\.latent), shape: [windows.count, windows.first?.latent.count ?? 0]),
      ], strings: ["names": Skeleton.Joint.names])
  }
}
