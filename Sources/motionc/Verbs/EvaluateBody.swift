import ArgumentParser
import Files
import Foundation
import Kinematics
import MotionData
import Motions
import Retargeting
import Trajectories
import TrajectoryMetrics

/// `motionc evaluate body`: feet, ground, self-collision and likeness of compiled motions.
struct EvaluateBody: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "body",
    abstract: "Measures feet, ground, self-collision and likeness of compiled motions.",
    discussion: """
      motionc evaluate body --robot unitree_g1 --motions captures/
      motionc evaluate body --robot unitree_g1 --motions captures/ --refine off
      motionc evaluate body --robot my_humanoid.urdf --motions captures/ --all --clips
      motionc evaluate body --robot unitree_g1 --motions captures/ --robot-motions gmr/

      Every clip is retargeted, refined and compiled as by 'compile' and measured as by 'report', between \
      samples too. Of each figure the mean, the median and the worst over clips are printed. Clips are chosen \
      as by 'evaluate retargeter'. The speed is that of retargeting with refinement, without the limit \
      program, in time of one core.

      With --robot-motions nothing is retargeted: the robot's motions of another program, one file for each \
      clip and named as it, are measured as they are, along smooth curves through their frames, against the \
      robot's limits.
      """)

  @OptionGroup var robot: RobotOptions

  @Option(
    help: "The retargeter's file; by default the one that ships for the robot.",
    completion: .file())
  var model: String?

  @Flag(help: "Computes the poses by inverse kinematics where a model ships for the robot.")
  var ik = false

  @Option(help: "How thoroughly motion is refined as a whole.")
  var refine: RefinementEffort = .full

  @Option(help: "The speed factor of the motions, 2 for twice as fast.")
  var speed: Double = 1

  @Option(parsing: .upToNextOption, help: "Motion files or folders.", completion: .file())
  var motions: [String]

  @Option(
    help: "A folder with the robot's motions by another program, which are measured instead.",
    completion: .directory)
  var robotMotions: String?

  @Flag(help: "Evaluates every clip, not only held-out ones.")
  var all = false

  @Flag(help: "One line for each clip too.")
  var clips = false

  @Option(
    help: "Writes the motions with their persons' targets, for a check by other programs.",
    completion: .file())
  var dump: String?

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Prints one JSON object for each line.")
  var json = false

  func validate() throws {
    guard speed > 0, speed.isFinite else { throw ValidationError("--speed must be above 0.") }
    guard model == nil || !ik else {
      throw ValidationError("--model has a mapping of its own: --ik excludes it.")
    }
    guard robotMotions == nil || (model == nil && !ik && speed == 1) else {
      throw ValidationError(
        "--robot-motions are measured as they are: without --model, --ik, --speed.")
    }
  }

  func run() throws {
    let robot = try robot.load()
    let limits = try SafetyLimits(robot: robot)
    let others = try robotMotions.map { try OtherMotions($0, robot: robot, limits: limits) }
    let retargeting =
      try others == nil ? HumanRetargeting.chosen(for: robot, model: model, ik: ik) : nil
    let set = try MotionSplit(motions)
    let prover = ClearanceProver(robot)
    var rows: [Row] = []
    var (frames, seconds) = (0, 0.0)
    var problem = OptimumProblem()
    var inputs = InputFiles(set.training + set.validation + robot.allFiles)
    inputs.add((retargeting?.path.map { [$0] } ?? []) + (others?.allFiles ?? []))
    if let dump { try inputs.refuse(dump) }
    for file in all ? set.training + set.validation : set.validation {
      do {
        let clip = try MotionFile.read(file, options: reading.options).clip
        let subject: ReportSubject
        if let retargeting {
          let start = ProcessUsage.own.seconds
          let motion = try retargeting.retarget(clip, refining: refine, speed: speed)
          seconds += ProcessUsage.own.seconds - start
          subject = ReportSubject(
            try compile(
              motion, within: limits, speed: speed, robot: RobotIdentity(robot), ground: prover
            )
            .keepingFootholds(of: robot),
            robot: robot, person: Person(clip, pace: speed))
        } else if let others {
          subject = try others.subject(for: clip)
        } else {
          continue
        }
        frames += clip.frameCount
        if dump != nil { problem.add(subject) }
        let report = subject.measured()
        rows.append(Row(clip: clip.name, figures: BodyFigure.all.map { $0.value(report) }))
        if clips, let row = rows.last { show(row) }
      } catch { Console.note("left out: \(error)") }
    }
    guard !rows.isEmpty else {
      throw FileError.malformed(
        path: motions.joined(separator: " "),
        reason: "no clip is held back, or none can be read; --all takes every clip")
    }
    if let dump, let file = problem.file {
      var outputs = OutputSet(sparing: inputs)
      try outputs.add(file.encoded(), to: dump)
      try outputs.commit()
    }
    show(rows.count, frames, of: retargeting, speed: Double(frames) / max(seconds, 1e-9), rows)
    summarize(rows)
  }

  /// A clip's figures; nil for what was not measured.
  private struct Row {
    var clip: String
    var figures: [Double?]
  }

  private func show(_ row: Row) {
    let fields = zip(BodyFigure.all, row.figures).compactMap { figure, value in
      value.map {
        json ? "\"\(figure.name)\": \(JSONText.number($0))" : "\(figure.name) \(short($0))"
      }
    }
    Console.result(
      json
        ? "{\"clip\": \(JSONText.quoted(row.clip)), \(fields.joined(separator: ", "))}"
        : "\(row.clip.printable): \(fields.joined(separator: ", "))")
  }

  /// What was measured, in a line.
  private func show(
    _ clips: Int, _ frames: Int, of retargeting: HumanRetargeting?, speed: Double, _ rows: [Row]
  ) {
    let beyond = rows.count { ($0.figures.first ?? nil).map { !($0 <= 1) } ?? true }
    if json {
      let how =
        retargeting.map {
          "\"refine\": \"\(refine.rawValue)\", \"frames_per_second\": \(JSONText.number(speed)), "
            + $0.field
        } ?? "\"robot_motions\": \(JSONText.quoted(robotMotions ?? ""))"
      Console.result(
        "{\"clips\": \(clips), \"frames\": \(frames), \"clips_beyond_a_limit\": \(beyond), \(how)}")
    } else {
      let how =
        retargeting.map {
          "refinement \(refine.rawValue), \(Int(speed)) frames/s; \($0.summary)"
        } ?? "the robot's motions of \((robotMotions ?? "").shownPath)"
      Console.result(
        "\(Wording.count(clips, "clip")), \(frames) frames, \(how); "
          + "\(Wording.count(beyond, "clip")) beyond a limit")
    }
  }

  private func summarize(_ rows: [Row]) {
    if !json {
      Console.result(
        "  \("".padded(46))\("mean".padded(10))\("median".padded(10))\("worst".padded(10))"
          + "\("".padded(9))of")
    }
    for (index, figure) in BodyFigure.all.enumerated() {
      let found = rows.compactMap { row in row.figures[index].map { (value: $0, clip: row.clip) } }
        .sorted { $0.value < $1.value }
      guard let first = found.first, let last = found.last else {
        Console.note("note: \(figure.label) was measured of no clip")
        continue
      }
      let worst = figure.isLowGood ? last : first
      let mean = found.map(\.value).reduce(0, +) / Double(found.count)
      let median = found[found.count / 2].value
      Console.result(
        json
          ? "{\"figure\": \"\(figure.name)\", \"unit\": \"\(figure.unit)\", \"mean\": "
            + "\(JSONText.number(mean)), \"median\": \(JSONText.number(median)), \"worst\": "
            + "\(JSONText.number(worst.value)), \"clip\": \(JSONText.quoted(worst.clip))}"
          : "  \(figure.label.padded(46))\(short(mean).padded(10))\(short(median).padded(10))"
            + "\(short(worst.value).padded(10))\(figure.unit.padded(9))\(worst.clip.printable)")
    }
  }

  private func short(_ value: Double) -> String { String(format: "%.4g", value) }
}

/// A figure of a report that is gathered over clips.
private struct BodyFigure {
  var name: String, label: String, unit: String
  /// Its name in a report; nil for the largest share of any limit.
  var path: String?
  var isLowGood = true

  func value(_ report: MotionReport) -> Double? {
    if let path { return report.figure(path)?.value }
    return report.groups.first { $0.name == "limits" }?.figures.map(\.value).max()
  }

  static let all = [
    BodyFigure(name: "limits", label: "largest share of a limit", unit: "ratio"),
    BodyFigure(
      name: "velocity", label: "largest share of a joint's velocity", unit: "ratio",
      path: "limits.velocity"),
    BodyFigure(
      name: "acceleration", label: "largest share of its acceleration", unit: "ratio",
      path: "limits.acceleration"),
    BodyFigure(
      name: "jerk", label: "largest share of its jerk", unit: "ratio", path: "limits.jerk"),
    BodyFigure(
      name: "slip_mean", label: "slip of standing soles, mean", unit: "m/s",
      path: "stance.slip_mean"),
    BodyFigure(
      name: "slip_max", label: "slip of standing soles, largest", unit: "m/s",
      path: "stance.slip_max"),
    BodyFigure(
      name: "held_share", label: "standing in which soles are held", unit: "share",
      path: "stance.held_share", isLowGood: false),
    BodyFigure(
      name: "held_slip_mean", label: "slip of held soles, mean", unit: "m/s",
      path: "stance.held_slip_mean"),
    BodyFigure(
      name: "held_slip_max", label: "slip of held soles, largest", unit: "m/s",
      path: "stance.held_slip_max"),
    BodyFigure(
      name: "penetration_max", label: "deepest point in the ground", unit: "mm",
      path: "stance.penetration_max"),
    BodyFigure(
      name: "floating_share", label: "standing with all soles over 3 cm up", unit: "share",
      path: "stance.floating_share_30mm"),
    BodyFigure(
      name: "distance_min", label: "least distance of the robot from itself", unit: "mm",
      path: "collision.distance_min", isLowGood: false),
    BodyFigure(
      name: "touching_share", label: "time in which the robot touches itself", unit: "share",
      path: "collision.touching_share"),
    BodyFigure(
      name: "deep_share", label: "time with an overlap over 1 cm", unit: "share",
      path: "collision.deep_share"),
    BodyFigure(
      name: "link_distance", label: "distance of links, feet left out", unit: "mm",
      path: "likeness.link_mean_without_feet"),
    BodyFigure(
      name: "limb_mean", label: "direction of limbs, mean", unit: "°",
      path: "likeness.limb_mean"),
    BodyFigure(
      name: "trunk_mean", label: "direction of the trunk, mean", unit: "°",
      path: "likeness.trunk_mean"),
    BodyFigure(
      name: "acceleration_rms", label: "RMS of joints' accelerations", unit: "rad/s²",
      path: "smoothness.acceleration_rms"),
    BodyFigure(
      name: "base_acceleration", label: "largest acceleration of the base", unit: "m/s²",
      path: "base.acceleration_max"),
    BodyFigure(
      name: "base_acceleration_200hz", label: "the same asked for at 200 Hz", unit: "m/s²",
      path: "base.acceleration_200hz"),
  ]
}
