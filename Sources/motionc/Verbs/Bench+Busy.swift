import Files
import Foundation
import Streaming
import Trajectories

extension Bench {
  /// A shell that never rests, and ends with whoever started it.
  private static let restless =
    "while [ -d /proc/$PPID ]; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; done"
  /// How many of them run beside a stream: one for each core of the smallest machine that is usual.
  private static let restlessCount = 2
  /// How often a stream without priority is tried, and how long each takes [s].
  private static let (niceRuns, niceSeconds) = (10, 12.0)

  /// Lateness of `stream` to twenty motors at 100 Hz with real-time priority, beside two programs
  /// that never rest.
  ///
  /// The simulated motors have no priority: only the host's own lateness is measured. What a thread
  /// that does nothing but wake was late by in the same minutes stands beside it.
  func busyStreaming() throws -> [String] {
    try beside(seconds: 30) { folder in
      let sleeper = WakeLatencyProbe(interval: 0.01)
      let loops = max(1, Int((60 * streamMinutes / 30).rounded()))
      let report = try Self.stream(
        folder, robot: "robotis_op3", device: "dynamixel2", loops: loops)
      let machine = sleeper.stop()
      func number(_ name: String) -> Double { report[name] as? Double ?? .nan }
      let (late, worst) = (number("lateness_ms_p999"), number("lateness_ms_worst"))
      let ending = report["ending"] as? String ?? "unknown"
      return [
        line(
          "stream_busy_lateness_ms", late, "ms, 99.9 % of frames", target: "<= 1, worst <= 5",
          met: ending == "completed" && late <= 1 && worst <= 5,
          also: ", \"worst\": \(JSONText.number(worst)), \"frames\": "
            + "\(Int(number("frames_sent"))), \"skipped\": \(Int(number("frames_skipped"))), "
            + "\"ending\": \(JSONText.quoted(ending)), \"machine_p999\": "
            + "\(JSONText.number(1000 * machine.percentile(0.999))), \"machine_worst\": "
            + JSONText.number(1000 * machine.worst))
      ]
    }
  }

  /// The same ten times at `nice 10` and without priority: it may skip frames, and must not fail.
  func niceStreaming() throws -> [String] {
    try beside(seconds: Self.niceSeconds) { folder in
      var (endings, skipped, sent, worst): ([String], Int, Int, Double) = ([], 0, 0, 0)
      for _ in 0..<Self.niceRuns {
        let report = try Self.stream(
          folder, robot: "robotis_op3", device: "dynamixel2", loops: 1, niceness: 10,
          further: ["--no-priority"])
        func number(_ name: String) -> Double { report[name] as? Double ?? .nan }
        let ending = report["ending"] as? String ?? "unknown"
        if ending != "completed" { endings.append(ending) }
        skipped += Int(number("frames_skipped"))
        sent += Int(number("frames_sent"))
        worst = max(worst, number("lateness_ms_worst"))
      }
      return [
        line(
          "stream_nice_failures", Double(endings.count), "of \(Self.niceRuns) runs", target: "0",
          met: endings.isEmpty,
          also: ", \"frames\": \(sent), \"skipped\": \(skipped), \"worst_ms\": "
            + "\(JSONText.number(worst)), \"endings\": ["
            + "\(endings.map(JSONText.quoted).joined(separator: ", "))]")
      ]
    }
  }

  /// Measures beside the programs that never rest, with a trajectory in a folder of its own.
  private func beside(
    seconds: Double, _ measure: (_ folder: String) throws -> [String]
  ) throws -> [String] {
    let folder = try Self.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let stream = try BenchmarkStream(robot: "robotis_op3", seconds: seconds)
    try stream.trajectory.write(to: "\(folder)/sway.trajectory.safetensors")
    var shells: [Process] = []
    defer { for shell in shells { Self.end(shell) } }
    for _ in 0..<Self.restlessCount {
      shells.append(try Self.child(["-c", Self.restless], program: "/bin/sh"))
    }
    return try measure(folder)
  }
}
