import Foundation
import Geometry
import TestSupport
import Testing

@testable import Motions

/// The families of the reference data, read without their tables.
@Suite("Families without tables", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct WithoutTablesTests {
  /// How far two imports of one file are apart, up to heading and origin.
  private struct Difference {
    /// The largest distance of a joint [m].
    var place = 0.0
    /// The mean angle of the limbs' frames [rad].
    var limbs = 0.0

    init(_ a: MotionClip, _ b: MotionClip) {
      let step = max(1, a.frameCount / 30)
      let frames = Array(stride(from: 0, to: a.frameCount, by: step))
      let fit = HeadingFit(b, onto: a, frames: frames)
      for frame in frames {
        let (p, q) = (a.jointPoses(frame: frame), b.jointPoses(frame: frame))
        for joint in p.indices {
          place = max(place, (p[joint].translation - fit(q[joint].translation)).length)
        }
        for joint in Skeleton.Joint.limbs {
          let (own, other) = (p[joint.rawValue].rotation, q[joint.rawValue].rotation)
          limbs += (own.inverse * (fit.yaw * other)).normalized.angle
        }
      }
      limbs /= Double(frames.count * Skeleton.Joint.limbs.count)
    }
  }

  @Test("joints lie within a millimetre and limbs within five degrees of what the tables give")
  func families() throws {
    var options = ImportOptions()
    options.ground = .keep
    var bare = options
    bare.tables = []
    var (worst, mean, count) = (0.0, 0.0, 0)
    for path in try ReexpressionTests.paths(every: 7) {
      let (table, _) = try MotionFile.read(path, options: options)
      let (found, report) = try MotionFile.read(path, options: bare)
      #expect(report.skeleton == "found" && !report.isDoubted, "\(report.lines)")
      let difference = Difference(table, found)
      worst = max(worst, difference.place)
      mean += difference.limbs
      count += 1
      let isGuessed = report.findings.contains { $0.kind == .guessedTwist }
      #expect(difference.place < 0.001, "\(report.lines)")
      #expect(difference.limbs < 5 * .pi / 180 || isGuessed, "\(report.lines)")
    }
    print(
      "without tables: \(count) clips, worst place \(worst * 1000) mm, limbs"
        + " \(mean / Double(count) * 180 / .pi) degrees on average")
    #expect(mean / Double(count) < 5 * .pi / 180)
  }
}
