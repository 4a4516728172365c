import ArgumentParser
import Trajectories

/// `motionc verify`: whether trajectory files keep every limit.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks that trajectory files keep every limit; exit code 0 only if all do.",
    discussion: """
      motionc verify out/*.trajectory.safetensors

      Reads the native file, which holds the curve itself and its limits, and checks the control \
      points and the curve on a grid 20 times finer than its samples. A CSV or NPZ export holds \
      samples only and cannot be verified between them.
      """)

  @Argument(help: "Native trajectory files.", completion: .file(extensions: ["safetensors"]))
  var files: [String]

  @Flag(help: "One JSON line for each file.")
  var json = false

  func run() throws {
    var failed = false
    for file in files {
      do {
        let trajectory = try SafeTrajectory(contentsOf: file)
        Console.result(json ? TrajectoryReport(trajectory, path: file).json : summary(trajectory, file))
      } catch {
        guard case .violation = error else { throw error }
        failed = true
        Console.result(
          json ? TrajectoryReport.failure(path: file, reason: "\(error)") : "\(file): \(error)")
      }
    }
    if failed { throw ExitStatus.limitsBroken }
  }

  private func summary(_ trajectory: SafeTrajectory, _ file: String) -> String {
    let uses = TrajectoryVerifier.Quantity.allCases.compactMap { quantity in
      trajectory.verification.greatestUse(of: quantity).map {
        "\(quantity.rawValue) \(Console.fixed(100 * $0.share, 1)) % (\($0.name))"
      }
    }
    return "\(file): every limit holds at \(trajectory.verification.instants) instants; "
      + "greatest use: \(uses.joined(separator: ", "))"
  }
}
