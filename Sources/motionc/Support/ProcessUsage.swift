import Foundation

/// What this process has used so far.
struct ProcessUsage {
  /// The most memory that was resident [MB].
  let megabytes: Double
  /// Time on a processor, in the program and in the system for it [s].
  let seconds: Double

  /// Of this process.
  ///
  /// `getrusage` tells the time alone: what it says of memory begins with what the process that
  /// started this one held.
  static var own: ProcessUsage {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return ProcessUsage(
      megabytes: (try? ProcessMemory.peak()).map { Double($0) / 1e6 } ?? .nan,
      seconds: seconds(usage.ru_utime) + seconds(usage.ru_stime))
  }
}
