import Foundation
public import HumanBody
import MotionMetrics

extension MotionTokenizer {
  /// How well motion survives being turned into codes and back.
  public struct Reconstruction: Sendable, Codable {
    /// The mean distance of joints from their true place in the world [m], windows beginning at the
    /// same place.
    public var error = 0.0
    /// The mean distance of joints relative to the pelvis [m].
    public var poseError = 0.0
    /// The share of all codes that any window used, 0...1.
    public var used = 0.0
    /// e to the power of the mean entropy of a book's codes: as evenly used as so many.
    public var perplexity = 0.0
    /// The number of windows.
    public var windows = 0
  }

  /// Encodes and decodes windows, whose frames are a multiple of a token's.
  ///
  /// - Returns: The figures, and the decoded windows.
  public func reconstruct(
    _ windows: [MotionWindow]
  ) -> (figures: Reconstruction, decoded: [MotionWindow]) {
    var figures = Reconstruction()
    let codes = self.codes(of: windows.map { PoseFeatures.features(of: $0) })
    let decoded = zip(features(of: codes), windows).map { features, window in
      var found = PoseFeatures.window(of: features, offsets: window.offsets)
      found.label = window.label
      return found
    }
    figures.windows = windows.count
    var joints = 0.0
    for (found, window) in zip(decoded, windows) {
      let (a, b) = (BodyModel.positions(of: found), BodyModel.positions(of: window))
      let width = 3 * BodyModel.jointCount
      for index in stride(from: 0, to: a.count, by: 3) {
        let root = index / width * width
        let world = SIMD3(
          a[index] - b[index], a[index + 1] - b[index + 1], a[index + 2] - b[index + 2])
        let base = SIMD3(a[root] - b[root], a[root + 1] - b[root + 1], a[root + 2] - b[root + 2])
        figures.error += Double((world * world).sum().squareRoot())
        figures.poseError += Double(((world - base) * (world - base)).sum().squareRoot())
        joints += 1
      }
    }
    figures.error /= max(1, joints)
    figures.poseError /= max(1, joints)
    (figures.used, figures.perplexity) = use(of: codes)
    return (figures, decoded)
  }

  private func use(of codes: [[Int]]) -> (used: Double, perplexity: Double) {
    let (books, size) = (configuration.books, configuration.codesPerBook)
    var counts = [Double](repeating: 0, count: books * size)
    for list in codes {
      for (index, code) in list.enumerated() { counts[index % books * size + code] += 1 }
    }
    var entropy = 0.0
    for book in 0..<books {
      let row = counts[(book * size)..<((book + 1) * size)]
      let sum = max(1, row.reduce(0, +))
      entropy -= row.reduce(0) { $1 > 0 ? $0 + $1 / sum * log($1 / sum) : $0 }
    }
    let used = Double(counts.count { $0 > 0 }) / Double(counts.count)
    return (used, exp(entropy / Double(books)))
  }
}

extension MotionWindow {
  /// The frames up to the last whole token.
  public func whole(tokens framesPerToken: Int) -> MotionWindow {
    slice(0..<(frames / framesPerToken * framesPerToken))
  }
}
