internal import Foundation

/// The orthonormal cosine transform over time (DCT-II).
///
/// c_k = s_k Σ_t x_t cos(π (t + 1/2) k / N), with s_0 = √(1/N) and s_k = √(2/N). Coefficient k has
/// k / 2 periods in the window; the transform keeps lengths, so that a density of coefficients is
/// one of the samples too.
public struct CosineTransform: Sendable, Hashable {
  /// The number of samples, and of coefficients.
  public let count: Int
  /// The matrix D, [coefficient, sample]; its inverse is its transpose.
  public let matrix: [Float]

  /// The transform of this many samples.
  public init(count: Int) {
    precondition(count > 0, "a transform of no samples")
    self.count = count
    var matrix: [Float] = []
    matrix.reserveCapacity(count * count)
    for k in 0..<count {
      let scale = ((k == 0 ? 1 : 2) / Double(count)).squareRoot()
      for t in 0..<count {
        matrix.append(Float(scale * cos(Double.pi * (Double(t) + 0.5) * Double(k) / Double(count))))
      }
    }
    self.matrix = matrix
  }

  /// The coefficients of rows of samples: [rows, count] becomes [rows, count].
  public func coefficients(of samples: [Float]) -> [Float] { product(samples, transposed: true) }

  /// The samples of rows of coefficients: [rows, count] becomes [rows, count].
  public func samples(of coefficients: [Float]) -> [Float] {
    product(coefficients, transposed: false)
  }

  /// The coefficients of samples along the last axis, C = x Dᵀ.
  public func callAsFunction(_ x: Variable, on tape: inout Tape) -> Variable {
    let weight = tape.input(matrix, shape: [count, count])
    return tape.linear(x, weight: weight)
  }

  private func product(_ values: [Float], transposed: Bool) -> [Float] {
    precondition(values.count % count == 0, "\(values.count) numbers in rows of \(count)")
    let rows = values.count / count
    guard rows > 0 else { return [] }
    return [Float](unsafeUninitializedCapacity: values.count) { buffer, filled in
      values.withUnsafeBufferPointer { source in
        matrix.withUnsafeBufferPointer { matrix in
          guard let a = source.baseAddress, let b = matrix.baseAddress, let c = buffer.baseAddress
          else { return }
          BLAS.multiply(
            a, stride: count, transposed: false, b, stride: count, transposed: transposed, into: c,
            stride: count, rows: rows, columns: count, inner: count, beta: 0)
        }
      }
      filled = values.count
    }
  }
}
