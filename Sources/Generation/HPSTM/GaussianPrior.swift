import Autodiff
import Files
import Foundation

/// Windows of motion as a Gaussian: what can be said of a noisy window without a network.
///
/// Time is turned into cosines (the orthonormal DCT-II), which for slowly changing signals are
/// nearly independent of each other; each has a covariance of its channels. In its eigenvectors
/// everything is independent, and the best estimate of X₁ from X_t = t X₁ + (1 − t) X₀ is
/// t λ / (t² λ + (1 − t)²) times each coordinate (Wiener's filter).
struct GaussianPrior: Sendable, Hashable {
  /// Frames of a window.
  let frames: Int
  /// Eigenvectors for each cosine, one a row: [frames, 66, 66].
  private let directions: [Float]
  /// The variance along each of them, [frames, 66].
  private let variances: [Float]
  /// The cosines, [frames, frames].
  private let cosines: [Float]

  private static let channels = Standardization.channels

  private init(frames: Int, directions: [Float], variances: [Float]) {
    self.frames = frames
    self.directions = directions
    self.variances = variances
    cosines = Self.cosines(frames)
  }

  /// The Gaussian of standardised windows, each [frames, 66].
  init(frames: Int, windows: [[Float]]) {
    let n = Self.channels
    let cosines = Self.cosines(frames)
    let spectra = windows.map { Self.turned($0, by: cosines, frames: frames, back: false) }
    var (directions, variances): ([Float], [Float]) = ([], [])
    for block in 0..<frames {
      var covariance = [Double](repeating: 0, count: n * n)
      for spectrum in spectra {
        for row in 0..<n {
          let value = Double(spectrum[block * n + row])
          for column in 0...row {
            covariance[row * n + column] += value * Double(spectrum[block * n + column])
          }
        }
      }
      for row in 0..<n {
        for column in 0...row {
          let value = covariance[row * n + column] / Double(max(1, windows.count))
          covariance[row * n + column] = value
          covariance[column * n + row] = value
        }
      }
      let eigen = SymmetricEigen(covariance, size: n)
      directions += eigen.vectors.map { Float($0) }
      variances += eigen.values.map { Float(max(0, $0)) }
    }
    self.init(frames: frames, directions: directions, variances: variances)
  }

  /// E[X₁ | X_t] of each window, [batch, frames, 66].
  func estimate(_ states: [Float], times: [Float]) -> [Float] {
    filtered(states) { window, variance in
      let time = times[window]
      return time * variance / (time * time * variance + (1 - time) * (1 - time) + 1e-9)
    }
  }

  /// What is known of X₁ besides, as a variance along each eigenvector once X_t is seen.
  func remaining(time: Float) -> [Float] {
    let noise = (1 - time) * (1 - time)
    return variances.map { $0 * noise / (time * time * $0 + noise + 1e-9) }
  }

  /// How much of the variance along each eigenvector the mean of some channels has, [frames, 66].
  func shares(of channels: Range<Int>) -> [Float] {
    let n = Self.channels
    return (0..<(frames * n)).map { row in
      let squares = channels.reduce(Float(0)) { sum, channel in
        let part = directions[row * n + channel]
        return sum + part * part
      }
      return squares / Float(channels.count)
    }
  }

  /// The value of a cosine at a frame.
  func cosine(_ index: Int, at frame: Int) -> Float { cosines[index * frames + frame] }

  /// The flow of this Gaussian: along an eigenvector X_t has the deviation √(t² λ + (1 − t)²), and
  /// the flow scales each coordinate as this grows or shrinks.
  var flow: KnownFlow {
    func deviation(_ variance: Float, _ time: Float) -> Float {
      (time * time * variance + (1 - time) * (1 - time) + 1e-9).squareRoot()
    }
    let size = frames * Self.channels
    return KnownFlow(
      clean: { states, time in
        self.estimate(states, times: Array(repeating: time, count: states.count / size))
      },
      transport: { states, from, to in
        self.filtered(states) { _, variance in deviation(variance, to) / deviation(variance, from) }
      })
  }

  /// Each coordinate of each window times a factor of its window and variance.
  private func filtered(
    _ states: [Float], _ factor: (_ window: Int, _ variance: Float) -> Float
  ) -> [Float] {
    let n = Self.channels
    let size = frames * n
    let windows = states.count / size
    var spectrum = Self.turned(states, by: cosines, frames: frames, back: false)
    var coordinates = [Float](repeating: 0, count: states.count)
    project(spectrum, into: &coordinates, windows: windows, back: false)
    for window in 0..<windows {
      for index in 0..<size {
        coordinates[window * size + index] *= factor(window, variances[index])
      }
    }
    project(coordinates, into: &spectrum, windows: windows, back: true)
    return Self.turned(spectrum, by: cosines, frames: frames, back: true)
  }

  /// All windows' rows of a cosine at once: from channels to eigenvectors, or back.
  private func project(
    _ values: [Float], into result: inout [Float], windows: Int, back: Bool
  ) {
    let n = Self.channels
    values.withUnsafeBufferPointer { values in
      directions.withUnsafeBufferPointer { directions in
        result.withUnsafeMutableBufferPointer { result in
          guard let from = values.baseAddress, let to = result.baseAddress,
            let matrix = directions.baseAddress
          else { return }
          for block in 0..<frames {
            BLAS.multiply(
              from + block * n, stride: frames * n, transposed: false, matrix + block * n * n,
              stride: n, transposed: !back, into: to + block * n, stride: frames * n,
              rows: windows, columns: n, inner: n, beta: 0)
          }
        }
      }
    }
  }

  /// Each window's frames as cosines, or back, [windows, frames, 66].
  private static func turned(
    _ values: [Float], by cosines: [Float], frames: Int, back: Bool
  ) -> [Float] {
    let n = channels
    return [Float](unsafeUninitializedCapacity: values.count) { result, count in
      values.withUnsafeBufferPointer { values in
        cosines.withUnsafeBufferPointer { cosines in
          guard let from = values.baseAddress, let to = result.baseAddress,
            let matrix = cosines.baseAddress
          else { return }
          for start in stride(from: 0, to: values.count, by: frames * n) {
            BLAS.multiply(
              matrix, stride: frames, transposed: back, from + start, stride: n, transposed: false,
              into: to + start, stride: n, rows: frames, columns: n, inner: frames, beta: 0)
          }
        }
      }
      count = values.count
    }
  }

  /// The orthonormal DCT-II.
  private static func cosines(_ frames: Int) -> [Float] {
    (0..<frames).flatMap { k in
      (0..<frames).map { frame in
        let scale = ((k == 0 ? 1 : 2) / Double(frames)).squareRoot()
        return Float(
          scale * cos(Double.pi * (Double(frame) + 0.5) * Double(k) / Double(frames)))
      }
    }
  }

  /// Reads it from a model's tensors.
  init(_ file: Safetensors, frames: Int, path: String) throws(GenerationError) {
    func numbers(_ name: String, _ shape: [Int]) throws(GenerationError) -> [Float] {
      let tensor: StoredTensor
      do throws(FileError) { tensor = try file.tensor(name, in: path) } catch {
        throw .file(error)
      }
      let values = tensor.floats()
      guard tensor.shape == shape, values.allSatisfy({ abs($0) < 1e6 }) else {
        throw .model(
          path: path,
          reason: "'\(name)' has the shape \(tensor.shape), expected \(shape) of numbers"
        )
      }
      return values
    }
    let n = Self.channels
    self.init(
      frames: frames, directions: try numbers("prior.directions", [frames, n, n]),
      variances: try numbers("prior.variances", [frames, n]))
  }

  /// As tensors of a model's file.
  var tensors: [String: StoredTensor] {
    let n = Self.channels
    return [
      "prior.directions": StoredTensor(halfPrecision: directions, shape: [frames, n, n]),
      "prior.variances": StoredTensor(variances, shape: [frames, n]),
    ]
  }
}
