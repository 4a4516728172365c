/// How often in a row a motor was too far from its path, and since when [s].
struct UArmDeviation: Sendable, Hashable {
  var count = 0
  var start = 0.0
}

/// The commands of the last seconds, with which measured poses are compared.
struct UArmPath: Sendable, Hashable {
  private var times: [Double] = []
  private var angles: [UArmKinematics.Angles] = []

  /// How long commands are kept [s].
  static let length = 3.0

  var last: UArmKinematics.Angles? { angles.last }

  mutating func append(_ pose: UArmKinematics.Angles, at time: Double) {
    if let latest = times.last, time <= latest { return }
    times.append(time)
    angles.append(pose)
    while let first = times.first, first < time - Self.length {
      times.removeFirst()
      angles.removeFirst()
    }
  }

  /// The command at a time, clamped to the first and the last one.
  func command(at time: Double) -> UArmKinematics.Angles? {
    guard let first = angles.first, let end = angles.last else { return nil }
    guard let next = times.firstIndex(where: { $0 > time }) else { return end }
    guard next > 0 else { return first }
    let share = (time - times[next - 1]) / (times[next] - times[next - 1])
    return angles[next - 1].mixed(angles[next], share)
  }

  /// The difference between the arm's lag and `lag`, by one Gauss-Newton step along the path; nil
  /// if the arm moves too slowly.
  func lagError(of pose: UArmKinematics.Angles, at time: Double, lag: Double) -> Double? {
    let width = 0.02
    guard let here = command(at: time - lag), let before = command(at: time - lag - width),
      let after = command(at: time - lag + width)
    else { return nil }
    let velocity = after.difference(before) / (2 * width)
    let square = (velocity * velocity).sum()
    guard square > 9 else { return nil }
    let error = -(pose.difference(here) * velocity).sum() / square
    // A slow motion has less weight: half at 10 degrees/s.
    return min(max(error * square / (square + 100), -0.05), 0.05)
  }

  /// The distance of a pose from the path between two times: that of the worst motor at the best
  /// time [degrees].
  func deviation(of pose: UArmKinematics.Angles, from start: Double, to end: Double) -> Double? {
    guard !times.isEmpty else { return nil }
    var best = Double.infinity
    var time = start
    while time <= end {
      if let here = command(at: time) { best = min(best, abs(pose.difference(here)).max()) }
      time += 0.02
    }
    return best.isFinite ? best : nil
  }
}

extension UArmPath {
  /// The distance of one motor (0 base, 1 left, 2 right) from its commands between two times, at
  /// the best time [degrees].
  func deviation(
    ofMotor motor: Int, at degrees: Double, from start: Double, to end: Double
  ) -> Double? {
    var best = Double.infinity
    var time = start
    while time <= end {
      if let here = command(at: time) { best = min(best, abs(degrees - here.degrees[motor])) }
      time += 0.02
    }
    return best.isFinite ? best : nil
  }
}

private func abs(_ v: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(Swift.abs(v.x), Swift.abs(v.y), Swift.abs(v.z))
}

extension UArmKinematics.Angles {
  /// Base, left, right [degrees].
  var degrees: SIMD3<Double> { SIMD3(base, left, right) }

  /// The difference from another: base, left, right [degrees].
  func difference(_ other: Self) -> SIMD3<Double> {
    SIMD3(base - other.base, left - other.left, right - other.right)
  }

  /// The length of the difference [degrees].
  func distance(_ other: Self) -> Double {
    let d = difference(other)
    return (d * d).sum().squareRoot()
  }

  /// Interpolates to another, by a share from 0 to 1.
  func mixed(_ other: Self, _ share: Double) -> Self {
    Self(
      base: base + (other.base - base) * share, left: left + (other.left - left) * share,
      right: right + (other.right - right) * share)
  }
}
