import Files
import Geometry
import Kinematics

/// A trajectory's states at regular instants, and how each format writes them.
struct TrajectorySamples {
  let trajectory: SafeTrajectory
  let rate: Double
  let times: [Double]
  let states: [SafeTrajectory.State]

  init(_ trajectory: SafeTrajectory, rate: Double?) {
    self.trajectory = trajectory
    let period = rate.map { 1 / $0 } ?? trajectory.period
    self.rate = rate ?? 1 / trajectory.period
    let periods = (trajectory.duration / period - 1e-9).rounded(.up)
    times = (0...max(0, Int(periods))).map { Double($0) * period }
    states = times.map { trajectory.state(at: $0) }
  }

  private var rootPoses: [Pose]? {
    trajectory.root == nil ? nil : times.compactMap { trajectory.rootPose(at: $0) }
  }

  // MARK: - CSV

  func csv() -> String {
    let names = trajectory.jointNames
    let poses = rootPoses
    var text = header()
    let rootNames =
      poses == nil
      ? [] : ["root_x", "root_y", "root_z", "root_qw", "root_qx", "root_qy", "root_qz"]
    text += (["time"] + names.map(Self.field) + rootNames).joined(separator: ",") + "\n"
    for (i, state) in states.enumerated() {
      text += Self.number(times[i])
      for position in state.positions { text += ",\(position)" }
      if let pose = poses?[i] {
        let (t, q) = (pose.translation, pose.rotation)
        text += ",\(t.x),\(t.y),\(t.z),\(q.w),\(q.x),\(q.y),\(q.z)"
      }
      text += "\n"
    }
    return text
  }

  private func header() -> String {
    var lines = ["motionc trajectory '\(trajectory.name)': joint positions at \(rate) Hz"]
    if let robot = trajectory.robotName {
      lines.append("robot: \(robot), SHA-256 \(trajectory.robotFingerprint ?? "unknown")")
    }
    if let fingerprint = trajectory.robotLimitsFingerprint {
      lines.append("robot's limits: SHA-256 \(fingerprint)")
    }
    if let speed = trajectory.speed, let stretch = trajectory.stretch {
      lines.append("speed of the motion: \(speed), stretched by \(stretch)")
    }
    lines.append("time in seconds, angles in radians, lengths in metres")
    if trajectory.root != nil {
      lines.append(
        "root: the floating base in the world, quaternion w x y z, "
          + (trajectory.base == nil ? "under no limit" : "within limits of its own"))
      if trajectory.base != nil {
        let limits = trajectory.limits.base
        lines.append(
          "limits of the base: \(limits.speed.value) m/s (\(limits.speed.source)), "
            + "\(limits.acceleration.value) m/s^2 (\(limits.acceleration.source)), "
            + "\(limits.turningRate.value) rad/s (\(limits.turningRate.source)), "
            + "\(limits.turningAcceleration.value) rad/s^2 (\(limits.turningAcceleration.source))")
      }
    }
    for limit in trajectory.limits.coordinates {
      let unit = limit.isAngular ? "rad" : "m"
      lines.append(
        "limits of \(limit.name): \(limit.lower.value)...\(limit.upper.value) \(unit) "
          + "(\(limit.lower.source)), \(limit.velocity.value) \(unit)/s (\(limit.velocity.source)), "
          + "\(limit.acceleration.value) \(unit)/s^2 (\(limit.acceleration.source)), "
          + "\(limit.jerk.value) \(unit)/s^3 (\(limit.jerk.source))")
    }
    for limit in trajectory.limits.coupled {
      let sum = limit.terms.map { "\($0.factor) * \(trajectory.jointNames[$0.coordinate])" }
      lines.append(
        "coupled limit \(limit.name): \(limit.lower) <= \(sum.joined(separator: " + ")) "
          + "<= \(limit.upper) (\(limit.source))")
    }
    for (key, value) in trajectory.provenance.sorted(by: { $0.key < $1.key }) {
      lines.append("\(key): \(value)")
    }
    lines.append("samples of a uniform cubic B-spline; the proof of the limits between them is in")
    lines.append("the native file (safetensors): motionc verify")
    return lines.map { "# " + $0.split(whereSeparator: \.isNewline).joined(separator: " ") }
      .joined(separator: "\n") + "\n"
  }

  /// A name, quoted where the separator or a quote is in it.
  private static func field(_ name: String) -> String {
    guard name.contains(where: { ",\"\n\r".contains($0) }) else { return name }
    return "\""
      + name.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }

  /// A time without the noise of the last digits.
  private static func number(_ time: Double) -> String {
    JSONText.number((time * 1e9).rounded() / 1e9)
  }

  // MARK: - NumPy

  /// The arrays that every archive has; a floating base adds two.
  static let arrayNames = ["time", "fps", "joint_names", "joint_pos", "joint_vel", "joint_acc"]

  func archive() -> NumpyArchive {
    let shape = [states.count, trajectory.jointNames.count]
    var arrays = [
      "time": StoredTensor(times, shape: [times.count]), "fps": StoredTensor([rate], shape: [1]),
      "joint_pos": StoredTensor(states.flatMap(\.positions), shape: shape),
      "joint_vel": StoredTensor(states.flatMap(\.velocities), shape: shape),
      "joint_acc": StoredTensor(states.flatMap(\.accelerations), shape: shape),
    ]
    if let poses = rootPoses {
      arrays["root_position"] = StoredTensor(
        poses.flatMap { [$0.translation.x, $0.translation.y, $0.translation.z] },
        shape: [poses.count, 3])
      arrays["root_rotation_wxyz"] = StoredTensor(
        poses.flatMap { [$0.rotation.w, $0.rotation.x, $0.rotation.y, $0.rotation.z] },
        shape: [poses.count, 4])
    }
    return NumpyArchive(arrays: arrays, strings: ["joint_names": trajectory.jointNames])
  }

  // MARK: - ROS

  private static func list(_ values: [Double]) -> String {
    "[" + values.map(JSONText.decimal).joined(separator: ", ") + "]"
  }

  /// Whole seconds and nanoseconds.
  private static func split(_ time: Double) -> (seconds: Int, nanoseconds: Int) {
    let whole = time.rounded(.down)
    let nanoseconds = Int(((time - whole) * 1e9).rounded())
    return nanoseconds < 1_000_000_000 ? (Int(whole), nanoseconds) : (Int(whole) + 1, 0)
  }

  func json() -> String {
    let names = trajectory.jointNames.map(JSONText.quoted).joined(separator: ", ")
    let points = zip(times, states).map { time, state in
      let (seconds, nanoseconds) = Self.split(time)
      return "    {\"positions\": \(Self.list(state.positions)), "
        + "\"velocities\": \(Self.list(state.velocities)), "
        + "\"accelerations\": \(Self.list(state.accelerations)), \"effort\": [], "
        + "\"time_from_start\": {\"sec\": \(seconds), \"nanosec\": \(nanoseconds)}}"
    }
    return "{\n  \"header\": {\"stamp\": {\"sec\": 0, \"nanosec\": 0}, \"frame_id\": \"\"},\n"
      + "  \"joint_names\": [\(names)],\n  \"points\": [\n"
      + points.joined(separator: ",\n") + "\n  ]\n}\n"
  }

  func yaml() -> String {
    // JSON's strings and lists are YAML's.
    let names = trajectory.jointNames.map(JSONText.quoted).joined(separator: ", ")
    var text = "header: {stamp: {sec: 0, nanosec: 0}, frame_id: \"\"}\njoint_names: [\(names)]\n"
    text += "points:\n"
    for (time, state) in zip(times, states) {
      let (seconds, nanoseconds) = Self.split(time)
      text += "  - positions: \(Self.list(state.positions))\n"
      text += "    velocities: \(Self.list(state.velocities))\n"
      text += "    accelerations: \(Self.list(state.accelerations))\n    effort: []\n"
      text += "    time_from_start: {sec: \(seconds), nanosec: \(nanoseconds)}\n"
    }
    return text
  }
}
