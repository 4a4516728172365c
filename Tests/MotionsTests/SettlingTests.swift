import Files
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Sampled motion set on level ground")
struct SettlingTests {
  private static let names = ["walk", "wave"]

  private func clip(_ name: String) throws -> MotionClip {
    let examples = try #require(ProjectFolder.locate("Examples"))
    let clip = try MotionFile.read("\(examples)/Motions/\(name).bvh").clip
    return try clip.resampled(to: 30)
  }

  private func raised(_ clip: MotionClip, _ heights: [Double]) -> MotionClip {
    MotionClip(
      name: clip.name, skeleton: clip.skeleton, frameRate: clip.frameRate,
      rootTranslations: zip(clip.rootTranslations, heights).map { $0 + Vector3(0, 0, $1) },
      rotations: clip.rotations)
  }

  private func greatest(_ values: [Double]) -> Double { values.map(abs).max() ?? 0 }

  @Test("Who stands and walks on the ground stays there", arguments: names)
  func level(_ name: String) throws {
    #expect(greatest(Settling(try clip(name)).lowering) < 0.015)
  }

  @Test(
    "Who rises over steps comes back to the ground, with every pose as it was", arguments: names)
  func steps(_ name: String) throws {
    let clip = try clip(name)
    for (height, first) in [(0.1, 20), (0.3, 35), (0.6, 10)] {
      // Up within half a second, and never down again.
      let heights = (0..<clip.frameCount).map { frame in
        height * min(1, max(0, Double(frame - first) / 15))
      }
      let settled = Settling.settled(raised(clip, heights))
      let left = zip(settled.rootTranslations, clip.rootTranslations).map { ($0 - $1).z }
      #expect(greatest(left) < 0.02 + 0.17 * height, "\(name) \(height): \(greatest(left))")
      #expect(greatest(Array(left.suffix(clip.frameCount - first - 40))) < 0.015)
      #expect(settled.rotations == clip.rotations)
      #expect(settled.rootTranslations.map(\.x) == clip.rootTranslations.map(\.x))
    }
  }

  @Test(
    "Whatever rises and falls: nobody is raised, nobody sinks, and setting it again changes little")
  func random() throws {
    let clip = try clip("walk").slice(0..<90)
    func lowest(_ clip: MotionClip) -> [Double] {
      (0..<clip.frameCount).map { clip.jointPositions(frame: $0).map(\.z).min() ?? .nan }
    }
    let least = lowest(clip).min() ?? .nan
    var random = SeededGenerator(4)
    func unit() -> Double { .random(in: 0...1, using: &random) }
    for round in 0..<200 {
      // Ramps and waves of up to 0.8 m, which fall at 4.5 m/s² at most, more slowly than a jump.
      let waves = (0..<2).map { _ in
        (height: 0.25 * unit(), rate: 0.1 * unit(), phase: 6 * unit())
      }
      let ramp = 0.3 * unit()
      let heights = (0..<clip.frameCount).map { frame in
        waves.reduce(ramp * Double(frame) / 90) {
          $0 + $1.height * max(0, sin($1.rate * Double(frame) + $1.phase))
        }
      }
      let high = raised(clip, heights)
      let lowering = Settling(high).lowering
      #expect(lowering.allSatisfy { $0 >= 0 }, "\(round)")
      let settled = Settling.settled(high)
      #expect((lowest(settled).min() ?? .nan) > least - 0.015, "\(round)")
      #expect(greatest(Settling(settled).lowering) < 0.06, "\(round)")
    }
  }

  @Test(
    "A jump goes as high as it goes, floating for as long does not", arguments: [0.3, 0.45, 0.6])
  func jumps(seconds: Double) throws {
    let still = try clip("wave")
    let frames = (first: 30.0, last: 30 + 30 * seconds)
    func heights(_ curve: (Double) -> Double) -> [Double] {
      (0..<still.frameCount).map { frame in
        let share = (Double(frame) - frames.first) / (frames.last - frames.first)
        return share > 0 && share < 1 ? curve(share) : 0
      }
    }
    let peak = 9.81 * seconds * seconds / 8
    let jump = heights { 4 * peak * $0 * (1 - $0) }
    #expect(greatest(Settling(raised(still, jump)).lowering) < 0.015)
    // As long, but falling slowly.
    let float = jump.map { 0.4 * $0 }
    let settled = Settling.settled(raised(still, float))
    let left = zip(settled.rootTranslations, still.rootTranslations).map { ($0 - $1).z }
    #expect(greatest(left) < max(0.04, 0.6 * greatest(float)), "\(greatest(left)) of \(float)")
  }

  @Test(
    "A jump is one that leaves the ground and comes back slowly, as sampled feet do, some centimetres above it",
    arguments: [0.35, 0.45, 0.6])
  func blurredJumps(seconds: Double) throws {
    let still = try clip("wave")
    let (first, ramp, rise) = (30.0, 6.0, 0.04)
    let (length, peak) = (30 * seconds, 9.81 * seconds * seconds / 8)
    let heights = (0..<still.frameCount).map { frame -> Double in
      let (up, down) = (Double(frame) - first, first + length - Double(frame))
      if up > 0, down > 0 { return rise + 4 * peak * up * down / (length * length) }
      return rise * max(0, 1 + min(up, down) / ramp)
    }
    let settled = Settling.settled(raised(still, heights))
    let left = zip(settled.rootTranslations, still.rootTranslations).map { ($0 - $1).z }
    #expect(greatest(left) > 0.8 * peak, "\(greatest(left)) of \(peak + rise) m")
    // Where it does not fall it is brought down as before.
    let float = heights.map { min($0, rise) + 0.4 * max(0, $0 - rise) }
    let lowered = Settling.settled(raised(still, float))
    let rest = zip(lowered.rootTranslations, still.rootTranslations).map { ($0 - $1).z }
    #expect(greatest(rest) < max(0.04, 0.6 * greatest(float)), "\(greatest(rest)) of \(float)")
  }

  @Test("Frames that were observed do not change, and what they stand on is the ground")
  func past() throws {
    let clip = try clip("walk")
    let onStep = raised(clip, [Double](repeating: 0.4, count: clip.frameCount))
    #expect(greatest(Settling(onStep, fixed: 24).lowering) < 0.03)
    let heights = (0..<clip.frameCount).map { 0.4 + 0.3 * min(1, max(0, Double($0 - 30) / 15)) }
    let settled = Settling.settled(raised(clip, heights), fixed: 24)
    #expect(
      Array(settled.rootTranslations.prefix(24))
        == Array(raised(clip, heights).rootTranslations.prefix(24)))
    let left = zip(settled.rootTranslations, onStep.rootTranslations).map { ($0 - $1).z }
    #expect(greatest(left) < 0.08)
  }

  @Test(
    "Our own files come back bit for bit, and are moved to the ground where they are clearly off it"
  )
  func ownFiles() throws {
    let clip = try clip("walk")
    func read(_ height: Double, _ ground: ImportOptions.Ground = .stance) throws
      -> (clip: MotionClip, report: ImportReport)
    {
      let high = raised(clip, [Double](repeating: height, count: clip.frameCount))
      return try MotionFile.read(
        NativeClip.encoded(high).encoded(), path: "x.clip.safetensors",
        options: ImportOptions(ground: ground))
    }
    for height in [0, 0.01, -0.01] {
      let (same, report) = try read(height)
      #expect(
        same.rootTranslations
          == raised(clip, [Double](repeating: height, count: clip.frameCount)).rootTranslations)
      #expect(!report.findings.contains { $0.kind == .movedGround })
    }
    for height in [1.0, -3, 0.1] {
      let (moved, report) = try read(height)
      let left = zip(moved.rootTranslations, clip.rootTranslations).map { ($0 - $1).z }
      #expect(greatest(left) < 0.03 && report.findings.contains { $0.kind == .movedGround })
      let (kept, _) = try read(height, .keep)
      #expect(abs(kept.rootTranslations[0].z - clip.rootTranslations[0].z - height) < 1e-6)
    }
  }

  @Test("Who lies is carried by what lies, not by the feet; nothing at all is no trouble")
  func lying() throws {
    let clip = try clip("wave")
    // Upside down: the head is on the ground, the feet are in the air.
    let turn = Quaternion(angle: .pi, axis: .unitX)
    var rotations = clip.rotations
    for frame in 0..<clip.frameCount {
      rotations[frame * Skeleton.jointCount] = turn * rotations[frame * Skeleton.jointCount]
    }
    func at(_ height: Double) -> MotionClip {
      MotionClip(
        name: "", skeleton: clip.skeleton, frameRate: 30,
        rootTranslations: clip.rootTranslations.map { Vector3($0.x, $0.y, height) },
        rotations: rotations)
    }
    let settled = Settling.settled(at(2))
    let lowest = (0..<clip.frameCount).map { frame in
      settled.jointPositions(frame: frame).map(\.z).min() ?? .nan
    }
    #expect(lowest.allSatisfy { $0 > 0.01 && $0 < 0.2 })
    let one = try clip.slice(0..<1)
    #expect(Settling(one).lowering.count == 1)
  }
}
