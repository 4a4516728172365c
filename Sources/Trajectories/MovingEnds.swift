import Foundation

/// Ways from rest to the first sample of a reference and from the last one to rest.
///
/// The limit program's curves are at rest at both ends. One that shall begin and end at the motion's own
/// speed is solved for with these ways, which are then cut off: what is left of a spline that keeps limits
/// keeps them. Going away from the motion a column is `q + (a + b t) exp(−t / τ) − a`, which has the
/// reference's speed and acceleration at its end and comes to rest within the limits where τ is long
/// enough.
struct MovingEnds {
  /// The greatest rates of a column, infinite where there are none.
  struct Rates {
    var velocity, acceleration, jerk: Double
  }

  /// The reference with both ways [sample, column].
  let reference: [Double]
  /// The number of samples of each way.
  let count: Int

  /// The times τ that a way lasts, after which less than a two-thousandth of it is left.
  private static let length = 10.0
  /// The most samples of a way.
  private static let most = 4000

  /// - Parameters:
  ///   - reference: Samples [sample, column]; at least one.
  ///   - rates: The limits of each column.
  ///   - period: The time between samples [s].
  init(_ reference: [Double], _ rates: [Rates], period: Double) {
    let columns = rates.count
    let ends = [true, false].map { isFirst in
      rates.enumerated().map { column, rate in
        Way(Self.nearest(reference, column, columns, isFirst), rate, period: period)
      }
    }
    let longest = ends.flatMap { $0.map(\.time) }.max() ?? period
    count = min(Self.most, Int((Self.length * longest / period).rounded(.up)))
    let count = count
    func samples(_ ways: [Way]) -> [[Double]] {
      (1...count).map { step in ways.map { $0.place(Double(step) * period) } }
    }
    self.reference =
      samples(ends[0]).reversed().flatMap(\.self) + reference + samples(ends[1]).flatMap(\.self)
  }

  /// The three samples of a column at an end, the outermost first; fewer where there are fewer.
  private static func nearest(
    _ reference: [Double], _ column: Int, _ columns: Int, _ isFirst: Bool
  ) -> [Double] {
    let last = reference.count / columns - 1
    return (0...min(2, last)).map { reference[(isFirst ? $0 : last - $0) * columns + column] }
  }

  /// The way of one column, by the time away from the motion.
  private struct Way {
    let start, a, b, time: Double

    init(_ samples: [Double], _ rates: Rates, period: Double) {
      var (speed, bend) = (0.0, 0.0)
      // Away from the motion, so that the speed is the negative of that into it.
      if samples.count == 3 {
        speed = (3 * samples[0] - 4 * samples[1] + samples[2]) / (2 * period)
        bend = (samples[0] - 2 * samples[1] + samples[2]) / (period * period)
      } else if samples.count == 2 {
        speed = (samples[0] - samples[1]) / period
      }
      speed = min(max(speed, -rates.velocity), rates.velocity)
      bend = min(max(bend, -rates.acceleration / 2), rates.acceleration / 2)
      var time = 3 * period
      time = max(time, 2 * abs(speed) / rates.acceleration)
      time = max(time, (2 * abs(speed) / rates.jerk).squareRoot(), abs(bend) / rates.jerk)
      self.time = time
      start = samples[0]
      // The speed is b − a/τ and the acceleration a/τ² − 2b/τ.
      a = -time * (2 * speed + bend * time)
      b = -(speed + bend * time)
    }

    /// The place after a time [s].
    func place(_ elapsed: Double) -> Double {
      start + (a + b * elapsed) * exp(-elapsed / time) - a
    }
  }
}
