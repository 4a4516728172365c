/// A microbatch: the part of a batch that one call of a step function computes.
public struct Microbatch: Sendable {
  /// The number of the step, from 0.
  public let step: Int
  /// The samples of the batch that this part has; their number weighs its loss.
  public let samples: Range<Int>
  /// Random numbers of this step and part alone, the same however many threads there are.
  public var random: RandomSource
  /// The metrics reported so far.
  public private(set) var metrics: [Metric] = []

  init(step: Int, samples: Range<Int>, seed: UInt64) {
    self.step = step
    self.samples = samples
    random = RandomSource(
      seed: seed, stream: UInt64(step), UInt64(samples.lowerBound), 0x7061_7274)
  }

  /// Reports a metric: the mean over this part's samples.
  public mutating func report(_ name: String, _ value: Float, unit: String = "") {
    metrics.append(Metric(name, value, unit: unit))
  }
}

/// An order of samples that visits each once in an epoch, without memory of what came before.
///
/// Each epoch is a permutation by a four-round Feistel network on the next even number of bits,
/// with cycle walking until the number is in range. A resumed training therefore sees the same
/// samples as an uninterrupted one.
struct EpochOrder: Sendable, Hashable {
  /// The number of samples.
  let count: Int
  /// The random seed.
  let seed: UInt64
  private let halfBits: UInt64

  /// Creates an order of `count` samples.
  init(count: Int, seed: UInt64) {
    precondition(count > 0, "an order of no samples")
    self.count = count
    self.seed = seed
    var bits: UInt64 = 1
    while (UInt64(1) << (2 * bits)) < UInt64(count) { bits += 1 }
    halfBits = bits
  }

  /// The sample at a position counted over all epochs, such as step × batch + place in the batch.
  func sample(at position: Int) -> Int {
    let epoch = UInt64(position / count)
    var value = UInt64(position % count)
    repeat { value = permuted(value, epoch: epoch) } while value >= UInt64(count)
    return Int(value)
  }

  private func permuted(_ value: UInt64, epoch: UInt64) -> UInt64 {
    let mask = (UInt64(1) << halfBits) - 1
    var (left, right) = (value >> halfBits, value & mask)
    for round in 0..<UInt64(4) {
      var mixer = SplitMix64(
        state: seed ^ (epoch &* 0x9e37_79b9_7f4a_7c15) ^ (round << 56) ^ (right << 8))
      (left, right) = (right, left ^ (mixer.next() & mask))
    }
    return left << halfBits | right
  }
}
