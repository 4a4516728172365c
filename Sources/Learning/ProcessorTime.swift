internal import Foundation

/// The time that this process has had a processor.
public enum ProcessorTime {
  /// The time so far, of all threads [s].
  public static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// The least processor time of something that is done so often, after one round that warms up [s].
  public static func least(of rounds: Int, _ body: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    for round in 0...rounds {
      let start = seconds
      try body()
      if round > 0 { best = min(best, seconds - start) }
    }
    return best
  }
}
