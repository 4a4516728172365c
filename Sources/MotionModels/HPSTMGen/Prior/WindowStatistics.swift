import Files
import HumanBody
import Learning
import MotionData

/// Statistics of windows, estimated from random samples.
struct WindowStatistics {
  /// Mean and deviation of the state's channels.
  let standardization: Standardization
  /// Standardised windows as a mixture of Gaussians.
  let prior: MotionPrior
  /// The component of each window.
  let components: MotionMixture
  /// The root mean square of how far a joint moves from frame to frame [m].
  let velocity: Float
  /// The root mean square of its second difference [m].
  let acceleration: Float

  /// Enough windows for some dozen of each component, fewer long ones: a copy stays below 100 MB.
  private static func count(frames: Int) -> Int { min(4000, max(500, 256_000 / frames)) }

  init(source: WindowSource, seed: UInt64) {
    var random = RandomSource(seed: seed, stream: 0x7374_6174)
    let windows = (0..<Self.count(frames: source.frames)).map { _ in source.draw(using: &random) }
    let standardization = Standardization(windows)
    self.standardization = standardization
    (components, prior) = MotionMixture.measure(
      windows.flatMap { standardization.standardized($0) }, labels: windows.map(\.label),
      labelCount: source.shard.labels.count, frames: source.frames, seed: seed)
    var sums = (velocity: 0.0, acceleration: 0.0)
    var counts = (velocity: 0, acceleration: 0)
    let width = GeneratorNetwork.features
    for window in windows {
      var values = BodyModel.positions(of: window)
      for order in 1...2 {
        values = (width..<max(width, values.count)).map { values[$0] - values[$0 - width] }
        let sum = values.reduce(0.0) { $0 + Double($1 * $1) }
        if order == 1 {
          sums.velocity += sum
          counts.velocity += values.count
        } else {
          sums.acceleration += sum
          counts.acceleration += values.count
        }
      }
    }
    velocity = Self.root(sums.velocity, counts.velocity)
    acceleration = Self.root(sums.acceleration, counts.acceleration)
  }

  /// At least a tenth of a millimetre, so that motions that stand still can be divided by it.
  private static func root(_ sum: Double, _ count: Int) -> Float {
    max(1e-4, Float((sum / Double(max(1, count))).squareRoot()))
  }
}
