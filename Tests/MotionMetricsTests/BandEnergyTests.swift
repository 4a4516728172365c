import Foundation
import Geometry
import Motions
import Testing

@testable import HumanBody
@testable import MotionMetrics

@Suite("Energy of motion in bands of frequency")
struct BandEnergyTests {
  /// A body that stands and trembles up and down as a whole.
  private func trembling(_ hertz: Double, _ amplitude: Double, drift: Double = 0) -> EvaluationSet {
    let places = (0..<64).map { frame in
      let t = Double(frame) / 30
      return Vector3(drift * t, 0, 0.9 + amplitude * sin(2 * .pi * hertz * t))
    }
    let pose = [Skeleton.worldFromBodyAtRest] + Array(repeating: Quaternion.identity, count: 21)
    let clip = MotionClip(
      name: "trembling", skeleton: .canonical, frameRate: 30, rootTranslations: places,
      rotations: (0..<64).flatMap { _ in pose })
    return EvaluationSet([MotionWindow(clip, frames: 0..<64)])
  }

  @Test(
    "A tremor is found in its band, in proportion to the square of its amplitude, and in no other")
  func tremor() {
    let (weak, strong) = (trembling(6, 0.01), trembling(6, 0.02))
    let ratio = strong.energy(in: 5...8) / weak.energy(in: 5...8)
    #expect(abs(ratio - 4) < 0.01)
    #expect(weak.energy(in: 2...5) < 0.02 * weak.energy(in: 5...8))
    // Of a sine of amplitude a, Hann's window puts a²/4 (1 + 2/4) into the bins around it; one of 22
    // joints, the pelvis, moves.
    #expect(abs(weak.energy(in: 5...8) - 1e-4 / 4 * 1.5 / 22) < 0.05 * 1e-4 / 4 * 1.5 / 22)
  }

  @Test("Walking away is no tremor")
  func drift() {
    #expect(trembling(6, 0, drift: 2).energy(in: 2...8) < 1e-12)
  }
}
