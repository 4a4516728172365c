public import HumanBody
import Learning

extension Standardization {
  /// The statistics of windows drawn with a random seed.
  public init(of source: WindowSource, windows: Int = 2000, seed: UInt64) {
    var random = RandomSource(seed: seed, stream: 0x7374_6174)
    self.init((0..<windows).lazy.map { _ in source.draw(using: &random) })
  }
}
