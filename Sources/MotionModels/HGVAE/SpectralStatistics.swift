import Autodiff
import Files
import HumanBody
import Learning

/// Means and standard deviations of the cosine coefficients of each node, [66, frames].
struct SpectralStatistics: Sendable, Hashable {
  /// The cosine transform over a window.
  let transform: CosineTransform
  /// The means [m].
  let mean: [Float]
  /// The standard deviations [m], at least `smallest`.
  let deviation: [Float]

  /// The smallest standard deviation that coefficients are divided by [m].
  static let smallest: Float = 2e-3
  /// The smallest standard deviation that is predicted: nothing is measured better [m].
  static let floor: Float = 1e-3

  /// The statistics of some windows of one length.
  init(_ windows: [BodyWindow], frames: Int) {
    let transform = CosineTransform(count: frames)
    let count = BodyWindow.nodes * frames
    var (sum, squares) = (
      [Double](repeating: 0, count: count), [Double](repeating: 0, count: count)
    )
    for window in windows {
      for (index, value) in transform.coefficients(of: window.signals).enumerated() {
        sum[index] += Double(value)
        squares[index] += Double(value) * Double(value)
      }
    }
    let total = Double(max(1, windows.count))
    self.transform = transform
    mean = sum.map { Float($0 / total) }
    deviation = zip(sum, squares).map { sum, squares in
      let variance = squares / total - (sum / total) * (sum / total)
      return max(Self.smallest, Float(max(0, variance).squareRoot()))
    }
  }

  /// The mean signals [m], [node, frame].
  var meanSignals: [Float] { transform.samples(of: mean) }

  /// The logarithm of the smallest variance of each standardised coefficient, [66, frames].
  var leastLogVariance: [Float] {
    deviation.map { 2 * logarithm(Self.floor / $0) }
  }

  /// The standardised coefficients of signals [node, frame].
  func standardized(_ signals: [Float]) -> [Float] {
    var values = transform.coefficients(of: signals)
    for index in values.indices {
      let place = index % mean.count
      values[index] = (values[index] - mean[place]) / deviation[place]
    }
    return values
  }

  /// The signals of standardised coefficients.
  func signals(of standardized: [Float]) -> [Float] {
    var values = standardized
    for index in values.indices {
      let place = index % mean.count
      values[index] = values[index] * deviation[place] + mean[place]
    }
    return transform.samples(of: values)
  }

  // MARK: - In a model's file

  /// Reads the statistics from a model's file.
  init(_ file: ModelFile, frames: Int) throws {
    func numbers(_ name: String) throws -> [Float] {
      let tensor = try file.tensor(name)
      let values = tensor.floats()
      guard tensor.shape == [BodyWindow.nodes, frames], values.allSatisfy({ abs($0) < 1e4 }) else {
        throw file.refusal("'\(name)' is not [\(BodyWindow.nodes), \(frames)] numbers")
      }
      return values
    }
    transform = CosineTransform(count: frames)
    mean = try numbers("spectrum.mean")
    deviation = try numbers("spectrum.deviation")
    guard deviation.allSatisfy({ $0 >= Self.smallest / 2 }) else {
      throw file.refusal("'spectrum.deviation' holds a number below \(Self.smallest)")
    }
  }

  /// The statistics as tensors of a model's file.
  var tensors: [String: StoredTensor] {
    let shape = [BodyWindow.nodes, transform.count]
    return [
      "spectrum.mean": StoredTensor(mean, shape: shape),
      "spectrum.deviation": StoredTensor(deviation, shape: shape),
    ]
  }
}
