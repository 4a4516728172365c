import Autodiff
import Foundation
import Learning
import Testing

@testable import MotionMetrics

@Suite("Distances of distributions")
struct MeasuresDistanceTests {
  /// Points of a Gaussian with independent columns.
  private func gaussian(
    _ rows: Int, means: [Float], deviations: [Float], seed: UInt64
  ) -> FeatureTable {
    var random = RandomSource(seed: seed)
    let points = (0..<rows).flatMap { _ in
      zip(means, deviations).map { $0 + $1 * random.normal() }
    }
    return FeatureTable(points, columns: means.count)
  }

  @Test("The energy distance of two points each is what the definition says")
  func definition() {
    let x = FeatureTable([0, 0, 3, 4], columns: 2)
    let y = FeatureTable([0, 1, 0, 2], columns: 2)
    let between = (1 + 2 + 18.0.squareRoot() + 13.0.squareRoot()) / 4
    #expect(abs(EnergyDistance(x, y).value - (2 * between - 5 - 1)) < 1e-6)
  }

  @Test("The energy distance of two normal variables is the closed form")
  func normal() {
    // E|Z| for Z of N(m, s²) is s √(2/π) exp(−m²/2s²) + m erf(m / s√2).
    func mean(_ m: Double, _ s: Double) -> Double {
      s * (2 / Double.pi).squareRoot() * exp(-m * m / (2 * s * s)) + m
        * erf(m / (s * 2.0.squareRoot()))
    }
    for (shift, deviation) in [(0.0, 1.0), (0.5, 1), (1, 1), (0, 2), (2, 0.5)] {
      let truth =
        2 * mean(shift, (1 + deviation * deviation).squareRoot()) - mean(0, 2.0.squareRoot())
        - mean(0, deviation * 2.0.squareRoot())
      let found = (0..<UInt64(10)).map { seed in
        let x = gaussian(400, means: [0], deviations: [1], seed: 2 * seed)
        let y = gaussian(
          400, means: [Float(shift)], deviations: [Float(deviation)], seed: 2 * seed + 1)
        return EnergyDistance(x, y).value
      }
      let error = Bootstrap.deviation(found) / 10.0.squareRoot()
      #expect(abs(found.reduce(0, +) / 10 - truth) < 3 * error)
      #expect(error < 0.003 + 0.1 * truth)
    }
  }

  @Test("Samples of one distribution are at 0 on average, and further ones further")
  func orders() {
    let zero = [Float](repeating: 0, count: 20)
    let one = [Float](repeating: 1, count: 20)
    let x = gaussian(300, means: zero, deviations: one, seed: 1)
    let same = (0..<20).map { seed in
      EnergyDistance(x, gaussian(300, means: zero, deviations: one, seed: 10 + seed)).value
    }
    #expect(abs(same.reduce(0, +) / 20) < 0.01)
    #expect(same.contains { $0 < 0 })
    var last = same.max() ?? 0
    for shift in [Float(0.1), 0.2, 0.4, 0.8] {
      let y = gaussian(300, means: one.map { $0 * shift }, deviations: one, seed: 50)
      let value = EnergyDistance(x, y).value
      #expect(value > last)
      last = value
    }
  }

  @Test("The standard error is that of drawing again, and larger where points hang together")
  func bootstrap() {
    var values: [Double] = []
    var errors: [Double] = []
    var clustered: [Double] = []
    for seed in 0..<UInt64(30) {
      let x = gaussian(200, means: [0, 0], deviations: [1, 1], seed: 2 * seed)
      let y = gaussian(200, means: [1, 0], deviations: [1, 1], seed: 2 * seed + 1)
      var random = RandomSource(seed: seed)
      let found = EnergyDistance(x, y).estimate(using: &random)
      values.append(found.value)
      errors.append(found.standardError)
      // Ten copies of each point in one trial: the error is that of the points, not of the copies.
      let first = (0..<20).map { $0 }
      let few = x.selecting(first)
      var copies = FeatureTable(columns: 2)
      for row in 0..<few.rows { for _ in 0..<10 { copies.append(few.row(row), trial: row) } }
      clustered.append(EnergyDistance(copies, y).estimate(using: &random).standardError)
    }
    let (mean, deviation) = (errors.reduce(0, +) / 30, Bootstrap.deviation(values))
    #expect(0.7 * deviation < mean && mean < 1.4 * deviation)
    #expect(clustered.reduce(0, +) / 30 > 2 * mean)
  }

  @Test("The Fréchet distance of Gaussians is the closed form")
  func frechet() {
    let deviations: [Float] = [1, 2, 0.5, 1]
    let others: [Float] = [2, 2, 1, 0.25]
    let shifts: [Float] = [1, 0, -0.5, 0]
    let x = gaussian(20_000, means: [0, 0, 0, 0], deviations: deviations, seed: 1)
    let y = gaussian(20_000, means: shifts, deviations: others, seed: 2)
    let truth = zip(zip(deviations, others), shifts).reduce(0.0) { sum, entry in
      let d = Double(entry.0.0 - entry.0.1)
      return sum + d * d + Double(entry.1 * entry.1)
    }
    let frechet = FrechetDistance(reference: x, dimension: 4)
    #expect(abs(frechet.explained - 1) < 1e-9)
    #expect(abs(frechet(x, y) - truth) < 0.03 * truth)
    #expect(abs(frechet(x, x)) < 1e-9)
    // Turned together, both stay as far from each other.
    let turned = (turned(x), turned(y))
    let again = FrechetDistance(reference: turned.0, dimension: 4)
    #expect(abs(again(turned.0, turned.1) - frechet(x, y)) < 1e-4)
  }

  private func turned(_ table: FeatureTable) -> FeatureTable {
    let (c, s) = (cos(Float(0.7)), sin(Float(0.7)))
    return FeatureTable(
      (0..<table.rows).flatMap { index -> [Float] in
        let r = Array(table.row(index))
        return [c * r[0] - s * r[1], s * r[0] + c * r[1], c * r[2] + s * r[3], c * r[3] - s * r[2]]
      }, columns: 4)
  }

  @Test("Principal directions leave out what hardly varies")
  func directions() {
    let x = gaussian(2000, means: [0, 0, 0], deviations: [3, 0.01, 1], seed: 1)
    let y = gaussian(2000, means: [0, 5, 1], deviations: [3, 0.01, 1], seed: 2)
    #expect(FrechetDistance(reference: x, dimension: 2)(x, y) < 1.3)
    #expect(FrechetDistance(reference: x, dimension: 3)(x, y) > 20)
  }

  @Test("Eigenvectors of random symmetric matrices make up the matrix")
  func eigen() {
    var random = RandomSource(seed: 4)
    for size in [1, 2, 3, 4, 7, 20, 60] {
      let raw = (0..<(size * size)).map { _ in Double(random.normal()) }
      let matrix = (0..<(size * size)).map { raw[$0] + raw[$0 % size * size + $0 / size] }
      let eigen = SymmetricEigen(matrix, size: size)
      #expect(zip(eigen.values, eigen.values.dropFirst()).allSatisfy { $0 >= $1 })
      for row in 0..<size {
        for column in 0..<size {
          let sum = (0..<size).reduce(0.0) {
            $0 + eigen.values[$1] * eigen.vectors[$1 * size + row]
              * eigen.vectors[$1 * size + column]
          }
          #expect(abs(sum - matrix[row * size + column]) < 1e-10)
        }
      }
    }
  }

  @Test("Standardised features have mean 0 and deviation 1, but for what hardly moves")
  func scale() {
    let table = gaussian(500, means: [5, -2, 1], deviations: [3, 0.2, 0.001], seed: 1)
    let scaled = FeatureScale(table, floors: [0.1, 0.1, 0.1])(table)
    let means = scaled.means()
    #expect(means.allSatisfy { abs($0) < 1e-4 })
    let squares = (0..<3).map { column in
      (0..<500).reduce(0.0) { sum, row in
        sum + pow(Double(Array(scaled.row(row))[column]), 2) / 499
      }
    }
    #expect(abs(squares[0] - 1) < 1e-3 && abs(squares[1] - 1) < 1e-3 && squares[2] < 1e-3)
  }

  @Test("The distance to the nearest shows copies, the distance of pairs a lack of variety")
  func diversity() {
    let training = gaussian(400, means: [0, 0, 0], deviations: [1, 1, 1], seed: 1)
    let fresh = gaussian(400, means: [0, 0, 0], deviations: [1, 1, 1], seed: 2)
    let narrow = gaussian(400, means: [0, 0, 0], deviations: [0.5, 0.5, 0.5], seed: 3)
    #expect(Diversity.toNearest(training, of: training) == 0)
    #expect(Diversity.toNearest(fresh, of: training) > 0.1)
    let ratio = Diversity.ofPairs(narrow) / Diversity.ofPairs(fresh)
    #expect(abs(ratio - 0.5) < 0.03)
    // Mean distance of two points of a three-dimensional normal distribution: 4 / √π.
    #expect(abs(Diversity.ofPairs(fresh) - 4 / Double.pi.squareRoot()) < 0.1)
  }
}
