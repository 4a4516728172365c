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
  /// How embeddings choose among the components; nil where windows have none.
  let choice: ComponentChoice?
  /// Where observed frames lead.
  let forecast: PastForecast?
  /// The bodies of each component.
  let bodies: ComponentBodies
  /// The root mean square of how far a joint moves from frame to frame [m].
  let velocity: Float
  /// The root mean square of its second difference [m].
  let acceleration: Float

  /// Some dozen windows of each component, fewer long ones: a copy stays below 300 MB.
  private static func count(frames: Int, components: Int) -> Int {
    min(4000 * max(64, components) / 64, 16_000, max(500, 1_024_000 / frames))
  }
  /// As many of the windows as means and deviations are measured by.
  private static let measured = 4000

  init(source: WindowSource, components wanted: Int, seed: UInt64) throws {
    var random = RandomSource(seed: seed, stream: 0x7374_6174)
    let count = Self.count(frames: source.frames, components: wanted)
    var windows: [MotionWindow] = []
    let few = min(count, Self.measured)
    windows = (0..<few).map { _ in source.draw(using: &random) }
    let standardization = Standardization(windows)
    self.standardization = standardization
    // The rest are not kept whole: their states and bodies are all that counts.
    var states: [Float] = []
    states.reserveCapacity(count * source.frames * Standardization.channels)
    var offsets: [Float] = []
    var labels: [Int?] = []
    var (embeddings, embedded): ([Float], [Int]) = ([], [])
    for index in 0..<count {
      let window = index < few ? windows[index] : source.draw(using: &random)
      states += standardization.standardized(window)
      offsets += window.offsets
      labels.append(window.label)
      guard let embedding = window.embedding else { continue }
      embeddings += embedding
      embedded.append(index)
    }
    let found = MotionMixture.measure(
      states, labels: labels, labelCount: source.shard.labels.count, frames: source.frames,
      components: wanted, seed: seed)
    (components, prior) = (found.components, found.prior)
    choice =
      embedded.isEmpty
      ? nil
      : try ComponentChoice(
        embeddings, width: source.shard.embeddingWidth, members: embedded.map { found.members[$0] },
        components: found.prior.components, seed: seed)
    forecast = PastForecast(states, frames: source.frames, scale: standardization)
    bodies = ComponentBodies(offsets, of: found.members, components: found.prior.components)
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
