/// The one rule by which something is taken to stand: low, and slow.
///
/// A score falls from 1 to 0 along a ramp of the height and along one of the speed, and is their
/// product. NaN scores 0.
public struct StanceScore: Sendable, Hashable {
  /// The heights over which the score falls from 1 to 0 [m].
  public var height: ClosedRange<Double>
  /// The speeds over which the score falls from 1 to 0 [m/s].
  public var speed: ClosedRange<Double>

  /// Creates a rule.
  public init(height: ClosedRange<Double>, speed: ClosedRange<Double>) {
    self.height = height
    self.speed = speed
  }

  /// The ball of a foot, above the height at which it stands.
  static let ball = StanceScore(height: 0.03...0.10, speed: 0.25...1.0)
  /// The ankle, above the height at which it is when the foot stands flat.
  static let heel = StanceScore(height: 0.01...0.035, speed: 0.3...1.0)
  /// A knee, hand or pelvis, above the height of its joint when it rests on the ground.
  static let rest = StanceScore(height: 0.04...0.10, speed: 0.1...0.3)
  /// The ball of a foot in sampled motion, whose feet glide and hover.
  public static let sampled = StanceScore(height: 0.02...0.07, speed: 1...2)

  /// The score at which a stance begins.
  static let entering = 0.5
  /// The score below which a stance ends.
  static let holding = 0.2

  /// The score at a height [m] and a speed [m/s].
  public func callAsFunction(height: Double, speed: Double) -> Double {
    Self.ramp(height, self.height) * Self.ramp(speed, self.speed)
  }

  private static func ramp(_ value: Double, _ range: ClosedRange<Double>) -> Double {
    let share = (range.upperBound - value) / (range.upperBound - range.lowerBound)
    return share > 0 ? min(1, share) : 0
  }

  /// The ranges in which values stay at or above `holding` and reach `entering` somewhere.
  static func ranges(of values: [Double]) -> [Range<Int>] {
    runs(values.count) { values[$0] >= holding }.filter { range in
      range.contains { values[$0] >= entering }
    }
  }

  /// The maximal ranges of indices for all of which something holds.
  static func runs(_ count: Int, where holds: (Int) -> Bool) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var start: Int?
    for index in 0..<count {
      if holds(index) {
        start = start ?? index
      } else if let first = start {
        ranges.append(first..<index)
        start = nil
      }
    }
    if let start { ranges.append(start..<count) }
    return ranges
  }
}
