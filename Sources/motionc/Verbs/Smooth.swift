import ArgumentParser
import Files
import Foundation
import MotionData
import MotionModels
import Motions

/// `motionc smooth`: smooth motion from tracked joints.
struct Smooth: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turns tracked joints or noisy motion into smooth motion with constant bone lengths.",
    discussion: """
      motionc smooth landmarks.json -o smooth
      motionc smooth track.npy --joints h36m --rate 50 -o smooth --format npz,bvh,clip
      motionc smooth shaky.bvh --model mine.safetensors -o smooth

      Without --model the shipped smoother is used. Missing joints (NaN, null, zeros, no confidence) and \
      frames that the times leave out are filled in, with --filling by a model of motion (HG-VAE) first; frames in which nobody was seen are marked by \
      a 1 in the array filled_frames. Where the tracker exchanges left and right for some frames, \
      they are exchanged back; limbs hidden for long are interpolated; legs that are never seen are \
      made up for a --stature. Each is reported. A file that cannot be smoothed is reported too, and \
      the others are smoothed. .npz holds positions [m, z up], rotations, root, bone_lengths, fps, \
      names, and covariances [frames, 22, 3, 3, m²] where the model predicts them.
      """)

  @Argument(help: "Files of tracked joints or motion.", completion: .file())
  var files: [String]

  @Option(help: "The model's file; by default the shipped smoother.", completion: .file())
  var model: String?

  @Option(
    help: "An HG-VAE that first fills in joints missing for 0.3 to 1 s, or 'none', the default.",
    completion: .file())
  var filling: String?

  @Option(name: [.short, .long], help: "The folder to write to.", completion: .directory)
  var output: String

  @OptionGroup var tracked: TrackOptions
  @OptionGroup var axis: UpOption

  @Option(help: "The true frame rate of the files [Hz].")
  var rate: Double?

  @Option(
    help: "The stature for legs that are never seen [m]; by default guessed by the upper body.")
  var stature: Double?

  @Flag(help: "Holds feet in place while they stand.")
  var lockFeet = false

  @Option(help: "Formats, separated by commas: clip, npz, bvh.")
  var format: String = "clip"

  @Flag(help: "Prints one JSON line for each file.")
  var json = false

  func run() throws {
    let formats = try ClipFormats.list(format)
    let set = try tracked.jointSet()
    let model = try model ?? ShippedModel.path(of: "smoother")
    let smoother = try Smoother(contentsOf: model)
    try MotionPaths.refuseCollisions(files)
    let fillingPath = filling == "none" ? nil : filling
    let filling = try fillingPath.map { try HGVAE(contentsOf: $0) }
    let inputs = InputFiles(files + [model, fillingPath])
    try formats.refuse(inputs, stems: files.map { "\(output)/\(MotionPaths.outputName($0))" })
    try AtomicFile.makeFolder(output)
    var batch = Batch("smoothed")
    for file in files {
      do {
        let (track, reading) = try TrackFile.read(
          file, joints: set, frameRate: rate, person: tracked.person, up: axis.up, stature: stature)
        var result = try smoother.smoothAtAnyRate(track, filledBy: filling)
        let lacksJoints = track.confidences.contains { !($0 > 0) }
        var found = reading.adding(result, isFilling: filling != nil && lacksJoints)
        if let height = result.clip.heightAboveGround {
          found.findings.append(
            .init(
              .unknownGround,
              "the person stays where the tracker has it, \(Console.fixed(abs(height), 2)) m "
                + "\(height < 0 ? "below" : "above") z = 0; 'import' and 'compile' set feet on the ground"
            ))
        }
        if lockFeet { found.findings.append(.init(.note, result.holdFeet().sentence)) }
        // Those of the file, where a reader reports them, may have been smoothed away.
        found.findings += result.clip.jumps.map {
          .init($0.kind, "when smoothed, \($0.message)")
        }
        let stem = "\(output)/\(MotionPaths.outputName(file))"
        var arrays = result.arrays
        let filled = Self.emptyFrames(of: track)
        if filled.contains(1) {
          arrays["filled_frames"] = StoredTensor(type: .uint8, shape: [filled.count], bytes: filled)
        }
        try formats.write(result.clip, with: arrays, to: stem, sparing: inputs)
        report(result.clip, found, file: file, paths: formats.paths(stem))
        batch.succeed()
      } catch {
        batch.fail(error, file: file)
      }
    }
    try batch.conclude()
  }

  /// Says what was found in a file and what was written of it.
  private func report(
    _ clip: MotionClip, _ report: TrackReport, file: String, paths: [String]
  ) {
    guard json else {
      let written = paths.map(\.shownPath).joined(separator: ", ")
      Console.result((report.lines + ["  written to \(written)"]).joined(separator: "\n"))
      return
    }
    Console.result(
      "{\"file\": \(JSONText.quoted(file)), \"frames\": \(clip.frameCount), "
        + "\"rate_hz\": \(JSONText.number(clip.frameRate)), \"stature_m\": "
        + "\(JSONText.number(clip.skeleton.stature)), \"filled_frames\": "
        + "\(report.emptyFrameCount), \"findings\": [\(Self.json(report.findings))], "
        + "\"output\": [\(paths.map(JSONText.quoted).joined(separator: ", "))]}")
  }

  /// A 1 for each frame in which nobody is seen, 0 for the others.
  private static func emptyFrames(of track: JointTrack) -> [UInt8] {
    let joints = Skeleton.jointCount
    return (0..<track.frameCount).map { frame in
      track.confidences[(frame * joints)..<((frame + 1) * joints)].contains { $0 > 0 } ? 0 : 1
    }
  }

  private static func json(_ findings: [ImportReport.Finding]) -> String {
    findings.map {
      "{\"kind\": \(JSONText.quoted($0.kind.rawValue)), \"message\": \(JSONText.quoted($0.message))}"
    }.joined(separator: ", ")
  }
}

extension TrackReport {
  /// The most swaps and gaps that are listed one by one.
  private static let listed = 8

  /// The report with what the smoother mended, and whether a model was to fill in missing joints.
  func adding(_ result: Smoother.Result, isFilling: Bool) -> TrackReport {
    var report = self
    if result.filled > 0 {
      report.findings.append(
        .init(
          .note, "\(Wording.count(result.filled, "missing joint")) in frames filled in by HG-VAE"))
    } else if isFilling {
      let gaps = Smoother.filledGaps
      report.findings.append(
        .init(
          .note,
          "HG-VAE filled in nothing: it found no joint missing for \(Console.fixed(gaps.lowerBound, 1)) "
            + "to \(Console.fixed(gaps.upperBound, 1)) s, and seen before and after, that it could place"
        ))
    }
    for swap in result.swaps.prefix(Self.listed) {
      report.findings.append(.init(.exchangedSides, swap.sentence))
    }
    for gap in result.gaps.prefix(Self.listed) {
      report.findings.append(.init(.bridgedGap, gap.sentence))
    }
    let swaps = result.swaps.count - Self.listed
    if swaps > 0 {
      report.findings.append(.init(.exchangedSides, "\(swaps) further swaps exchanged back"))
    }
    let gaps = result.gaps.count - Self.listed
    if gaps > 0 { report.findings.append(.init(.bridgedGap, "\(gaps) further gaps bridged")) }
    return report
  }
}

extension FootLock.Report {
  fileprivate var sentence: String {
    "feet held in \(Wording.count(stances, "stance")), moved by at most"
      + " \(Console.fixed(100 * largestMove, 1)) cm, the pelvis lowered by at most"
      + " \(Console.fixed(100 * largestLowering, 1)) cm"
  }
}

extension SideSwap {
  fileprivate var sentence: String {
    "left and right of \(part.name) are exchanged in frames \(frames.shown): exchanged back"
  }
}

extension BridgedGap {
  fileprivate var sentence: String {
    let names: [String] = joints.map { $0.name }
    let who =
      joints.count == Skeleton.jointCount ? "nobody is" : names.joined(separator: ", ") + " not"
    let how =
      isInterpolated
      ? "interpolated between the poses before and after" : "the nearest pose is kept"
    return "\(who) seen in frames \(frames.shown): \(how)"
  }
}

extension Range<Int> {
  /// The first and the last number.
  fileprivate var shown: String { "\(lowerBound) to \(upperBound - 1)" }
}

extension Smoother.Result {
  /// Arrays that an .npz holds beside those of the clip.
  var arrays: [String: StoredTensor] {
    guard let covariances else { return [:] }
    var full: [Float] = []
    full.reserveCapacity(covariances.count / 6 * 9)
    for at in stride(from: 0, to: covariances.count, by: 6) {
      let s = covariances[at..<(at + 6)].map { $0 }
      full += [s[0], s[1], s[2], s[1], s[3], s[4], s[2], s[4], s[5]]
    }
    let joints = Skeleton.jointCount
    return [
      "covariances": StoredTensor(full, shape: [covariances.count / 6 / joints, joints, 3, 3])
    ]
  }
}
