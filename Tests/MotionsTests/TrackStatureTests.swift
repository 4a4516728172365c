import Foundation
import Geometry
import Testing

@testable import Motions

@Suite("Tracks that never show the legs")
struct TrackStatureTests {
  private static let unseen: Set<Skeleton.Joint> = [
    .leftKnee, .rightKnee, .leftAnkle, .rightAnkle, .leftFoot, .rightFoot,
  ]

  /// A table of a walking body without some joints, in a unit of so many metres.
  private func table(without unseen: Set<Skeleton.Joint>, unit: Double = 1) -> String {
    let subject = TrackSubject()
    let rows = (0..<40).map { frame -> String in
      let places = subject.places(at: Double(frame) / 30)
      let cells = Skeleton.Joint.allCases.map { joint -> String in
        let place = places[joint.rawValue] / unit
        return unseen.contains(joint) ? "," + "," : "\(place.x),\(place.y),\(place.z)"
      }
      return "\(Double(frame) / 30)," + cells.joined(separator: ",")
    }
    return TrackSubject.table("time", rows)
  }

  private func read(
    _ text: String, stature: Double? = nil
  ) throws(MotionError) -> (track: JointTrack, report: TrackReport) {
    try TrackFile.read(
      Array(text.utf8), path: "x.csv", joints: nil, frameRate: nil, stature: stature)
  }

  @Test(
    "The stature is guessed by the arms, in any unit, and the guess is reported",
    arguments: [1, 0.01, 0.001])
  func guessed(unit: Double) throws {
    let (track, report) = try read(table(without: Self.unseen, unit: unit))
    #expect(report.metresPerUnit == unit)
    #expect(abs(report.stature - 1.7) < 0.02)
    #expect(track.stature == report.stature)
    let guesses = report.findings.filter { $0.kind == .guessedScale }
    #expect(guesses.count == 1 && guesses[0].message.contains("--stature"))
    // What is seen is where it was, and upright.
    let truth = TrackSubject().places(at: 0)
    let head = Skeleton.Joint.head.rawValue
    #expect((track.positions[head] - truth[head]).length < 1e-9)
    #expect(track.confidences[Skeleton.Joint.leftKnee.rawValue] == 0)
  }

  @Test("The stature that the user gives is taken, and marked as a guess still")
  func given() throws {
    let (track, report) = try read(table(without: Self.unseen), stature: 1.9)
    #expect(track.stature == 1.9 && report.stature == 1.9)
    #expect(report.findings.contains { $0.kind == .guessedScale && $0.message.contains("1.9 m") })
  }

  @Test("Without arms the trunk serves, without hips the head says which way is up")
  func fewer() throws {
    let arms: Set<Skeleton.Joint> = [.leftElbow, .rightElbow, .leftWrist, .rightWrist]
    let trunk = try read(table(without: Self.unseen.union(arms)))
    #expect(abs(trunk.report.stature - 1.7) < 0.1)
    let lower: Set<Skeleton.Joint> = [.pelvis, .leftHip, .rightHip, .spine1, .spine2]
    let bust = try read(table(without: Self.unseen.union(lower)))
    #expect(bust.report.upAxis == "z up" && abs(bust.report.stature - 1.7) < 0.02)
  }

  @Test("Where legs are seen they say the stature, and the user's is noted as not needed")
  func legsSeen() throws {
    let (track, report) = try read(table(without: []), stature: 1.2)
    #expect(track.stature == nil && abs(report.stature - 1.7) < 0.01)
    #expect(report.findings.contains { $0.message.contains("not from --stature") })
    #expect(try !read(table(without: [])).report.findings.contains { $0.kind == .guessedScale })
  }

  @Test("A head alone is refused, and statures that nobody has")
  func refused() throws {
    let seen: Set<Skeleton.Joint> = [.head, .neck]
    #expect(throws: MotionError.self) {
      try read(table(without: Set(Skeleton.Joint.allCases).subtracting(seen)))
    }
    let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).csv").path
    try table(without: Self.unseen).write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    for stature in [0, -1.7, 0.4, 2.7, 170, .nan, .infinity] {
      let error = #expect(throws: MotionError.self) { try TrackFile.read(path, stature: stature) }
      #expect("\(error, default: "")".contains("stature"))
    }
    #expect(try TrackFile.read(path, stature: 1.6).report.stature == 1.6)
  }

  @Test("A track relative to the hips is put at the height of a body that stands")
  func height() throws {
    let subject = TrackSubject()
    let rows = (0..<40).map { frame -> String in
      let places = subject.places(at: Double(frame) / 30)
      let hips =
        (places[Skeleton.Joint.leftHip.rawValue] + places[Skeleton.Joint.rightHip.rawValue]) / 2
      let cells = Skeleton.Joint.allCases.map { joint -> String in
        let place = places[joint.rawValue] - hips
        return Self.unseen.contains(joint) ? "," + "," : "\(place.x),\(place.y),\(place.z)"
      }
      return "\(Double(frame) / 30)," + cells.joined(separator: ",")
    }
    let (track, report) = try read(TrackSubject.table("time", rows), stature: 1.7)
    let standing = Skeleton.canonical.standingPelvisHeight
    #expect(abs(track.positions[0].z - standing) < 0.01)
    #expect(report.findings.contains { $0.kind == .levelled && $0.message.contains("no foot") })
  }
}
