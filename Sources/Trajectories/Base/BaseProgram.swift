import Geometry
import Kinematics

/// Finds the path of a floating base nearest to a motion's that keeps limits, at rest at both ends or at
/// the motion's own speed (`MovingEnds`).
///
/// Places and turns go through the same program as joints. Its bounds are on each number and the
/// limits on lengths of vectors: where the lengths come out too large, the bounds are narrowed.
struct BaseProgram {
  /// The motion's path: places, then the numbers of the chart, as six joints.
  private let motion: JointMotion
  private let chart: TurnChart
  private let limits: BaseLimits

  /// The shares of the limits that are tried for turns.
  private static let shares: [Double] =
    [0.999, 0.98, 0.95, 0.9, 0.83]
    + (1..<12).map { index in (0..<index).reduce(1) { share, _ in share * 0.75 } }
  /// The most rounds in which chart and rotations are brought together, and what is no difference [rad].
  private static let (corrections, negligible) = (8, 1e-12)
  private static let names = ["x", "y", "z", "turn", "tilt x", "tilt y"]

  /// The program of a motion's base; nil where it has none.
  ///
  /// - Throws: `UnsafeMotion.motionInvalid` where the base turns through all directions.
  init?(_ motion: JointMotion, limits: BaseLimits) throws(UnsafeMotion) {
    guard let root = motion.root, motion.frameCount > 0 else { return nil }
    guard let chart = TurnChart(root.rotations) else {
      throw .motionInvalid(
        motion: motion.name,
        reason: "its base turns through all directions, so that no axis of turning can be chosen; "
          + "cut it into parts")
    }
    (self.chart, self.limits) = (chart, limits)
    var positions: [Double] = []
    positions.reserveCapacity(6 * motion.frameCount)
    for (frame, place) in root.translations.enumerated() {
      positions += [place.x, place.y, place.z]
      positions += chart.values[(3 * frame)..<(3 * frame + 3)]
    }
    self.motion = JointMotion(
      name: motion.name, jointNames: Self.names, frameRate: motion.frameRate, positions: positions)
  }

  /// The path, sampled every `period` seconds of a motion `factor` times slower, and raised at each sample.
  func solve(
    period: Double, factor: Double, atRest: Bool = true, raised: [Double] = []
  ) throws(UnsafeMotion) -> BaseCurve {
    var samples = try ResampledMotion(
      motion, period: period, factor: factor, goesOn: !atRest)
    for (sample, height) in raised.enumerated() { samples.positions[6 * sample + 2] += height }
    let ends = atRest ? nil : MovingEnds(samples.positions, rates, period: period)
    let reference = ends?.reference ?? samples.positions
    // The control points without those of the ways to rest.
    let own = (ends?.count ?? 0)..<((ends?.count ?? 0) + samples.count + 2)
    let verifier = BaseVerifier(limits: limits, period: period)
    return BaseCurve(
      places: Array(try places(reference, period, verifier)[own]),
      rotations: Array(try rotations(reference, period, verifier)[own]), period: period)
  }

  private var rates: [MovingEnds.Rates] {
    let place = MovingEnds.Rates(
      velocity: limits.speed.value, acceleration: limits.acceleration.value, jerk: .infinity)
    let turn = MovingEnds.Rates(
      velocity: limits.turningRate.value, acceleration: limits.turningAcceleration.value,
      jerk: .infinity)
    return [place, place, place, turn, turn, turn]
  }

  private func places(
    _ reference: [Double], _ period: Double, _ verifier: BaseVerifier
  ) throws(UnsafeMotion) -> [Vector3] {
    // A cube of half the diagonal's length lies within the sphere; where the path needs it, a larger one
    // does as well.
    var found: [Vector3] = []
    for share in [1, 0.99, 0.97, 0.93, 0.87, 0.8, 0.7, 1 / 3.0.squareRoot()] {
      let points = try solve(
        reference, columns: 0..<3, period, speed: limits.speed.value * share,
        acceleration: limits.acceleration.value * share)
      found = stride(from: 0, to: points.count, by: 3).map {
        [points[$0], points[$0 + 1], points[$0 + 2]]
      }
      if verifier.placeViolation(found) == nil { break }
    }
    return found
  }

  private func rotations(
    _ reference: [Double], _ period: Double, _ verifier: BaseVerifier
  ) throws(UnsafeMotion) -> [Quaternion] {
    var found: [Quaternion] = []
    for share in Self.shares {
      found = try rotations(reference, period, share: share)
      if verifier.turnViolation(found) == nil { return found }
    }
    // Whoever keeps none of these does not turn at all.
    return [Quaternion](repeating: found[found.count / 2], count: found.count)
  }

  /// Control points of the rotation, within a share of the limits.
  ///
  /// The program's curve is one of the chart's numbers and the path one of rotations: what they differ by
  /// at the samples is taken off the reference until it no longer changes.
  private func rotations(
    _ reference: [Double], _ period: Double, share: Double
  ) throws(UnsafeMotion) -> [Quaternion] {
    var (target, found) = (reference, [Quaternion]())
    var difference = [Double](repeating: 0, count: reference.count)
    for _ in 0..<Self.corrections {
      let points = try solve(
        target, columns: 3..<6, period, speed: limits.turningRate.value * share,
        acceleration: limits.turningAcceleration.value * share)
      found = stride(from: 0, to: points.count, by: 3).map {
        chart.rotation(points[$0..<($0 + 3)])
      }
      let curve = BaseCurve(
        places: found.map { _ in .zero }, rotations: found, period: period)
      var change = 0.0
      for sample in 0..<curve.sampleCount {
        let at = 3 * sample
        let expected = (0..<3).map {
          (points[at + $0] + 4 * points[at + 3 + $0] + points[at + 6 + $0]) / 6
        }
        let numbers = chart.numbers(
          of: curve.pose(at: Double(sample) * period).rotation, near: expected[0])
        for index in 0..<3 {
          let (place, drift) = (6 * sample + 3 + index, numbers[index] - expected[index])
          change = max(change, abs(drift - difference[place]))
          difference[place] = drift
          target[place] = reference[place] - drift
        }
      }
      guard change > Self.negligible else { break }
    }
    return found
  }

  /// Control points of three of the six numbers.
  private func solve(
    _ reference: [Double], columns: Range<Int>, _ period: Double, speed: Double,
    acceleration: Double
  ) throws(UnsafeMotion) -> [Double] {
    let endless = SourcedLimit(.infinity, source: SafetyLimits.notGiven)
    let bounds = try SafetyLimits(
      coordinates: columns.map { column in
        SafetyLimits.Coordinate(
          name: "base \(Self.names[column])", isAngular: column > 2,
          lower: SourcedLimit(-.infinity, source: SafetyLimits.notGiven), upper: endless,
          velocity: SourcedLimit(speed, source: "base"),
          acceleration: SourcedLimit(acceleration, source: "base"), jerk: endless)
      })
    let chosen = stride(from: 0, to: reference.count, by: 6).flatMap { row in
      columns.map { reference[row + $0] }
    }
    return try LimitProgram(reference: chosen, limits: bounds, period: period).solve()
  }
}
