/// Where a motor's temperature is going: a line through the last minute and a half.
///
/// Registers count whole degrees and are read about once a second, so that a single step says
/// little: a trend needs ten seconds of readings and two degrees of rise.
struct HeatTrend: Sendable, Hashable {
  private struct Sample: Sendable, Hashable {
    var time: Double
    var temperature: Double
  }

  /// How far back the line reaches [s].
  static let window = 90.0
  /// From reading to reading at least [s].
  private static let spacing = 1.0
  /// The least stretch of time of a trend [s], and its least rise [°C].
  private static let leastSpan = 10.0
  private static let leastRise = 2.0
  /// No motor heats so much from one reading to the next [°C]; it counts when it is seen twice.
  private static let leap = 10.0

  private var samples: [Sample] = []
  private var doubtful: Double?

  /// Notes a reading [°C]; says whether it counts.
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

  /// How fast it rises [°C/s]; nil where that cannot be said, or it does not.
  var slope: Double? { line?.slope }

  /// How long it will take until a temperature is reached [s]; nil where none can be foreseen, zero
  /// where it is reached.
  func timeLeft(until alarm: Double) -> Double? {
    guard let line else { return nil }
    return max(0, (alarm - line.now) / line.slope)
  }

  /// The line of least squares: its slope [°C/s], and where it is now [°C].
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
    // Where the rise has just become steeper, the line is behind the last reading.
    return (slope, max(last.temperature, mean - slope * meanTime))
  }
}
