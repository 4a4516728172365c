public import Files
import Foundation
import Geometry
import Kinematics

/// The native file: safetensors whose metadata say everything that is needed to read it.
///
/// Tensors (all float64): `control_points` [sample + 2, joint]; `lower`, `upper`, `velocity`,
/// `acceleration`, `jerk` [joint]; for a floating base `base_control_positions` [sample + 2, 3],
/// `base_control_rotations_wxyz` [sample + 2, 4] and `base_limits` [4] (speed, acceleration, turning
/// rate, turning acceleration), and what they give at the samples, `root_position` [sample, 3] and
/// `root_rotation_wxyz` [sample, 4]. Older files have the last two alone. The metadata's `ends` is
/// "moving" where the trajectory begins and ends at the motion's own speed; without it both ends are at
/// rest. `footholds` [foothold, 3] (foot, start, end) and `foothold_points` [point, 7] (foothold, place
/// in the link, place in the world) say when feet are held where, of the links of `feet`. `checks` says
/// what was checked (`TrajectoryChecks`); older files lack both.
extension SafeTrajectory {
  private static let format = "motionc trajectory 1"
  private static let movingEnds = "moving"
  private static let interpolant = "uniform cubic B-spline"
  private static let quantities = ["lower", "upper", "velocity", "acceleration", "jerk"]

  /// The contents of the native file; the same trajectory gives the same bytes.
  public func encoded() -> Safetensors {
    let joints = jointNames.count
    var tensors = [
      "control_points": StoredTensor(controlPoints, shape: [sampleCount + 2, joints])
    ]
    for quantity in Self.quantities {
      tensors[quantity] = StoredTensor(
        limits.coordinates.map { $0.limit(quantity).value }, shape: [joints])
    }
    var metadata = [
      "format": Self.format, "name": name, "interpolant": Self.interpolant,
      "sample": "sample i, at i * period seconds, is (c[i] + 4 c[i+1] + c[i+2]) / 6",
      "period": "\(period)", "joints": Self.list(jointNames.map(JSONText.quoted)),
      "units": Self.list(limits.coordinates.map { $0.isAngular ? "\"rad\"" : "\"m\"" }),
      "limit_sources": Self.list(limits.coordinates.map(Self.sources)),
      "coupled_limits": Self.list(limits.coupled.map { Self.text(of: $0, jointNames) }),
      "provenance": Self.object(provenance.mapValues(JSONText.quoted)),
    ]
    metadata["ends"] = mayMoveAtEnds ? Self.movingEnds : nil
    metadata["robot"] = robotName
    metadata["robot_sha256"] = robotFingerprint
    metadata["robot_limits_sha256"] = robotLimitsFingerprint
    metadata["speed"] = speed.map { "\($0)" }
    metadata["stretch"] = stretch.map { "\($0)" }
    metadata["deviation"] = deviation.map(Self.text)
    metadata["checks"] = (checks ?? TrajectoryChecks()).stating(verification).text
    addFootholds(to: &tensors, &metadata)
    if let base {
      metadata["base"] =
        "cumulative cubic B-spline of base_control_rotations_wxyz, cubic B-spline of "
        + "base_control_positions [m]; base_limits: speed m/s, acceleration m/s², turning rate rad/s, "
        + "turning acceleration rad/s²"
      metadata["base_limit_sources"] = Self.list(
        limits.base.sources.map(JSONText.quoted))
      tensors["base_control_positions"] = StoredTensor(
        base.places.flatMap { [$0.x, $0.y, $0.z] }, shape: [base.places.count, 3])
      tensors["base_control_rotations_wxyz"] = StoredTensor(
        base.rotations.flatMap { [$0.w, $0.x, $0.y, $0.z] }, shape: [base.rotations.count, 4])
      tensors["base_limits"] = StoredTensor(limits.base.values, shape: [4])
    }
    if let root {
      metadata["root"] =
        "root_position [m] and root_rotation_wxyz of the floating base at each sample"
        + (base == nil ? ", carried along from the motion: under no limit and not verified" : "")
      tensors["root_position"] = StoredTensor(
        root.translations.flatMap { [$0.x, $0.y, $0.z] }, shape: [root.translations.count, 3])
      tensors["root_rotation_wxyz"] = StoredTensor(
        root.rotations.flatMap { [$0.w, $0.x, $0.y, $0.z] }, shape: [root.rotations.count, 4])
    }
    return Safetensors(metadata: metadata, tensors: tensors)
  }

  private func addFootholds(
    to tensors: inout [String: StoredTensor], _ metadata: inout [String: String]
  ) {
    guard !footholds.isEmpty else { return }
    let feet = Set(footholds.map(\.link)).sorted()
    metadata["feet"] = Self.list(feet.map(JSONText.quoted))
    tensors["footholds"] = StoredTensor(
      footholds.flatMap { [Double(feet.firstIndex(of: $0.link) ?? 0), $0.start, $0.end] },
      shape: [footholds.count, 3])
    let points = footholds.enumerated().flatMap { index, foothold in
      foothold.points.map { point in
        [Double(index)]
          + [point.inLink, point.inWorld].flatMap { [$0.x, $0.y, $0.z] }
      }
    }
    tensors["foothold_points"] = StoredTensor(points.flatMap(\.self), shape: [points.count, 7])
  }

  /// Writes the native file atomically.
  public func write(to path: String) throws(FileError) {
    try encoded().write(to: path)
  }

  /// Reads a native file and verifies it again, against the limits that it holds.
  public init(contentsOf path: String) throws(UnsafeMotion) {
    let file: Safetensors
    do { file = try Safetensors(contentsOf: path) } catch { throw .file(error) }
    try self.init(decoding: file, path: path)
  }

  /// Verifies a native file's contents, against the limits that they hold; the path is for errors.
  public init(decoding file: Safetensors, path: String) throws(UnsafeMotion) {
    let reader = TrajectoryFileReader(file: file, path: path)
    try reader.expect("format", Self.format)
    try reader.expect("interpolant", Self.interpolant)
    let limits = try reader.limits(quantities: Self.quantities)
    let points = try reader.numbers("control_points", columns: limits.coordinates.count)
    guard points.count >= 3 * limits.coordinates.count else {
      throw .notATrajectory(path: path, reason: "it has fewer than three control points")
    }
    let samples = points.count / limits.coordinates.count - 2
    let robot = file.metadata["robot"].map {
      RobotIdentity(
        name: $0, fingerprint: file.metadata["robot_sha256"] ?? "",
        limitsFingerprint: file.metadata["robot_limits_sha256"] ?? "")
    }
    try self.init(
      verifying: points, name: reader.text("name"), period: reader.period(), limits: limits,
      base: reader.base(samples: samples, period: reader.period()),
      root: reader.root(samples: samples),
      atRest: reader.isAtRest(unless: Self.movingEnds), robot: robot, speed: reader.factor("speed"),
      stretch: reader.factor("stretch"),
      provenance: reader.object("provenance").compactMapValues { $0 as? String },
      deviation: reader.deviation(limits), footholds: reader.footholds(),
      checks: reader.checks())
    try checks?.requireTrue(of: verification)
  }

  /// Verifies the same curve against other limits, such as those of the robot at hand.
  ///
  /// Where it is known which robot each is for, one for another robot's description is refused.
  public func verified(
    within other: SafetyLimits, robot: RobotIdentity? = nil
  ) throws(UnsafeMotion) -> SafeTrajectory {
    if let robot, let robotFingerprint, !robotFingerprint.isEmpty, !robot.fingerprint.isEmpty,
      robot.fingerprint != robotFingerprint
    {
      throw .robotDiffers(
        found: Self.text(robotName, robotFingerprint),
        expected: Self.text(robot.name, robot.fingerprint))
    }
    guard other.jointNames == jointNames else {
      throw .jointsDiffer(found: jointNames, expected: other.jointNames)
    }
    let identity = robotName.map {
      RobotIdentity(
        name: $0, fingerprint: robotFingerprint ?? "",
        limitsFingerprint: robotLimitsFingerprint ?? limits.fingerprint)
    }
    return try SafeTrajectory(
      verifying: controlPoints, name: name, period: period, limits: other, base: base, root: root,
      atRest: !mayMoveAtEnds, robot: identity, speed: speed, stretch: stretch,
      provenance: provenance,
      deviation: deviation, footholds: footholds, checks: checks)
  }
}

// MARK: - Texts

extension SafeTrajectory {
  static func list(_ items: [String]) -> String { "[\(items.joined(separator: ","))]" }

  static func object(_ entries: [String: String]) -> String {
    let texts = entries.sorted { $0.key < $1.key }
      .map { "\(JSONText.quoted($0.key)):\($0.value)" }
    return "{\(texts.joined(separator: ","))}"
  }

  private static func text(_ robot: String?, _ fingerprint: String) -> String {
    "'\(robot ?? "unnamed")' (SHA-256 \(fingerprint.prefix(12))…)"
  }

  private static func text(of deviation: Deviation) -> String {
    // To a billionth, since readers of JSON may round the last digits of longer numbers.
    let joints = deviation.joints.map { joint in
      list(
        [joint.greatest, joint.time, joint.rootMeanSquare].map {
          JSONText.number(($0 * 1e9).rounded() / 1e9)
        })
    }
    var entries = [
      "factor": JSONText.number(deviation.factor), "greatest_time_rms": list(joints),
    ]
    entries["base"] = deviation.base.map { base in
      list(
        [base.distance, base.distanceTime, base.angle, base.angleTime].map {
          JSONText.number(($0 * 1e9).rounded() / 1e9)
        })
    }
    return object(entries)
  }

  private static func sources(_ coordinate: SafetyLimits.Coordinate) -> String {
    object(
      Dictionary(
        uniqueKeysWithValues: quantities.map {
          ($0, JSONText.quoted(coordinate.limit($0).source))
        }))
  }

  private static func text(of limit: CoupledLimit, _ joints: [String]) -> String {
    let terms = limit.terms.map {
      object([
        "joint": JSONText.quoted(joints[$0.coordinate]), "factor": JSONText.number($0.factor),
      ])
    }
    return object([
      "name": JSONText.quoted(limit.name), "terms": list(terms),
      "lower": JSONText.number(limit.lower), "upper": JSONText.number(limit.upper),
      "source": JSONText.quoted(limit.source),
    ])
  }
}

extension SafetyLimits.Coordinate {
  fileprivate func limit(_ quantity: String) -> SourcedLimit {
    switch quantity {
    case "lower": lower
    case "upper": upper
    case "velocity": velocity
    case "acceleration": acceleration
    default: jerk
    }
  }
}
