import Geometry
import Testing

@testable import Motions

@Suite("When the frames of a tracker's file were taken")
struct TrackTimingTests {
  private let body = TrackSubject()

  private static func times(_ rate: Double, _ count: Int) -> [Double] {
    (0..<count).map { Double($0) / rate }
  }

  private static func rounded(_ value: Double, _ places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let whole = (value * scale).rounded()
    return places == 0 ? "\(Int(whole))" : "\(whole / scale)"
  }

  @Test(
    "The unit of times is inferred from their step, whatever the rate",
    arguments: [10.0, 23.976, 25, 29.97, 30, 50, 60, 120, 240], TimeUnit.allCases)
  func unit(rate: Double, unit: TimeUnit) throws {
    let text = body.table("time", Self.times(rate, 200)) {
      Self.rounded($0 / unit.rawValue, unit == .seconds ? 5 : unit == .milliseconds ? 2 : 0)
    }
    let (track, report) = try TrackSubject.read(text)
    #expect(abs(track.frameRate / rate - 1) < 2e-5, "\(track.frameRate) Hz")
    if rate == rate.rounded() { #expect(track.frameRate == rate) }
    #expect(track.frameCount == 200 && report.emptyFrameCount == 0)
    #expect(unit == .seconds || report.rateReason.contains(unit.symbol), "\(report.rateReason)")
    #expect(body.worst(track) < 1e-3)
  }

  @Test("Whole milliseconds are enough", arguments: [24.0, 30, 60, 90])
  func wholeMilliseconds(rate: Double) throws {
    let text = body.table("timestamp", Self.times(rate, 300)) { Self.rounded($0 * 1000, 0) }
    let (track, report) = try TrackSubject.read(text)
    #expect(track.frameRate == rate && track.frameCount == 300 && report.findings.count == 0)
  }

  @Test(
    "Gaps stay gaps, whatever their length, and the frames behind them keep their times",
    arguments: [1, 2, 17, 90, 600], [3, 5])
  func gaps(length: Int, places: Int) throws {
    let times = Self.times(30, 100 + length).enumerated().filter {
      !(40..<(40 + length)).contains($0.offset)
    }.map(\.element)
    let text = body.table("time_s", times) { Self.rounded($0, places) }
    let (track, report) = try TrackSubject.read(text)
    #expect(track.frameCount == 100 + length && track.frameRate == 30)
    #expect(report.gapFrameCount == length)
    let empty = (0..<track.frameCount).filter { !track.place(.pelvis, $0).isFinite }
    #expect(empty == Array(40..<(40 + length)))
    #expect(body.worst(track, skipping: Set(empty)) < 1e-9)
    #expect(report.findings.filter { $0.kind == .gap }.count == 1)
  }

  @Test("Every second frame lost is a gap each time")
  func halfLost() throws {
    let all = Self.times(60, 200)
    let times = Array(all[..<60]) + stride(from: 60, to: 200, by: 2).map { all[$0] }
    let text = body.table("time_s", times) { Self.rounded($0, 5) }
    let (track, report) = try TrackSubject.read(text)
    #expect(track.frameRate == 60 && track.frameCount == 199 && report.gapFrameCount == 69)
  }

  @Test("Uneven times: positions are interpolated to even ones", arguments: [1, 2, 3])
  func uneven(seed: UInt64) throws {
    var random = SeededGenerator(seed)
    let times = Self.times(30, 300).enumerated().map {
      $0.offset == 0 ? 0 : $0.element + Double.random(in: -0.012...0.012, using: &random)
    }
    let text = body.table("time_s", times) { Self.rounded($0, 6) }
    let (track, report) = try TrackSubject.read(text)
    #expect(abs(track.frameRate - 30) < 0.5, "\(track.frameRate)")
    #expect(report.findings.contains { $0.message.contains("uneven") })
    #expect(report.emptyFrameCount < 30)
    // In their order at an even rate, a body of 0.9 m/s would be 11 mm off.
    let empty = Set((0..<track.frameCount).filter { !track.place(.pelvis, $0).isFinite })
    let worst = body.worst(track, skipping: empty)
    #expect(worst < 0.013, "\(worst) m")
  }

  @Test("Numbers of frames place them too; a step above one divides the stated rate")
  func numbers() throws {
    let rows = (0..<50).filter { !(20..<30).contains($0) }
    let text = TrackSubject.table(
      "frame", rows.map { "\($0 + 7),\(body.row(at: Double($0) / 30))" })
    let (track, report) = try TrackSubject.read(text, rate: 30)
    #expect(track.frameCount == 50 && report.gapFrameCount == 10)
    #expect(TrackSubject.refusal(text).contains("--rate"))
    let names = Skeleton.Joint.names.map { "\"\($0)\"" }.joined(separator: ",")
    let frames = stride(from: 0, to: 60, by: 2).map { frame in
      let joints = body.places(at: Double(frame) / 60).map { "[\($0.x),\($0.y),\($0.z)]" }
      return "{\"frame\":\(frame),\"keypoints\":[\(joints.joined(separator: ","))]}"
    }
    let json =
      "{\"fps\":60,\"joint_names\":[\(names)],\"frames\":[\(frames.joined(separator: ","))]}"
    let half = try TrackSubject.read(json, "x.json")
    #expect(half.track.frameRate == 30 && half.track.frameCount == 30)
    #expect(half.report.findings.contains { $0.kind == .doubtfulRate })
    #expect(body.worst(half.track) < 1e-9)
  }

  @Test("A column of times that counts frames is no clock")
  func counting() throws {
    let text = TrackSubject.table("time", (0..<40).map { "\($0),\(body.row(at: Double($0) / 30))" })
    #expect(TrackSubject.refusal(text).contains("no frame rate"))
    let (track, _) = try TrackSubject.read(text, rate: 30)
    #expect(track.frameRate == 30 && body.worst(track) < 1e-9)
  }

  @Test("A stated unit that makes no rate yields to one that does, and it is said")
  func wrongUnit() throws {
    let text = body.table("time_s", Self.times(30, 60)) { Self.rounded($0 * 1000, 0) }
    let (track, report) = try TrackSubject.read(text)
    #expect(track.frameRate == 30)
    #expect(report.findings.contains { $0.kind == .doubtfulRate && $0.message.contains("ms") })
  }

  @Test("A rate below 1 Hz or above 1,000 Hz is doubted", arguments: [0.2, 4000.0])
  func doubtful(rate: Double) throws {
    let rows = (0..<30).map { body.row(at: Double($0) / 30) }
    let (track, report) = try TrackSubject.read(TrackSubject.table("", rows), rate: rate)
    #expect(track.frameRate == rate)
    #expect(
      report.findings.contains { $0.kind == .doubtfulRate && $0.message.contains("doubtful") })
  }

  @Test("What the user says wins over the times, and the difference is reported")
  func given() throws {
    let text = body.table("time_s", Self.times(30, 60)) { Self.rounded($0, 4) }
    let (track, report) = try TrackSubject.read(text, rate: 60)
    #expect(track.frameRate == 60 && track.frameCount == 60 && report.rateReason == "as you said")
    #expect(report.findings.contains { $0.kind == .doubtfulRate })
    let same = try TrackSubject.read(text, rate: 30).report
    #expect(!same.findings.contains { $0.kind == .doubtfulRate })
  }

  @Test("Times that go back, are absent or too coarse are not used, and it is said")
  func unusable() throws {
    var back = Self.times(30, 60)
    back.swapAt(20, 21)
    let absent = Self.times(30, 60)
    let clock: (Double) -> String = { Self.rounded($0, 4) }
    let firstAbsent: (Double) -> String = { $0 == 0 ? "" : Self.rounded($0, 4) }
    let seconds: (Double) -> String = { Self.rounded($0.rounded(.down), 0) }
    let cases: [(times: [Double], write: (Double) -> String, says: String)] = [
      (back, clock, "does not go on"), (absent, firstAbsent, "have no time"),
      (absent, seconds, "too coarse"),
    ]
    for (times, write, says) in cases {
      let text = body.table("time_s", times, write: write)
      let (track, report) = try TrackSubject.read(text, rate: 30)
      #expect(track.frameCount == 60 && track.frameRate == 30)
      #expect(report.findings.contains { $0.message.contains(says) }, "\(says): \(report.findings)")
      #expect(TrackSubject.refusal(text).contains("--rate"))
    }
  }

  @Test("A frame that stands twice is read once")
  func twice() throws {
    let times = Self.times(30, 60)
    var rows = times.map { "\(Self.rounded($0, 4)),\(body.row(at: $0))" }
    rows.insert(rows[30], at: 31)
    let (track, report) = try TrackSubject.read(TrackSubject.table("time_s", rows))
    #expect(track.frameCount == 60 && body.worst(track) < 1e-9)
    #expect(report.findings.contains { $0.message.contains("left out") })
  }

  @Test("Gaps of minutes and files that are mostly gaps are refused, small or not")
  func tooLong() {
    var pairs: [Double] = []
    for pair in 0..<200 {
      let start = 30 * Double(pair)
      pairs += [start, start + 0.01]
    }
    let cases: [[Double]] = [
      [0, 0.033, 0.067, 100, 100.033], [0, 0.01, 0.02, 1e12], pairs,
    ]
    for times in cases {
      let text = TrackSubject.table("time_s", times.map { "\($0),\(body.row(at: 0))" })
      let sentence = TrackSubject.refusal(text)
      #expect(sentence.contains("empty") || sentence.contains("too far"), "\(sentence)")
    }
  }

  @Test("Names of columns mean what they say")
  func names() {
    for (name, key) in [
      ("time", TrackKey.time(nil)), ("Time (s)", .time(.seconds)),
      ("timestamp_ms", .time(.milliseconds)),
      ("timestampUsec", .time(.microseconds)), ("Time[ns]", .time(.nanoseconds)), ("t", .time(nil)),
      ("Frame", .frame), ("frame_id", .frame), ("FrameNumber", .frame), ("person_id", .person),
      ("trackId", .person), ("body id", .person),
    ] { #expect(TrackKey(name) == key, "\(name)") }
    for name in ["nose_x", "", "id", "label", "times_run", "person_x"] {
      #expect(TrackKey(name) == nil, "\(name)")
    }
  }
}
