/// The lines of `--log`: one for each frame, with the last read-back before it.
public struct StreamLog: Sendable {
  private let joints: [String]
  private var feedback: Measurement?

  /// Creates a log for joints with these names.
  public init(joints: [String]) { self.joints = joints }

  /// The header line, which names the columns.
  ///
  /// Times are seconds of the monotonic clock, positions radians (or metres) of the robot's
  /// description.
  public var header: String {
    let names = joints.map { $0.replacing(",", with: "_").replacing("\"", with: "_") }
    return
      (["frame", "phase", "path_time", "due", "sent", "lateness_ms", "skipped"]
      + names.map { "command_\($0)" } + ["feedback_time"] + names.map { "feedback_\($0)" })
      .joined(separator: ",") + "\n"
  }

  /// Returns the line for an event; empty for events that have none.
  public mutating func line(for event: SessionEvent) -> String {
    switch event {
    case .measured(let measurement):
      feedback = measurement
      return ""
    case .frame(let frame): return line(for: frame)
    default: return ""
    }
  }

  private func line(for frame: FrameRecord) -> String {
    var fields = [
      "\(frame.frame)", frame.phase.rawValue, Self.text(frame.pathTime), Self.text(frame.due),
      Self.text(frame.sent), Self.text((frame.sent - frame.due) * 1000), "\(frame.skipped)",
    ]
    fields += frame.positions.map(Self.text)
    fields.append(feedback.map { Self.text($0.time) } ?? "")
    fields += joints.indices.map { joint in
      guard let feedback, let position = feedback.positions[joint] else { return "" }
      return Self.text(position)
    }
    return fields.joined(separator: ",") + "\n"
  }

  /// A number with six decimals.
  private static func text(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    return "\((value * 1e6).rounded() / 1e6)"
  }
}

extension RecordedBytes {
  /// The header line of a file of recorded bytes.
  public static let header = "time,to,bytes\n"

  /// The line in a file of recorded bytes: time [s], direction, hexadecimal bytes.
  public var line: String {
    let digits = bytes.map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
    return "\((time * 1e6).rounded() / 1e6),\(isToDevice ? "device" : "host"),"
      + digits.joined(separator: " ") + "\n"
  }
}
