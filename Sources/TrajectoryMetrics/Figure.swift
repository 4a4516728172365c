/// One measured number with its unit, and where and when it was found.
public struct Figure: Sendable, Hashable {
  /// Which values are the good ones.
  public enum Better: Sendable, Hashable {
    case low, high
  }

  /// The name within its group: `slip_mean`.
  public var name: String
  /// What it is, for people.
  public var label: String
  /// The value, in `unit`.
  public var value: Double
  /// The unit: "m/s", "mm", "°", "ratio", "share".
  public var unit: String
  /// The time in the trajectory at which it was found [s]; nil for means and shares.
  public var time: Double?
  /// The joint, link or pair at which it was found.
  public var place: String?
  /// Whether low or high values are the good ones, by which a gate reads a bare number.
  public var better: Better

  /// A figure.
  public init(
    _ name: String, _ label: String, _ value: Double, _ unit: String, time: Double? = nil,
    place: String? = nil, better: Better = .low
  ) {
    self.name = name
    self.label = label
    self.value = value
    self.unit = unit
    self.time = time
    self.place = place
    self.better = better
  }

  /// A figure of the largest value that was found.
  init(_ name: String, _ label: String, _ peak: Peak, _ unit: String, factor: Double = 1) {
    self.init(name, label, factor * peak.value, unit, time: peak.time, place: peak.place)
  }
}

/// Figures of one kind, with what was checked and what could not be.
public struct FigureGroup: Sendable, Hashable {
  /// The name: `stance`.
  public var name: String
  /// The heading.
  public var title: String
  /// The figures.
  public var figures: [Figure] = []
  /// What was checked and how, one sentence each.
  public var notes: [String] = []
  /// Why nothing was measured; nil where something was.
  public var absence: String?

  /// A group without figures.
  public init(_ name: String, _ title: String, absence: String? = nil) {
    self.name = name
    self.title = title
    self.absence = absence
  }
}

/// What was measured of one trajectory, or of one human motion.
public struct MotionReport: Sendable {
  /// What the report is of: the name of the trajectory or clip.
  public var name: String
  /// The robot's name; nil for a human motion.
  public var robot: String?
  /// The duration [s].
  public var duration: Double
  /// The number of samples or frames.
  public var samples: Int
  /// The rate of samples or frames [Hz].
  public var rate: Double
  /// The groups of figures.
  public var groups: [FigureGroup]
  /// For each foot, the left one first, and each sample whether it stands; empty where that is not
  /// known.
  public var standing: [[Bool]] = []
  /// For each sample the distance of the robot from itself [m]; empty where it was not checked.
  public var clearance: [Double] = []

  /// A figure by its full name, `stance.slip_mean`.
  public func figure(_ name: String) -> Figure? {
    for group in groups {
      for figure in group.figures where "\(group.name).\(figure.name)" == name { return figure }
    }
    return nil
  }

  /// Why the group of a full name was not measured; nil where it was, or there is no such group.
  public func absence(of name: String) -> String? {
    groups.first { name.hasPrefix($0.name + ".") }?.absence
  }
}

/// The largest of some values, with its time and place.
struct Peak: Sendable {
  private(set) var value: Double
  private(set) var time: Double?
  private(set) var place: String?

  init(_ floor: Double = 0) { value = floor }

  /// Takes a value if it is larger than all before; one that is no number counts as the largest.
  mutating func take(
    _ candidate: Double, at time: Double, _ place: @autoclosure () -> String? = nil
  ) {
    guard !(candidate <= value), !value.isNaN else { return }
    (value, self.time, self.place) = (candidate, time, place())
  }
}

extension [Double] {
  /// The mean; 0 of none.
  var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }

  /// The value that 95 % of them do not exceed; 0 of none.
  var percentile95: Double { isEmpty ? 0 : sorted()[Swift.min(count - 1, count * 95 / 100)] }
}
