import Files
import Foundation
import Geometry
import Kinematics
import Motions
import Trajectories
import TrajectoryMetrics

/// One motion as the page's script reads it.
struct PageMotion {
  let motion: ReportedMotion

  init(_ motion: ReportedMotion) { self.motion = motion }

  var json: String {
    let report = motion.report
    let frames = PageFrames(
      duration: report.duration, samples: report.samples, rate: report.rate)
    var fields = [
      "\"name\": \(JSONText.quoted(report.name))",
      "\"file\": \(JSONText.quoted(motion.path.shownPath))",
      "\"duration\": \(number(report.duration))", "\"rate\": \(JSONText.number(frames.rate))",
      "\"frames\": \(frames.count)", "\"groups\": \(list(report.groups.map(group)))",
      "\"moments\": \(list(moments))",
    ]
    let feet = report.standing.map { samples($0, frames) }
    let standing = (feet.first ?? []).indices.flatMap { frame in feet.map { $0[frame] } }
    fields.append("\"standing\": \(standing.isEmpty ? "null" : PackedNumbers.flags(standing))")
    switch motion.body {
    case .person(let clip):
      fields.append("\"person\": \(PagePerson(Person(clip)).json(frames))")
      fields.append("\"size\": \(number(max(0.5, clip.skeleton.stature))), \"width\": 1.4")
    case .robot(let subject):
      fields += robot(subject, frames)
    }
    return "{\(fields.joined(separator: ", "))}"
  }

  /// Values at samples as values at frames.
  private func samples<Value>(_ values: [Value], _ frames: PageFrames) -> [Value] {
    guard !values.isEmpty else { return [] }
    return frames.times.map {
      values[min(values.count - 1, Int(($0 * motion.report.rate).rounded()))]
    }
  }

  // MARK: - Robots

  private func robot(_ subject: ReportSubject, _ frames: PageFrames) -> [String] {
    let (trajectory, times) = (subject.trajectory, frames.times)
    let positions = times.map { trajectory.state(at: $0).positions }
    var fields = [
      "\"robot\": \(PageRobot(subject).json)", "\"q\": \(PackedNumbers.floats(positions.joined()))",
    ]
    let base = times.compactMap { trajectory.rootPose(at: $0) }
    let numbers = base.flatMap { pose -> [Double] in
      let (p, q) = (pose.translation, pose.rotation)
      return [p.x, p.y, p.z, q.w, q.x, q.y, q.z]
    }
    fields.append("\"base\": \(base.isEmpty ? "null" : PackedNumbers.floats(numbers))")
    let clearance = samples(motion.report.clearance, frames)
    fields.append("\"clearance\": \(clearance.isEmpty ? "null" : PackedNumbers.floats(clearance))")
    if let person = subject.person {
      fields.append("\"person\": \(PagePerson(person).json(frames))")
    }
    let middle = frames.count / 2
    let places = subject.robot.worldFromLinks(positions[middle]).map {
      ((base.isEmpty ? .identity : base[middle]) * $0).translation
    }
    fields.append(
      "\"check\": {\"frame\": \(middle), \"places\": \(list(places.map(vector)))}")
    let extent = Self.extent(of: subject.robot)
    fields.append("\"size\": \(number(extent.height)), \"width\": \(number(extent.width))")
    return fields
  }

  /// How high the robot reaches, and how wide it is with room beside it [m].
  private static func extent(of robot: Robot) -> (height: Double, width: Double) {
    let zero = [Double](repeating: 0, count: robot.coordinateCount)
    let places = robot.worldFromLinks(zero).map(\.translation)
    func span(_ axis: Int) -> Double {
      (places.map { $0[axis] }.max() ?? 0) - (places.map { $0[axis] }.min() ?? 0)
    }
    let height = max(0.2, span(2), 0.7 * span(0), 0.7 * span(1))
    return (1.2 * height, max(0.8 * height, 1.3 * span(1) + 0.3 * height))
  }

  // MARK: - Figures

  private var moments: [String] {
    motion.report.groups.flatMap { group in
      group.figures.compactMap { figure -> String? in
        guard let time = figure.time else { return nil }
        let value = "\(ReportText.number(figure.value)) \(figure.unit)"
        let label = [figure.label, value, figure.place].compactMap(\.self).joined(separator: ", ")
        return
          "{\"time\": \(JSONText.number(time)), \"label\": \(JSONText.quoted(label.shownReason))}"
      }
    }
  }

  private func group(_ group: FigureGroup) -> String {
    let figures = group.figures.filter { !$0.name.hasPrefix("link_mean_") }.map { figure in
      "{\"name\": \(JSONText.quoted(figure.name)), \"label\": \(JSONText.quoted(figure.label)), "
        + "\"value\": \(JSONText.number(figure.value)), \"unit\": \(JSONText.quoted(figure.unit)), "
        + "\"place\": \(figure.place.map { JSONText.quoted($0.printable) } ?? "null")}"
    }
    return "{\"name\": \(JSONText.quoted(group.name)), \"title\": \(JSONText.quoted(group.title)), "
      + "\"absence\": \(group.absence.map { JSONText.quoted($0.shownReason) } ?? "null"), "
      + "\"notes\": \(list(group.notes.map { JSONText.quoted($0.shownReason) })), "
      + "\"figures\": \(list(figures))}"
  }

  private func list(_ items: [String]) -> String { "[\(items.joined(separator: ","))]" }
  private func number(_ value: Double) -> String { JSONText.number(value) }
  private func vector(_ v: Vector3) -> String { list([v.x, v.y, v.z].map(number)) }
}

/// A robot as the page's script reads it: joints, capsules and limits.
private struct PageRobot {
  let subject: ReportSubject

  init(_ subject: ReportSubject) { self.subject = subject }

  var json: String {
    let robot = subject.robot
    return "{\"name\": \(JSONText.quoted(robot.name)), "
      + "\"links\": \(list(robot.links.map { JSONText.quoted($0.name) })), "
      + "\"joints\": \(list(robot.joints.indices.map(joint))), "
      + "\"capsules\": \(list(capsules)), \"coordinates\": \(list(coordinates)), "
      + "\"feet\": \(list(feet))}"
  }

  private func joint(_ index: Int) -> String {
    let robot = subject.robot
    let joint = robot.joints[index]
    let (p, q) = (joint.parentFromJoint.translation, joint.parentFromJoint.rotation)
    let kind = joint.isMovable ? (joint.isAngular ? "r" : "p") : "f"
    let origin = list([p.x, p.y, p.z, q.w, q.x, q.y, q.z].map(JSONText.number))
    let axis = list([joint.axis.x, joint.axis.y, joint.axis.z].map(JSONText.number))
    let own = robot.coordinate(ofJoint: index)
    return list([
      "\(joint.parentLink)", "\(joint.childLink)", "\"\(kind)\"", origin, axis,
      "\(own?.coordinate ?? -1)", JSONText.number(own?.factor ?? 1),
      JSONText.number(joint.mimic?.offset ?? 0),
    ])
  }

  private var capsules: [String] {
    subject.collisionModel.parts.flatMap { part in
      part.capsules.map { capsule in
        let numbers = [
          capsule.from.x, capsule.from.y, capsule.from.z, capsule.to.x, capsule.to.y, capsule.to.z,
          capsule.radius,
        ]
        let texts = numbers.map { JSONText.number(($0 * 1e5).rounded() / 1e5) }
        return list(["\(part.link)"] + texts + ["\"\(part.source.rawValue)\""])
      }
    }
  }

  private var coordinates: [String] {
    let trajectory = subject.trajectory
    return trajectory.limits.coordinates.map { coordinate in
      let shares = trajectory.verification.uses.filter {
        $0.name == coordinate.name && $0.quantity != .coupled && !$0.quantity.isOfBase
      }.map { "\"\($0.quantity.rawValue)\": \(JSONText.number($0.share))" }
      return "{\"name\": \(JSONText.quoted(coordinate.name)), "
        + "\"unit\": \"\(coordinate.isAngular ? "rad" : "m")\", "
        + "\"lower\": \(JSONText.number(coordinate.lower.value)), "
        + "\"upper\": \(JSONText.number(coordinate.upper.value)), "
        + "\"velocity\": \(JSONText.number(coordinate.velocity.value)), "
        + "\"shares\": {\(shares.joined(separator: ", "))}}"
    }
  }

  /// The links of each foot.
  private var feet: [String] {
    (subject.soles ?? []).map { sole in list(sole.links.map { "\($0)" }) }
  }

  private func list(_ items: [String]) -> String { "[\(items.joined(separator: ","))]" }
}

/// A person as the page's script reads it: the pelvis, and the joints' places beside it.
private struct PagePerson {
  let person: Person

  init(_ person: Person) { self.person = person }

  func json(_ frames: PageFrames) -> String {
    let times = frames.times
    let shown = person.clip(at: times)
    let places = shown.jointPositions()
    let pelvis = shown.rootTranslations.flatMap { [$0.x, $0.y, $0.z] }
    let joints = places.indices.flatMap { index -> [Double] in
      // Tenths of millimetres.
      let own = 10_000 * (places[index] - shown.rootTranslations[index / Skeleton.jointCount])
      return [own.x, own.y, own.z]
    }
    let standing = times.flatMap { person.isStanding(at: $0) }
    return "{\"parents\": [\(Skeleton.parents.map { "\($0)" }.joined(separator: ","))], "
      + "\"pelvis\": \(PackedNumbers.floats(pelvis)), \"joints\": \(PackedNumbers.shorts(joints)), "
      + "\"standing\": \(PackedNumbers.flags(standing))}"
  }
}
