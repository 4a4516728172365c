import ArgumentParser
import Files
import Foundation
import Streaming
import Trajectories

/// What is said when a session is over.
struct LiveSummary {
  private let what: String
  private let session: Session
  private let result: LiveStream.Result
  /// How long it ran [s].
  private let seconds: Double
  private var report: SessionReport { result.report }

  init(what: String, session: Session, result: LiveStream.Result, seconds: Double) {
    self.seconds = seconds
    self.what = what
    self.session = session
    self.result = result
  }

  private var ending: SessionEnding {
    report.ending ?? .fault(DriverFault(.silent, "the stream has ended without a word"))
  }

  /// The fault as a sentence, and what was sent last.
  var failure: String? {
    guard case .fault(let fault) = ending else { return nil }
    return "\(fault.description); the robot is \(state); last sent: \(lastSent)"
  }

  private var state: String {
    switch report.robot {
    case .untouched: "as it was"
    default: report.robot.rawValue
    }
  }

  private var lastSent: String {
    guard let frame = report.lastFrame else { return "no frame" }
    let limits = session.limits.coordinates
    let positions = zip(limits, frame.positions).map { limit, position in
      "\(limit.name) \(StatusLine.text(position, limit.isAngular))"
    }
    return "frame \(frame.frame) (\(frame.phase.rawValue), \(Console.fixed(frame.pathTime, 2)) s): "
      + positions.joined(separator: ", ")
  }

  /// The exit code; nil where all is well.
  var exitCode: ExitCode? {
    switch ending {
    case .planned, .completed: nil
    case .operatorStopped, .operatorAborted: ExitStatus.interrupted
    case .fault(let fault): ExitStatus.code(for: fault.category)
    }
  }

  /// A few lines for people.
  var text: String {
    if ending == .planned {
      return "nothing was moved; with --go the robot is brought to the start and moves"
    }
    let outcome =
      switch ending {
      case .planned, .completed: "\(what) completed"
      case .operatorStopped: "\(what) stopped on the way by the operator"
      case .operatorAborted: "\(what) stopped at once by the operator"
      case .fault(let fault): "\(what) ended by a fault (\(fault.kind))"
      }
    var lines = [
      "\(outcome): \(report.framesSent) frames sent, \(report.framesSkipped) skipped; "
        + "the robot is \(state)"
    ]
    if report.lateness.count > 0 {
      lines.append(
        "lateness: " + percentiles(report.lateness, 1000, "ms")
          + "; command to wire: " + percentiles(result.commandToWire, 1e6, "us"))
    }
    if let error = report.followingError, let lag = report.lag {
      lines.append(
        "following: RMS \(StatusLine.text(error, true)), worst "
          + "\(StatusLine.text(report.worstFollowingError ?? 0, true)) "
          + "('\(report.worstFollowingJoint ?? "")') at a lag of "
          + "\(Console.fixed(lag * 1000, 0)) ms, \(report.readBacks) read-backs")
    }
    let health = [
      report.greatestTemperature.map { "hottest motor \(Console.fixed($0, 0)) °C" },
      report.leastVoltage.map { "lowest voltage \(Console.fixed($0, 1)) V" },
    ].compactMap { $0 }
    if !health.isEmpty { lines.append(health.joined(separator: ", ")) }
    lines += protection
    if report.ignoresBase { lines.append(StatusLine.baseIsIgnored) }
    return lines.joined(separator: "\n")
  }

  /// What was clamped, and which limits of the motors are not as they were.
  private var protection: [String] {
    var lines: [String] = []
    let commands = report.commands
    if commands.clamped + commands.rejected > 0 {
      lines.append(
        "commands: \(commands.clamped) clamped to a limit, \(commands.rejected) rejected, "
          + "\(commands.passed) taken as they were")
    }
    guard let torque = report.torque, let first = torque.changes.first else { return lines }
    let count = Wording.count(torque.changes.count, "motor")
    lines.append(
      "\(torque.register) left changed on \(count): that of '\(first.joint)' is \(first.now), it "
        + "was \(first.before); switching the motors' supply off and on sets it back")
    return lines
  }

  private func percentiles(_ histogram: TimingHistogram, _ factor: Double, _ unit: String) -> String
  {
    let values = [0.5, 0.99, 0.999].map { Console.fixed(histogram.percentile($0) * factor, 2) }
    return "p50 \(values[0]), p99 \(values[1]), p99.9 \(values[2]), worst "
      + "\(Console.fixed(histogram.worst * factor, 2)) \(unit)"
  }

  /// One line for machines.
  var json: String {
    var fields = [
      "\"verb\": \(JSONText.quoted(what))",
      "\"ending\": \(JSONText.quoted(ending.name))",
      "\"robot\": \(JSONText.quoted(report.robot.rawValue))",
      "\"frames_sent\": \(report.framesSent)", "\"frames_skipped\": \(report.framesSkipped)",
      "\"stalls\": \(report.stalls)", "\"base_ignored\": \(report.ignoresBase)",
    ]
    if case .fault(let fault) = ending {
      fields.append("\"fault\": \(JSONText.quoted(fault.description))")
    }
    fields += histogram("lateness_ms", report.lateness, 1000)
    fields += histogram("command_to_wire_us", result.commandToWire, 1e6)
    let numbers: [(String, Double?)] = [
      ("following_deg", report.followingError.map { $0 * 180 / .pi }),
      ("following_worst_deg", report.worstFollowingError.map { $0 * 180 / .pi }),
      ("stop_ms", result.stopTime.map { $0 * 1000 }), ("seconds", seconds),
      ("lag_ms", report.lag.map { $0 * 1000 }), ("temperature_c", report.greatestTemperature),
      ("voltage_v", report.leastVoltage),
    ]
    for case (let name, let value?) in numbers {
      fields.append("\"\(name)\": \(JSONText.number(value))")
    }
    fields.append("\"read_backs\": \(report.readBacks)")
    fields.append("\"commands_clamped\": \(report.commands.clamped)")
    fields.append("\"commands_rejected\": \(report.commands.rejected)")
    fields.append("\"torque_limits_changed\": \(report.torque?.changes.count ?? 0)")
    let own = ProcessUsage.own
    fields.append("\"memory_mb\": \(JSONText.number(own.megabytes))")
    fields.append("\"cpu_seconds\": \(JSONText.number(own.seconds))")
    return "{\(fields.joined(separator: ", "))}"
  }

  private func histogram(_ name: String, _ histogram: TimingHistogram, _ factor: Double) -> [String]
  {
    let shares = [("p50", 0.5), ("p99", 0.99), ("p999", 0.999), ("worst", 1)]
    return shares.map { share in
      let value = share.1 == 1 ? histogram.worst : histogram.percentile(share.1)
      return "\"\(name)_\(share.0)\": \(JSONText.number(value * factor))"
    }
  }
}

extension SessionEnding {
  /// One word, for machines.
  var name: String {
    switch self {
    case .planned: "planned"
    case .completed: "completed"
    case .operatorStopped: "operator-stopped"
    case .operatorAborted: "operator-aborted"
    case .fault(let fault): "fault-\(fault.kind)"
    }
  }
}
