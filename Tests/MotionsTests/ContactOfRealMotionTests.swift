import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Contact of real motion", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct ContactOfRealMotionTests {
  private func clip(_ file: String, ground: ImportOptions.Ground = .keep) throws -> MotionClip {
    try MotionFile.read(
      try SharedData.url("data/motions/\(file).bvh").path, options: ImportOptions(ground: ground)
    ).clip
  }

  @Test(
    "Feet that stand are slow, and stand most of the time in walks and speeches",
    arguments: [
      ("bandai/dataset-1_walk_active_001", 0.9), ("bandai/dataset-1_bow_sad_001", 0.99),
      ("cmu/cmux_train_walking_extra_33", 0.85), ("cmu/02_01", 0.85), ("cmu/02_09", 0.95),
      ("cmu_daz/60_03_a", 0.9), ("misc/fair1_wave_hello", 0.99),
    ])
  func slow(file: String, least: Double) throws {
    let clip = try clip(file)
    let contact = Contact(clip)
    let positions = clip.jointPositions()
    var speeds: [Double] = []
    for part in [Contact.Part.leftBall, .rightBall] {
      for stance in contact.stances where stance.part == part {
        for frame in stance.frames.dropFirst() {
          let at = frame * Skeleton.jointCount + part.joint.rawValue
          speeds.append(
            (positions[at] - positions[at - Skeleton.jointCount]).length * clip.frameRate)
        }
      }
    }
    #expect(speeds.median < 0.2 && speeds.sorted()[speeds.count * 9 / 10] < 0.7)
    let grounded = contact.isAirborne.count { !$0 }
    #expect(Double(grounded) >= least * Double(clip.frameCount), "\(grounded)")
    #expect(contact.levels.count == 1)
  }

  @Test(
    "In the flights of jumps and runs the body falls",
    arguments: [
      "cmu/01_01_a", "cmu/cmux_train_jumping_01", "cmu/cmux_train_jumping_03",
      "cmu/cmux_train_running_01", "bandai/dataset-1_run_active_001",
      "bandai/dataset-1_dash_active_001", "misc/cmu_jumping_jacks", "misc/style_neutral_16_000",
    ])
  func falls(file: String) throws {
    let clip = try clip(file)
    let runs = StanceScore.runs(clip.frameCount) { [air = Contact(clip).isAirborne] in air[$0] }
      .filter { Double($0.count) / clip.frameRate >= 0.12 }
    #expect(!runs.isEmpty)
    var accelerations: [Double] = []
    for run in runs where run.lowerBound > 0 && run.upperBound < clip.frameCount {
      // The parabola through three places of the pelvis, which is near the centre of mass.
      let z = run.map { clip.rootTranslations[$0].z }
      let half = Double((z.count - 1) / 2) / clip.frameRate
      let middle = (z.count - 1) / 2
      accelerations.append((z[2 * middle] - 2 * z[middle] + z[0]) / (half * half))
    }
    let median = accelerations.median
    #expect(-13 < median && median < -6.5, "\(median) m/s² in \(accelerations.count) flights")
  }

  @Test("A playground is climbed in steps; those of one side are level")
  func climbing() throws {
    let contact = Contact(try clip("cmu/01_02_a"))
    let heights = contact.levels.filter { $0.duration > 1 }.map(\.height)
    #expect(heights.count == 4)
    for (height, expected) in zip(heights, [0.037, 0.312, 0.557, 0.811]) {
      #expect(abs(height - expected) < 0.02, "\(heights)")
    }
  }

  @Test(
    "The answer is the same at 120, 60 and 30 Hz",
    arguments: ["cmu/02_01", "cmu/02_03", "cmu/02_04", "misc/style_neutral_16_000"])
  func rates(file: String) throws {
    let clip = try clip(file)
    let fine = Contact(clip)
    for rate in [60.0, 30] {
      let coarse = Contact(try clip.resampled(to: rate))
      #expect(coarse.levels.count == fine.levels.count)
      #expect(abs((coarse.ground ?? .nan) - (fine.ground ?? .nan)) < 0.004)
      for part in [Contact.Part.leftBall, .rightBall, .leftHeel, .rightHeel] {
        let seen = coarse.isStanding(part)
        let wanted = fine.isStanding(part)
        let agreeing = seen.indices.count { frame in
          seen[frame]
            == wanted[min(Int((Double(frame) * clip.frameRate / rate).rounded()), wanted.count - 1)]
        }
        #expect(
          Double(agreeing) >= 0.95 * Double(seen.count),
          "\(rate) Hz, \(part): \(agreeing) of \(seen.count)")
      }
    }
  }

  @Test("Every clip has a ground within reach of its feet, and is imported onto it")
  func grounds() throws {
    let index = try String(
      contentsOf: try SharedData.url("data/motions/index.csv"), encoding: .utf8)
    for line in index.split(whereSeparator: \.isNewline).dropFirst() {
      let file = String(try #require(line.split(separator: ",").first).dropLast(4))
      let kept = try clip(file)
      let contact = Contact(kept)
      let ground = try #require(contact.ground, "\(file)")
      #expect(abs(ground) < 0.15, "\(file): \(ground)")
      let moved = try clip(file, ground: .stance)
      #expect(abs(Contact(moved).ground ?? .nan) < 0.001, "\(file)")
      let shift = moved.rootTranslations[0].z - kept.rootTranslations[0].z
      #expect(abs(shift + ground) < 0.001)
    }
  }
}
