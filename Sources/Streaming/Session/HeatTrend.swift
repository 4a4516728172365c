/// The trend of a motor's temperature: a least-squares line through the last minute and a half.
///
/// Registers hold whole degrees and are read about once a second, so a single step means little: a
/// trend needs ten seconds of readings and a rise of two degrees.
struct HeatTrend: Sendable, Hashable {
  private struct Sample: Sendable, Hashable {
    var time: Double
    var temperature: Double
  }

  /// The length of time that the line covers [s].
  static let window = 90.0
  /// The least time between two readings [s].
  private static let spacing = 1.0
  /// The least duration of a trend [s] and its least rise [°C].
  private static let leastSpan = 10.0
  private static let leastRise = 2.0
  /// No motor heats this much between two readings [°C]; such a jump counts when it is read twice.
  private static let leap = 10.0

  private var samples: [Sample] = []
  private var doubtful: Double?

  /// Adds a reading [°C]; returns whether it counts.
  @discardableResult
  mutating func add(_ temperature: Double, at time: Double) -> Bool {
    guard temperature.isFinite, time.isFinite else { return false }
    if let last = samples.last {
      guard time - last.time >= Self.spacing else { return false }
      if abs(temperature - last.temperature) > Self.leap,
        !(doubtful.map { abs(temperature - $0) <= Self.leap } ?? false)
      {
        doubtful = temperature
        return false
      }
    }
    doubtful = nil
    samples.append(Sample(time: time, temperature: temperature))
    while let first = samples.first, time - first.time > Self.window { samples.removeFirst() }
    return true
  }

  /// The rise [°C/s]; nil if it is not known or the temperature does not rise.
  var slope: Double? { line?.slope }

  /// The time until a temperature is reached [s]; zero if it is reached, nil if it cannot be
  /// predicted.
  func timeLeft(until alarm: Double) -> Double? {
    guard let line else { return nil }
    return max(0, (alarm - line.now) / line.slope)
  }

  /// The least-squares line: its slope [°C/s] and its value now [°C].
  private var line: (slope: Double, now: Double)? {
    guard let first = samples.first, let last = samples.last,
      last.time - first.time >= Self.leastSpan
    else { return nil }
    let least = samples.reduce(Double.infinity) { min($0, $1.temperature) }
    guard last.temperature - least >= Self.leastRise else { return nil }
    let count = Double(samples.count)
    let meanTime = samples.reduce(0) { $0 + ($1.time - last.time) } / count
    let mean = samples.reduce(0) { $0 + $1.temperature } / count
    var (above, below) = (0.0, 0.0)
    for sample in samples {
      let offset = sample.time - last.time - meanTime
      above += offset * (sample.temperature - mean)
      below += offset * offset
    }
    guard below > 0, above > 0 else { return nil }
    let slope = above / below
    // After the rise has become steeper, the line is below the last reading.
    return (slope, max(last.temperature, mean - slope * meanTime))
  }
}
