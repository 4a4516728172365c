import ArgumentParser
import Files
import Kinematics
import Motions
import Retargeting
import Trajectories
import TrajectoryMetrics

/// `motionc report`: what a trajectory or a human motion is like.
struct ReportVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Measures trajectories or human motion, and shows them on a page.",
    discussion: """
      motionc report out/walk.trajectory.safetensors --against walk.bvh
      motionc report out/walk.trajectory.safetensors --against walk.bvh --html walk.html
      motionc report walk.bvh --html person.html --png person.png

      Limits, steps, base, slip and penetration of feet, self-collision, distance from the person of \
      --against, torque, balance and smoothness; Docs/report.md defines each. What cannot be \
      measured is stated. --html writes one page that opens from disk, with everything in it; \
      several trajectories of one motion are shown side by side. --gate reads a YAML file of \
      thresholds, 'stance.slip_mean: 0.01'; exit code 1 and the reasons if one is not kept. The \
      robot is found among Robots/ by the trajectory's own words.
      """)

  @Argument(
    help: "Native trajectory files, or files of human motion.",
    completion: .file(extensions: ["safetensors", "bvh", "npz"]))
  var files: [String]

  @Option(help: "The human motion that the trajectories were compiled from.", completion: .file())
  var against: String?

  @Option(
    help: "The trajectories' robot, a name or a path, where it is none of Robots/.",
    completion: .file())
  var robot: String?

  @Option(
    help: "The mapping's file that they were compiled with; by default the shipped or found one.",
    completion: .file(extensions: ["yaml", "yml"]))
  var mapping: String?

  @Option(
    help: "Writes a page with the motion in 3-D and graphs; it opens from disk.",
    completion: .file(extensions: ["html"]))
  var html: String?

  @Option(help: "Writes a picture with a strip of frames.", completion: .file(extensions: ["png"]))
  var png: String?

  @Option(
    help: "A YAML file of thresholds; exit code 1 if one is not kept.",
    completion: .file(extensions: ["yaml", "yml"]))
  var gate: String?

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Prints one JSON object.")
  var json = false

  /// The most motions that are shown side by side.
  static let mostShown = 4

  func validate() throws {
    guard mapping == nil || against != nil else {
      throw ValidationError(
        "--mapping is for distances from the person of --against, which is not given.")
    }
    guard html == nil && png == nil || files.count <= Self.mostShown else {
      throw ValidationError(
        "--html and --png show at most \(Self.mostShown) motions; found \(files.count).")
    }
  }

  func run() throws {
    let gate = try gate.map { try Gate(contentsOf: $0) }
    var loader = ReportLoader(
      robot: robot, options: reading.options,
      mapping: try mapping.map { try Mapping(contentsOf: $0) })
    if let against { try loader.read(against: against) }
    var inputs = InputFiles(files.map(Optional.some) + [against, self.gate, mapping])
    inputs.add(reading.files)
    var subjects: [ReportedMotion] = []
    for file in files { subjects.append(try loader.load(file)) }
    if against == nil, let option = reading.given.first, subjects.allSatisfy(\.isOfRobot) {
      throw ReportRefusal(
        description: "\(option) says how human motion is read, and there is none: "
          + "'\(files[0].shownPath)' is a trajectory, and --against FILE is not given")
    }
    inputs.add(loader.files)
    var output = OutputSet(sparing: inputs)
    if let html { try output.add(ReportPage.bytes(subjects), to: html) }
    if let png { try output.add(ReportStrip.bytes(subjects), to: png) }
    try output.commit()
    let reasons = subjects.map { subject in
      gate.map { $0.refusals(of: subject.report) } ?? []
    }
    try print(subjects, reasons, hasGate: gate != nil)
    guard reasons.allSatisfy(\.isEmpty) else { throw ExitStatus.limitsBroken }
  }

  private func print(_ subjects: [ReportedMotion], _ reasons: [[String]], hasGate: Bool) throws {
    let object = ReportJSON(
      reports: zip(subjects, reasons).map { subject, reasons in
        ReportJSON.Entry(subject.report, path: subject.path, reasons: hasGate ? reasons : nil)
      }, passed: hasGate ? reasons.allSatisfy(\.isEmpty) : nil)
    var lines: [String] = []
    for (subject, reasons) in zip(subjects, reasons) {
      if !lines.isEmpty { lines.append("") }
      lines += ReportText.lines(subject.report, path: subject.path)
      lines += reasons.map { "refused: \($0.shownReason)" }
      if hasGate, reasons.isEmpty { lines.append("every threshold holds") }
    }
    try Console.report(object, lines: lines, asJSON: json)
  }
}
