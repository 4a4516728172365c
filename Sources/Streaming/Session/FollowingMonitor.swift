/// Compares what is measured with what was commanded a lag ago, and estimates that lag.
///
/// For each of some lags on a grid it keeps a sum of squared errors that fades over the last
/// read-backs; the least one, refined by a parabola, is the estimate. Where nothing moves all lags
/// fit alike, and the last estimate stays.
struct FollowingMonitor: Sendable {
  /// A joint that is too far from its command.
  struct Excess: Sendable, Hashable {
    /// The joint's index.
    var joint: Int
    /// The error [rad or m].
    var error: Double
  }

  /// What was found so far.
  struct Summary: Sendable, Hashable {
    /// The root mean square of all joints' errors at the lag that fits the whole best [rad or m].
    var rootMeanSquare: Double
    /// That lag [s].
    var lag: Double
    /// The greatest error at the lag estimated then [rad or m].
    var worst: Double
    /// Its joint's index.
    var worstJoint: Int
    /// How many read-backs were compared.
    var readBacks: Int
  }

  private static let lags = 40
  private static let history = 512
  /// How much of the sums remains after a read-back.
  private static let memory = 0.97

  private let joints: Int
  private let spacing: Double
  private let limits: [Double]
  private let tolerated: Int
  private var times: [Double]
  private var commands: [Double]
  private var stored = 0
  private var recent: [Double]
  private var total: [Double]
  private var values = 0
  private var readBacks = 0
  /// For each joint, how many of its read-backs in a row were beyond its limit; buses that are asked
  /// one motor at a time do not have all joints in each.
  private var beyond: [Int]
  private var worst = Excess(joint: 0, error: 0)
  /// The lag as it is estimated now [s].
  private(set) var lag: Double
  /// The greatest error of the last read-back [rad or m].
  private(set) var lastError = 0.0

  /// A monitor that reports a joint whose last `tolerated` read-backs were all beyond its limit
  /// [rad or m].
  init(limits: [Double], tolerated: Int, expectedLag: Double) {
    joints = limits.count
    self.limits = limits
    beyond = Array(repeating: 0, count: limits.count)
    self.tolerated = tolerated
    let expected = expectedLag.isFinite ? min(max(0, expectedLag), 1) : 0
    spacing = min(2, max(0.8, 3 * expected)) / Double(Self.lags - 1)
    lag = expected
    times = Array(repeating: -.infinity, count: Self.history)
    commands = Array(repeating: 0, count: Self.history * limits.count)
    recent = Array(repeating: 0, count: Self.lags)
    total = recent
  }

  /// Notes a command that was given.
  mutating func command(_ positions: [Double], at time: Double) {
    let slot = stored % Self.history
    times[slot] = time
    for joint in 0..<joints { commands[slot * joints + joint] = positions[joint] }
    stored += 1
  }

  /// Compares a read-back; returns the joint that has been too far away too often.
  mutating func compare(_ positions: [Double?], at time: Double) -> Excess? {
    guard stored > 0, positions.count == joints else { return nil }
    for index in 0..<Self.lags {
      let sum = squaredError(positions, at: time - Double(index) * spacing)
      recent[index] = recent[index] * Self.memory + sum
      total[index] += sum
    }
    values += positions.reduce(0) { $0 + ($1 == nil ? 0 : 1) }
    readBacks += 1
    if let best = Self.least(recent), let worstFit = recent.max(),
      // The lags must differ by more than the noise of a register's steps.
      worstFit - recent[best.index] > 1e-4
    {
      lag = best.place * spacing
    }
    return judge(positions, at: time - lag)
  }

  /// The summary, once something was compared.
  var summary: Summary? {
    guard values > 0, let best = Self.least(total) else { return nil }
    return Summary(
      rootMeanSquare: (max(0, best.value) / Double(values)).squareRoot(), lag: best.place * spacing,
      worst: worst.error, worstJoint: worst.joint, readBacks: readBacks)
  }

  private mutating func judge(_ positions: [Double?], at time: Double) -> Excess? {
    let (slot, next, share) = place(of: time)
    var found: Excess?
    lastError = 0
    for joint in 0..<joints {
      guard let position = positions[joint] else { continue }
      let error = abs(position - command(joint, slot, next, share))
      lastError = max(lastError, error)
      if !(error <= worst.error) { worst = Excess(joint: joint, error: error) }
      beyond[joint] = error <= limits[joint] ? 0 : beyond[joint] + 1
      guard beyond[joint] >= tolerated, found == nil else { continue }
      found = Excess(joint: joint, error: error)
    }
    return found
  }

  private func squaredError(_ positions: [Double?], at time: Double) -> Double {
    let (slot, next, share) = place(of: time)
    var sum = 0.0
    for joint in 0..<joints {
      // One answer that is not a number must not spoil the sums; it counts as beyond its limit.
      guard let position = positions[joint], position.isFinite else { continue }
      let error = position - command(joint, slot, next, share)
      sum += error * error
    }
    return sum
  }

  private func command(_ joint: Int, _ slot: Int, _ next: Int, _ share: Double) -> Double {
    let from = commands[slot * joints + joint]
    return from + share * (commands[next * joints + joint] - from)
  }

  /// The commands around an instant, and how far it is from one to the other.
  private func place(of time: Double) -> (slot: Int, next: Int, share: Double) {
    var newer = stored - 1
    let oldest = max(0, stored - Self.history)
    guard times[newer % Self.history] > time else {
      return (newer % Self.history, newer % Self.history, 0)
    }
    // By halves: the times never fall.
    var older = oldest
    guard times[older % Self.history] <= time else {
      return (older % Self.history, older % Self.history, 0)
    }
    while newer - older > 1 {
      let middle = (newer + older) / 2
      if times[middle % Self.history] <= time { older = middle } else { newer = middle }
    }
    let (from, to) = (times[older % Self.history], times[newer % Self.history])
    return (
      older % Self.history, newer % Self.history, to > from ? (time - from) / (to - from) : 0
    )
  }

  /// Where a sum is least, between the grid's points, and what it is there.
  private static func least(_ sums: [Double]) -> (index: Int, place: Double, value: Double)? {
    guard let index = sums.indices.min(by: { sums[$0] < sums[$1] }) else { return nil }
    guard index > 0, index < sums.count - 1 else { return (index, Double(index), sums[index]) }
    let (left, middle, right) = (sums[index - 1], sums[index], sums[index + 1])
    let bend = left - 2 * middle + right
    guard bend > 0 else { return (index, Double(index), middle) }
    let shift = min(max(-0.5, (left - right) / (2 * bend)), 0.5)
    // A sum of squares cannot be below zero, whatever the parabola says.
    return (index, Double(index) + shift, max(0, middle - (left - right) * shift / 4))
  }
}
