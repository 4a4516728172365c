import ArgumentParser
import Files
import Foundation
import MotionData
import Motions

/// `motionc import`: clips on the canonical skeleton.
struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reads motion files onto the canonical skeleton and reports what was found.",
    discussion: """
      motionc import capture/*.bvh -o clips
      motionc import dance.bvh -o clips --scale 0.01 --source-rate 60
      motionc import dance.bvh -o clips --format bvh,npz

      A file that cannot be read is reported and the others are imported: a table at the end says \
      which were read, doubted and refused, and the exit code is 2 if some were refused. Tracked \
      joints (JSON, tables, .npy) in which no joint is missing are imported by fitting a skeleton \
      to them; 'motionc smooth' also fills gaps and removes noise.
      """)

  @Argument(help: "Motion files or folders.", completion: .file())
  var files: [String]

  @Option(name: [.short, .long], help: "The folder to write to.", completion: .directory)
  var output: String

  @OptionGroup var reading: ReadingOptions
  @OptionGroup var tracked: TrackOptions

  @Flag(help: "Prints the report as one JSON line for each file.")
  var json = false

  @Option(help: "What to write: clip, npz, bvh, or several with commas between.")
  var format = "clip"

  func run() throws {
    let formats = try ClipFormats.list(format)
    let paths = try MotionPaths.motions(files, taking: [.capture, .track])
    try MotionPaths.refuseCollisions(paths)
    let inputs = InputFiles(paths + reading.files)
    // Before anything is written.
    try formats.refuse(inputs, stems: paths.map(stem))
    try AtomicFile.makeFolder(output)
    var summary = ImportSummary(isJSON: json)
    for path in paths {
      do {
        let (clip, report) = try ImportedMotion.read(path, reading.options, tracked)
        try formats.write(clip, report: report, to: stem(path), sparing: inputs)
        summary.add(report, written: formats.paths(stem(path)))
      } catch {
        summary.add(error, path: path)
      }
    }
    try summary.conclude()
  }

  private func stem(_ path: String) -> String { "\(output)/\(MotionPaths.outputName(path))" }
}

/// Which way is up in motion files.
struct UpOption: ParsableArguments {
  @Option(
    help: "The files' axis that points up: x, y, z, -x, -y or -z; by default it is found.",
    transform: Self.axis)
  var up: UpAxis?

  private static func axis(_ text: String) throws -> UpAxis {
    guard let axis = UpAxis(option: text) else {
      throw ValidationError("'\(text.printable)' is no axis: x, y, z, -x, -y or -z expected.")
    }
    return axis
  }
}

/// What the user may say about motion files that they do not say themselves.
struct ReadingOptions: ParsableArguments {
  @Option(help: "One unit of the files in metres; by default detected from the body's size.")
  var scale: Double?

  @Option(
    name: .customLong("source-rate"),
    help: "The true frame rate, where the files' own is wrong [Hz].")
  var sourceRate: Double?

  @Option(
    help: "The table of joints to use: a name of Skeletons/ or a file; by default joints are found."
  )
  var skeleton: String?

  @OptionGroup var axis: UpOption

  /// The files that these options name.
  var files: [String] {
    skeleton.map { $0.hasSuffix(".yaml") || $0.contains("/") ? [$0] : [] } ?? []
  }

  /// Where the ground is.
  enum GroundChoice: String, ExpressibleByArgument, CaseIterable {
    case stance, keep
  }

  @Option(
    help: ArgumentHelp(
      "Where the ground is: 'stance', under the feet that stand, which are moved to z = 0; or"
        + " 'keep', where the files have it."))
  var ground: GroundChoice = .stance

  /// The options that the user gave.
  var given: [String] {
    [
      ("--scale", scale != nil), ("--source-rate", sourceRate != nil),
      ("--skeleton", skeleton != nil), ("--up", axis.up != nil), ("--ground", ground != .stance),
    ].filter(\.1).map(\.0)
  }

  var options: ImportOptions {
    var options = ImportOptions(
      metresPerUnit: scale, frameRate: sourceRate, skeleton: skeleton,
      ground: ground == .keep ? .keep : .stance)
    options.up = axis.up
    return options
  }
}
