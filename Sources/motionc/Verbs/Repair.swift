import ArgumentParser
import Files
import Foundation
import MotionData
import MotionModels
import Motions

/// `motionc repair`: missing and wrong joints of tracks.
struct Repair: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fills in missing joints and replaces wrong ones, and leaves all else bit for bit.",
    discussion: """
      motionc repair landmarks.json -o repaired
      motionc repair track.npy --joints h36m --rate 50 --model mine.safetensors -o repaired

      Writes NAME.npz with positions [frames, 22, 3] in metres, z up, confidences, fps, names, axes, and repaired \
      [frames, 22] (1 where a joint was changed), which 'smooth', 'score' and 'import' read. A joint \
      that was seen is replaced only where lengths of bones and jumps, which no model judges, \
      become better. Gaps of more than a second without anybody stay open.
      """)

  @Argument(help: "Files of tracked joints or motion.", completion: .file())
  var files: [String]

  @Option(help: "The model's file; by default the shipped HG-VAE.", completion: .file())
  var model: String?

  @Option(name: [.short, .long], help: "The folder to write to.", completion: .directory)
  var output: String

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
    try MotionPaths.refuseCollisions(files)
    let inputs = InputFiles(files + [model])
    for file in files { try inputs.refuse(path(file)) }
    try AtomicFile.makeFolder(output)
    var batch = Batch("repaired")
    for file in files {
      do {
        let (track, report) = try TrackFile.read(
          file, joints: set, frameRate: rate, person: tracked.person, up: axis.up)
        let repaired = try hgvae.repair(track)
        var outputs = OutputSet(sparing: inputs)
        try outputs.add(repaired.archive.encoded(), to: path(file))
        try outputs.commit()
        if json {
          Console.result(repaired.json(file, output: path(file)))
        } else {
          let lines = report.lines + repaired.lines.map { "  \($0)" }
          Console.result((lines + ["  written to \(path(file).shownPath)"]).joined(separator: "\n"))
        }
        batch.succeed()
      } catch {
        batch.fail(error, file: file)
      }
    }
    try batch.conclude()
  }

  private func path(_ file: String) -> String { "\(output)/\(MotionPaths.outputName(file)).npz" }
}

extension RepairedTrack {
  /// What was done, in lines of at most twelve changes.
  var lines: [String] {
    let count = isChanged.count { $0 }
    var lines = [
      "\(count) of \(isChanged.count) joints in frames changed; all others as they were"
        + (rejected > 0 ? "; \(Wording.count(rejected, "repair")) given up, being no better" : "")
    ]
    for change in changes.prefix(12) { lines.append("  " + sentence(change)) }
    if changes.count > 12 { lines.append("  … and \(changes.count - 12) more") }
    if !neverSeen.isEmpty {
      let names = neverSeen.map { Skeleton.Joint.names[$0] }.joined(separator: ", ")
      lines.append(
        "never seen, so that their places are guesses, off by decimetres for hands and knees: \(names)"
      )
    }
    if emptyFrames > 0 {
      lines.append("\(Wording.count(emptyFrames, "frame")) without anybody stay open")
    }
    return lines
  }

  /// The joints that were filled in in every frame.
  private var neverSeen: [Int] {
    changes.filter { $0.kind == .filled && $0.frames == 0..<track.frameCount }.flatMap(\.joints)
      .sorted()
  }

  private func sentence(_ change: Change) -> String {
    let names = change.joints.map { Skeleton.Joint.names[$0] }.joined(separator: ", ")
    let last = change.frames.upperBound - 1
    let check =
      change.before.map {
        ": check \(Console.fixed(1000 * Double($0), 0)) mm before, "
          + "\(Console.fixed(1000 * Double(change.after), 0)) mm after"
      } ?? ""
    return "frames \(change.frames.lowerBound)-\(last): \(names) \(change.kind.rawValue)\(check)"
  }

  func json(_ file: String, output: String) -> String {
    let changes = changes.map { change in
      let joints = change.joints.map { JSONText.quoted(Skeleton.Joint.names[$0]) }
      return "{\"kind\": \(JSONText.quoted(change.kind.rawValue)), \"joints\": "
        + "[\(joints.joined(separator: ", "))], \"first_frame\": \(change.frames.lowerBound), "
        + "\"last_frame\": \(change.frames.upperBound - 1)"
        + (change.before.map {
          ", \"check_before_m\": \(JSONText.number(Double($0))), \"check_after_m\": "
            + "\(JSONText.number(Double(change.after)))"
        } ?? "") + "}"
    }
    return "{\"file\": \(JSONText.quoted(file)), \"changed\": \(isChanged.count { $0 }), "
      + "\"given_up\": \(rejected), \"empty_frames\": \(emptyFrames), \"changes\": "
      + "[\(changes.joined(separator: ", "))], \"output\": \(JSONText.quoted(output))}"
  }

  /// The track as arrays.
  var archive: NumpyArchive {
    let joints = Skeleton.jointCount
    let shape = [track.frameCount, joints]
    return NumpyArchive(
      arrays: [
        "positions": StoredTensor(
          track.positions.flatMap { [$0.x, $0.y, $0.z] }, shape: shape + [3]),
        "confidences": StoredTensor(track.confidences, shape: shape),
        "repaired": StoredTensor(type: .uint8, shape: shape, bytes: isChanged.map { $0 ? 1 : 0 }),
        "fps": StoredTensor([track.frameRate], shape: []),
      ], strings: ["names": Skeleton.Joint.names, "axes": ["x forward, y left, z up"]])
  }
}
