import Files
import Foundation
import Testing
import Yams

/// Samples as a table: what a CSV holds, read with a few lines of our own.
struct Samples {
  var names: [String]
  var times: [Double]
  /// The values of each column but the first [row][column].
  var rows: [[Double]]

  init(csv path: String) throws {
    let lines = try Work.text(path).split(separator: "\n").filter { !$0.hasPrefix("#") }
    let header = try #require(lines.first).split(separator: ",").map(String.init)
    try #require(header.first == "time")
    names = Array(header.dropFirst())
    times = []
    rows = []
    for line in lines.dropFirst() {
      let values = line.split(separator: ",", omittingEmptySubsequences: false).compactMap {
        Double($0)
      }
      try #require(values.count == header.count, "the row '\(line.prefix(80))' of \(path)")
      times.append(values[0])
      rows.append(Array(values.dropFirst()))
    }
  }

  func column(_ name: String) throws -> [Double] {
    let index = try #require(names.firstIndex(of: name), "\(name) is no column of \(names)")
    return rows.map { $0[index] }
  }

  /// The names of limits that differences of the samples break, worst first empty.
  func broken(_ limits: RobotLimits) throws -> [String] {
    // Samples are written in full, times to a nanosecond: only rounding is between.
    let period = times.count > 1 ? (times[times.count - 1] - times[0]) / Double(times.count - 1) : 1
    var broken: [String] = []
    for joint in limits.joints {
      let values = try column(joint.name)
      let lower = joint.lower?.value ?? -.infinity
      let upper = joint.upper?.value ?? .infinity
      if !values.allSatisfy({ lower <= $0 && $0 <= upper }) {
        broken.append("\(joint.name) position")
      }
      var differences = values
      for (order, bound) in [joint.velocity, joint.acceleration, joint.jerk].enumerated() {
        differences = zip(differences.dropFirst(), differences).map { $0 - $1 }
        let scale = pow(period, Double(order + 1))
        // The rounding of a difference of third order, in units of the last place of a radian.
        let allowed = (bound?.value ?? .infinity) * scale * (1 + 1e-7) + 1e-14
        if !differences.allSatisfy({ abs($0) <= allowed }) {
          broken.append("\(joint.name), derivative \(order + 1)")
        }
      }
    }
    for limit in limits.coupledLimits {
      let columns = try limit.terms.map { (try column($0.key), $0.value) }
      for row in rows.indices {
        let sum = columns.reduce(0) { $0 + $1.0[row] * $1.1 }
        if !(limit.lower - 1e-12 <= sum && sum <= limit.upper + 1e-12) {
          broken.append("\(limit.name), row \(row)")
        }
      }
    }
    return broken
  }
}

/// `trajectory_msgs/JointTrajectory`, from JSON or YAML: the same fields, decoded by what comes
/// with the format and not by us.
struct JointTrajectory: Decodable, Equatable {
  struct Time: Decodable, Equatable {
    var sec: Int
    var nanosec: Int
    var seconds: Double { Double(sec) + Double(nanosec) * 1e-9 }
  }

  struct Header: Decodable, Equatable {
    var stamp: Time
    var frame: String

    enum CodingKeys: String, CodingKey {
      case stamp
      case frame = "frame_id"
    }
  }

  struct Point: Decodable, Equatable {
    var positions: [Double]
    var velocities: [Double]
    var accelerations: [Double]
    var effort: [Double]
    var time: Time

    enum CodingKeys: String, CodingKey {
      case positions, velocities, accelerations, effort
      case time = "time_from_start"
    }
  }

  enum CodingKeys: String, CodingKey {
    case header, points
    case jointNames = "joint_names"
  }

  var header: Header
  var jointNames: [String]
  var points: [Point]

  init(json path: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(Work.bytes(path)))
  }

  init(yaml path: String) throws {
    self = try YAMLDecoder().decode(Self.self, from: Work.text(path))
  }
}

/// One line of `--json` of `compile` and `verify`.
struct ReportLine: Decodable {
  struct Deviation: Decodable {
    var greatest: Double
    var joint: String
    var time: Double

    enum CodingKeys: String, CodingKey {
      case greatest, joint
      case time = "time_s"
    }
  }

  var file: String
  var valid: Bool
  var samples: Int?
  var duration: Double?
  var stretch: Double?
  var deviation: Deviation?
  var reason: String?

  enum CodingKeys: String, CodingKey {
    case file, valid, samples, stretch, deviation, reason
    case duration = "duration_s"
  }

  static func lines(_ run: Run) throws -> [ReportLine] {
    try run.outputLines.map { try JSONDecoder().decode(Self.self, from: Data($0.utf8)) }
  }
}
