import Files
import Trajectories

/// What is said of a trajectory, as JSON.
struct TrajectoryReport {
  let json: String

  init(_ trajectory: SafeTrajectory, path: String, findings: [String] = []) {
    var fields = [
      "\"file\": \(JSONText.quoted(path))", "\"valid\": true",
      "\"samples\": \(trajectory.sampleCount)",
      "\"duration_s\": \(JSONText.number(trajectory.duration))",
      "\"instants\": \(trajectory.verification.instants)",
    ]
    for quantity in TrajectoryVerifier.Quantity.allCases {
      guard let use = trajectory.verification.greatestUse(of: quantity) else { continue }
      fields.append(
        "\"\(quantity.rawValue)\": {\"use\": \(JSONText.number(use.share)), "
          + "\"joint\": \(JSONText.quoted(use.name))}")
    }
    if let deviation = trajectory.deviation, let worst = deviation.greatest {
      fields.append("\"stretch\": \(JSONText.number(deviation.factor))")
      fields.append(
        "\"deviation\": {\"greatest\": \(JSONText.number(worst.greatest)), "
          + "\"joint\": \(JSONText.quoted(worst.name)), \"time_s\": \(JSONText.number(worst.time))}"
      )
    }
    if !trajectory.unlimitedQuantities.isEmpty {
      let quantities = trajectory.unlimitedQuantities.map(JSONText.quoted)
      fields.append("\"not_limited\": [\(quantities.joined(separator: ", "))]")
    }
    if trajectory.root != nil { fields.append("\"root\": \"not verified\"") }
    if !findings.isEmpty {
      fields.append("\"findings\": [\(findings.map(JSONText.quoted).joined(separator: ", "))]")
    }
    json = "{\(fields.joined(separator: ", "))}"
  }

  /// What no limit is known for, as the end of a sentence; empty where everything is limited.
  static func unlimited(_ trajectory: SafeTrajectory) -> String {
    let quantities = trajectory.unlimitedQuantities
    return quantities.isEmpty ? "" : "; NOT limited: \(quantities.joined(separator: ", "))"
  }

  /// The line of a file that does not keep its limits.
  static func failure(path: String, reason: String) -> String {
    "{\"file\": \(JSONText.quoted(path)), \"valid\": false, \"reason\": \(JSONText.quoted(reason))}"
  }
}
