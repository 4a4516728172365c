import ArgumentParser
import Files
import Foundation

/// The command-line tool: one file for each verb in Verbs.
@main
struct Motionc: ParsableCommand {
  static let version = "0.1.0"
  /// What files say of the tool that wrote them.
  static let nameAndVersion = "motionc \(version)"

  static let configuration = CommandConfiguration(
    commandName: "motionc",
    abstract: "Compiles human motion into robot trajectories that keep every limit.",
    discussion: """
      A robot is a folder name of Robots/ or, with a slash or the ending .urdf, a path. Human motion is BVH, AMASS \
      .npz, or a clip written by 'motionc import'.

        motionc compile walk.bvh --robot unitree_g1 -o out
        motionc verify out/walk.trajectory.safetensors

      Exit codes: 0 done, 1 a limit or a threshold does not hold, 2 some files were refused by 'import', 64 wrong usage, 65 wrong input, or motion that --refuse-below \
      refuses, 66 input not readable, 69 a library is missing, 73 output cannot be created, 74 writing failed, \
      130 ended by Ctrl-C. 'motionc --generate-completion-script bash|zsh|fish' prints shell \
      completions.
      """,
    version: version,
    subcommands: [
      Inspect.self, MapVerb.self, Import.self, SkeletonVerb.self, Train.self, Sample.self,
      Smooth.self, Repair.self, Score.self, Evaluate.self, Compile.self,
      Verify.self, ReportVerb.self, PortsCommand.self, Stream.self, Jog.self, Park.self,
      Calibrate.self, Simulate.self, Bench.self, Doctor.self,
    ])

  /// Parses and runs a verb; errors become one sentence and an exit code of sysexits.h.
  static func main() {
    StandardStreams.occupy()
    TemporaryFiles.removeAtEnd()
    let arguments = CommandArguments.own
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch let error where ExitStatus.isOurs(error) {
      Console.failure("\(error)")
      exit(withError: ExitStatus.code(for: error))
    } catch {
      end(with: error, arguments)
    }
  }

  /// Says what the parser of arguments says, as it would itself, but for what arguments could do
  /// to the terminal.
  private static func end(with error: any Error, _ arguments: [String]) -> Never {
    let text = CommandArguments.message(for: error, arguments)
    let code = exitCode(for: error)
    if !text.isEmpty { Console.usage(text, to: code.isSuccess ? STDOUT_FILENO : STDERR_FILENO) }
    Foundation.exit(code.rawValue)
  }
}
