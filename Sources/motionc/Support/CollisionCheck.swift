import ArgumentParser
import Files
import Kinematics
import Trajectories

/// What becomes of a motion in which the robot touches itself or the ground.
enum CollisionChoice: String, ExpressibleByArgument, CaseIterable {
  case off, report, refuse

  static let help: ArgumentHelp = """
    What becomes of a motion in which the robot touches itself, or is in the ground: nothing is \
    checked, or it is reported, or refused.
    """
}

/// What is said of a trajectory's distance from itself and from the ground.
struct CollisionCheck {
  let clearance: Clearance
  private let model: CollisionModel
  private let names: [String]

  /// Proves a trajectory's clearance.
  init(_ trajectory: SafeTrajectory, by prover: ClearanceProver) throws {
    clearance = try prover.prove(trajectory)
    model = prover.model
    names = prover.linkNames
  }

  /// The most links or pairs that a line names.
  private static let mostNamed = 8

  /// Said where no robot is named.
  static let needsRobot =
    "self-collision and ground: not checked, as the shapes are the robot's and no --robot is given"

  /// Said where nothing is checked.
  static let notAsked = "self-collision and ground: not checked, by --collision off"

  /// One sentence for the outcome of a motion.
  var sentence: String { ([pairs, ground] + gaps).joined(separator: "; ") + doubts }

  /// What of the robot is guessed or not known.
  private var gaps: [String] {
    let fitted = model.parts.count { $0.source == .fitted }
    return [
      (fitted, "guesses, capsules fitted to %"), (model.linksReadInPart.count, "% read in part"),
      (model.linksWithoutGeometry.count, "% NOT checked"),
    ].filter { $0.0 > 0 }.map { $1.replacing("%", with: Wording.count($0, "link")) }
  }

  /// What was checked, with its margin, and what was not.
  var lines: [String] { [pairs + doubts] + furtherTouches + geometry + [ground] }

  // MARK: - Sentences

  private var pairs: String {
    if let absence = clearance.absenceOfPairs { return absence }
    let count = Wording.count(clearance.pairs.count, "pair")
    let touching = clearance.touches.filter { $0.second != nil }
    if let worst = touching.first {
      return
        "self-collision: \(touching.count) of \(count) \(touching.count == 1 ? "touches" : "touch"); "
        + "deepest \(worst.name), \(Self.millimetres(-worst.least)) mm at \(Self.seconds(worst.time)) s "
        + "(nowhere more than \(Self.millimetres(-worst.bound)) mm)"
    }
    guard let nearest = clearance.nearestPair else { return "self-collision: \(count) checked" }
    return
      "self-collision: \(count), at least \(Self.millimetres(nearest.bound)) mm apart at every instant"
      + Self.found(nearest) { "; nearest \(nearest.name), \($0)" }
  }

  /// The pairs that touch beside the deepest.
  private var furtherTouches: [String] {
    let further = clearance.touches.filter { $0.second != nil }.dropFirst()
    guard !further.isEmpty else { return [] }
    let named = further.prefix(Self.mostNamed).map { gap in
      "\(gap.name) \(Self.millimetres(-gap.least)) mm at \(Self.seconds(gap.time)) s"
    }
    let rest = further.count - named.count
    return ["also: \(named.joined(separator: ", "))" + (rest > 0 ? " and \(rest) more" : "")]
  }

  private var ground: String {
    if let absence = clearance.absenceOfGround { return absence }
    guard let lowest = clearance.lowestBody else { return "ground: no body" }
    let bodies = clearance.ground.count == 1 ? "1 body" : "\(clearance.ground.count) bodies"
    let side =
      lowest.bound < 0
      ? "at most \(Self.millimetres(-lowest.bound)) mm in it"
      : "at least \(Self.millimetres(lowest.bound)) mm above it"
    return "ground: \(bodies), \(side) at every instant"
      + Self.found(lowest, above: " above") { "; lowest '\(lowest.first.printable)', \($0)" }
  }

  private var doubts: String {
    guard let first = clearance.unproven.first, let time = first.unprovenTime else { return "" }
    let count = clearance.unproven.count
    return "; NOT proven of \(Wording.count(count, "pair")): \(first.name) around "
      + "\(Self.seconds(time)) s, \(Self.millimetres(first.least)) mm apart there"
  }

  private var geometry: [String] {
    func links(_ source: CollisionModel.Source) -> [String] {
      model.parts.filter { $0.source == source }.map { names[$0.link] }
    }
    let (own, visual, fitted) = (links(.collision), links(.visual), links(.fitted))
    var parts: [String] = []
    if !own.isEmpty { parts.append("the collision shapes of \(Wording.count(own.count, "link"))") }
    if !visual.isEmpty {
      parts.append("the visual shapes of \(Wording.count(visual.count, "link"))")
    }
    let meshes = model.parts.count { $0.isMesh }
    if meshes > 0 { parts[parts.count - 1] += " (meshes of \(meshes))" }
    if !fitted.isEmpty { parts.append("capsules fitted to \(Self.list(fitted))") }
    var lines = parts.isEmpty ? [] : ["by \(parts.joined(separator: ", "))"]
    if !model.linksReadInPart.isEmpty {
      lines.append("read in part, as other shapes are not: \(Self.list(model.linksReadInPart))")
    }
    if !model.linksWithoutGeometry.isEmpty {
      lines.append(
        "NOT checked, as no shape or length is known: \(Self.list(model.linksWithoutGeometry))")
    }
    if !model.touchingPairs.isEmpty {
      lines.append(
        "left out, as they always touch: \(Self.list(model.touchingPairs.map(model.name), quoted: false))"
      )
    }
    if !model.coarsePairs.isEmpty {
      lines.append(
        "left out, as meshes are filled too coarsely to tell: "
          + Self.list(model.coarsePairs.map(model.name), quoted: false))
    }
    if !model.adjacentPairs.isEmpty {
      lines.append(
        "left out: \(Wording.count(model.adjacentPairs.count, "pair")) with a joint between")
    }
    return lines
  }

  private static func found(
    _ gap: Clearance.Gap, above: String = "", _ sentence: (String) -> String
  ) -> String {
    guard gap.least.isFinite else { return "" }
    let place = "\(millimetres(abs(gap.least))) mm\(gap.least < 0 ? " deep" : above)"
    return sentence("\(place) at \(seconds(gap.time)) s")
  }

  private static func list(_ names: [String], quoted: Bool = true) -> String {
    let shown = names.prefix(mostNamed).map { quoted ? "'\($0.printable)'" : $0.printable }
    return shown.joined(separator: ", ")
      + (names.count > mostNamed ? " and \(names.count - mostNamed) more" : "")
  }

  private static func millimetres(_ metres: Double) -> String { Console.fixed(1000 * metres, 1) }

  private static func seconds(_ seconds: Double) -> String { Console.fixed(seconds, 2) }
}

// MARK: - JSON

extension CollisionCheck {
  /// The members "collision" and "ground" of the JSON line.
  var field: String {
    "\"collision\": \(object(clearance.pairs, clearance.absenceOfPairs, more: geometryFields)), "
      + "\"ground\": \(object(clearance.ground, clearance.absenceOfGround, more: []))"
  }

  /// Those where nothing is checked, for a reason.
  static func fieldUnchecked(_ reason: String) -> String {
    let nothing = object(["\"checked\": 0", "\"reason\": \(JSONText.quoted(reason))"])
    return "\"collision\": \(nothing), \"ground\": \(nothing)"
  }

  private func object(_ gaps: [Clearance.Gap], _ absence: String?, more: [String]) -> String {
    if let absence {
      return Self.object(["\"checked\": 0", "\"reason\": \(JSONText.quoted(absence))"] + more)
    }
    let touching = gaps.filter(\.touches).sorted { $0.least < $1.least }
    var fields = ["\"checked\": \(gaps.count)", "\"touching\": \(touching.count)"]
    fields.append("\"unproven\": \(gaps.filter { $0.unprovenTime != nil }.count)")
    if let nearest = gaps.min(by: { $0.bound < $1.bound }) {
      fields.append("\"proven_m\": \(JSONText.number(nearest.bound))")
      fields.append("\"nearest\": \(Self.object(Self.members(nearest)))")
    }
    if !touching.isEmpty {
      let list = touching.prefix(Self.most).map { Self.object(Self.members($0)) }
      fields.append("\"touches\": [\(list.joined(separator: ", "))]")
    }
    return Self.object(fields + more)
  }

  /// The most touches that are listed.
  private static let most = 20

  private static func object(_ fields: [String]) -> String {
    "{\(fields.joined(separator: ", "))}"
  }

  /// Both bodies, the least distance found and when, and the bound below which it never is.
  private static func members(_ gap: Clearance.Gap) -> [String] {
    var members = ["\"first\": \(JSONText.quoted(gap.first))"]
    if let second = gap.second { members.append("\"second\": \(JSONText.quoted(second))") }
    if gap.least.isFinite {
      members.append("\"distance_m\": \(JSONText.number(gap.least))")
      members.append("\"time_s\": \(JSONText.number(gap.time))")
    }
    members.append("\"proven_m\": \(JSONText.number(gap.bound))")
    return members
  }

  private var geometryFields: [String] {
    func texts(_ names: [String]) -> String {
      "[\(names.map(JSONText.quoted).joined(separator: ", "))]"
    }
    let fitted = model.parts.filter { $0.source == .fitted }.map { names[$0.link] }
    func pairs(_ pairs: [CollisionModel.Pair]) -> String {
      pairs.map { texts([model.bodyNames[$0.first], model.bodyNames[$0.second]]) }
        .joined(separator: ", ")
    }
    let meshes = model.parts.filter(\.isMesh).map { names[$0.link] }
    return [
      "\"fitted\": \(texts(fitted))", "\"without_geometry\": \(texts(model.linksWithoutGeometry))",
      "\"read_in_part\": \(texts(model.linksReadInPart))",
      "\"always_touching\": [\(pairs(model.touchingPairs))]",
      "\"meshes\": \(texts(meshes))", "\"too_coarse\": [\(pairs(model.coarsePairs))]",
      "\"joined\": \(model.adjacentPairs.count)",
    ]
  }
}
