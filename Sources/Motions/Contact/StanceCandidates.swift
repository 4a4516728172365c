import Geometry

/// A time during which the ball of a foot is slow.
struct StanceCandidate {
  /// The times of the grid.
  var range: Range<Int>
  /// The median height of the ball while it is slowest [m].
  var height: Double
  /// Whether the ball is slow most of the time, or the time is short.
  ///
  /// The feet of somebody who swings on a bar are slow where they turn back, but not steady.
  var isSteady: Bool
}

/// Finds the slow times of both feet that carry the body.
struct StanceCandidates {
  /// The supported candidates of the left and of the right foot, in the order of time.
  private(set) var feet: [[StanceCandidate]]

  /// The speed below which a ball is slow, if at some time it is below `entering` [m/s].
  private static let holding = 0.8
  /// The speed that a slow ball falls below at some time [m/s].
  private static let entering = 0.4
  /// The shortest candidate [s].
  private static let shortest = 0.05
  /// The duration from which on a candidate must be steady [s].
  private static let long = 0.3
  /// The largest median speed of a steady candidate [m/s].
  private static let steady = 0.3
  /// How long a foot must be the lowest part of the body to be supported [s].
  private static let alone = 0.1
  /// By how much other parts may be lower: feet of one person stand at heights that differ by up to
  /// 5 cm in recordings made with another person's skeleton [m].
  private static let tolerance = 0.07
  /// Below this mean vertical acceleration the pelvis falls [m/s²].
  private static let falling = -6.0

  init(_ grid: ContactGrid, scale: Double) {
    let rests = Contact.Part.allCases.map { $0.restingHeight * scale }
    /// The height of a part above the ground if it lay on it; nothing where it is not observed.
    func clearance(_ part: Contact.Part, _ index: Int) -> Double {
      let track = grid.positions[part.rawValue]
      return track.isEmpty ? .infinity : track[index].z - rests[part.rawValue]
    }
    let others = (0..<grid.count).map { index in
      Contact.Part.resting.reduce(Double.infinity) { min($0, clearance($1, index)) }
    }
    let shortest = min(Self.shortest, Double(max(grid.count - 1, 0)) * grid.period)
    feet = [Contact.Part.leftBall, .rightBall].map { ball in
      let other: Contact.Part = ball == .leftBall ? .rightBall : .leftBall
      let speeds = grid.speeds[ball.rawValue]
      let track = grid.positions[ball.rawValue]
      return StanceScore.runs(speeds.count) { speeds[$0] < Self.holding }.compactMap { range in
        let slow = range.filter { speeds[$0] < Self.entering }
        guard !slow.isEmpty, Double(range.count - 1) * grid.period >= shortest - 1e-9 else {
          return nil
        }
        let lowest = range.count { index in
          clearance(ball, index)
            <= min(clearance(other, index), others[index]) + Self.tolerance * scale
        }
        let needed = min(Self.alone, 0.5 * Double(range.count) * grid.period)
        guard Double(lowest) * grid.period >= needed - 1e-9, !Self.falls(grid, range) else {
          return nil
        }
        let isShort = Double(range.count) * grid.period < Self.long
        return StanceCandidate(
          range: range, height: slow.map { track[$0].z }.median,
          isSteady: isShort || range.map { speeds[$0] }.median <= Self.steady)
      }
    }
  }

  /// The levels of the ground that the candidates stand on; those that are above the lowest one and
  /// not steady are taken out.
  mutating func settle(period: Double, scale: Double) -> GroundLevels {
    let first = levels(period, scale)
    guard let ground = Contact.lowest(first.levels) else { return first }
    let rest = Contact.Part.leftBall.restingHeight * scale
    let highest = ground + rest + GroundLevels.gap * scale
    feet = feet.map { $0.filter { $0.isSteady || $0.height < highest } }
    return levels(period, scale)
  }

  private func levels(_ period: Double, _ scale: Double) -> GroundLevels {
    GroundLevels(
      feet.flatMap { $0 }.map { ($0.height, Double($0.range.count) * period) },
      rest: Contact.Part.leftBall.restingHeight * scale, scale: scale)
  }

  /// Whether the pelvis falls freely all the time.
  private static func falls(_ grid: ContactGrid, _ range: Range<Int>) -> Bool {
    let rises = grid.pelvisRises
    guard !rises.isEmpty, range.count > 1 else { return false }
    let change = rises[range.upperBound - 1] - rises[range.lowerBound]
    return change / (Double(range.count - 1) * grid.period) < falling
  }
}

extension Contact.Part {
  /// The parts that rest on the ground when they do not move for a while.
  static let resting: [Contact.Part] = [.leftKnee, .rightKnee, .leftHand, .rightHand, .pelvis]

  /// The height of the joint above the ground while the part lies on it, for a stature of 1.70 m [m].
  var restingHeight: Double {
    switch self {
    case .leftHeel, .rightHeel: Skeleton.ankleFractionOfStature * 1.70
    case .leftBall, .rightBall: 0.02
    case .leftKnee, .rightKnee: 0.05
    case .leftHand, .rightHand: 0.06
    case .pelvis: 0.12
    }
  }
}

extension [Double] {
  /// The middle of the sorted values, the mean of the middle two; NaN of none.
  var median: Double {
    guard !isEmpty else { return .nan }
    let values = sorted()
    return (values[(count - 1) / 2] + values[count / 2]) / 2
  }
}
