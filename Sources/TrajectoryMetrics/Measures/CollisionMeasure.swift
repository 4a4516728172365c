import Files
import Geometry
import Kinematics
import Trajectories

/// How near the robot comes to itself, in its model of capsules and balls.
struct CollisionMeasure: Measure {
  private let subject: ReportSubject
  private let model: CollisionModel
  private var nearest = Peak(-.infinity)
  private var (count, touching, deep) = (0, 0, 0)
  private var touchTimes: [CollisionModel.Pair: Int] = [:]
  /// The least distance at each sample [m].
  private(set) var clearance: [Double] = []

  /// A touch deeper than this counts as a collision in the field [m].
  private static let deep = 0.010

  init(_ subject: ReportSubject) {
    self.subject = subject
    model = subject.collisionModel
  }

  mutating func take(_ instant: Instant) {
    guard let found = model.nearest(instant.poses) else { return }
    for pair in found.touching { touchTimes[pair, default: 0] += 1 }
    count += 1
    if !found.touching.isEmpty { touching += 1 }
    if !(found.distance >= -Self.deep) { deep += 1 }
    nearest.take(-found.distance, at: instant.time, model.name(of: found.pair))
    if instant.isSample { clearance.append(found.distance) }
  }

  func group() -> FigureGroup {
    var group = FigureGroup("collision", "distance of the robot from itself")
    group.notes = Self.notes(model, subject)
    guard count > 0 else {
      group.absence =
        "no two parts that are not joined have a shape: self-collision is not checked"
      return group
    }
    group.figures = [
      Figure(
        "distance_min", "least distance", -1000 * nearest.value, "mm", time: nearest.time,
        place: nearest.place, better: .high),
      Figure(
        "touching_share", "time in which the robot touches itself",
        Double(touching) / Double(count), "share"),
      Figure(
        "deep_share", "time with an overlap over 1 cm", Double(deep) / Double(count), "share"),
    ]
    let often = touchTimes.map { (name: model.name(of: $0.key), times: $0.value) }
      .sorted { ($1.times, $0.name) < ($0.times, $1.name) }
    for (name, times) in often.prefix(5) {
      let percent = (1000 * Double(times) / Double(count)).rounded() / 10
      group.notes.append("\(name) touch in \(percent) % of the time")
    }
    return group
  }

  /// What was checked, and by which geometry.
  private static func notes(_ model: CollisionModel, _ subject: ReportSubject) -> [String] {
    func links(_ source: CollisionModel.Source) -> [String] {
      model.parts.filter { $0.source == source }.map { subject.robot.links[$0.link].name }
    }
    func names(_ pairs: [CollisionModel.Pair]) -> String {
      pairs.prefix(8).map(model.name).joined(separator: ", ")
        + (pairs.count > 8 ? " and \(pairs.count - 8) more" : "")
    }
    func named(_ links: [String]) -> String {
      links.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
        + (links.count > 8 ? " and \(links.count - 8) more" : "")
    }
    let (own, visual, fitted) = (links(.collision), links(.visual), links(.fitted))
    var notes = [
      "checked \(Wording.count(model.pairs.count, "pair")) of bodies, by the collision shapes of"
        + " \(Wording.count(own.count, "link"))"
        + (visual.isEmpty ? "" : ", the visual shapes of \(visual.count)")
        + (fitted.isEmpty ? "" : ", and capsules fitted to \(fitted.count)")
    ]
    let meshes = model.parts.count { $0.isMesh }
    if meshes > 0 {
      notes.append("meshes, filled with capsules: those of \(Wording.count(meshes, "link"))")
    }
    if !fitted.isEmpty {
      notes.append("fitted, for want of shapes that are read: \(named(fitted))")
    }
    if !model.linksReadInPart.isEmpty {
      notes.append("read in part, as other shapes are not: \(named(model.linksReadInPart))")
    }
    if !model.linksWithoutGeometry.isEmpty {
      notes.append(
        "NOT checked, as neither a shape nor a length is known: \(named(model.linksWithoutGeometry))"
      )
    }
    notes.append(
      "left out: \(Wording.count(model.adjacentPairs.count, "pair")) with a joint between")
    if !model.touchingPairs.isEmpty {
      notes.append("left out, as they always touch: \(names(model.touchingPairs))")
    }
    if !model.coarsePairs.isEmpty {
      notes.append(
        "left out, as meshes are filled too coarsely to tell: \(names(model.coarsePairs))")
    }
    return notes
  }
}
