import ArgumentParser
import Files
import Kinematics
import Trajectories

/// `motionc verify`: whether trajectory files keep every limit.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks that trajectory files keep every limit; exit code 0 only if all do.",
    discussion: """
      motionc verify out/*.trajectory.safetensors
      motionc verify out/*.trajectory.safetensors --robot unitree_g1
      motionc verify out/*.trajectory.safetensors --robot unitree_g1 --collision report

      Reads the native file, which holds the curve itself and its limits, and checks the control \
      points and the curve on a grid 20 times finer than its samples. A CSV or NPZ export holds \
      samples only and cannot be verified between them. The limits are the file's own; with --robot \
      they are those in the robot's files now, and a note says if they differ from those at \
      compile time.

      With --robot the distance of the robot from itself and, where the file has a floating base, \
      from the ground is proven as well, between samples too: of capsules that lie within the \
      shapes of its URDF or, for want of these, are fitted to its links. What was checked, with \
      which margin, and what was left out is printed. Touches are reported; with --collision refuse \
      the exit code says so as for a broken limit. A body is taken to touch the ground (z = 0) \
      where it is more than 5 mm in it.

      The file states what was checked when it was compiled, with margins: that is compared with what is \
      found here. A statement that is false is refused as a broken limit is; what the file states beyond \
      what is found, and what cannot be compared without --robot, is printed.
      """)

  @Argument(help: "Native trajectory files.", completion: .file(extensions: ["safetensors"]))
  var files: [String]

  @Option(
    help: "Checks against this robot's limits: a name or a path, as for 'compile'.",
    completion: .file())
  var robot: String?

  @Option(
    help: "With --robot, a file of limits whose values take precedence over the robot's own.",
    completion: .file(extensions: ["yaml", "yml"]))
  var limits: String?

  @Option(help: CollisionChoice.help)
  var collision: CollisionChoice = .report

  @Flag(help: "Prints one JSON line for each file.")
  var json = false

  func validate() throws {
    guard limits == nil || robot != nil else {
      throw ValidationError("--limits goes with --robot.")
    }
    guard collision != .refuse || robot != nil else {
      throw ValidationError("--collision refuse goes with --robot, which has the shapes.")
    }
  }

  func run() throws {
    let robot = try robot.map { try Robot.chosen($0, limits: limits) }
    let own = try robot.map { (limits: try SafetyLimits(robot: $0), identity: RobotIdentity($0)) }
    let unchecked = robot == nil ? CollisionCheck.needsRobot : CollisionCheck.notAsked
    let prover = collision == .off ? nil : robot.map { ClearanceProver($0) }
    if let robot,
      let fitted = prover?.model.parts.count(where: {
        $0.source == .fitted && robot.links[$0.link].hasUnreadShape
      }), fitted > 0
    {
      Console.note(
        "note: the meshes of \(Wording.count(fitted, "link")) are not read: capsules fitted to them stand"
          + " for these, and a file that was compiled with the meshes states other distances")
    }
    var worst: ExitCode?
    var (held, broken) = (0, 0)
    for file in files {
      do {
        var trajectory = try SafeTrajectory(contentsOf: file)
        if let own {
          TrajectoryReport.noteOtherLimits(trajectory, path: file, robot: own.identity)
          trajectory = try trajectory.verified(within: own.limits, robot: own.identity)
        }
        let check = try prover.map { try CollisionCheck(trajectory, by: $0) }
        if collision == .refuse { try check?.clearance.requireClear() }
        let stated = try StatedChecks(trajectory, check?.clearance, robot: robot)
        let report = TrajectoryReport(
          trajectory, path: file, robot: own?.identity,
          further: [check?.field ?? CollisionCheck.fieldUnchecked(unchecked), stated.field])
        let lines =
          [summary(trajectory, file)] + (check?.lines ?? [unchecked]) + stated.lines
        Console.result(json ? report.json : lines.joined(separator: "\n  "))
        held += 1
      } catch {
        // Files that are none weigh more than broken limits, and every file is looked at.
        let isBroken = Self.isBrokenLimit(error)
        let code = isBroken ? ExitStatus.limitsBroken : ExitStatus.code(for: error)
        worst = max(worst?.rawValue ?? 0, code.rawValue) == code.rawValue ? code : worst
        if isBroken { broken += 1 }
        if json { Console.result(TrajectoryReport.failure(path: file, reason: "\(error)")) }
        if !isBroken {
          Batch.report(error, file: file)
        } else if !json {
          Console.result("\(file.shownPath): \("\(error)".shownReason)")
        }
      }
    }
    if files.count > 1 {
      Console.note(
        "note: \(held) verified, \(broken) broke a limit\(collision == .refuse ? " or touched" : ""), "
          + "\(files.count - held - broken) could not be checked")
    }
    if let worst { throw worst }
  }

  private static func isBrokenLimit(_ error: any Error) -> Bool {
    switch error {
    case UnsafeMotion.violation, UnsafeMotion.touch, UnsafeMotion.clearanceUnproven,
      UnsafeMotion.falseStatement:
      true
    default: false
    }
  }

  private func summary(_ trajectory: SafeTrajectory, _ file: String) -> String {
    let uses = TrajectoryVerifier.Quantity.allCases.compactMap { quantity in
      trajectory.verification.greatestUse(of: quantity).map {
        "\(quantity.label) \(Console.fixed(100 * $0.share, 1)) %"
          + (quantity.isOfBase ? "" : " (\($0.name.printable))")
      }
    }
    return
      "\(file.shownPath): every limit \(robot == nil ? "in the file" : "of the robot") holds at \(trajectory.verification.instants) instants; "
      + "greatest use: \(uses.joined(separator: ", "))" + TrajectoryReport.unlimited(trajectory)
      + (TrajectoryReport.ends(trajectory).map { "; \($0)" } ?? "")
      + (TrajectoryReport.clock(trajectory).map { "; motion \($0)" } ?? "")
  }
}
