import Files
import Foundation
import Geometry
import Kinematics

/// Reads the parts of a native file; refuses missing or malformed ones.
struct TrajectoryFileReader {
  let file: Safetensors
  let path: String

  func refused(_ reason: String) -> UnsafeMotion { .notATrajectory(path: path, reason: reason) }

  func text(_ key: String) throws(UnsafeMotion) -> String {
    guard let text = file.metadata[key] else {
      let keys = file.metadata.keys.sorted().shownList
      throw refused("its metadata lack '\(key)'; they have \(keys)")
    }
    return text
  }

  func expect(_ key: String, _ value: String) throws(UnsafeMotion) {
    let found = try text(key)
    guard found == value else {
      throw refused("its \(key) is '\(found.printable)', '\(value)' expected")
    }
  }

  /// Whether both ends must be at rest: always, unless the file states the one thing else there is.
  func isAtRest(unless moving: String) throws(UnsafeMotion) -> Bool {
    guard let found = file.metadata["ends"] else { return true }
    guard found == moving else {
      throw refused("its ends are '\(found.printable)', '\(moving)' expected or no word of them")
    }
    return false
  }

  func period() throws(UnsafeMotion) -> Double {
    let found = try text("period")
    guard let period = Double(found), 1e-9 <= period, period <= 1e9 else {
      throw refused("its period of '\(found.printable)' is not a time in seconds")
    }
    return period
  }

  /// A factor above zero; nil where the file does not say, as older ones do not.
  func factor(_ key: String) throws(UnsafeMotion) -> Double? {
    guard let found = file.metadata[key] else { return nil }
    guard let factor = Double(found), factor > 0, factor < .infinity else {
      throw refused("its \(key) of '\(found)' is not a number above zero")
    }
    return factor
  }

  /// How far the trajectory left its motion, as compile wrote it; nil where the file does not say.
  func deviation(_ limits: SafetyLimits) throws(UnsafeMotion) -> Deviation? {
    guard file.metadata["deviation"] != nil else { return nil }
    let found = try object("deviation")
    guard let factor = found["factor"] as? Double, factor > 0, factor.isFinite,
      let rows = found["greatest_time_rms"] as? [[Double]],
      rows.count == limits.coordinates.count,
      rows.allSatisfy({ $0.count == 3 && $0.allSatisfy { 0 <= $0 && $0 < .infinity } })
    else {
      throw refused(
        "its deviation is not a factor above zero and, for each joint, the greatest distance, its"
          + " time and the root mean square")
    }
    return Deviation(
      joints: zip(limits.coordinates, rows).map { limit, row in
        Deviation.OfJoint(
          name: limit.name, isAngular: limit.isAngular, greatest: row[0], time: row[1],
          rootMeanSquare: row[2])
      }, factor: factor, base: try baseDeviation(found))
  }

  private func baseDeviation(_ object: [String: Any]) throws(UnsafeMotion) -> Deviation.OfBase? {
    guard let found = object["base"] else { return nil }
    guard let numbers = found as? [Double], numbers.count == 4 else {
      throw refused(
        "'deviation' in its metadata has a base that is not a distance, its time, an angle and its "
          + "time")
    }
    return Deviation.OfBase(
      distance: numbers[0], distanceTime: numbers[1], angle: numbers[2], angleTime: numbers[3])
  }

  /// What was checked when the trajectory was compiled; nil where the file does not say.
  func checks() throws(UnsafeMotion) -> TrajectoryChecks? {
    guard let text = file.metadata["checks"] else { return nil }
    guard let checks = TrajectoryChecks(text) else {
      throw refused("'checks' in its metadata does not say what was checked")
    }
    return checks
  }

  /// When and where feet are held; none where the file does not say.
  func footholds() throws(UnsafeMotion) -> [Foothold] {
    guard file.tensors["footholds"] != nil || file.tensors["foothold_points"] != nil else {
      return []
    }
    let feet = try list("feet", of: String.self)
    let rows = try numbers("footholds", columns: 3)
    var footholds: [Foothold] = []
    for row in stride(from: 0, to: rows.count, by: 3) {
      let (foot, start, end) = (Int(exactly: rows[row]) ?? -1, rows[row + 1], rows[row + 2])
      guard feet.indices.contains(foot), start <= end, start > -.infinity, end < .infinity else {
        throw refused(
          "its foothold \(row / 3) is not of one of \(feet.count) feet from a time to a later one")
      }
      footholds.append(Foothold(link: feet[foot], start: start, end: end, points: []))
    }
    let points = try numbers("foothold_points", columns: 7)
    for row in stride(from: 0, to: points.count, by: 7) {
      let values = points[row..<(row + 7)].map(\.self)
      guard let index = Int(exactly: values[0]), footholds.indices.contains(index),
        values.allSatisfy(\.isFinite)
      else {
        throw refused(
          "its foothold_points hold a row that is not a foothold's number and two places")
      }
      footholds[index].points.append(
        Foothold.Point(
          inLink: Vector3(values[1], values[2], values[3]),
          inWorld: Vector3(values[4], values[5], values[6])))
    }
    guard footholds.allSatisfy({ !$0.points.isEmpty }) else {
      throw refused("it has a foothold without points")
    }
    return footholds
  }

  private func json(_ key: String) throws(UnsafeMotion) -> Any {
    let found = try text(key)
    guard let value = try? JSONSerialization.jsonObject(with: Data(found.utf8)) else {
      throw refused("'\(key)' in its metadata is not JSON")
    }
    return value
  }

  func object(_ key: String) throws(UnsafeMotion) -> [String: Any] {
    guard let object = try json(key) as? [String: Any] else {
      throw refused("'\(key)' in its metadata is not a JSON object")
    }
    return object
  }

  private func list<Element>(
    _ key: String, of type: Element.Type, count: Int? = nil
  ) throws(UnsafeMotion) -> [Element] {
    guard let list = try json(key) as? [Element], list.count == count ?? list.count else {
      throw refused(
        "'\(key)' in its metadata is not a list of \(count.map { "\($0) " } ?? "")\(type)")
    }
    return list
  }

  /// The numbers of a tensor [row, column].
  func numbers(_ name: String, columns: Int) throws(UnsafeMotion) -> [Double] {
    let tensor: StoredTensor
    do { tensor = try file.tensor(name, in: path) } catch { throw .file(error) }
    guard tensor.type == .float64, tensor.shape.count == 2, tensor.shape[1] == columns else {
      throw refused(
        "tensor '\(name)' is \(tensor.type.rawValue) of shape \(tensor.shape), "
          + "F64 of shape [rows, \(columns)] expected")
    }
    return tensor.doubles()
  }

  func limits(quantities: [String]) throws(UnsafeMotion) -> SafetyLimits {
    let names = try list("joints", of: String.self)
    guard !names.isEmpty, Set(names).count == names.count else {
      throw refused("its joints \(names.shownList) are none, or not all different")
    }
    let units = try list("units", of: String.self, count: names.count)
    if let unknown = units.first(where: { $0 != "rad" && $0 != "m" }) {
      throw refused("its units hold '\(unknown.printable)', 'rad' or 'm' expected")
    }
    let sources = try list("limit_sources", of: [String: String].self, count: names.count)
    var values: [String: [Double]] = [:]
    for quantity in quantities {
      let tensor: StoredTensor
      do { tensor = try file.tensor(quantity, in: path) } catch { throw .file(error) }
      guard tensor.type == .float64, tensor.shape == [names.count] else {
        throw refused(
          "tensor '\(quantity)' is \(tensor.type.rawValue) of shape \(tensor.shape), "
            + "F64 of shape [\(names.count)] expected")
      }
      values[quantity] = tensor.doubles()
    }
    let coordinates = names.indices.map { j in
      func limit(_ quantity: String) -> SourcedLimit {
        SourcedLimit(
          values[quantity]?[j] ?? .nan, source: sources[j][quantity] ?? SafetyLimits.notGiven)
      }
      return SafetyLimits.Coordinate(
        name: names[j], isAngular: units[j] == "rad", lower: limit("lower"),
        upper: limit("upper"), velocity: limit("velocity"), acceleration: limit("acceleration"),
        jerk: limit("jerk"))
    }
    return try SafetyLimits(coordinates: coordinates, coupled: coupled(names), base: baseLimits())
  }

  private func coupled(_ names: [String]) throws(UnsafeMotion) -> [CoupledLimit] {
    var limits: [CoupledLimit] = []
    for entry in try list("coupled_limits", of: [String: Any].self) {
      guard let name = entry["name"] as? String, let source = entry["source"] as? String,
        let terms = entry["terms"] as? [[String: Any]], !terms.isEmpty,
        let lower = bound(entry["lower"], -.infinity), let upper = bound(entry["upper"], .infinity)
      else { throw refused("a coupled limit lacks name, source, terms, lower or upper") }
      var read: [CoupledLimit.Term] = []
      for term in terms {
        guard let joint = term["joint"] as? String, let factor = term["factor"] as? Double,
          let coordinate = names.firstIndex(of: joint)
        else {
          throw refused(
            "coupled limit '\(name.printable)' has a term without a known joint or factor")
        }
        read.append(CoupledLimit.Term(coordinate: coordinate, factor: factor))
      }
      limits.append(
        CoupledLimit(name: name, terms: read, lower: lower, upper: upper, source: source))
    }
    return limits
  }

  /// A number, or the infinity that `null` stands for.
  private func bound(_ value: Any?, _ infinity: Double) -> Double? {
    value is NSNull ? infinity : value as? Double
  }

  private func baseLimits() throws(UnsafeMotion) -> BaseLimits {
    guard file.tensors["base_limits"] != nil else { return .usual }
    let tensor: StoredTensor
    do { tensor = try file.tensor("base_limits", in: path) } catch { throw .file(error) }
    let sources = try list("base_limit_sources", of: String.self, count: 4)
    guard tensor.type == .float64, tensor.shape == [4] else {
      throw refused(
        "tensor 'base_limits' is \(tensor.type.rawValue) of shape \(tensor.shape), F64 of shape [4] "
          + "expected")
    }
    let limits = zip(tensor.doubles(), sources).map { SourcedLimit($0, source: $1) }
    guard limits.allSatisfy({ $0.value > 0 }) else {
      throw refused("its base_limits \(tensor.doubles()) are not all above zero")
    }
    return BaseLimits(
      speed: limits[0], acceleration: limits[1], turningRate: limits[2],
      turningAcceleration: limits[3])
  }

  /// The path of the base; nil in a file without one.
  func base(samples: Int, period: Double) throws(UnsafeMotion) -> BaseCurve? {
    let names = ["base_control_positions", "base_control_rotations_wxyz", "base_limits"]
    let missing = names.filter { file.tensors[$0] == nil }
    if missing.count == names.count, file.metadata["base"] == nil { return nil }
    guard missing.isEmpty else {
      throw refused("its base lacks the tensors \(missing.shownList)")
    }
    let (places, rotations) = try poses(
      "base_control_positions", "base_control_rotations_wxyz", count: samples + 2)
    guard rotations.allSatisfy({ abs($0.dot($0) - 1) < 1e-6 }) else {
      throw refused("its base_control_rotations_wxyz are not all of length 1")
    }
    let curve = BaseCurve(places: places, rotations: rotations, period: period)
    guard let root = try root(samples: samples) else { return curve }
    let own = curve.samples
    guard
      zip(own.translations, root.translations).allSatisfy({
        ($0 - $1).length < 1e-6 * (1 + $0.length)
      }),
      zip(own.rotations, root.rotations).allSatisfy({ ($0.inverse * $1).angle < 1e-6 })
    else { throw refused("its root's poses are not those of its base's control points") }
    return curve
  }

  func root(samples: Int) throws(UnsafeMotion) -> JointMotion.Root? {
    guard file.tensors["root_position"] != nil else { return nil }
    let (places, rotations) = try poses("root_position", "root_rotation_wxyz", count: samples)
    return JointMotion.Root(translations: places, rotations: rotations)
  }

  /// The poses of two tensors.
  private func poses(
    _ position: String, _ rotation: String, count: Int
  ) throws(UnsafeMotion) -> ([Vector3], [Quaternion]) {
    let positions = try numbers(position, columns: 3)
    let rotations = try numbers(rotation, columns: 4)
    guard positions.count == 3 * count, rotations.count == 4 * count else {
      throw refused(
        "its root has \(positions.count / 3) positions and \(rotations.count / 4) rotations, "
          + "\(count) expected")
    }
    guard positions.allSatisfy(\.isFinite), rotations.allSatisfy(\.isFinite) else {
      throw refused("its root's poses hold values that are not numbers")
    }
    let places: [Vector3] = (0..<count).map {
      [positions[3 * $0], positions[3 * $0 + 1], positions[3 * $0 + 2]]
    }
    let turns = (0..<count).map {
      Quaternion(
        w: rotations[4 * $0], x: rotations[4 * $0 + 1], y: rotations[4 * $0 + 2],
        z: rotations[4 * $0 + 3])
    }
    return (places, turns)
  }
}
