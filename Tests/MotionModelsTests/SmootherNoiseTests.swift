import Geometry
import Learning
import Motions
import Testing

@testable import HumanBody
@testable import MotionModels

@Suite("Noise of trackers")
struct SmootherNoiseTests {
  private static let frames = 400
  private static let still: [Float] = {
    let one = SkeletonFit(SmootherTruth(SmootherSubjects.window(frames: 1, seed: 2)).positions)
    return (0..<frames).flatMap { _ in one.positions }
  }()

  /// The noise that a model adds to a figure that stands still, [frames, 66].
  private func added(_ noise: TrackNoise, seed: UInt64 = 1) -> [Float] {
    var random = RandomSource(seed: seed)
    return zip(noise.applied(to: Self.still, using: &random), Self.still).map { $0 - $1 }
  }

  private func deviation(_ values: [Float]) -> Double {
    let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
    let square = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return (square / Double(values.count)).squareRoot()
  }

  /// The correlation of a frame's noise with that of the next.
  private func correlation(_ values: [Float]) -> Double {
    var sum = 0.0
    for index in 66..<values.count { sum += Double(values[index]) * Double(values[index - 66]) }
    return sum / values.reduce(0) { $0 + Double($1) * Double($1) }
  }

  @Test("No noise leaves positions as they are")
  func none() {
    var random = RandomSource(seed: 1)
    #expect(TrackNoise().applied(to: Self.still, using: &random) == Self.still)
  }

  @Test("Normal noise has its deviation and no memory")
  func gaussian() {
    var noise = TrackNoise()
    noise.gaussian = 0.03
    let values = added(noise)
    #expect(abs(deviation(values) - 0.03) < 6e-4)
    #expect(abs(correlation(values)) < 0.02)
  }

  @Test("Bones keep their direction and change their length within the bounds")
  func bones() {
    var noise = TrackNoise()
    noise.bone = 0.08
    var random = RandomSource(seed: 3)
    let positions = noise.applied(to: Self.still, using: &random)
    var (least, most, sum) = (Float(9), Float(0), 0.0)
    for point in 0..<(Self.frames * 22) {
      let joint = point % 22
      guard joint > 0 else { continue }
      let parent = point - joint + Skeleton.parents[joint]
      func bone(_ p: [Float]) -> SIMD3<Float> {
        SIMD3(p[3 * point], p[3 * point + 1], p[3 * point + 2])
          - SIMD3(p[3 * parent], p[3 * parent + 1], p[3 * parent + 2])
      }
      let (a, b) = (bone(positions), bone(Self.still))
      let factor = a.length / b.length
      (least, most, sum) = (min(least, factor), max(most, factor), sum + Double(factor))
      #expect(a.cross(b).length < 1e-5)
    }
    #expect(0.919 < least && least < 0.922 && 1.078 < most && most < 1.081)
    #expect(abs(sum / Double(Self.frames * 21) - 1) < 0.002)
  }

  @Test("Filtered noise has the deviation of a moving average, and its memory")
  func filtered() {
    var noise = TrackNoise()
    noise.filtered = 0.03
    noise.filteredFrames = 7
    let values = added(noise)
    #expect(abs(deviation(values) - 0.03 / 7.0.squareRoot()) < 4e-4)
    #expect(abs(correlation(values) - 6.0 / 7) < 0.03)
  }

  @Test("Pushes come with their probability and decay")
  func pushes() {
    var noise = TrackNoise()
    noise.pushProbability = 0.05
    noise.push = 0.04
    noise.pushDecay = 0.8
    let values = added(noise)
    // A sum of decaying pushes has the variance p s² / (1 - d²) and the correlation d.
    let expected = 0.04 * (0.05 / (1 - 0.64)).squareRoot()
    #expect(abs(deviation(values) - expected) < 0.05 * expected)
    #expect(abs(correlation(values) - 0.8) < 0.03)
  }

  @Test("Outliers come with their probability and stay within their cube")
  func outliers() {
    var noise = TrackNoise()
    noise.outlierProbability = 0.02
    noise.outlier = 0.25
    let values = added(noise)
    var count = 0
    for at in stride(from: 0, to: values.count, by: 3) {
      if values[at..<(at + 3)].contains(where: { $0 != 0 }) { count += 1 }
      #expect(values[at..<(at + 3)].allSatisfy { abs($0) <= 0.2501 })
    }
    let share = Double(count) / Double(Self.frames * 22)
    #expect(abs(share - 0.02) < 0.005)
    #expect(abs(deviation(values) - 0.25 * (share / 3).squareRoot()) < 2e-3)
  }

  @Test("The complex noise is that of the definition")
  func complex() {
    let noise = TrackNoise.complex
    #expect(noise.gaussian == 0.03 && noise.filtered == 0.03 && noise.filteredFrames == 7)
    #expect(noise.bone == 0.08 && noise.outlierProbability == 0.0025 && noise.outlier == 0.25)
  }

  @Test("Training draws windows without noise too, and gaps that never hide everything")
  func random() {
    var random = RandomSource(seed: 9)
    let draws = (0..<2000).map { _ in TrackNoise.random(using: &random) }
    let clean = draws.filter { $0 == TrackNoise() }.count
    #expect(180 < clean && clean < 330)
    for _ in 0..<2000 {
      let gaps = TrackGaps.random(frames: 15, using: &random)
      #expect(gaps.confidences.contains { $0 > 0 })
      #expect(gaps.confidences.allSatisfy { 0 <= $0 && $0 <= 1 })
    }
  }
}
