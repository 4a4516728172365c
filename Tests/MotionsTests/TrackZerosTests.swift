import Files
import Geometry
import Testing

@testable import Motions

@Suite("Zeros in files of trackers: nobody, joints that were not seen, and places at the origin")
struct TrackZerosTests {
  private static let joints = Skeleton.jointCount

  /// Frames of the subject, changed, as a file of SMPL's joints.
  private func read(
    frames: Int = 60, rate: Double = 30, start: Vector3 = [2, 1, 0],
    change: (_ frame: Int, _ places: inout [Vector3]) -> Void = { _, _ in }
  ) throws -> (track: JointTrack, report: TrackReport) {
    let subject = TrackSubject(start: start)
    var source = SourceTrack(path: "x", format: "test", jointCount: Self.joints)
    for frame in 0..<frames {
      var places = subject.places(at: Double(frame) / rate)
      change(frame, &places)
      for place in places { try source.append(place, confidence: 1) }
    }
    return try TrackAssembly.track(of: source, joints: .smpl22, frameRate: rate)
  }

  /// Expects that a track lacks these joints in frames and is another one elsewhere.
  private func expect(
    _ track: JointTrack, _ whole: JointTrack, lacks: (_ frame: Int, _ joint: Int) -> Bool
  ) {
    for at in track.positions.indices {
      let (frame, joint) = (at / Self.joints, at % Self.joints)
      if lacks(frame, joint) {
        #expect(track.confidences[at] == 0 && !track.positions[at].isFinite, "\(frame), \(joint)")
      } else {
        let off = (track.positions[at] - whole.positions[at]).length
        #expect(off < 1e-9, "frame \(frame), joint \(joint): \(off) m")
        #expect(track.confidences[at] == whole.confidences[at])
      }
    }
  }

  private func said(_ report: TrackReport, _ words: String) -> Bool {
    report.findings.contains { $0.message.contains(words) }
  }

  @Test("A frame whose joints are all at one place, at zero or elsewhere, shows nobody")
  func nobody() throws {
    let whole = try read()
    let (track, report) = try read { frame, places in
      if (20..<30).contains(frame) { places = places.map { _ in .zero } }
      if [0, 1, 59].contains(frame) { places = places.map { _ in [3, 2, 1] } }
    }
    expect(track, whole.track) { frame, _ in
      (20..<30).contains(frame) || [0, 1, 59].contains(frame)
    }
    #expect(report.emptyFrameCount == 13 && !said(whole.report, "one place"))
    #expect(said(report, "in 13 frames all joints are at one place: taken for nobody"))
  }

  @Test("A joint at exactly zero in some frames was not seen there: within, first and last")
  func joints() throws {
    let whole = try read()
    let wrist = Skeleton.Joint.leftWrist.rawValue
    let knee = Skeleton.Joint.rightKnee.rawValue
    func isLost(_ frame: Int, _ joint: Int) -> Bool {
      joint == wrist && (20..<30).contains(frame) || joint == knee && (frame < 3 || frame > 55)
    }
    let (track, report) = try read { frame, places in
      for joint in places.indices where isLost(frame, joint) { places[joint] = .zero }
    }
    expect(track, whole.track, lacks: isLost)
    #expect(report.missingJointCount == 17 && !said(whole.report, "zero"))
    #expect(said(report, "17 joints in frames at exactly zero: taken for not seen"))
  }

  @Test(
    "A limb's joint at zero in every frame, or every second one, was not seen there, wherever the person is",
    arguments: [Skeleton.Joint.rightWrist, .leftElbow, .leftKnee, .rightAnkle])
  func neverSeen(joint lost: Skeleton.Joint) throws {
    for (start, step) in [(Vector3(2, 1, 0), 1), ([0, 0, 0], 1), ([2, 1, 0], 2)] {
      let whole = try read(start: start)
      func isLost(_ frame: Int, _ joint: Int) -> Bool {
        joint == lost.rawValue && frame.isMultiple(of: step)
      }
      let (track, report) = try read(start: start) { frame, places in
        for joint in places.indices where isLost(frame, joint) { places[joint] = .zero }
      }
      expect(track, whole.track, lacks: isLost)
      #expect(said(report, "\(60 / step) joints in frames at exactly zero"))
    }
  }

  @Test("Places relative to a joint keep it, also where nobody is seen and another joint is lost")
  func relative() throws {
    let wrist = Skeleton.Joint.leftWrist.rawValue
    func isLost(_ frame: Int, _ joint: Int) -> Bool {
      (20..<30).contains(frame) || joint == wrist && (40..<45).contains(frame)
    }
    func read(_ isLost: (Int, Int) -> Bool) throws -> (track: JointTrack, report: TrackReport) {
      try self.read { frame, places in
        let pelvis = places[0]
        for joint in places.indices {
          places[joint] = isLost(frame, joint) ? .zero : places[joint] - pelvis
        }
      }
    }
    let whole = try read { _, _ in false }
    #expect(whole.report.missingJointCount == 0 && !said(whole.report, "zero"))
    let (track, report) = try read(isLost)
    expect(track, whole.track, lacks: isLost)
    #expect(said(report, "5 joints in frames at exactly zero"))
  }

  @Test("A path that begins at the origin, or stands there and leaves it slowly, keeps its joint")
  func origin() throws {
    let pelvis = TrackSubject().places(at: 0)[0]
    for rate in [5.0, 30] {
      let (track, report) = try read(rate: rate, start: -pelvis)
      #expect(track.positions[0] == .zero && report.missingJointCount == 0, "\(rate) Hz")
    }
    let still = try read(start: -pelvis) { frame, places in
      guard frame < 10 else { return }
      places = TrackSubject(start: -pelvis).places(at: 0.3)
      for joint in places.indices { places[joint].x -= 0.15 }
      places[0] = frame < 9 ? .zero : [0.001, 0, 0]
    }
    #expect(still.report.missingJointCount == 0, "\(still.report.findings)")
    // Two joints are at no one place.
    let (track, report) = try read(rate: 5, start: -pelvis) { frame, places in
      if frame == 0 { places[Skeleton.Joint.leftWrist.rawValue] = .zero }
    }
    #expect(!track.place(.leftWrist, 0).isFinite && report.missingJointCount == 2)
  }

  @Test("Of every format; a file of nothing but zeros is refused")
  func formats() throws {
    let subject = TrackSubject(start: [2, 1, 0])
    let rows = (0..<30).map { frame in
      frame == 9
        ? Array(repeating: "0", count: 3 * Self.joints).joined(separator: ",")
        : subject.row(at: Double(frame) / 30)
    }
    let table = try TrackSubject.read(TrackSubject.table("", rows), rate: 30)
    #expect(table.report.emptyFrameCount == 1 && said(table.report, "one place"))
    let values = (0..<30).flatMap { frame in
      subject.places(at: Double(frame) / 30).enumerated().flatMap { joint, place in
        joint == 20 && frame == 9 ? [0, 0, 0] : [Float(place.x), Float(place.y), Float(place.z)]
      }
    }
    let shape = [30, Self.joints, 3]
    let array = NumpyArray.numbers(StoredTensor(values, shape: shape))
    let lost = try TrackFile.read(array.encoded(), path: "x.npy", joints: .smpl22, frameRate: 30)
    #expect(lost.report.missingJointCount == 1 && said(lost.report, "1 joint in frames"))
    let zeros = NumpyArray.numbers(
      StoredTensor([Float](repeating: 0, count: values.count), shape: shape))
    let error = #expect(throws: MotionError.self) {
      try TrackFile.read(zeros.encoded(), path: "x.npy", joints: .smpl22, frameRate: 30)
    }
    #expect(error?.description.contains("nobody was found in any of its 30 frames") == true)
  }
}
