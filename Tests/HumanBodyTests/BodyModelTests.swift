import Geometry
import HumanBody
import Motions
import Testing

@Suite("The human figure")
struct FigureTests {
  @Test("A window of the canonical skeleton has the positions of its clip")
  func positions() {
    let turns = (0..<(3 * 22)).map {
      Quaternion(rotationVector: [0.01 * Double($0), 0.5 - 0.02 * Double($0), 0.3])
    }
    let clip = MotionClip(
      name: "turns", skeleton: .canonical, frameRate: 30,
      rootTranslations: [[0, 0, 1], [0.1, 0, 1], [0.2, 0.1, 1]], rotations: turns)
    let found = BodyModel.positions(of: MotionWindow(clip, frames: 0..<3))
    for (index, place) in clip.jointPositions().enumerated() {
      for axis in 0..<3 { #expect(abs(Double(found[3 * index + axis]) - place[axis]) < 1e-6) }
    }
  }
}
