/// Detects joints that press against something, by load, error and duration together.
///
/// A joint that accelerates has a load, a joint on a slow wire has an error, and a bump has both
/// for a moment; a stalled joint has both for longer. The error is the distance to the nearest
/// recent command, so that it does not depend on an estimate of the lag.
struct StallDetector: Sendable {
  /// A joint that is stalled.
  struct Stall: Sendable, Hashable {
    /// The joint's index.
    var joint: Int
    /// The load as a share of the greatest one.
    var load: Double
    /// The distance from the recent commands [rad or m].
    var error: Double
    /// How long load and error have lasted [s].
    var duration: Double
  }

  /// A command that the motors may not have reached yet.
  private struct Command: Sendable {
    var time: Double
    var positions: [Double]
  }

  private let thresholds: Wiring.Protection.Stall
  /// The load above which each joint may be stalled, at its full torque cap.
  private let loads: [Double]
  /// The error above which each joint may be stalled [rad or m].
  let errors: [Double]
  /// The greatest age of a command with which positions are compared [s].
  private let window: Double
  private var commands: [Command] = []
  /// When load and error of each joint began [s]; nil if it does not have both.
  private var since: [Double?]

  /// The largest number of commands that are kept.
  private static let capacity = 32

  /// Creates a detector for joints with torque caps (1 for none).
  init(
    _ thresholds: Wiring.Protection.Stall, caps: [Double], isAngular: [Bool], expectedLag: Double
  ) {
    self.thresholds = thresholds
    loads = caps.map { thresholds.load * $0 }
    errors = isAngular.map { thresholds.error * ($0 ? 1 : 0.1) }
    since = caps.map { _ in nil }
    window = min(max(2 * expectedLag, 0.08), 1)
  }

  /// Notes a command.
  mutating func command(_ positions: [Double], at time: Double) {
    // At a thousand frames a second not every command is needed.
    if commands.count > 1, let before = commands.dropLast().last,
      time - before.time < window / Double(Self.capacity)
    {
      commands.removeLast()
    }
    commands.append(Command(time: time, positions: positions))
    // The last command before the window was in force at its beginning.
    while commands.count > 1, commands[1].time <= time - window { commands.removeFirst() }
    if commands.count > Self.capacity { commands.removeFirst() }
  }

  /// Examines a read-back; the torque may have been lowered to a share of the caps.
  mutating func examine(_ measurement: Measurement, torqueShare: Double = 1) -> Stall? {
    guard !commands.isEmpty, measurement.positions.count == since.count else { return nil }
    var found: Stall?
    for joint in since.indices {
      guard let position = measurement.positions[joint], let load = measurement.loads[joint] else {
        continue
      }
      let error = error(of: position, joint, at: measurement.time)
      if abs(load) < loads[joint] * torqueShare || error <= errors[joint] {
        since[joint] = nil
        continue
      }
      let began = since[joint] ?? measurement.time
      since[joint] = began
      guard measurement.time - began >= thresholds.time, found == nil else { continue }
      found = Stall(
        joint: joint, load: abs(load), error: error, duration: measurement.time - began)
    }
    return found
  }

  /// The distance to the nearest command of the last moments [rad or m].
  private func error(of position: Double, _ joint: Int, at time: Double) -> Double {
    guard position.isFinite else { return .infinity }
    var (least, greatest) = (Double.infinity, -Double.infinity)
    for (index, command) in commands.enumerated() {
      let isOver = index + 1 < commands.count && commands[index + 1].time <= time - window
      guard !isOver else { continue }
      least = min(least, command.positions[joint])
      greatest = max(greatest, command.positions[joint])
    }
    return max(0, least - position, position - greatest)
  }
}
