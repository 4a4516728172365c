import Files
import Kinematics
import Trajectories

/// What a trajectory's file states to have been checked, compared with what is found.
struct StatedChecks {
  /// The parts that are true by what was found here, and those stated that nothing here was compared with.
  let confirmed: [String], unconfirmed: [String]
  /// What is stated beyond what is found, in sentences.
  let excess: [String]
  private let isStated: Bool

  /// Compares; limits and base were compared when the file was read.
  ///
  /// - Throws: `UnsafeMotion.falseStatement` where something was found that the file denies.
  init(_ trajectory: SafeTrajectory, _ clearance: Clearance?, robot: Robot?) throws(UnsafeMotion) {
    guard let checks = trajectory.checks else {
      (confirmed, unconfirmed, excess, isStated) = ([], [], [], false)
      return
    }
    typealias Part = TrajectoryChecks.Part
    var parts: [(part: Part, isConfirmed: Bool)] = []
    if checks.limits?.isEmpty == false { parts.append((.limits, true)) }
    if checks.base?.isEmpty == false { parts.append((.base, true)) }
    if let clearance { try checks.requireTrue(of: clearance) }
    for (part, stated) in [(Part.collision, checks.collision), (.ground, checks.ground)] {
      if (stated?.checked ?? 0) > 0 { parts.append((part, clearance != nil)) }
    }
    if let held = checks.footholds, held.checked > 0 {
      if let robot { try checks.requireTrue(of: trajectory.held(by: robot)) }
      parts.append((.footholds, robot != nil))
    }
    confirmed = parts.filter(\.isConfirmed).map(\.part.rawValue)
    unconfirmed = parts.filter { !$0.isConfirmed }.map(\.part.rawValue)
    excess = clearance.map(checks.excess) ?? []
    isStated = true
  }

  /// Lines for people.
  var lines: [String] {
    guard isStated else { return ["the file does not state what was checked when it was compiled"] }
    var lines: [String] = []
    if !confirmed.isEmpty {
      lines.append("what the file states is confirmed: \(confirmed.joined(separator: ", "))")
    }
    if !unconfirmed.isEmpty {
      lines.append(
        "stated by the file and not checked here: \(unconfirmed.joined(separator: ", "))")
    }
    return lines + excess.map { "the file states more than is found here: \($0)" }
  }

  /// The member "stated" of the JSON line.
  var field: String {
    func texts(_ names: [String]) -> String {
      "[\(names.map(JSONText.quoted).joined(separator: ", "))]"
    }
    guard isStated else { return "\"stated\": null" }
    return
      "\"stated\": {\"confirmed\": \(texts(confirmed)), \"unconfirmed\": \(texts(unconfirmed)), "
      + "\"excess\": \(texts(excess))}"
  }
}
