import Foundation
import Geometry
import Morphology
import TestSupport
import Testing

@testable import Motions

/// How an import of a motion that was written anew compares with the original.
enum ReexpressionOutcome: String, CaseIterable {
  case right, doubted, refused, silentlyWrong
}

/// What was found.
struct ReexpressionResult {
  var outcome: ReexpressionOutcome
  /// The largest distance of a joint from where the file has it [m].
  var place = 0.0
  /// The largest mean angle of a limb's frame whose hinge the motion shows [rad].
  var frame = 0.0
  var detail = ""
}

/// Imports an original with its variants.
struct ReexpressionBench {
  let path: String
  private let source: BVHMotion
  private let recognised: RecognisedSkeleton
  private let clip: MotionClip
  private let metresPerUnit: Double
  /// The limbs whose frames the motion determines.
  private let limbs: [Skeleton.Joint]

  init(path: String) throws {
    self.path = path
    let bytes = Array(try Data(contentsOf: URL(filePath: path)))
    var reader = try BVHReader(bytes, path: path)
    source = try BVHMotion(&reader, path: path)
    var options = ImportOptions()
    options.keepsTPose = true
    options.ground = .keep
    recognised = try RecognisedSkeleton(source, path: path, options: options)
    let (clip, report) = try BVHImport.read(bytes, path: path, options: options)
    self.clip = clip
    metresPerUnit = report.metresPerUnit
    limbs = Self.determined(recognised, clip)
  }

  /// Limbs that bend by more than 30 degrees somewhere, with their lower bones where those do not turn
  /// about themselves.
  private static func determined(_ recognised: RecognisedSkeleton, _ clip: MotionClip)
    -> [Skeleton.Joint]
  {
    let hinges = LimbHinges(recognised.match.slots, in: recognised.tree)
    return LimbHinges.uppers.flatMap { upper -> [Skeleton.Joint] in
      guard let middle = upper.next, let end = middle.next, let hinge = hinges.hinges[upper] else {
        return []
      }
      let most = (0..<clip.frameCount).reduce(0.0) { most, frame in
        let p = clip.jointPositions(frame: frame)
        let (a, b, c) = (p[upper.rawValue], p[middle.rawValue], p[end.rawValue])
        return max(most, atan2((b - a).cross(c - b).length, (b - a).dot(c - b)))
      }
      guard most > .pi / 6 else { return [] }
      return hinge.lowerAxis == nil ? [upper] : [upper, middle]
    }
  }

  func result(_ zero: Reexpression.Zero, seed: UInt64) -> ReexpressionResult {
    let variant = Reexpression(
      source, recognised.match, clip, metresPerUnit: metresPerUnit,
      worldFromSource: recognised.worldFromSource, zero: zero, seed: seed)
    var options = ImportOptions()
    options.keepsTPose = true
    options.ground = .keep
    do throws(MotionError) {
      let (clip, report) = try BVHImport.read(
        Array(variant.text.utf8), path: "\(seed).bvh", options: options)
      return compare(clip, report, variant)
    } catch {
      return ReexpressionResult(outcome: .refused, detail: error.description)
    }
  }

  private func compare(_ new: MotionClip, _ report: ImportReport, _ variant: Reexpression)
    -> ReexpressionResult
  {
    let detail =
      "\(variant.zero)\(variant.changes): \(report.findings.map(\.message).joined(separator: "; "))"
    guard new.frameCount == variant.places.count else {
      return ReexpressionResult(outcome: .silentlyWrong, detail: "frames \(detail)")
    }
    let place = placeError(new, variant)
    let frame = frameError(new, variant)
    let isRight = place < 0.001 && frame.worst < 5 * .pi / 180
    let doubts = report.findings.contains { finding in
      // How far joints are off that hang on joints which are not ours is said.
      finding.kind.isDoubt || finding.kind == .guessedTwist && place < 0.001
        || finding.kind == .inexactPositions && place < 0.02 && frame.worst < 5 * .pi / 180
    }
    let outcome: ReexpressionOutcome =
      isRight && !report.isDoubted ? .right : doubts ? .doubted : .silentlyWrong
    return ReexpressionResult(
      outcome: outcome, place: place, frame: frame.worst,
      detail: "\(frame.joint.map { $0.name } ?? "") \(detail)")
  }

  /// The largest distance after the best turn about the vertical and shift: heading and origin are free.
  private func placeError(_ new: MotionClip, _ variant: Reexpression) -> Double {
    let (yaw, shift, upright) = Self.fit(new, variant)
    var worst = 0.0
    for (frame, places) in variant.places.enumerated() {
      for (joint, own) in new.jointPositions(frame: frame).enumerated() where places[joint].isFinite
      {
        let error = (own - (yaw * (upright * places[joint]) + shift)).length
        worst = max(worst, error - variant.slack[frame][joint])
      }
    }
    return worst
  }

  /// The file's up axis is known to the test by the original's import: heads are up in both.
  private static func fit(_ new: MotionClip, _ variant: Reexpression)
    -> (yaw: Quaternion, shift: Vector3, upright: Quaternion)
  {
    // The rotation between the two point clouds; it must be about the vertical of the new clip, which
    // the caller's up says, so its tilt stays as an error.
    let upright = variant.worldFromFile
    var (c, s) = (0.0, 0.0)
    var (mine, theirs, count) = (Vector3.zero, Vector3.zero, 0.0)
    for (frame, places) in variant.places.enumerated() {
      let own = new.jointPositions(frame: frame)
      for (a, place) in zip(own, places) where place.isFinite {
        let (u, v) = (a - own[0], upright * (place - places[0]))
        c += u.x * v.x + u.y * v.y
        s += v.x * u.y - v.y * u.x
        mine += a
        theirs += upright * place
        count += 1
      }
    }
    let yaw = Quaternion(angle: atan2(s, c), axis: .unitZ)
    return (yaw, (mine - yaw * theirs) / count, upright)
  }

  private func frameError(_ new: MotionClip, _ variant: Reexpression)
    -> (worst: Double, joint: Skeleton.Joint?)
  {
    // The heading that brings the original's frames onto the new ones.
    let (yaw, _, _) = Self.fit(new, variant)
    var worst = 0.0
    var joint: Skeleton.Joint?
    for limb in limbs {
      var sum = 0.0
      for frame in 0..<new.frameCount {
        let own = new.jointPoses(frame: frame)[limb.rawValue].rotation
        sum += (own.inverse * (yaw * variant.frames[frame][limb.rawValue])).normalized.angle
      }
      let mean = sum / Double(new.frameCount)
      if mean > worst { (worst, joint) = (mean, limb) }
    }
    return (worst, joint)
  }
}

@Suite("Motions written anew")
struct ReexpressionTests {
  /// The clips of the reference data, or some of them.
  static func paths(every step: Int, from first: Int = 0) throws -> [String] {
    let folder = try SharedData.url("data/motions")
    var paths: [String] = []
    for kind in ["bandai", "cmu", "cmu_daz", "misc"] {
      let names = try FileManager.default.contentsOfDirectory(
        atPath: folder.appending(path: kind).path
      ).filter { $0.hasSuffix(".bvh") }.sorted()
      paths += names.map { folder.appending(path: "\(kind)/\($0)").path }
    }
    return stride(from: first, to: paths.count, by: step).map { paths[$0] }
  }

  /// How often each clip is written anew; the long run asks for ten times of all.
  static let rounds = Int(ProcessInfo.processInfo.environment["MOTIONC_REEXPRESSIONS"] ?? "") ?? 0

  @Test(
    "every clip reads the same however it is written, or is doubted or refused",
    .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
  func reexpressions() throws {
    let paths = try Self.paths(every: Self.rounds > 0 ? 1 : 5)
    var counts: [ReexpressionOutcome: Int] = [:]
    var byZero: [String: [ReexpressionOutcome: Int]] = [:]
    var complaints: [String] = []
    for (number, path) in paths.enumerated() {
      let bench = try ReexpressionBench(path: path)
      for round in 0..<max(1, Self.rounds) {
        let zero = Reexpression.Zero.allCases[(number + round) % Reexpression.Zero.allCases.count]
        let result = bench.result(zero, seed: UInt64(1000 * number + round))
        counts[result.outcome, default: 0] += 1
        byZero[zero.rawValue, default: [:]][result.outcome, default: 0] += 1
        if result.outcome != .right {
          complaints.append(
            "\(result.outcome) \(path.split(separator: "/").suffix(2).joined(separator: "/"))"
              + " seed \(1000 * number + round): \(Int(result.place * 1000)) mm,"
              + " \(Int(result.frame * 180 / .pi)) degrees, \(result.detail)")
        }
      }
    }
    let total = counts.values.reduce(0, +)
    print(
      "written anew: \(total): \(counts.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", "))"
    )
    for (zero, found) in byZero.sorted(by: { $0.key < $1.key }) {
      print("  \(zero): \(found.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", "))")
    }
    for complaint in complaints.prefix(60) { print("  \(complaint.prefix(420))") }
    #expect(counts[.silentlyWrong, default: 0] == 0)
    #expect(Double(counts[.right, default: 0]) >= 0.95 * Double(total))
  }
}
