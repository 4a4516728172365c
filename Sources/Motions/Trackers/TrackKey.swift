/// The unit of a file's times.
enum TimeUnit: Double, CaseIterable, Sendable {
  case seconds = 1
  case milliseconds = 1e-3
  case microseconds = 1e-6
  case nanoseconds = 1e-9

  /// The unit's symbol.
  var symbol: String {
    switch self {
    case .seconds: "s"
    case .milliseconds: "ms"
    case .microseconds: "µs"
    case .nanoseconds: "ns"
    }
  }
}

/// What a column of a table or a key of a JSON object says about a frame, by its name.
enum TrackKey: Hashable, Sendable {
  /// The time of the frame, with the unit where the name states it.
  case time(TimeUnit?)
  /// The number of the frame.
  case frame
  /// Who it shows.
  case person

  /// What a name means; nil for every other name.
  ///
  /// Case, spaces and punctuation do not count.
  init?(_ name: String) {
    let plain = String(name.lowercased().filter { $0.isLetter || $0.isNumber }.prefix(40))
    guard let key = Self.known[plain] else { return nil }
    self = key
  }

  private static let known: [String: TrackKey] = {
    var known: [String: TrackKey] = [:]
    let units: [(TimeUnit?, [String])] = [
      (nil, [""]), (.seconds, ["s", "sec", "secs", "seconds"]),
      (.milliseconds, ["ms", "msec", "millis", "milliseconds"]),
      (.microseconds, ["us", "usec", "micros", "microseconds", "µs", "μs"]),
      (.nanoseconds, ["ns", "nsec", "nanos", "nanoseconds"]),
    ]
    for stem in ["time", "timestamp", "t", "timein"] {
      for (unit, names) in units {
        for name in names where stem != "timein" || unit != nil {
          known[stem + name] = .time(unit)
        }
      }
    }
    for name in ["", "id", "number", "no", "num", "index", "idx"] { known["frame" + name] = .frame }
    for stem in ["person", "track", "tracking", "subject", "body", "skeleton", "user", "player"] {
      for name in ["id", "number", "index", "idx"] { known[stem + name] = .person }
    }
    known["person"] = .person
    known["subject"] = .person
    return known
  }()
}
