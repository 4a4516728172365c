import Files
import Geometry
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
    if let ends = Self.speedsAtEnds(trajectory) {
      let members = ends.map { end in
        [
          "\"joint\": \(JSONText.quoted(end.joint))",
          "\"joint_speed\": \(JSONText.number(end.speed))",
        ]
          + (end.base.map { ["\"base_speed_m_per_s\": \(JSONText.number($0))"] } ?? [])
      }
      fields.append(
        "\"ends\": [\(members.map { "{\($0.joined(separator: ", "))}" }.joined(separator: ", "))]")
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

  /// The fastest joint at the start and at the end, with the speed of the base [m/s]; nil where the
  /// trajectory is at rest at both.
  private static func speedsAtEnds(
    _ trajectory: SafeTrajectory
  ) -> [(joint: String, unit: String, speed: Double, base: Double?)]? {
    guard !trajectory.isAtRestAtEnds else { return nil }
    return [0, trajectory.sampleCount - 1].map { sample in
      let velocities = trajectory.state(at: Double(sample) * trajectory.period).velocities
      let joint = velocities.indices.max { abs(velocities[$0]) < abs(velocities[$1]) } ?? 0
      let limit = trajectory.limits.coordinates[joint]
      return (
        limit.name, limit.isAngular ? "rad/s" : "m/s", abs(velocities[joint]),
        trajectory.base.map {
          ($0.places[sample + 2] - $0.places[sample]).length / (2 * trajectory.period)
        }
      )
    }
  }

  /// That the trajectory begins or ends in motion; nil where it is at rest at both ends.
  static func ends(_ trajectory: SafeTrajectory) -> String? {
    guard let ends = speedsAtEnds(trajectory) else { return nil }
    let words = ends.map { end in
      "\(Console.fixed(end.speed, 2)) \(end.unit) (\(end.joint.printable))"
        + (end.base.map { " and its base at \(Console.fixed($0, 2)) m/s" } ?? "")
    }
    return "NOT at rest at its ends, for no robot to follow: it begins at \(words[0]) and ends at "
      + words[1]
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
