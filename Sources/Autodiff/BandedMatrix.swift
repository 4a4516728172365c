internal import CBLAS

/// A symmetric matrix that is zero beyond some diagonals, and its factor after Cholesky.
package struct BandedMatrix: Sendable {
  /// The number of rows.
  package let size: Int
  /// The number of diagonals below the main one.
  package let band: Int
  /// The lower triangle: row i and column j ≤ i at `j · (band + 1) + i − j`.
  package var elements: [Double]

  /// A matrix of zeros.
  package init(size: Int, band: Int) {
    (self.size, self.band) = (size, band)
    elements = [Double](repeating: 0, count: size * (band + 1))
  }

  /// Sets all elements to zero.
  package mutating func clear() {
    elements.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
  }

  /// Takes the elements of a matrix of the same shape, without new memory.
  package mutating func copy(_ other: BandedMatrix) {
    precondition(size == other.size && band == other.band, "matrices of different shapes")
    elements.withUnsafeMutableBufferPointer { own in
      other.elements.withUnsafeBufferPointer { _ = own.update(fromContentsOf: $0) }
    }
  }

  /// Replaces the matrix by L of L Lᵀ, after each element of the diagonal was raised by a share of it
  /// and a number; false if it is not positive definite, after which the elements mean nothing.
  package mutating func factor(raisedBy share: Double, and number: Double) -> Bool {
    for row in 0..<size {
      elements[row * (band + 1)] += share * elements[row * (band + 1)] + number
    }
    return size == 0 || motionc_band_factor(Int32(size), Int32(band), &elements) == 0
  }

  /// x of A x = b, of a matrix that was replaced by its factor.
  package func solved(_ b: [Double]) -> [Double] {
    precondition(b.count == size, "\(b.count) numbers for \(size) rows")
    var x = b
    if size > 0 { _ = motionc_dpbtrs(Int32(size), Int32(band), elements, &x) }
    return x
  }
}
