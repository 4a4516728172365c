import Learning
import Testing

@Suite("Normal numbers by pairs")
struct RandomNormalTests {
  @Test("have the moments of the normal distribution, and neighbours are independent")
  func moments() {
    var random = RandomSource(seed: 3)
    let x = random.normals(200_001).map(Double.init)
    #expect(x.count == 200_001 && x.allSatisfy(\.isFinite))
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    // Four standard deviations of each mean.
    #expect(abs(mean(x)) < 0.009)
    #expect(abs(mean(x.map { $0 * $0 }) - 1) < 0.013)
    #expect(abs(mean(x.map { $0 * $0 * $0 * $0 }) - 3) < 0.09)
    for apart in 1...2 {
      let pairs = zip(x, x.dropFirst(apart))
      #expect(abs(mean(pairs.map { $0 * $1 })) < 0.009)
      #expect(abs(mean(pairs.map { ($0 * $0 - 1) * ($1 * $1 - 1) })) < 0.018)
    }
  }

  @Test("The same seed gives the same numbers, as many as asked for", arguments: [0, 1, 2, 7])
  func counts(_ count: Int) {
    var (a, b) = (RandomSource(seed: 4), RandomSource(seed: 4))
    let found = a.normals(count)
    #expect(found.count == count)
    #expect(Array(b.normals(8).prefix(count)) == found)
  }
}
