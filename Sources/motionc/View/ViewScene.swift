import Files
import Geometry
import Kinematics
import Streaming

/// What a browser is told, as JSON: the robot once, then what is known at a moment.
struct ViewScene: Sendable {
  /// Whose links are shown.
  let robot: Robot

  /// Names, and which links are joined by which joint.
  var description: String {
    let names = robot.coordinateNames.map(JSONText.quoted)
    let angular = robot.configurationJoints.map { "\(robot.joints[$0].isAngular)" }
    let bones = robot.joints.map { "[\($0.parentLink),\($0.childLink)]" }
    return """
      {"robot": \(JSONText.quoted(robot.name)), "joints": \(list(names)), \
      "angular": \(list(angular)), "bones": \(list(bones))}
      """
  }

  /// Commanded and measured pose with the places of all links, and the figures of the status line.
  func event(_ status: LiveStatus) -> String {
    let texts = status.texts.map {
      "[\(JSONText.quoted($0.name)), \(JSONText.quoted($0.value))]"
    }
    var fields = [
      "\"phase\": \(JSONText.quoted(status.phase.rawValue))", "\"figures\": \(list(texts))",
    ]
    if let frame = status.frame {
      fields.append("\"frame\": \(frame.frame), \"sent\": \(number(frame.sent))")
      fields.append("\"command\": \(pose(frame.positions))")
    }
    if let time = status.measuredAt {
      let positions = status.measured.compactMap { $0 }
      fields.append("\"read\": \(number(time))")
      if positions.count == robot.coordinateCount {
        fields.append("\"measured\": \(pose(positions))")
      }
    }
    if let ending = status.ending { fields.append("\"ended\": \(JSONText.quoted(ending.name))") }
    return "{\(fields.joined(separator: ", "))}"
  }

  /// Joint positions [rad or m], and where each link's origin is then [m].
  private func pose(_ positions: [Double]) -> String {
    let links = robot.worldFromLinks(positions).map { pose in
      let place = pose.translation
      return list([place.x, place.y, place.z].map(number))
    }
    return "{\"joints\": \(list(positions.map(number))), \"links\": \(list(links))}"
  }

  /// To the microsecond, microradian or micrometre, as the log has it.
  private func number(_ value: Double) -> String {
    JSONText.number(abs(value) < 1e12 ? (value * 1e6).rounded() / 1e6 : value)
  }

  private func list(_ items: [String]) -> String { "[\(items.joined(separator: ", "))]" }
}
