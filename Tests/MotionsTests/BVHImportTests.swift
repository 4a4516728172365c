import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Importing BVH", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct BVHImportTests {
  /// The worst distance of a mapped joint from where the file has it [m], over all frames.
  private func worstDistances(_ file: String) throws -> [Skeleton.Joint: Double] {
    let url = try SharedData.url("data/motions/\(file)")
    let (clip, report) = try MotionFile.read(url.path, options: ImportOptions(ground: .keep))
    let oracle = BVHOracle(try String(contentsOf: url, encoding: .utf8))
    let tables = try SkeletonTable.shipped()
    // Found joints are those of the table whose names the file has.
    let name = report.skeleton == "found" ? "cmu" : report.skeleton
    let table = try #require(tables.first { $0.name == name })
    #expect(oracle.rows.count == clip.frameCount + report.droppedFrameCount)
    let isZUp = report.upAxis == "z"
    var worst: [Skeleton.Joint: Double] = [:]
    for frame in 0..<clip.frameCount {
      let ours = clip.jointPositions(frame: frame)
      let theirs = oracle.positions(frame + report.droppedFrameCount)
      for (joint, name) in table.joints {
        guard let index = oracle.names.firstIndex(of: name) else { continue }
        let p = theirs[index] * report.metresPerUnit
        // y up, z forward, x left; fair1 is z up, -y forward, x left.
        let expected: Vector3 = isZUp ? [-p.y, p.x, p.z] : [p.z, p.x, p.y]
        worst[joint] = max(worst[joint] ?? 0, (ours[joint.rawValue] - expected).length)
      }
    }
    return worst
  }

  /// A file, what its legs may be off by because the joints between hips and thighs turn [m], and
  /// the same for the head, which hangs on a joint more than ours [m].
  struct Case: Sendable, CustomTestStringConvertible {
    var file: String
    var legs = 1e-6
    var head = 1e-6
    /// The same for spine and arms, which hang on a joint of the spine more than ours [m].
    var upper = 1e-6
    var testDescription: String { file }
  }

  @Test(
    "joints are where the file has them",
    arguments: [
      Case(file: "cmu/01_02_a.bvh", head: 0.015), Case(file: "cmu/02_01.bvh", head: 0.003),
      Case(file: "cmu/cmux_train_walking_01.bvh", head: 0.003),
      Case(file: "misc/style_neutral_01_000.bvh", legs: 0.008, head: 0.003),
      Case(file: "misc/cmu_jumping_jacks.bvh", head: 0.003),
      Case(file: "bandai/dataset-2_walk_normal_001.bvh"), Case(file: "cmu_daz/60_01_a.bvh"),
      Case(file: "misc/fair1_jumping.bvh", head: 0.003, upper: 0.003),
    ])
  func positions(of item: Case) throws {
    let legs: Set<Skeleton.Joint> = [
      .leftHip, .rightHip, .leftKnee, .rightKnee, .leftAnkle, .rightAnkle, .leftFoot, .rightFoot,
    ]
    let worst = try worstDistances(item.file)
    #expect(worst.count >= 19)
    for (joint, distance) in worst {
      let tolerance = joint == .head ? item.head : legs.contains(joint) ? item.legs : item.upper
      #expect(distance < tolerance, "\(joint): \(distance) m")
    }
  }
}
