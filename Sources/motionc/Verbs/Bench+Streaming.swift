import ArgumentParser
import Files
import Foundation
import Streaming
import Trajectories

extension Bench {
  /// The report of a `stream` that ran as a child.
  typealias Report = [String: Any]

  // MARK: - In real time, as the user types it

  /// Lateness, time to the wire, memory and processor of `stream` at 100 Hz to twenty motors behind
  /// a pseudo-terminal, while the other core trains.
  func streaming() throws -> [String] {
    let folder = try Self.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let stream = try BenchmarkStream(robot: "robotis_op3", seconds: 30)
    try stream.trajectory.write(to: "\(folder)/sway.trajectory.safetensors")
    let training = try Self.child([
      "train", "generator", "--motions", try Self.examples("Motions"), "-o",
      "\(folder)/burner.safetensors", "--threads", "1", "--steps", "1000000", "--width", "128",
      "--heads", "4", "--layers", "4",
    ])
    defer { Self.end(training) }
    let loops = max(1, Int((60 * streamMinutes / 30).rounded()))
    let report = try Self.stream(folder, robot: "robotis_op3", device: "dynamixel2", loops: loops)
    func number(_ name: String) -> Double { report[name] as? Double ?? .nan }
    let (late, worst) = (number("lateness_ms_p999"), number("lateness_ms_worst"))
    let share = 100 * number("cpu_seconds") / number("seconds")
    let wire = number("command_to_wire_us_p99")
    // A stream that a fault has ended early has not held out, however well it did until then.
    let ending = report["ending"] as? String ?? "unknown"
    let frames =
      ", \"frames\": \(Int(number("frames_sent"))), \"skipped\": \(Int(number("frames_skipped")))"
      + ", \"ending\": \(JSONText.quoted(ending))"
    return [
      line(
        "stream_lateness_ms", late, "ms, 99.9 % of frames", target: "<= 1, worst <= 5",
        met: ending == "completed" && late <= 1 && worst <= 5,
        also: ", \"worst\": \(JSONText.number(worst))\(frames)"),
      line("command_to_wire_us", wire, "us, 99 % of frames", target: "<= 50", met: wire <= 50),
      line(
        "stream_mb", number("memory_mb"), "MB", target: "<= 60", met: number("memory_mb") <= 60),
      line("stream_cpu", share, "% of a core", target: "<= 5", met: share <= 5),
    ]
  }

  /// How long after the answer that shows it a fault's stop is on the wire.
  func stopTime() throws -> [String] {
    let folder = try Self.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var worst = 0.0
    var details: [String] = []
    for (robot, device, fault) in [
      ("robotis_op3", "dynamixel2", Fault.alert), ("uarm_swift_pro", "uarm-v4", .reset),
    ] {
      let stream = try BenchmarkStream(robot: robot, seconds: 10)
      try stream.trajectory.write(to: "\(folder)/sway.trajectory.safetensors")
      let record = "\(folder)/record.csv"
      let report = try Self.stream(
        folder, robot: robot, device: device, loops: 1, fault: "\(fault.rawValue)@9",
        record: record)
      guard let ending = report["ending"] as? String, ending.hasPrefix("fault"),
        let milliseconds = report["stop_ms"] as? Double
      else {
        throw FileError.malformed(
          path: robot, reason: "the fault '\(fault.rawValue)' did not end the stream")
      }
      worst = max(worst, milliseconds)
      details.append("\"\(device) \(fault.rawValue)\": \(JSONText.number(milliseconds))")
    }
    return [
      line(
        "stop_ms", worst, "ms from the answer that shows the fault", target: "<= a frame + 10",
        met: worst <= 20, also: ", \(details.joined(separator: ", "))")
    ]
  }

  // MARK: - In virtual time

  /// Five minutes of the live policy: what the simulated firmware counts.
  func armFaults() throws -> [String] {
    let stream = try BenchmarkStream(robot: "uarm_swift_pro", seconds: 302)
    // From a second after the stream's beginning, whose first frames hardly move, to its end.
    var (first, last): (SimulatedUArm.Statistics?, SimulatedUArm.Statistics?)
    var seen = 0
    let run = try stream.virtually(.uarmV4, rate: 20, limit: 400) { line in
      guard line.session.phase == .streaming, let arm = line.device as? SimulatedUArm else {
        return
      }
      seen += 1
      if seen == 3 { first = arm.statistics }
      if let last, arm.statistics.standstillCount > last.standstillCount {
        Console.note("uarm_stream_faults: the planner was empty before \(line.now) s")
      }
      last = arm.statistics
    }
    guard let arm = run.device as? SimulatedUArm, run.session.isFinished,
      run.session.report.ending == .completed, let first, let last
    else {
      throw FileError.malformed(
        path: "uarm_swift_pro",
        reason: "the stream ended with \(run.session.report.ending.map { "\($0)" } ?? "nothing")")
    }
    let dry = last.standstillCount - first.standstillCount
    let lost = arm.statistics.droppedByteCount
    let abrupt = last.abruptStandstillCount - first.abruptStandstillCount
    let full = last.fullTime - first.fullTime
    // Replies of an unbroken stream overwrite each other in the firmware's ring and leave out of turn
    // when the arm rests; what counts is that they are in step afterwards.
    let count = dry + (full > 0 ? 1 : 0) + lost + abrupt + (arm.isAligned ? 0 : 1)
    for case (let time, .warning(let text)) in run.events.map({ ($0.time, $0.event) }) {
      Console.note("uarm_stream_faults, at \(Console.fixed(time, 1)) s: \(text)")
    }
    return [
      line(
        "uarm_stream_faults", Double(count),
        "dry, full, lost bytes, abrupt standstills, replies out of step",
        target: "never", met: count == 0,
        also: ", \"minutes\": 5, \"frames\": \(run.session.report.framesSent), \"dry\": \(dry), "
          + "\"seconds_full\": \(JSONText.number(full)), \"lost_bytes\": "
          + "\(lost), \"abrupt\": \(abrupt), "
          + "\"aligned\": \(arm.isAligned)")
    ]
  }

  /// Simulated motors against commands, at the lag that fits best.
  func followingError() throws -> [String] {
    try [("uarm_swift_pro", SimulatedKind.uarmV4, 20.0), ("robotis_op3", .dynamixel2, 100)].map {
      robot, kind, rate in
      let stream = try BenchmarkStream(robot: robot, seconds: 60)
      let found = stream.following(try stream.virtually(kind, rate: rate, limit: 120))
      return line(
        "following_deg", found.degrees, "degrees RMS", target: "<= 0.5", met: found.degrees <= 0.5,
        also:
          ", \"robot\": \"\(robot)\", \"lag_ms\": \(JSONText.number((1e4 * found.lag).rounded() / 10))"
      )
    }
  }

  // MARK: - Children

  static func stream(
    _ folder: String, robot: String, device: String, loops: Int, fault: String? = nil,
    record: String? = nil, niceness: Int? = nil, further: [String] = []
  ) throws -> Report {
    let link = "\(folder)/\(device)"
    let simulated = try child(
      ["simulate", device, "--link", link] + (fault.map { ["--fault", $0] } ?? []))
    defer { end(simulated) }
    for _ in 0..<100 where !FileManager.default.fileExists(atPath: link) {
      Thread.sleep(forTimeInterval: 0.05)
    }
    let output = Pipe()
    let process = try child(
      [
        "stream", "\(folder)/sway.trajectory.safetensors", "--robot", robot, "--port", link, "--go",
        "--json", "--loop", "\(loops)",
      ] + (device == "dynamixel2" ? ["--rate", "100"] : [])
        + (record.map { ["--record", $0] } ?? []) + further, output: output,
      niceness: niceness)
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard let report = try JSONSerialization.jsonObject(with: text) as? Report else {
      throw FileError.malformed(
        path: link, reason: "streaming to it ended with exit code \(process.terminationStatus)")
    }
    return report
  }

  /// A program, this one if none is named, at a niceness where one is given.
  static func child(
    _ arguments: [String], program: String? = nil, output: Pipe? = nil, niceness: Int? = nil
  ) throws -> Process {
    let process = Process()
    let program = URL(filePath: program ?? "/proc/self/exe").resolvingSymlinksInPath()
    process.executableURL = niceness == nil ? program : URL(filePath: "/usr/bin/env")
    let prefix = niceness.map { ["nice", "-n", "\($0)", program.path] } ?? []
    process.arguments = prefix + arguments
    process.standardOutput = output ?? FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  static func end(_ process: Process) {
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
  }

  static func temporaryFolder() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    try AtomicFile.makeFolder(folder)
    return folder
  }

  static func examples(_ name: String) throws -> String {
    guard let examples = ProjectFolder.locate("Examples") else {
      throw FileError.unreadable(path: "Examples", reason: "the folder was not found")
    }
    return "\(examples)/\(name)"
  }
}
