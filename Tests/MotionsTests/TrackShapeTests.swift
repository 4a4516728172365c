import Geometry
import Testing

@testable import Motions

@Suite("What is no motion in three dimensions, and cameras that are tilted")
struct TrackShapeTests {
  private let body = TrackSubject()

  private func table(_ change: (Vector3) -> Vector3) -> String {
    let rows = (0..<40).map { frame in
      body.places(at: Double(frame) / 30).map { place in
        let p = change(place)
        return "\(p.x),\(p.y),\(p.z)"
      }.joined(separator: ",")
    }
    return TrackSubject.table("", rows)
  }

  /// Seen from ahead: 900 pixels for a stature, origin at the upper left.
  private static func pixels(_ p: Vector3) -> (x: Double, y: Double) {
    (960 + 530 * p.y, 980 - 530 * p.z)
  }

  @Test("Pixels with a score, pixels without depth, a drawing in metres")
  func flat() {
    var random = SeededGenerator(1)
    let scores = table { p in
      let (x, y) = Self.pixels(p)
      return [x, y, Double.random(in: 0.3...1, using: &random)]
    }
    #expect(TrackSubject.refusal(scores, rate: 30).contains("pixels of an image with a score"))
    let plain = table { [Self.pixels($0).x, Self.pixels($0).y, 0] }
    #expect(TrackSubject.refusal(plain, rate: 30).contains("positions in"))
    let drawing = table { [3, $0.y, $0.z] }
    #expect(TrackSubject.refusal(drawing, rate: 30).contains("no depth along x"))
    let header = Skeleton.Joint.names.map { "\($0)_x,\($0)_y,\($0)_score" }.joined(separator: ",")
    #expect(TrackSubject.refusal("\(header)\n").contains("places in an image without depth"))
  }

  @Test("Landmarks between 0 and 1", arguments: [0.3, 0.45, 0.55])
  func normalised(scale: Double) {
    let text = table { p in
      [0.5 + scale * p.y, 0.95 - scale * p.z, scale * (p.x - 0.5)]
    }
    let sentence = TrackSubject.refusal(text, rate: 30)
    #expect(sentence.contains("between 0 and 1"), "\(sentence)")
  }

  @Test("A body in metres is none of these, wherever it stands, also small and in a corner")
  func metric() throws {
    for start in [Vector3(0, 0, 0), [0.1, 0.9, 0], [-3, 7, 1]] {
      let subject = TrackSubject(start: start)
      let rows = (0..<40).map { subject.row(at: Double($0) / 30) }
      let (track, report) = try TrackSubject.read(TrackSubject.table("", rows), rate: 30)
      #expect(subject.worst(track) < 1e-9)
      #expect(!report.findings.contains { $0.kind == .levelled })
    }
  }

  @Test("A rate at which the whole body flies is doubted")
  func tooFast() throws {
    let rows = (0..<40).map { body.row(at: Double($0)) }
    let (_, report) = try TrackSubject.read(TrackSubject.table("", rows), rate: 30)
    #expect(report.findings.contains { $0.kind == .doubtfulRate })
  }

  /// A camera's view: relative to the hips, turned.
  private func seen(_ turn: Quaternion) -> String {
    let rows = (0..<60).map { frame -> String in
      let places = body.places(at: Double(frame) / 30)
      let hips = (places[1] + places[2]) / 2
      return places.map { place in
        let p = turn * (place - hips)
        return "\(p.x),\(p.y),\(p.z)"
      }.joined(separator: ",")
    }
    return TrackSubject.table("", rows)
  }

  @Test(
    "The tilt of a camera is removed and reported, a small one is left, a large one doubted",
    arguments: [0.0, 2.4, 5, 12, 25, 34, 44])
  func tilt(degrees: Double) throws {
    for axis in [Vector3.unitX, .unitY, Vector3(0.6, -0.8, 0)] {
      let turn = Quaternion(angle: degrees * .pi / 180, axis: axis)
      let (track, report) = try TrackSubject.read(seen(turn), rate: 30)
      let levelled = report.findings.filter { $0.kind == .levelled }
      let isRemoved = degrees > 3 && degrees < 35
      #expect(levelled.contains { $0.message.contains("is tilted by") } == isRemoved)
      #expect(levelled.contains { $0.message.contains("doubtful") } == (degrees > 35))
      let up =
        track.place(.head, 9) - (track.place(.leftAnkle, 9) + track.place(.rightAnkle, 9)) / 2
      let lean = (up.normalized ?? .zero).dot(.unitZ)
      #expect((lean > 0.9995) == (isRemoved || degrees < 1.5), "\(degrees): \(lean)")
      // On the ground: the ball of a canonical foot is 2 cm above it.
      if isRemoved { #expect(abs(track.place(.leftFoot, 9).z - 0.02) < 0.01) }
    }
  }

  @Test("Somebody who never stands is not levelled, and it is said")
  func sitting() throws {
    // Thighs level: knees and what is below them go ahead.
    let rows = (0..<60).map { frame -> String in
      var places = body.places(at: 0)
      for joint in [4, 5, 7, 8, 10, 11] { places[joint] += Vector3(0.41, 0, 0.41) }
      places[20].z += 0.001 * Double(frame)
      let hips = (places[1] + places[2]) / 2
      return places.map { "\($0.x - hips.x),\($0.y - hips.y),\($0.z - hips.z)" }
        .joined(separator: ",")
    }
    let (_, report) = try TrackSubject.read(TrackSubject.table("", rows), rate: 30)
    #expect(report.findings.contains { $0.message.contains("too few frames") })
  }

  @Test("A file that has up and down exchanged is turned, with a note")
  func upsideDown() throws {
    let names = Skeleton.Joint.names.map { "\"\($0)\"" }.joined(separator: ",")
    let frames = (0..<30).map { frame in
      let joints = body.places(at: Double(frame) / 30).map { "[\($0.y),\($0.z),\($0.x)]" }
      return "{\"keypoints\":[\(joints.joined(separator: ","))]}"
    }
    let text =
      "{\"fps\":30,\"axes\":\"y down\",\"joint_names\":[\(names)],\"frames\":[\(frames.joined(separator: ","))]}"
    let (track, report) = try TrackSubject.read(text, "x.json")
    #expect(report.upAxis == "y up" && track.place(.head, 0).z > track.place(.pelvis, 0).z)
    #expect(report.findings.contains { $0.message.contains("other end") })
  }
}
