import Geometry
import Learning
import Motions
import Testing

@testable import MotionModels

@Suite("GroundContact of sampled motion")
struct FootingTests {
  @Test("The ground is below both feet everywhere, and theirs where they stand", arguments: 0..<200)
  func ground(seed: UInt64) {
    var random = RandomSource(seed: seed)
    func foot() -> [Vector3] {
      var height = 0.3
      return (0..<64).map { _ in
        height += Double(random.uniform(from: -0.05, to: 0.05))
        return Vector3(0, 0, height)
      }
    }
    let (left, right) = (foot(), foot())
    let footing = GroundContact(left: left, right: right, frameRate: 30)
    for (index, ground) in footing.ground.enumerated() {
      #expect(ground <= min(left[index].z, right[index].z) + 1e-12)
    }
    let still = GroundContact(
      left: Array(repeating: [0, 0, 0.13], count: 20),
      right: left.prefix(20).map { $0 + [0, 0, 9] }, frameRate: 30)
    #expect(still.ground.allSatisfy { abs($0 - 0.13) < 1e-12 })
  }

  /// A canonical figure that stands, hovers higher and higher and glides forward.
  private func hovering(_ frames: Int) -> MotionClip {
    MotionClip(
      name: "hovering", skeleton: .canonical, frameRate: 30,
      rootTranslations: (0..<frames).map { [0.01 * Double($0), 0, 0.95 + 0.002 * Double($0)] },
      rotations: Array(repeating: .identity, count: frames * Skeleton.jointCount))
  }

  private func feet(_ motion: ObservedMotion) -> [Vector3] {
    motion.clip(frames: 0..<motion.frameCount, name: "", frameRate: 30, label: nil)
      .jointPositions().enumerated()
      .filter { $0.offset % Skeleton.jointCount == Skeleton.Joint.leftFoot.rawValue }
      .map(\.element)
  }

  @Test("What hovers is set on the ground in the same poses, on the same path")
  func settles() {
    var motion = ObservedMotion(hovering(64))
    let before = motion
    motion.alignToGround(after: 0, isLevel: true)
    #expect(motion.rotations == before.rotations)
    // The ground is the lowest within reach: what rises steadily stays that far above it.
    let above = 0.002 * Double(GroundContact.reach(at: 30))
    let middle = feet(motion)[20..<44]
    #expect(middle.allSatisfy { abs($0.z - GroundContact.standing - above) < 1e-9 })
    let way = motion.root[63].x - motion.root[0].x
    #expect(abs(way - 0.63) < 1e-12)
    var climbing = before
    climbing.alignToGround(after: 0, isLevel: false)
    let rise = climbing.root[63].z - climbing.root[0].z
    #expect(abs(rise - 0.126) < 1e-12, "a climb is kept")
    #expect(abs(feet(climbing)[0].z - GroundContact.standing) < 1e-9)
  }

  @Test("Who lands after a past in mid-air stays as sampled")
  func landing() {
    let frames = 64
    let clip = MotionClip(
      name: "landing", skeleton: .canonical, frameRate: 30,
      rootTranslations: (0..<frames).map { [0, 0, max(0.95, 1.4 - 0.03 * Double($0))] },
      rotations: Array(repeating: .identity, count: frames * Skeleton.jointCount))
    var motion = ObservedMotion(clip)
    let before = motion
    motion.alignToGround(after: 2, isLevel: true)
    #expect(zip(motion.root, before.root).allSatisfy { $0.z == $1.z })
  }

  @Test("Frames of the past stay, and the first new one hardly moves")
  func past() {
    var motion = ObservedMotion(hovering(64))
    let before = motion
    motion.alignToGround(after: 40, isLevel: true)
    for frame in 0..<40 { #expect(motion.root[frame] == before.root[frame]) }
    #expect((motion.root[40] - before.root[40]).length < 1e-3)
    let ground = feet(before)[20].z
    #expect(abs(feet(motion)[63].z - ground) < 0.03, "back on the past's ground")
    #expect(feet(before)[63].z > ground + 0.08)
  }
}
