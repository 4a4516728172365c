import Foundation
import Geometry
import Learning
import Motions
import TestSupport
import Testing

@testable import MotionModels

@Suite("Scoring and repairing tracks")
struct RepairTests {
  private static let joints = Skeleton.jointCount

  private func error(_ track: JointTrack, _ truth: [Float], _ mask: [Bool]) -> Double {
    var (sum, count) = (0.0, 0.0)
    for at in mask.indices where mask[at] {
      let place: Vector3 = [
        Double(truth[3 * at]), Double(truth[3 * at + 1]), Double(truth[3 * at + 2]),
      ]
      sum += (track.positions[at] - place).length
      count += 1
    }
    return sum / max(1, count)
  }

  @Test("A clean track comes back bit for bit", arguments: [30.0, 50, 120])
  func clean(_ rate: Double) throws {
    var track = HGVAESubjects.track(HGVAESubjects.positions(frames: 300, seed: 6))
    track.frameRate = rate
    let repaired = try HGVAESubjects.model().repair(track)
    #expect(repaired.changes.isEmpty)
    #expect(repaired.track.positions == track.positions)
    #expect(repaired.track.confidences == track.confidences)
  }

  @Test(
    "Damage becomes less in every class, and what it has not touched stays",
    arguments: MotionCorruption.repairable, [1, 2, 3] as [UInt64])
  func damage(_ damage: MotionCorruption, _ seed: UInt64) throws {
    let truth = HGVAESubjects.positions(frames: 150, seed: seed + 20)
    var random = RandomSource(seed: seed)
    let broken = try #require(damage.applied(to: truth, using: &random))
    let track = HGVAESubjects.track(broken.positions, broken.confidences)
    let repaired = try HGVAESubjects.model().repair(track)
    let after = error(repaired.track, truth, broken.isTouched)
    if damage == .dropOut {
      #expect(repaired.track.positions.allSatisfy { $0.isFinite })
      #expect(after < 0.25)
    } else {
      let before = error(track, truth, broken.isTouched)
      #expect(after <= before, "\(after) m, \(before) m before")
    }
    if damage == .swap { #expect(after < 1e-6) }
    let isChanged = repaired.isChanged
    for at in isChanged.indices where !isChanged[at] {
      #expect(
        repaired.track.positions[at] == track.positions[at] || !track.positions[at].isFinite)
    }
  }

  @Test(
    "A frame between two wrong ones that is right comes back bit for bit",
    arguments: [15, 20, 7, 0])
  func between(_ joint: Int) throws {
    let models = SharedData.checkout.appending(path: "Examples/Models")
    var request = MotionRequest()
    (request.count, request.frames, request.action, request.seed) = (4, 120, "walk", 3)
    let walks = try Generator(contentsOf: models.appending(path: "generator.safetensors").path)
      .sample(request)
    let model = try HGVAE(contentsOf: models.appending(path: "hgvae.safetensors").path)
    let wrong = [60, 62, 65]
    for walk in walks {
      let places = walk.jointPositions()
      let good = JointTrack(
        name: "", frameRate: 30, positions: places,
        confidences: [Float](repeating: 1, count: places.count))
      var track = good
      for frame in wrong { track.positions[frame * Self.joints + joint] += Vector3(0.2, 0.3, 0.1) }
      let repaired = try model.repair(track)
      let isChanged = repaired.isChanged
      for at in isChanged.indices {
        let error = (repaired.track.positions[at] - good.positions[at]).length
        let isWrong = at % Self.joints == joint && wrong.contains(at / Self.joints)
        #expect(isWrong ? error < 0.05 : error == 0, "frame \(at / Self.joints): \(error) m")
        #expect(isChanged[at] == isWrong)
      }
    }
  }

  @Test("The same seed damages alike, and only what it says it touches")
  func corruption() throws {
    let truth = HGVAESubjects.positions(frames: 100, seed: 8)
    for damage in MotionCorruption.allCases {
      var (first, second) = (RandomSource(seed: 4), RandomSource(seed: 4))
      guard let a = damage.applied(to: truth, using: &first) else { continue }
      let b = try #require(damage.applied(to: truth, using: &second))
      #expect(a.positions == b.positions && a.confidences == b.confidences)
      #expect(a.isTouched.contains(true), "\(damage)")
      for at in a.isTouched.indices where !a.isTouched[at] {
        #expect(a.positions[(3 * at)..<(3 * at + 3)] == truth[(3 * at)..<(3 * at + 3)])
        #expect(a.confidences[at] == 1)
      }
    }
  }

  @Test("A gap of the pelvis, of a joint that was never seen, and of everybody")
  func gaps() throws {
    let truth = HGVAESubjects.positions(frames: 120, seed: 9)
    var seen = [Float](repeating: 1, count: 120 * Self.joints)
    for frame in 40..<60 { seen[frame * Self.joints] = 0 }
    for frame in 0..<120 { seen[frame * Self.joints + 21] = 0 }
    for at in (80 * Self.joints)..<(90 * Self.joints) { seen[at] = 0 }
    let model = HGVAESubjects.model()
    let repaired = try model.repair(HGVAESubjects.track(truth, seen))
    #expect(repaired.track.positions.allSatisfy { $0.isFinite })
    #expect(repaired.emptyFrames == 0)
    let pelvis = (0..<seen.count).map { $0 % Self.joints == 0 && seen[$0] == 0 }
    #expect(error(repaired.track, truth, pelvis) < 0.1)
    // More than a second without anybody stays open.
    for at in (75 * Self.joints)..<(115 * Self.joints) { seen[at] = 0 }
    let open = try model.repair(HGVAESubjects.track(truth, seen))
    #expect(open.emptyFrames == 40)
  }

  @Test("Bones of missing joints get their lengths: along their directions where nobody is seen")
  func lengths() {
    let truth = HGVAESubjects.positions(frames: 40, seed: 4)
    let check = BoneCheck(truth, confidences: [Float](repeating: 1, count: 40 * Self.joints))
    var random = RandomSource(seed: 7)
    var places = truth
    var missing = [Bool](repeating: false, count: 40 * Self.joints)
    // Frame 5 shows nobody, frame 6 only a wrist, frame 7 all but a wrist.
    for joint in 0..<Self.joints {
      missing[5 * Self.joints + joint] = true
      missing[6 * Self.joints + joint] = joint != 20
      missing[7 * Self.joints + joint] = joint == 20
    }
    for at in missing.indices where missing[at] {
      for axis in 0..<3 { places[3 * at + axis] += 0.04 * random.normal() }
    }
    let before = places
    check.project(&places, missing: missing)
    func bone(_ p: [Float], _ frame: Int, _ joint: Int) -> SIMD3<Float> {
      let at = frame * Self.joints + joint
      let parent = frame * Self.joints + Skeleton.parents[joint]
      return SIMD3(
        p[3 * at] - p[3 * parent], p[3 * at + 1] - p[3 * parent + 1],
        p[3 * at + 2] - p[3 * parent + 2])
    }
    for joint in 1..<Self.joints {
      #expect(abs(check.error(places, frame: 5, joint: joint)) < 1e-5)
      #expect(abs(check.error(places, frame: 6, joint: joint)) < 0.01)
      let (old, new) = (bone(before, 5, joint), bone(places, 5, joint))
      #expect((new / new.length - old / old.length).length < 1e-4)
    }
    #expect(abs(check.error(places, frame: 7, joint: 20)) < 1e-5)
    for at in missing.indices where !missing[at] || at == 5 * Self.joints {
      #expect(places[(3 * at)..<(3 * at + 3)] == before[(3 * at)..<(3 * at + 3)])
    }
  }

  @Test("Nothing seen, too short, no rate, no thresholds: refused with what is needed")
  func refusals() throws {
    let model = HGVAESubjects.model()
    let positions = HGVAESubjects.positions(frames: 60, seed: 1)
    let blank = HGVAESubjects.track(positions, [Float](repeating: 0, count: 60 * Self.joints))
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    #expect(message { _ = try model.repair(blank) }.contains("at least one joint"))
    #expect(message { _ = try model.score(blank) }.contains("at least one joint"))
    let short = HGVAESubjects.track(Array(positions.prefix(37 * 66)))
    #expect(message { _ = try model.score(short) }.contains("at least 38"))
    #expect(message { _ = try model.repair(short) }.contains("37 frames"))
    var still = HGVAESubjects.track(positions)
    still.frameRate = .nan
    #expect(message { _ = try model.score(still) }.contains("frame rate"))
    let raw = HGVAESubjects.model(isCalibrated: false)
    #expect(
      message { _ = try raw.score(HGVAESubjects.track(positions)) }.contains("no thresholds"))
  }

  @Test("Positions that are no numbers count as missing")
  func notANumber() throws {
    var track = HGVAESubjects.track(HGVAESubjects.positions(frames: 90, seed: 5))
    for frame in 10..<20 { track.positions[frame * Self.joints + 18] = Vector3(repeating: .nan) }
    track.positions[50 * Self.joints + 7].x = .infinity
    let model = HGVAESubjects.model()
    let repaired = try model.repair(track)
    #expect(repaired.track.positions.allSatisfy { $0.isFinite })
    #expect(try model.score(track).evidence.isFinite)
  }

  @Test("A shaking track is less plausible than a calm one")
  func score() throws {
    let model = HGVAESubjects.model()
    let truth = HGVAESubjects.positions(frames: 100, seed: 3)
    var random = RandomSource(seed: 2)
    let shaken = try #require(MotionCorruption.jitter.applied(to: truth, using: &random))
    let calm = try model.score(HGVAESubjects.track(truth))
    let other = try model.score(HGVAESubjects.track(shaken.positions))
    #expect(other.plausibility <= calm.plausibility && other.evidence < calm.evidence)
    #expect(other.findings.count > calm.findings.count)
    #expect(calm.pose.count == 100 * Self.joints && calm.windows.count == 3)
  }

  @Test("The area under the curve is the share of pairs in order")
  func area() {
    #expect(ROC.area(negatives: [1, 2, 3], positives: [4, 5]) == 1)
    #expect(ROC.area(negatives: [4, 5], positives: [1]) == 0)
    #expect(ROC.area(negatives: [1, 2], positives: [1, 2]) == 0.5)
    #expect(ROC.area(negatives: [1, 3], positives: [2]) == 0.5)
  }
}
