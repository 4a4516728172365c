/// The filter of Savitzky and Golay (1964): each value is replaced by that of a polynomial fitted
/// to its neighbours.
///
/// At both ends the polynomial of the outermost window is evaluated up to the edge, so that
/// polynomials of the filter's order pass unchanged, edges included.
public struct SavitzkyGolay: Sendable, Hashable {
  /// The window length, an odd number.
  public let window: Int
  /// The polynomial's order.
  public let order: Int

  /// Creates a filter with an odd window length and an order below it.
  public init(window: Int = 15, order: Int = 3) {
    precondition(
      window > 0 && window % 2 == 1 && (0..<window).contains(order),
      "no filter of order \(order) has a window of \(window)")
    self.window = window
    self.order = order
  }

  /// Filters a track [frames, channels], each channel independently.
  ///
  /// A track shorter than the window is filtered with the longest odd window that fits; one too
  /// short for the polynomial's order is returned unchanged.
  public func filtered(_ track: [Float], channels: Int) -> [Float] {
    let frames = track.count / channels
    let width = min(window, frames % 2 == 1 ? frames : frames - 1)
    guard width > order else { return track }
    let rows = Self.projection(width, order)
    let half = width / 2
    var result = [Float](repeating: 0, count: track.count)
    for frame in 0..<frames {
      let first = min(max(0, frame - half), frames - width)
      let row = (frame - first) * width
      for channel in 0..<channels {
        var sum = 0.0
        for index in 0..<width {
          sum += rows[row + index] * Double(track[(first + index) * channels + channel])
        }
        result[frame * channels + channel] = Float(sum)
      }
    }
    return result
  }

  /// The projection onto polynomials, [window, window]: row i gives the fitted value at place i.
  ///
  /// Built from an orthonormal basis, so that no normal equations are solved.
  private static func projection(_ width: Int, _ order: Int) -> [Double] {
    let centre = Double(width - 1) / 2
    var basis: [[Double]] = []
    for power in 0...order {
      var vector = (0..<width).map { place -> Double in
        let x = (Double(place) - centre) / max(1, centre)
        return (0..<power).reduce(1) { product, _ in product * x }
      }
      // Twice, since once leaves a remainder of rounding.
      for _ in 0..<2 {
        for known in basis {
          let part = zip(vector, known).reduce(0) { $0 + $1.0 * $1.1 }
          for index in vector.indices { vector[index] -= part * known[index] }
        }
      }
      let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      basis.append(vector.map { $0 / length })
    }
    var result = [Double](repeating: 0, count: width * width)
    for vector in basis {
      for row in 0..<width {
        for column in 0..<width { result[row * width + column] += vector[row] * vector[column] }
      }
    }
    return result
  }
}
