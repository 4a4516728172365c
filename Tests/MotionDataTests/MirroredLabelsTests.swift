import Testing

@testable import MotionData

@Suite("Labels in a mirror")
struct MirroredLabelsTests {
  @Test("Sides are exchanged where a label says the other one, and nothing else is")
  func sides() {
    let names = ["walk", "wave_left", "wave_right", "kick right", "turnleft", "l", "r", "Left"]
    let labels = MirroredLabels(names)
    #expect(names.indices.map(labels.mirrored) == [0, 2, 1, nil, 4, 6, 5, 7])
    #expect(MirroredLabels.mirrored("kick right, then left") == "kick left, then right")
  }
}
