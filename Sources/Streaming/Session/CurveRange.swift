import Trajectories

/// The least and greatest derivatives of a joint's curve over a stretch of path time.
///
/// Exact: the second derivative is linear between knots, the first one quadratic.
struct CurveRange {
  /// The least and greatest first derivative [rad/s or m/s].
  private(set) var slope = (least: Double.infinity, greatest: -Double.infinity)
  /// The least and greatest second derivative [rad/s² or m/s²].
  private(set) var bend = (least: Double.infinity, greatest: -Double.infinity)

  /// The ranges of one joint from one path time to a later one [s].
  init(of joint: Int, in trajectory: SafeTrajectory, from start: Double, to end: Double) {
    let period = trajectory.period
    let pieces = trajectory.sampleCount - 1
    let first = min(max(0, start / period), Double(pieces))
    let last = min(max(first, end / period), Double(pieces))
    // At both ends the trajectory is at rest; where there is no piece, it is nothing else.
    guard pieces > 0 else {
      (slope, bend) = ((0, 0), (0, 0))
      return
    }
    let joints = trajectory.limits.coordinates.count
    for piece in min(Int(first), pieces - 1)...min(Int(last), pieces - 1) {
      let offset = piece * joints + joint
      func c(_ i: Int) -> Double { trajectory.controlPoints[offset + i * joints] }
      let (d0, d1, d2) = (c(1) - c(0), c(2) - c(1), c(3) - c(2))
      let from = max(0, first - Double(piece))
      let to = min(1, last - Double(piece))
      func include(_ u: Double) {
        let v = 1 - u
        let value = (v * v * d0 + (1 + 2 * u * v) * d1 + u * u * d2) / (2 * period)
        slope = (min(slope.least, value), max(slope.greatest, value))
        let second = (v * (d1 - d0) + u * (d2 - d1)) / (period * period)
        bend = (min(bend.least, second), max(bend.greatest, second))
      }
      include(from)
      include(to)
      // Where the second derivative vanishes the first one may be extreme.
      let change = (d2 - d1) - (d1 - d0)
      let turn = -(d1 - d0) / change
      if from < turn, turn < to { include(turn) }
    }
  }
}
