import Testing

@testable import Trajectories

@Suite("Refinement")
struct RefinementTests {
  static func points(_ seed: Int, count: Int) -> [Double] {
    var random = SeededGenerator(seed)
    let inner = (0..<count - 4).map { _ in random.uniform(-1...1) }
    let (first, last) = (inner[0], inner[inner.count - 1])
    return [first, first] + inner + [last, last]
  }

  static func value(_ c: [Double], piece: Int, at u: Double) -> Double {
    let v = 1 - u
    return
      (v * v * v * c[piece] + (3 * u * u * u - 6 * u * u + 4) * c[piece + 1]
      + (3 * v * v * v - 6 * v * v + 4) * c[piece + 2] + u * u * u * c[piece + 3]) / 6
  }

  static func differences(_ c: [Double]) -> [Double] { zip(c.dropFirst(), c).map { $0 - $1 } }

  @Test("knots inserted leave the curve as it is", arguments: 0..<50)
  func curve(seed: Int) {
    let coarse = Self.points(seed, count: 7 + seed)
    let level = seed % 4
    let pieces = (coarse.count - 3) << level
    let fine = Refinement.refined(coarse, level: level, count: pieces + 3)
    #expect(fine.count == pieces + 3)
    for piece in 0..<pieces {
      for u in [0.0, 0.3, 1] {
        let place = (Double(piece) + u) / Double(1 << level)
        let own = min(Int(place), coarse.count - 4)
        let there = Self.value(coarse, piece: own, at: place - Double(own))
        #expect(abs(Self.value(fine, piece: piece, at: u) - there) < 1e-14)
      }
    }
  }

  @Test("differences shrink by a power of two for each order, and both ends rest exactly")
  func bounds() {
    for seed in 0..<100 {
      let coarse = Self.points(seed, count: 20)
      let fine = Refinement.refined(coarse, level: 3, count: 17 * 8 + 3 + 5)
      #expect(fine.count == 17 * 8 + 8)
      var (a, b, factor) = (coarse, fine, 1.0)
      for _ in 0...3 {
        let (greatest, allowed) = (b.map(abs).max() ?? .nan, a.map(abs).max() ?? .nan)
        #expect(greatest <= allowed * factor + 1e-14)
        (a, b, factor) = (Self.differences(a), Self.differences(b), factor / 8)
      }
      #expect(Set(fine.prefix(3)) == [coarse[0]])
      #expect(Set(fine.suffix(8)) == [coarse[19]])
    }
  }

  @Test("halving keeps cubics and takes the fastest jitter out")
  func halving() {
    let cubic = (0..<60).map { i -> Double in
      let t = Double(i) / 20
      return 1 - t + 2 * t * t - t * t * t
    }
    let jitter = cubic.enumerated().map { $1 + ($0 % 2 == 0 ? 0.1 : -0.1) }
    for row in [cubic, jitter] {
      let half = Refinement.halved(row)
      #expect(half.count == 30)
      for i in 2..<28 { #expect(abs(half[i] - cubic[2 * i]) < 1e-12) }
    }
    #expect(Refinement.halved([3, 3, 3, 3, 3]) == [3, 3, 3])
  }
}
