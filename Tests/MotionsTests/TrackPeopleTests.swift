import Files
import Geometry
import TestSupport
import Testing

@testable import Motions

@Suite("Several people in a tracker's file")
struct TrackPeopleTests {
  private let first = TrackSubject()
  private let second = TrackSubject(start: [2, 1, 0])

  private func body(_ person: Int) -> TrackSubject { person == 1 ? first : second }

  @Test(
    "A column tells them apart; gaps of one are gaps", arguments: ["person", "track_id", "Body ID"])
  func column(_ name: String) throws {
    let rows = (0..<60).flatMap { frame in
      [1, 2].filter { $0 == 1 || !(20..<25).contains(frame) }.map {
        "\(frame),\($0),\(body($0).row(at: Double(frame) / 30))"
      }
    }
    let text = TrackSubject.table("frame,\(name)", rows)
    #expect(TrackSubject.refusal(text, rate: 30).contains("choose one with --person"))
    #expect(TrackSubject.refusal(text, rate: 30, person: "9").contains("no person '9'"))
    for person in [1, 2] {
      let (track, report) = try TrackSubject.read(text, rate: 30, person: "\(person)")
      #expect(track.frameCount == 60 && report.gapFrameCount == (person == 1 ? 0 : 5))
      let empty = Set(person == 1 ? [] : Array(20..<25))
      #expect(body(person).worst(track, skipping: empty) < 1e-9)
    }
  }

  @Test("Names are labels too; one label is no choice")
  func labels() throws {
    let rows = (0..<20).map { "alice,\(first.row(at: Double($0) / 30))" }
    let text = TrackSubject.table("person", rows)
    #expect(try first.worst(TrackSubject.read(text, rate: 30).track) < 1e-9)
    #expect(try first.worst(TrackSubject.read(text, rate: 30, person: "alice").track) < 1e-9)
    #expect(TrackSubject.refusal(text, rate: 30, person: "bob").contains("alice"))
  }

  @Test("Two at the same times without a column are refused", arguments: ["time_s", "frame"])
  func sameTime(_ column: String) {
    let rows = (0..<60).flatMap { frame in
      [1, 2].map {
        let time = Double(frame) / 30
        return "\(column == "frame" ? "\(frame)" : "\(time)"),\(body($0).row(at: time))"
      }
    }
    let sentence = TrackSubject.refusal(TrackSubject.table(column, rows), rate: 30)
    #expect(sentence.contains("two people in one table"), "\(sentence)")
  }

  @Test("People in turn without any time are refused by where they are", arguments: [2, 3])
  func inTurn(_ people: Int) throws {
    let bodies = (0..<people).map { TrackSubject(start: [0, Double($0), 0]) }
    let rows = (0..<90).map { bodies[$0 % people].row(at: Double($0 / people) / 30) }
    let sentence = TrackSubject.refusal(TrackSubject.table("", rows), rate: 30)
    #expect(sentence.contains("\(people) people in turn"), "\(sentence)")
  }

  private func json(_ frames: [String], further: String = "") -> String {
    let names = Skeleton.Joint.names.map { "\"\($0)\"" }.joined(separator: ",")
    return
      "{\"fps\":30,\(further)\"joint_names\":[\(names)],\"frames\":[\(frames.joined(separator: ","))]}"
  }

  private func joints(_ person: Int, _ frame: Int) -> String {
    let places = body(person).places(at: Double(frame) / 30).map { "[\($0.x),\($0.y),\($0.z)]" }
    return "[\(places.joined(separator: ","))]"
  }

  @Test("Lists of people in JSON, with numbers of their own and by their order")
  func lists() throws {
    let numbered = (0..<40).map { frame in
      // The order changes, the numbers stay.
      let people = (frame % 2 == 0 ? [1, 2] : [2, 1]).map {
        "{\"id\":\($0 + 6),\"keypoints\":\(joints($0, frame))}"
      }
      return "{\"people\":[\(people.joined(separator: ","))]}"
    }
    let rows = (0..<40).flatMap { frame in
      [1, 2].map {
        "{\"frame\":\(frame),\"person_id\":\($0 + 6),\"keypoints\":\(joints($0, frame))}"
      }
    }
    for text in [json(numbered), json(rows)] {
      #expect(TrackSubject.refusal(text, "x.json").contains("choose one with --person"))
      for person in [1, 2] {
        let (track, _) = try TrackSubject.read(text, "x.json", person: "\(person + 6)")
        #expect(track.frameCount == 40 && body(person).worst(track) < 1e-9)
      }
    }
    let ordered = (0..<40).map { frame in
      "{\"keypoints\":[\(frame == 5 ? joints(1, frame) : joints(1, frame) + "," + joints(2, frame))]}"
    }
    let text = json(ordered)
    #expect(TrackSubject.refusal(text, "x.json").contains("2 people"))
    let (track, report) = try TrackSubject.read(text, "x.json", person: "2")
    #expect(report.emptyFrameCount == 1 && !track.place(.pelvis, 5).isFinite)
    #expect(second.worst(track, skipping: [5]) < 1e-9)
    #expect(report.findings.contains { $0.message.contains("exchanges people") })
  }

  @Test("Frames of JSON that name nobody stay empty frames")
  func nobody() throws {
    let frames = (0..<20).map { frame in
      frame == 7
        ? "{\"keypoints\":[]}"
        : frame == 8
          ? "{\"keypoints\":[[]]}"
          : "{\"keypoints\":\(joints(1, frame))}"
    }
    let (track, report) = try TrackSubject.read(json(frames), "x.json")
    #expect(track.frameCount == 20 && report.emptyFrameCount == 2)
    #expect(first.worst(track, skipping: [7, 8]) < 1e-9)
  }

  @Test("Arrays of people, frames first or people first")
  func arrays() throws {
    let frames = (0..<30).map { frame in [1, 2].map { body($0).places(at: Double(frame) / 30) } }
    let framesFirst = frames.flatMap { $0.flatMap { $0 } }
    let peopleFirst = [0, 1].flatMap { person in frames.flatMap { $0[person] } }
    func array(_ places: [Vector3], _ shape: [Int]) -> [UInt8] {
      NumpyArray.numbers(
        StoredTensor(places.flatMap { [$0.x, $0.y, $0.z] }, shape: shape + [22, 3])
      ).encoded()
    }
    for bytes in [array(framesFirst, [30, 2]), array(peopleFirst, [2, 30])] {
      for (person, subject) in [("1", first), ("2", second)] {
        let track = try TrackFile.read(
          bytes, path: "/nowhere/x.npy", joints: .canonical, frameRate: 30, person: person
        ).track
        #expect(track.frameCount == 30 && subject.worst(track) < 1e-9)
      }
      for (person, says) in [(nil, "--person"), ("3", "no person '3'")] {
        let error = #expect(throws: MotionError.self) {
          try TrackFile.read(
            bytes, path: "/nowhere/x.npy", joints: .canonical, frameRate: 30, person: person)
        }
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
      }
    }
  }

  @Test("Files of one take no other person than the first")
  func one() throws {
    let text = TrackSubject.table("", (0..<20).map { first.row(at: Double($0) / 30) })
    #expect(try first.worst(TrackSubject.read(text, rate: 30, person: "1").track) < 1e-9)
    #expect(
      TrackSubject.refusal(text, rate: 30, person: "2").contains("does not tell people apart"))
  }

  @Test("Damage by the thousand never crashes: times, numbers and people", arguments: [1, 2])
  func damage(_ seed: UInt64) throws {
    let rows = (0..<6).flatMap { frame in
      [1, 2].map { "\(frame),\(Double(frame) / 30),\($0),\(body($0).row(at: Double(frame) / 30))" }
    }
    let table = TrackSubject.table("frame,time_s,person", rows)
    let frames = (0..<6).map { frame in
      let people = [1, 2].map { "{\"id\":\($0),\"keypoints\":\(joints($0, frame))}" }
      return
        "{\"frame\":\(frame),\"timestamp_ms\":\(frame * 33),\"people\":[\(people.joined(separator: ","))]}"
    }
    let places = [1, 2].flatMap { person in
      (0..<6).flatMap { body(person).places(at: Double($0) / 30) }
    }
    let array = NumpyArray.numbers(
      StoredTensor(places.flatMap { [$0.x, $0.y, $0.z] }, shape: [2, 6, 22, 3]))
    var random = Damage(seed: seed)
    var readCount = 0
    for (good, path, set) in [
      (Array(table.utf8), "x.csv", nil), (Array(json(frames).utf8), "x.json", nil),
      (array.encoded(), "/nowhere/x.npy", .canonical),
    ] as [([UInt8], String, JointSet?)] {
      _ = try TrackFile.read(good, path: path, joints: set, frameRate: 30, person: "2")
      for _ in 0..<700 {
        let bytes = random.damaged(good)
        do {
          let (track, report) = try TrackFile.read(
            bytes, path: path, joints: set, frameRate: 30, person: "2")
          #expect(zip(track.positions, track.confidences).allSatisfy { $0.isFinite == ($1 > 0) })
          #expect(report.lines.allSatisfy { !$0.contains("\n") })
          readCount += 1
        } catch {
          #expect(!error.description.contains("\n") && error.description.utf8.count < 2000)
        }
      }
    }
    #expect(readCount > 50 && readCount < 2050, "\(readCount)")
  }
}
