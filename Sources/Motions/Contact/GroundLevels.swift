/// The heights at which feet stand, gathered into levels of the ground.
struct GroundLevels {
  /// A gap between the heights of stances from which on they stand on different steps [m].
  ///
  /// Steps are 12 to 18 cm high; stances on one floor scatter by up to 10 cm in recordings that
  /// drift, but without a gap.
  static let gap = 0.08

  /// The levels, the lowest first.
  let levels: [Contact.Level]
  /// The heights of stances that belong to each level [m].
  private let bounds: [ClosedRange<Double>]

  /// Levels of heights [m] and how long something stood there [s].
  ///
  /// - Parameter rest: The height of the joint above the ground where the part stands [m].
  init(_ stances: [(height: Double, duration: Double)], rest: Double, scale: Double) {
    var groups: [[(height: Double, duration: Double)]] = []
    for stance in stances.sorted(by: { $0.height < $1.height }) {
      if let last = groups.last?.last, stance.height - last.height < Self.gap * scale {
        groups[groups.count - 1].append(stance)
      } else {
        groups.append([stance])
      }
    }
    levels = groups.map { group in
      Contact.Level(
        height: Self.median(group) - rest, duration: group.reduce(0) { $0 + $1.duration },
        spread: (group.last?.height ?? 0) - (group.first?.height ?? 0))
    }
    bounds = groups.compactMap { group in
      guard let first = group.first, let last = group.last else { return nil }
      return first.height...last.height
    }
  }

  /// The index of the level that a stance at a height belongs to [m].
  func index(of height: Double) -> Int {
    let distances = bounds.map { max($0.lowerBound - height, height - $0.upperBound, 0) }
    return distances.indices.min { distances[$0] < distances[$1] } ?? 0
  }

  /// The height below and above which there is half of the time, stances sorted by height.
  private static func median(_ sorted: [(height: Double, duration: Double)]) -> Double {
    let half = sorted.reduce(0) { $0 + $1.duration } / 2
    var sum = 0.0
    for stance in sorted {
      sum += stance.duration
      if sum >= half { return stance.height }
    }
    return sorted.last?.height ?? .nan
  }
}
