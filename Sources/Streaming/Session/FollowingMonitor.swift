/// Compares what is measured with what was commanded a lag ago, and estimates that lag.
///
/// For each lag on a grid it keeps an exponentially weighted sum of squared errors. The lag with
/// the least sum, refined by a parabola, is the estimate. While nothing moves, all lags fit equally
/// well and the estimate does not change.
struct FollowingMonitor: Sendable {
  /// A joint that is too far from its command.
  struct Excess: Sendable, Hashable {
    /// The joint's index.
    var joint: Int
    /// The error [rad or m].
    var error: Double
  }

  /// The summary of all comparisons.
  struct Summary: Sendable, Hashable {
    /// The root mean square of all joints' errors at the best-fitting lag [rad or m].
    var rootMeanSquare: Double
    /// The best-fitting lag [s].
    var lag: Double
    /// The greatest error at the lag that was estimated at its time [rad or m].
    var worst: Double
    /// The index of the joint with the greatest error.
    var worstJoint: Int
    /// The number of read-backs that were compared.
    var readBacks: Int
  }

  private static let lags = 40
  private static let history = 512
  /// The weight of the previous sum after a read-back.
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
  /// The number of successive read-backs of each joint beyond its limit; not every read-back has
  /// all joints.
  private var beyond: [Int]
  private var worst = Excess(joint: 0, error: 0)
  /// The estimated lag [s].
  private(set) var lag: Double
  /// The greatest error of the last read-back [rad or m].
  private(set) var lastError = 0.0

  /// Creates a monitor that reports a joint after `tolerated` successive read-backs beyond its
  /// limit [rad or m].
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

  /// Compares a read-back; returns a joint that was too far from its command too often.
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
      // The difference must exceed the quantisation noise of the registers.
      worstFit - recent[best.index] > 1e-4
    {
      lag = best.place * spacing
    }
    return judge(positions, at: time - lag)
  }

  /// The summary; nil before the first comparison.
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
      // NaN must not enter the sums; `judge` counts it as beyond its limit.
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

  /// The slots of the commands before and after a time, and its share of the way between them.
  private func place(of time: Double) -> (slot: Int, next: Int, share: Double) {
    var newer = stored - 1
    let oldest = max(0, stored - Self.history)
    guard times[newer % Self.history] > time else {
      return (newer % Self.history, newer % Self.history, 0)
    }
    // Binary search: the times never decrease.
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

  /// The minimum of a parabola through the least sum and its neighbours: its place on the grid and
  /// its value.
  private static func least(_ sums: [Double]) -> (index: Int, place: Double, value: Double)? {
    guard let index = sums.indices.min(by: { sums[$0] < sums[$1] }) else { return nil }
    guard index > 0, index < sums.count - 1 else { return (index, Double(index), sums[index]) }
    let (left, middle, right) = (sums[index - 1], sums[index], sums[index + 1])
    let bend = left - 2 * middle + right
    guard bend > 0 else { return (index, Double(index), middle) }
    let shift = min(max(-0.5, (left - right) / (2 * bend)), 0.5)
    // A sum of squares cannot be negative, but the parabola can.
    return (index, Double(index) + shift, max(0, middle - (left - right) * shift / 4))
  }
}
