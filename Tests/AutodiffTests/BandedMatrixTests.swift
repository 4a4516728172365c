import Testing

@testable import Autodiff

@Suite("Banded matrices")
struct BandedMatrixTests {
  /// L Lᵀ of a random lower band, whose diagonal is not small.
  private func matrix(_ size: Int, _ band: Int, seed: UInt64) -> (BandedMatrix, dense: [Double]) {
    var state = seed
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(1 << 53) - 0.5
    }
    var lower = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in max(0, row - band)...row {
        lower[row * size + column] = row == column ? 1 + next() : next()
      }
    }
    var dense = lower
    for row in 0..<size {
      for column in 0..<size {
        dense[row * size + column] = (0..<size).reduce(0) {
          $0 + lower[row * size + $1] * lower[column * size + $1]
        }
      }
    }
    var matrix = BandedMatrix(size: size, band: band)
    for column in 0..<size {
      for row in column...min(size - 1, column + band) {
        matrix.elements[column * (band + 1) + row - column] = dense[row * size + column]
      }
    }
    return (matrix, dense)
  }

  @Test(
    "What is solved for is what a dense factor finds",
    arguments: [
      (1, 0), (7, 2), (8, 0), (40, 7), (90, 31), (133, 105), (204, 78), (12, 20), (8, 15),
      (16, 15), (17, 16), (9, 1), (23, 6),
    ])
  func solution(size: Int, band: Int) throws {
    for seed in 1...5 {
      var (matrix, dense) = matrix(size, band, seed: UInt64(seed))
      let b = (0..<size).map { Double($0 % 7) - 3 }
      for row in 0..<size { dense[row * size + row] *= 1.5 }
      for row in 0..<size { dense[row * size + row] += 0.25 }
      let isFactored = matrix.factor(raisedBy: 0.5, and: 0.25)
      #expect(isFactored)
      let expected = try #require(CholeskyFactor(dense, size: size)).solved(b)
      for (x, y) in zip(matrix.solved(b), expected) { #expect(abs(x - y) < 1e-9 * max(1, abs(y))) }
    }
  }

  @Test("A matrix that is not positive has no factor")
  func notPositive() {
    var matrix = BandedMatrix(size: 3, band: 1)
    matrix.elements = [1, 2, 1, 0, 1, 0]
    let isFactored = matrix.factor(raisedBy: 0, and: 0)
    #expect(!isFactored)
  }
}
