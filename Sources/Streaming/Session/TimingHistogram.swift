import Foundation

/// A histogram of durations with bins of 5 %, whose memory does not depend on their number.
public struct TimingHistogram: Sendable, Hashable {
  private static let least = 1e-6
  private static let growth = 1.05
  /// The bins from a microsecond to a hundred seconds.
  private var bins = [Int](repeating: 0, count: 380)
  /// The number of durations.
  public private(set) var count = 0
  /// The longest duration [s].
  public private(set) var worst = 0.0

  /// Creates an empty histogram.
  public init() {}

  /// Adds a duration [s]; a negative one counts as zero.
  public mutating func add(_ duration: Double) {
    guard duration.isFinite else { return }
    count += 1
    worst = max(worst, duration)
    bins[Self.bin(duration)] += 1
  }

  /// The duration that a share of all durations does not exceed, to 5 % [s]; 0 for an empty
  /// histogram.
  public func percentile(_ share: Double) -> Double {
    guard count > 0 else { return 0 }
    let wanted = max(1, Int((share * Double(count)).rounded(.up)))
    var seen = 0
    for (bin, count) in bins.enumerated() {
      seen += count
      guard seen >= wanted else { continue }
      return min(worst, Self.least * pow(Self.growth, Double(bin)))
    }
    return worst
  }

  private static func bin(_ duration: Double) -> Int {
    guard duration > least else { return 0 }
    return min(379, Int((log(duration / least) / log(growth)).rounded(.up)))
  }
}
