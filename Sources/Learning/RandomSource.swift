internal import Foundation

/// A random number generator with a small, storable state: xoshiro256**.
///
/// Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2021). The state is
/// derived by SplitMix64 from a random seed and any number of stream indices, so that every step
/// and microbatch has an independent generator.
public struct RandomSource: RandomNumberGenerator, Sendable, Hashable {
  /// The four words of the state.
  public private(set) var state: SIMD4<UInt64>

  /// A generator for this seed and stream.
  public init(seed: UInt64, stream: UInt64...) {
    var mixer = SplitMix64(state: seed)
    for number in stream {
      mixer = SplitMix64(state: mixer.next() ^ (number &* 0x9e37_79b9_7f4a_7c15))
    }
    state = SIMD4(mixer.next(), mixer.next(), mixer.next(), mixer.next())
  }

  /// A generator that continues from a stored state.
  public init(state: SIMD4<UInt64>) {
    precondition(state != .zero, "the state of a generator is never zero")
    self.state = state
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    let product = state[1] &* 5
    let result = (product << 7 | product >> 57) &* 9
    let shifted = state[1] << 17
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = state[3] << 45 | state[3] >> 19
    return result
  }

  /// A number in 0 ..< 1.
  public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// A number between two bounds.
  public mutating func uniform(from lower: Float, to upper: Float) -> Float {
    lower + (upper - lower) * uniform()
  }

  /// A number of the standard normal distribution (Box and Muller).
  public mutating func normal() -> Float {
    let radius = (-2 * log(Double(next() >> 11) * 0x1p-53 + 0x1p-54)).squareRoot()
    return Float(radius * cos(2 * Double.pi * Double(next() >> 11) * 0x1p-53))
  }

  /// Many numbers of the standard normal distribution, two from each pair of draws: other ones than
  /// `normal` gives in turn, for noise.
  public mutating func normals(_ count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count + 1) { buffer, filled in
      for index in stride(from: 0, to: count, by: 2) {
        let radius = Float((-2 * log(Double(next() >> 11) * 0x1p-53 + 0x1p-54)).squareRoot())
        let angle = 2 * Float.pi * uniform()
        buffer.initializeElement(at: index, to: radius * cos(angle))
        buffer.initializeElement(at: index + 1, to: radius * sin(angle))
      }
      filled = count
    }
  }
}

/// The generator that fills states: Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators" (2014).
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
