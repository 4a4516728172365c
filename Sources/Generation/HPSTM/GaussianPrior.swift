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
  /// The same, one a column.
  private let transposed: [Float]
  /// The variance along each of them, [frames, 66].
  private let variances: [Float]
  /// The cosines, [frames, frames].
  private let cosines: [Float]

  private static let channels = Standardization.channels

  private init(frames: Int, directions: [Float], variances: [Float]) {
    self.frames = frames
    self.directions = directions
    self.variances = variances
    let n = Self.channels
    var turned = directions
    for block in 0..<frames {
      for row in 0..<n {
        for column in 0..<n {
          turned[(block * n + column) * n + row] = directions[(block * n + row) * n + column]
        }
      }
    }
    transposed = turned
    cosines = Self.cosines(frames)
  }

  /// The Gaussian of standardised windows, each [frames, 66].
  init(frames: Int, windows: [[Float]]) {
    let n = Self.channels
    let cosines = Self.cosines(frames)
    let spectra = windows.map { Self.product(cosines, $0, rows: frames, inner: frames) }
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

  /// E[X₁ | X_t], [frames, 66].
  func estimate(_ state: ArraySlice<Float>, time: Float) -> [Float] {
    let noise = (1 - time) * (1 - time)
    return filtered(state) { time * $0 / (time * time * $0 + noise + 1e-9) }
  }

  /// The flow of this Gaussian: along an eigenvector X_t has the deviation √(t² λ + (1 − t)²), and
  /// the flow scales each coordinate as this grows or shrinks.
  var flow: KnownFlow {
    func deviation(_ variance: Float, _ time: Float) -> Float {
      (time * time * variance + (1 - time) * (1 - time) + 1e-9).squareRoot()
    }
    let size = frames * Self.channels
    func each(_ states: [Float], _ change: (ArraySlice<Float>) -> [Float]) -> [Float] {
      stride(from: 0, to: states.count, by: size).flatMap { change(states[$0..<($0 + size)]) }
    }
    return KnownFlow(
      clean: { states, time in each(states) { self.estimate($0, time: time) } },
      transport: { states, from, to in
        each(states) { state in
          self.filtered(state) { deviation($0, to) / deviation($0, from) }
        }
      })
  }

  /// Each coordinate times a factor of its variance.
  private func filtered(_ state: ArraySlice<Float>, _ factor: (Float) -> Float) -> [Float] {
    let n = Self.channels
    var spectrum = Self.product(cosines, Array(state), rows: frames, inner: frames)
    var coordinates = [Float](repeating: 0, count: n)
    for block in 0..<frames {
      for index in 0..<n { coordinates[index] = 0 }
      Self.add(
        spectrum, from: block * n, times: transposed, block: block * n * n, to: &coordinates)
      for index in 0..<n {
        coordinates[index] *= factor(variances[block * n + index])
        spectrum[block * n + index] = 0
      }
      var back = [Float](repeating: 0, count: n)
      Self.add(coordinates, from: 0, times: directions, block: block * n * n, to: &back)
      for index in 0..<n { spectrum[block * n + index] = back[index] }
    }
    return Self.product(cosines, spectrum, rows: frames, inner: frames, transposed: true)
  }

  /// result += Σ values[from + i] · matrix row i of a block.
  private static func add(
    _ values: [Float], from: Int, times matrix: [Float], block: Int, to result: inout [Float]
  ) {
    let n = channels
    matrix.withUnsafeBufferPointer { matrix in
      result.withUnsafeMutableBufferPointer { result in
        for row in 0..<n {
          let value = values[from + row]
          let start = block + row * n
          for column in 0..<n { result[column] += value * matrix[start + column] }
        }
      }
    }
  }

  /// matrix · x for x of 66 columns, the matrix or its transpose.
  private static func product(
    _ matrix: [Float], _ x: [Float], rows: Int, inner: Int, transposed: Bool = false
  ) -> [Float] {
    let n = channels
    var result = [Float](repeating: 0, count: rows * n)
    matrix.withUnsafeBufferPointer { matrix in
      x.withUnsafeBufferPointer { x in
        result.withUnsafeMutableBufferPointer { result in
          for row in 0..<rows {
            for index in 0..<inner {
              let factor = transposed ? matrix[index * rows + row] : matrix[row * inner + index]
              let (target, source) = (row * n, index * n)
              for column in 0..<n { result[target + column] += factor * x[source + column] }
            }
          }
        }
      }
    }
    return result
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
