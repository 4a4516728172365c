import Files
import MotionModels
import Trajectories

/// What is said of a trajectory, as JSON.
struct TrajectoryReport {
  let json: String

  /// - Parameters:
  ///   - robot: The robot at hand, whose limits may be others than at compiling.
  ///   - further: Members of the object, `"name": value`.
  init(
    _ trajectory: SafeTrajectory, path: String, findings: [String] = [],
    robot: RobotIdentity? = nil, score: PlausibilityScore? = nil, further: [String] = []
  ) {
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
    if let speed = trajectory.speed { fields.append("\"speed\": \(JSONText.number(speed))") }
    if let stretch = trajectory.stretch {
      fields.append("\"stretch\": \(JSONText.number(stretch))")
    }
    if let worst = trajectory.deviation?.greatest {
      fields.append(
        "\"deviation\": {\"greatest\": \(JSONText.number(worst.greatest)), "
          + "\"unit\": \(JSONText.quoted(worst.unit)), \"joint\": \(JSONText.quoted(worst.name)), "
          + "\"time_s\": \(JSONText.number(worst.time))}")
    }
    if !trajectory.unlimitedQuantities.isEmpty {
      let quantities = trajectory.unlimitedQuantities.map(JSONText.quoted)
      fields.append("\"not_limited\": [\(quantities.joined(separator: ", "))]")
    }
    if let robot {
      let isOther = trajectory.wasCompiled(forLimitsOtherThan: robot)
      fields.append("\"compiled_for_other_limits\": \(isOther)")
    }
    if trajectory.root != nil, trajectory.base == nil {
      fields.append("\"root\": \"not verified\"")
    }
    if let base = trajectory.deviation?.base {
      fields.append(
        "\"base_deviation\": {\"distance_m\": \(JSONText.number(base.distance)), \"angle_rad\": "
          + "\(JSONText.number(base.angle))}")
    }
    if let score { fields.append("\"plausibility\": {\(score.fields)}") }
    fields += further
    if !findings.isEmpty {
      fields.append("\"findings\": [\(findings.map(JSONText.quoted).joined(separator: ", "))]")
    }
    json = "{\(fields.joined(separator: ", "))}"
  }

  /// What no limit is known for, as the end of a sentence; empty where everything is limited.
  static func unlimited(_ trajectory: SafeTrajectory) -> String {
    let quantities = trajectory.unlimitedQuantities
    return quantities.isEmpty
      ? "" : "; NOT limited: \(quantities.map(\.shownReason).joined(separator: ", "))"
  }

  /// How the trajectory's clock differs from the motion's; nil where it does not, or nobody knows.
  static func clock(_ trajectory: SafeTrajectory) -> String? {
    let parts = [
      trajectory.speed.flatMap { $0 != 1 ? "at \(Console.fixed($0, 2)) times the speed" : nil },
      trajectory.stretch.flatMap { $0 != 1 ? "stretched \(Console.fixed($0, 2)) times" : nil },
    ].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// Says that a trajectory was compiled for other limits than the robot's of today.
  static func noteOtherLimits(_ trajectory: SafeTrajectory, path: String, robot: RobotIdentity) {
    guard trajectory.wasCompiled(forLimitsOtherThan: robot) else { return }
    Console.note(
      "note: '\(path)' was compiled for other limits than robot '\(robot.name)' has now; "
        + "it is checked against those of now")
  }

  /// The line of a file that does not keep its limits.
  static func failure(path: String, reason: String) -> String {
    "{\"file\": \(JSONText.quoted(path)), \"valid\": false, \"reason\": \(JSONText.quoted(reason))}"
  }
}
