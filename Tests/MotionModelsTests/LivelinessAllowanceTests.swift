import Files
import Foundation
import Geometry
import HumanBody
import Learning
import Motions
import TestSupport
import Testing

@testable import MotionModels

@Suite("What lively motion is allowed")
struct LivelinessAllowanceTests {
  /// Livelinesses of many windows, and anomalies that rise with them and are spread about.
  private func windows(_ count: Int, power: Float, seed: UInt64) -> [(
    lively: Float, anomaly: Float
  )] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in
      let lively = exp(random.normal())
      return (lively, pow(lively, power) * exp(0.4 * random.normal()))
    }
  }

  private func allowance(_ windows: [(lively: Float, anomaly: Float)]) -> LivelinessAllowance {
    LivelinessAllowance(liveliness: windows.map(\.lively), anomalies: windows.map(\.anomaly))
  }

  @Test(
    "Factors begin at 1, never fall, and grow as the liveliness does beyond what was measured",
    arguments: 1...200)
  func shape(seed: Int) {
    let power = Float(seed % 5) * 0.5 - 0.5
    let found = allowance(windows(3000, power: power, seed: UInt64(seed)))
    #expect(found.factors[0] == 1 && found.factors == found.factors.sorted())
    #expect(
      found.liveliness == found.liveliness.sorted() && found.factors.count == found.liveliness.count
    )
    var last: Float = 0
    for step in 0..<200 {
      let factor = found.factor(of: pow(10, Float(step) / 50 - 2))
      #expect(factor >= max(1, last))
      last = factor
    }
    for (lively, factor) in zip(found.liveliness, found.factors) {
      #expect(abs(found.factor(of: lively) - factor) < 1e-4 * factor)
    }
    let end = found.liveliness[found.liveliness.count - 1]
    #expect(abs(found.factor(of: 3 * end) / found.factor(of: end) - 3) < 1e-3)
  }

  @Test(
    "As many calmer windows as livelier ones are unusual, where without it lively ones are",
    arguments: 1...20)
  func evenly(seed: Int) {
    let found = allowance(windows(30_000, power: 1, seed: UInt64(seed)))
    let others = windows(40_000, power: 1, seed: UInt64(1000 + seed))
      // The calmer half has one factor only.
      .filter { $0.lively > found.liveliness[1] }.sorted { $0.lively < $1.lively }
    let median = others[others.count / 2].lively
    /// The share of the most unusual hundredth that is livelier than the median.
    func lively(_ anomaly: ((lively: Float, anomaly: Float)) -> Float) -> Double {
      let unusual = others.sorted { anomaly($0) > anomaly($1) }.prefix(others.count / 100)
      return Double(unusual.count { $0.lively > median }) / Double(unusual.count)
    }
    #expect(lively { $0.anomaly } > 0.97)
    let even = lively { $0.anomaly / found.factor(of: $0.lively) }
    #expect(even > 0.3 && even < 0.7, "\(even)")
  }

  @Test("Of few windows, still ones and such as are no numbers all motion has the same bounds")
  func few() {
    for count in [0, 1, 50, 119] {
      #expect(allowance(windows(count, power: 1, seed: 1)).factors.allSatisfy { $0 == 1 })
    }
    let still = LivelinessAllowance(
      liveliness: [Float](repeating: 0, count: 500), anomalies: [Float](repeating: 0, count: 500))
    #expect(still == .none)
    let broken = LivelinessAllowance(liveliness: [.nan, .infinity], anomalies: [1, .nan])
    #expect(
      broken == .none && [0.1, 1, 9].allSatisfy { LivelinessAllowance.none.factor(of: $0) == 1 })
  }

  @Test(
    "How lively a window is grows with its size and with the square of its speed; a thrown frame does not count"
  )
  func liveliness() {
    let model = HGVAESubjects.model()
    func reading(_ signal: (Float) -> Float) -> WindowReading {
      let expected = (0..<BodyWindow.nodes).flatMap { _ in (0..<50).map { signal(Float($0)) } }
      return WindowReading(
        evidence: 0, divergence: 0, logDensity: 0, expected: expected, topLatent: [], deviations: []
      )
    }
    let slow = model.liveliness(reading { sin(0.1 * $0) })
    // Three coordinates of a joint, whose acceleration is at most the square of the angular speed.
    #expect(slow < Float(3).squareRoot() * 9 && slow > 3)
    #expect(abs(model.liveliness(reading { 2 * sin(0.1 * $0) }) / slow - 2) < 1e-3)
    #expect(abs(model.liveliness(reading { sin(0.2 * $0) }) / slow - 4) < 0.4)
    #expect(model.liveliness(reading { sin(0.1 * $0) + ($0 == 25 ? 5 : 0) }) < 1.2 * slow)
    #expect(model.liveliness(reading { _ in 3 }) == 0)
    // Nor do ten joints that shake.
    var shaken = reading { sin(0.1 * $0) }
    for node in 0..<30 {
      for frame in 0..<50 { shaken.expected[node * 50 + frame] += sin(2 * Float(frame)) }
    }
    #expect(model.liveliness(shaken) == slow)
  }

  @Test(
    "Gaps, in which stillness is expected, make no window calmer; whole windows keep their bits")
  func gaps() {
    let model = HGVAESubjects.model()
    /// A wave in all nodes; still where hidden.
    func reading(_ occlusion: Occlusion) -> WindowReading {
      let expected = (0..<(BodyWindow.nodes * 50)).map { at in
        occlusion.isSeen[at] ? sin(0.4 * Float(at % 50) + Float(at / 50)) : 0
      }
      return WindowReading(
        evidence: 0, divergence: 0, logDensity: 0, expected: expected, topLatent: [], deviations: []
      )
    }
    let whole = Occlusion(frames: 50)
    let lively = model.liveliness(reading(whole))
    #expect(model.liveliness(reading(whole), seen: whole) == lively && lively > 100)
    for hidden in [10..<25, 0..<40, 7..<50, 12..<31] {
      var nobody = whole
      for joint in 0..<Skeleton.jointCount { nobody.hide(joint: joint, frames: hidden) }
      let found = model.liveliness(reading(nobody), seen: nobody)
      #expect(abs(found / lively - 1) < 0.1, "\(hidden): \(found), \(lively) without a gap")
    }
    // Twelve joints that are never seen are not the median.
    var most = whole
    for joint in 0..<12 { most.hide(joint: joint, frames: 0..<50) }
    #expect(model.liveliness(reading(most)) == 0)
    #expect(abs(model.liveliness(reading(most), seen: most) / lively - 1) < 0.1)
    // A second difference beside a gap, whose frames were not all seen, does not count.
    var holed = reading(whole)
    var hole = whole
    for joint in 0..<Skeleton.jointCount {
      for frame in stride(from: 1, to: 36, by: 3) {
        hole.hide(joint: joint, frames: frame..<(frame + 1))
        for node in (3 * joint)..<(3 * joint + 3) { holed.expected[node * 50 + frame] = 9 }
      }
    }
    #expect(abs(model.liveliness(holed, seen: hole) / lively - 1) < 0.3)
    // Of hardly anything seen, and of nothing, it is a number.
    for seen in 0...4 {
      var little = whole
      for joint in 0..<Skeleton.jointCount { little.hide(joint: joint, frames: seen..<50) }
      #expect(model.liveliness(reading(whole), seen: little) == lively)
    }
  }

  @Test("A walk is as lively where nobody is seen for a while", arguments: [15, 30, 40])
  func unseen(count: Int) throws {
    let models = SharedData.checkout.appending(path: "Examples/Models")
    let model = try HGVAE(contentsOf: models.appending(path: "hgvae.safetensors").path)
    var request = MotionRequest()
    (request.count, request.frames, request.action, request.seed) = (3, 150, "walk", 3)
    let walks = try Generator(contentsOf: models.appending(path: "generator.safetensors").path)
      .sample(request)
    for walk in walks {
      let whole = JointTrack(walk)
      var track = whole
      let first = track.frameCount / 2 - count / 2
      for at in (first * Skeleton.jointCount)..<((first + count) * Skeleton.jointCount) {
        track.positions[at] = Vector3(repeating: .nan)
        track.confidences[at] = 0
      }
      let (before, after) = try (model.score(whole), model.score(track))
      #expect(after.unseen == count * Skeleton.jointCount)
      for (old, new) in zip(before.windows, after.windows) {
        let ratio = new.liveliness / old.liveliness
        #expect(ratio > 0.5 && ratio < 2, "from frame \(old.start): \(ratio)")
      }
    }
  }

  @Test(
    "It is in the model's file; a file of before has none and is read; a damaged one is refused")
  func stored() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var model = HGVAESubjects.model()
    model.calibration?.allowance = LivelinessAllowance(
      liveliness: [1, 2, 5], factors: [1, 1.5, 4])
    let path = folder.appending(path: "model.safetensors").path
    try model.write(to: path)
    #expect(try HGVAE(contentsOf: path).calibration == model.calibration)
    var whole = try Safetensors(contentsOf: path)
    whole.metadata["contents_sha256"] = nil
    func changed(_ change: (inout [String: StoredTensor]) -> Void) throws -> HGVAE {
      var tensors = whole.tensors
      change(&tensors)
      let other = folder.appending(path: "other.safetensors").path
      try Safetensors(metadata: whole.metadata, tensors: tensors).write(to: other)
      return try HGVAE(contentsOf: other)
    }
    let before = try changed {
      $0["calibration.liveliness"] = nil
      $0["calibration.allowances"] = nil
    }
    #expect(before.calibration?.allowance == LivelinessAllowance.none)
    for bad in [[Float](repeating: 2, count: 0), [5, 2, 1], [0, 1, 2], [1, .nan, 2], [1, 2]] {
      #expect(throws: LearningError.self) {
        _ = try changed { $0["calibration.liveliness"] = StoredTensor(bad, shape: [bad.count]) }
      }
    }
    #expect(throws: LearningError.self) {
      _ = try changed {
        $0["calibration.allowances"] = StoredTensor([0.5, 1, 2] as [Float], shape: [3])
      }
    }
  }

  @Test(
    "Real runs and kicks are let through by the model that ships, and shaken ones are not",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func runs() throws {
    let model = try HGVAE.shipped()
    let index = try String(contentsOf: SharedData.url("data/motions/index.csv"), encoding: .utf8)
    let files = index.split(whereSeparator: \.isNewline).filter { line in
      (line.contains(",run,") || line.contains(",kick,")) && line.hasPrefix("bandai/")
    }.compactMap { $0.split(separator: ",").first.map(String.init) }
    var (real, shaken) = ([Double](), [Double]())
    for file in files {
      let clip = try MotionFile.read(SharedData.url("data/motions/\(file)").path).clip
      guard clip.frameCount >= 38 else { continue }
      let track = JointTrack(clip)
      real += try model.score(track).windows.map(\.plausibility)
      var random = SeededGenerator(UInt64(clip.frameCount))
      let noisy = JointTrack(
        name: clip.name, frameRate: track.frameRate,
        positions: track.positions.map { place in
          place
            + Vector3(
              Double.random(in: -0.05...0.05, using: &random),
              Double.random(in: -0.05...0.05, using: &random),
              Double.random(in: -0.05...0.05, using: &random))
        }, confidences: track.confidences)
      shaken += try model.score(noisy).windows.map(\.plausibility)
    }
    func refused(_ found: [Double]) -> Double {
      Double(found.count { $0 < 0.01 }) / Double(found.count)
    }
    #expect(real.count > 30)
    #expect(refused(real) < 0.1, "\(refused(real)) of \(real.count)")
    #expect(refused(shaken) > 0.9, "\(refused(shaken)) of \(shaken.count)")
  }
}
