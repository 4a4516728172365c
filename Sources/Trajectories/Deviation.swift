/// How far a trajectory had to leave the motion that it was compiled from, at its samples.
public struct Deviation: Sendable, Hashable {
  /// One joint's share of it.
  public struct OfJoint: Sendable, Hashable {
    /// The joint's name.
    public var name: String
    /// The greatest distance [rad or m].
    public var greatest: Double
    /// When that is [s].
    public var time: Double
    /// The root of the mean square of the distance [rad or m].
    public var rootMeanSquare: Double
  }

  /// Each joint, in the order of the configuration.
  public var joints: [OfJoint]
  /// How many times slower than the motion the trajectory is; 1 where the clock is kept.
  public var factor: Double

  /// The joint that had to leave the motion furthest.
  public var greatest: OfJoint? { joints.max { $0.greatest < $1.greatest } }

  init(
    of controlPoints: [Double], from reference: [Double], names: [String], period: Double,
    factor: Double
  ) {
    let count = names.count
    self.factor = factor
    joints = names.enumerated().map { j, name in
      var (sum, most, place) = (0.0, 0.0, 0)
      let samples = reference.count / count
      for i in 0..<samples {
        let c = i * count + j
        let sample =
          (controlPoints[c] + 4 * controlPoints[c + count] + controlPoints[c + 2 * count]) / 6
        let distance = abs(sample - reference[c])
        sum += distance * distance
        if distance > most { (most, place) = (distance, i) }
      }
      return OfJoint(
        name: name, greatest: most, time: Double(place) * period,
        rootMeanSquare: (sum / Double(samples)).squareRoot())
    }
  }
}
