/// Finds joints that press against something: load, error and time, all three at once.
///
/// A joint that accelerates has load, a joint on a slow wire has an error, and a bump has both for
/// a moment; only who has both for a while is stalled. The error is the distance to the nearest of
/// the commands of the last moments, so that no estimate of the lag enters it.
struct StallDetector: Sendable {
  /// A joint that is stalled.
  struct Stall: Sendable, Hashable {
    /// The joint's index.
    var joint: Int
    /// Its load, as a share of the greatest.
    var load: Double
    /// How far it is from its commands [rad or m].
    var error: Double
    /// For how long [s].
    var duration: Double
  }

  /// Commands that may still be on their way.
  private struct Command: Sendable {
    var time: Double
    var positions: [Double]
  }

  private let thresholds: Wiring.Protection.Stall
  /// The load from which on each joint may be stalled, at its whole cap.
  private let loads: [Double]
  /// The error from which on each joint may be stalled [rad or m].
  let errors: [Double]
  /// How old a command may be that a joint still stands at [s].
  private let window: Double
  private var commands: [Command] = []
  /// Since when each joint has both [s].
  private var since: [Double?]

  /// No more commands than this are kept, at whatever rate.
  private static let capacity = 32

  /// A detector for joints with these torque caps (1 where there is none).
  init(
    _ thresholds: Wiring.Protection.Stall, caps: [Double], isAngular: [Bool], expectedLag: Double
  ) {
    self.thresholds = thresholds
    loads = caps.map { thresholds.load * $0 }
    errors = isAngular.map { thresholds.error * ($0 ? 1 : 0.1) }
    since = caps.map { _ in nil }
    window = min(max(2 * expectedLag, 0.08), 1)
  }

  /// Notes a command that was given.
  mutating func command(_ positions: [Double], at time: Double) {
    // At a thousand frames a second not every one of them is needed.
    if commands.count > 1, let before = commands.dropLast().last,
      time - before.time < window / Double(Self.capacity)
    {
      commands.removeLast()
    }
    commands.append(Command(time: time, positions: positions))
    // The last one before the window was in force at its beginning.
    while commands.count > 1, commands[1].time <= time - window { commands.removeFirst() }
    if commands.count > Self.capacity { commands.removeFirst() }
  }

  /// Looks at a read-back; the torque may have been lowered to a share of the caps meanwhile.
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
