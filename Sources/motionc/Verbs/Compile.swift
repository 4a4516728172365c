public import ArgumentParser
import Files
import Foundation
import Kinematics
import MotionData
import MotionModels
import Motions
public import Retargeting
import Synchronization
import Trajectories

/// `motionc compile`: human motion to trajectories within all limits.
struct Compile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compiles human or robot motion into robot trajectories that keep every limit.",
    discussion: """
      motionc compile walk.bvh --robot unitree_g1 -o out
      motionc compile captures/ --robot uarm_swift_pro --model uarm.safetensors -o out \\
        --format csv,npz,json --rate 50 --timing stretch --tolerance 0.05
      motionc compile walk.bvh --robot unitree_g1 --plausibility hgvae.safetensors -o out
      motionc compile lafan1_g1.csv --robot unitree_g1 -o out --source-rate 30
      motionc compile walk.bvh --robot my_humanoid.urdf -o out
      motionc compile walk.bvh --robot unitree_g1 --ik -o out

      Writes NAME.trajectory.safetensors, which can be verified, and the formats of --format. With \
      --timing keep the motion's timing is kept and the report gives the deviation from it; with \
      --timing stretch the motion is slowed down until the deviation is within --tolerance, at \
      the trajectory's samples and at the motion's own frames. A motion that cannot be compiled \
      is reported and the files of an earlier run are kept; the others are compiled. In folders \
      all files with human motion are compiled; trajectories and copies that motionc wrote are \
      skipped.

      The robot's distance from itself and, with a floating base, from the ground is proven as by \
      'motionc verify --robot', between samples too. What touches is reported; with --collision \
      refuse such a motion is refused.

      Without --model the retargeter that ships for the robot is used. For a robot that none ships for, \
      nothing needs to be trained: its legs, arms and waist are found as by 'motionc map', and the \
      poses come from inverse kinematics, frame by frame. --ik asks for that where a model ships, \
      --mapping for a mapping of your own. The report and the file say which was used. A robot \
      without waist joints leans with its base. A person's motion is then refined as a whole (--refine): \
      feet stay where they stand, nothing is below the ground, and the robot is kept apart from itself, \
      as far as its limits allow. With --plausibility every motion is scored as by 'motionc score', and with --refuse-below those less plausible \
      are refused.

      A motion of the robot itself (GMR's pickle, BeyondMimic's .npz, Unitree's, Kimodo's, hhtools' \
      and our own tables) is not retargeted: its joints go through the limits at the file's rate. \
      The report states in which order joints without names were taken.
      """)

  /// Yes or no.
  enum Switch: String, ExpressibleByArgument, CaseIterable {
    case on, off
  }

  /// What may happen to the motion's clock.
  enum TimingChoice: String, ExpressibleByArgument, CaseIterable {
    case keep, stretch
  }

  @Argument(help: "Motion files or folders.", completion: .file())
  var motions: [String]

  @OptionGroup var robot: RobotOptions

  @Option(
    help: "The retargeter's file; by default the one that ships for the robot.",
    completion: .file())
  var model: String?

  @Flag(help: "Computes the poses by inverse kinematics where a model ships for the robot.")
  var ik = false

  @Option(
    help:
      "A mapping's file for inverse kinematics; by default the shipped one or what 'map' finds.",
    completion: .file(extensions: ["yaml", "yml"]))
  var mapping: String?

  @Option(
    parsing: .unconditional,
    help: "The axis of the base along which the robot looks, where 'map' asks for it: +x, -x, …")
  var front: BaseAxis?

  @Option(
    help: """
      How thoroughly a person's motion is refined as a whole: not at all; 'fast', for feet, ground, \
      smoothness and limits; or 'full', where the robot is kept apart from itself too.
      """)
  var refine: RefinementEffort = .full

  @Option(help: CollisionChoice.help)
  var collision: CollisionChoice = .report

  @Option(name: [.short, .long], help: "The folder to write to.", completion: .directory)
  var output: String

  @Option(help: "Further formats, with commas between: csv, npz, json, yaml.")
  var format: FormatList = FormatList(formats: [])

  @Option(help: "The trajectory's sample rate [Hz]; by default the motion's.")
  var rate: Double?

  @Option(
    help: "Keep the motion's timing, or stretch it until the deviation is within the tolerance.")
  var timing: TimingChoice = .keep

  @Option(help: "The greatest deviation with --timing stretch [rad or m].")
  var tolerance: Double = 0.05

  @Option(help: "The speed factor of the motion, 2 for twice as fast; it is recorded in the file.")
  var speed: Double = 1

  @Option(
    help: """
      Whether trajectories begin and end at rest. With 'off' they do so at the motion's own speed, for \
      clips that are put together or learned from; 'stream' refuses those.
      """)
  var startAtRest: Switch = .on

  @Option(help: "The number of threads; by default all cores.")
  var threads: Int?

  @Option(
    help: "Writes reference, control points and limits for checks by other programs (one motion).",
    completion: .file())
  var dump: String?

  @OptionGroup var reading: ReadingOptions

  @Option(
    help:
      "An HG-VAE's file: scores how plausible each motion is, at the speed it was captured, and reports it.",
    completion: .file())
  var plausibility: String?

  @Option(help: "Refuses motions of a plausibility below this, 0...1; with --plausibility.")
  var refuseBelow: Double?

  @Option(
    help: ArgumentHelp(
      "The order of the quaternions of a robot's base, wxyz or xyzw; by default it is found."),
    transform: Self.order)
  var rootOrder: QuaternionOrder?

  @Option(help: "The person to read of pickles and archives that hold several.")
  var person: String?

  @Flag(help: "Prints one JSON line for each trajectory.")
  var json = false

  private static func order(_ text: String) throws -> QuaternionOrder {
    guard let order = QuaternionOrder(rawValue: text) else {
      throw ValidationError("'\(text.printable)' is no order: wxyz or xyzw expected.")
    }
    return order
  }

  func validate() throws {
    guard (rate ?? 1) > 0, rate?.isFinite ?? true, speed > 0, speed.isFinite, tolerance > 0 else {
      throw ValidationError("--rate, --speed and --tolerance must be above 0.")
    }
    guard (threads ?? 1) > 0 else { throw ValidationError("--threads must be above 0.") }
    guard model == nil || (!ik && mapping == nil && front == nil) else {
      throw ValidationError(
        "--model has a mapping of its own: --ik, --mapping and --front exclude it.")
    }
    guard mapping == nil || front == nil else {
      throw ValidationError("--front is for finding a mapping, and --mapping gives one.")
    }
    guard let refuseBelow else { return }
    guard plausibility != nil, 0 <= refuseBelow, refuseBelow <= 1 else {
      throw ValidationError("--refuse-below is within 0 and 1 and goes with --plausibility.")
    }
  }

  func run() throws {
    let robot = try robot.load()
    let files = try MotionPaths.motions(motions, taking: [.capture, .robot])
    let retargeting = try retargeting(for: robot, of: files)
    if let estimates = robot.estimateSummary { Console.note("note: \(estimates)") }
    var options = reading.options
    options.person = person
    var compiler = CompileJob(
      target: robot,
      retargeting: retargeting,
      limits: try SafetyLimits(robot: robot),
      robot: RobotIdentity(robot),
      timing: timing == .keep ? .keep : .stretch(tolerance: tolerance), rate: rate, speed: speed,
      reading: options, output: output, formats: format.formats,
      effort: refine, rootOrder: rootOrder, dump: dump,
      bodies: ClearanceProver(robot))
    compiler.collision = collision
    compiler.atRest = startAtRest == .on
    guard dump == nil || files.count == 1 else {
      throw ValidationError("--dump goes with one motion; found \(files.count).")
    }
    try MotionPaths.refuseCollisions(files)
    if let plausibility {
      compiler.gate = PlausibilityGate(
        model: try HGVAE(contentsOf: plausibility), refuseBelow: refuseBelow)
      compiler.inputs.add([plausibility])
    }
    compiler.inputs.add(files + [retargeting?.path].compactMap(\.self) + robot.allFiles)
    // Before anything is written.
    for output in files.flatMap(compiler.outputs) { try compiler.inputs.refuse(output) }
    try AtomicFile.makeFolder(output)
    try run(compiler, files)
  }

  /// What human motion is retargeted by; nil where all files are of the robot, which needs nothing.
  private func retargeting(for robot: Robot, of files: [String]) throws -> HumanRetargeting? {
    guard model != nil || !Self.areOfRobots(files) else { return nil }
    return try HumanRetargeting.chosen(
      for: robot, model: model, ik: ik, mapping: mapping, front: front)
  }

  /// Whether all files hold robots' motion; one that cannot be read does not.
  private static func areOfRobots(_ files: [String]) -> Bool {
    files.allSatisfy { (try? MotionInput(contentsOf: $0))?.contents == .robot }
  }

  private func run(_ compiler: CompileJob, _ files: [String]) throws {
    let batch = Mutex(Batch("compiled"))
    _ = Parallel.map(
      files, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
      { file in (file: file, result: Result { try compiler.compile(file) }) },
      whenDone: { outcome in
        batch.withLock { batch in
          switch outcome.result {
          case .success(let done):
            batch.succeed()
            Console.result(json ? done.json : done.summary)
          case .failure(let error): batch.fail(error, file: outcome.file)
          }
        }
      })
    try batch.withLock { try $0.conclude() }
  }
}

extension RefinementEffort: ExpressibleByArgument {}

/// The formats of `--format`.
struct FormatList: ExpressibleByArgument {
  let formats: [TrajectoryFormat]

  init(formats: [TrajectoryFormat]) { self.formats = formats }

  init?(argument: String) {
    let names = argument.split(separator: ",").map(String.init)
    formats = names.compactMap { TrajectoryFormat(rawValue: $0) }
    guard formats.count == names.count else { return nil }
  }

  var defaultValueDescription: String { "none" }
}
