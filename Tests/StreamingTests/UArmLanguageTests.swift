import Foundation
import TestSupport
import Testing

@testable import Streaming

@Suite("uArm: the language")
struct UArmLanguageTests {
  private func text(_ command: UArmCommand, _ id: Int, _ dialect: UArmDialect = .letters) -> String?
  {
    command.line(id: id, dialect: dialect).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("The worked lines come out to the byte")
  func workedLines() {
    #expect(
      UArmCommand.position.line(id: 1) == [
        0x23, 0x31, 0x20, 0x50, 0x32, 0x32, 0x32, 0x30, 0x0A,
      ])
    let pose = UArmKinematics.Angles(base: 90, left: 100.99, right: 8.08)
    #expect(text(.moveJoints(pose, feed: 60), 12) == "#12 G2206 B90.000 L100.990 R8.080 F60.00\n")
    let point = UArmKinematics.Point(x: 200, y: 0, z: 150)
    #expect(text(.moveTo(point, feed: 50), 11) == "#11 G0 X200.00 Y0.00 Z150.00 F50.00\n")
    #expect(text(.wrist(90), 13) == "#13 G2202 N3 V90.00 F1\n")
    #expect(text(.wrist(90), 13, .positions) == "#13 G202 N3 V90.00\n")
    #expect(text(.name, 7, .positions) == "#7 P201\n")
    #expect(text(.angles, 9999) == "#9999 P2200\n")
    #expect(text(.acceleration(5), 1) == "#1 M204 A5.00\n")
    #expect(text(.settings, 3) == "$$\n")
    #expect(UArmRealTime.hold.rawValue == 0x21 && UArmRealTime.reset.rawValue == 0x18)
  }

  @Test("What cannot be said is not said")
  func unspeakable() {
    let good = UArmKinematics.Angles(base: 90, left: 90, right: 0)
    for bad in [Double.nan, .infinity, -.infinity, 1e9] {
      #expect(text(.moveJoints(.init(base: bad, left: 90, right: 0), feed: 10), 1) == nil)
      #expect(text(.moveTo(.init(x: 1, y: bad, z: 0), feed: 10), 1) == nil)
      #expect(text(.acceleration(bad), 1) == nil)
      #expect(text(.report(every: bad), 1) == nil)
    }
    #expect(text(.wrist(.nan), 1) == nil)
    #expect(text(.wrist(200), 1) == "#1 G2202 N3 V180.00 F1\n")
    #expect(text(.wrist(-3), 1) == "#1 G2202 N3 V0.00 F1\n")
    #expect(text(.moveJoints(good, feed: .nan), 1) == nil)
    #expect(text(.moveJoints(good, feed: 0), 1) == nil)
    #expect(text(.name, 0) == nil && text(.name, 10_000) == nil)
    // Longer than the arms' lines; no arm has such angles.
    #expect(text(.moveJoints(.init(base: -300, left: -300, right: -300), feed: 60), 1) == nil)
  }

  @Test("No line holds a real-time byte, and none is longer than 49 characters without its number")
  func lineLaws() throws {
    var random = Damage(seed: 4)
    for _ in 0..<5000 {
      func value() -> Double { Double.random(in: -400...400, using: &random) }
      func angle() -> Double { Double.random(in: -99...400, using: &random) }
      let commands: [UArmCommand] = [
        .moveJoints(.init(base: angle(), left: angle(), right: angle()), feed: abs(value()) + 0.1),
        .moveTo(.init(x: value(), y: value(), z: value()), feed: abs(value()) + 0.1),
        .wrist(value()), .report(every: 0), .angle(3), .isAttached(2),
      ]
      for command in commands {
        let line = try #require(command.line(id: Int.random(in: 1...9999, using: &random)))
        #expect(line.last == 0x0A)
        #expect(!line.contains { [0x21, 0x3F, 0x7E, 0x40, 0x18].contains($0) })
        #expect(line.filter { $0 != 0x20 }.count <= 49 + 6)
        #expect((command.text() ?? "").filter { $0 != " " }.count <= 49)
      }
    }
  }

  @Test(
    "Numbers have their decimals and no exponent",
    arguments: [
      (0.0, 2, "0.00"), (-0.004, 2, "0.00"), (-0.006, 2, "-0.01"), (1.005, 1, "1.0"),
      (123.456, 2, "123.46"), (-90, 0, "-90"), (0.0004, 4, "0.0004"), (-0.05, 1, "-0.1"),
    ])
  func numbers(value: Double, decimals: Int, expected: String) {
    #expect(fixed(value, decimals) == expected)
  }

  @Test("Every kind of line is understood")
  func replies() {
    var parser = UArmParser()
    func one(_ text: String) -> UArmReply? {
      let found = parser.replies(Array(text.utf8))
      return found.count == 1 ? found[0] : nil
    }
    #expect(one("$11 ok\n") == .success(id: 11, UArmFields()))
    #expect(one("$11 OK\r\n") == .success(id: 11, UArmFields()))
    #expect(
      one("$1 ok X200.0000 Y0.0000 Z150.0000\n")
        == .success(id: 1, UArmFields(["X200.0000", "Y0.0000", "Z150.0000"])))
    #expect(one("$14 E21\n") == .failure(id: 14, code: 21, UArmFields()))
    #expect(
      one("$15 ok E22 unreachable\n") == .failure(id: 15, code: 22, UArmFields(["unreachable"])))
    #expect(one("$16 E26 V5\n") == .failure(id: 16, code: 26, UArmFields(["V5"])))
    #expect(one("$17\n") == .failure(id: 17, code: nil, UArmFields()))
    #expect(one("$18 \r\n") == .failure(id: 18, code: nil, UArmFields()))
    #expect(one("value:12      value2:34$5 ok V1\n") == .success(id: 5, UArmFields(["V1"])))
    #expect(one("$3 ok$4 ok V0\n") == .success(id: 4, UArmFields(["V0"])))
    #expect(one("E23 buffer full\r\n") == .unnumberedFailure(code: 23))
    #expect(one("@1\n") == .event(code: 1, UArmFields()))
    #expect(one("@5 V0\r\n") == .event(code: 5, UArmFields(["V0"])))
    #expect(
      one("@3 X1.0 Y2.0 Z3.0 R90\n")
        == .event(code: 3, UArmFields(["X1.0", "Y2.0", "Z3.0", "R90"])))
    #expect(one("ok @9 V0\n") == .event(code: 9, UArmFields(["V0"])))
    #expect(one("ok\r\n") == .acknowledgement)
    #expect(one("$120=10.000 (x accel, mm/sec^2)\r\n") == .setting(number: 120, value: 10))
    #expect(one("sscanf 1\r\n") == .text("sscanf 1"))
    #expect(
      one("<Run,MPos:0.123,-0.456,1.000,WPos:0.123,-0.456,1.000>\r\n")
        == .status(UArmStatus(state: "Run", machine: [0.123, -0.456, 1])))
    #expect(
      one("<Idle,Buf:5,RX:40>\r\n") == .status(UArmStatus(state: "Idle", blocks: 5, received: 40)))
    #expect(parser.replies(Array("\r\n \n\t\n".utf8)) == [])
  }

  @Test("What the interrupt prints into a line is taken out, and the line is whole again")
  func injected() {
    var parser = UArmParser()
    let found = parser.replies(Array("$12 ok X200.0ok @9 V0\n000 Y1.0000 Z150.0000\n".utf8))
    #expect(
      found == [
        .event(code: 9, UArmFields(["V0"])),
        .success(id: 12, UArmFields(["X200.0000", "Y1.0000", "Z150.0000"])),
      ])
  }

  @Test("Replies are the same however the bytes are cut")
  func pieces() {
    var random = Damage(seed: 9)
    let bytes = Array(
      "start\r\n@1\n$1 ok VSwiftPro\n$2 ok V4.10.0\r\n\r\n<Idle,MPos:0,0,0>\r\n$3 E22\n@9 V0\n$4\n"
        .utf8)
    var whole = UArmParser()
    let expected = whole.replies(bytes)
    #expect(expected.count == 8)
    for _ in 0..<500 {
      var parser = UArmParser()
      var found: [UArmReply] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Int.random(in: 1...7, using: &random)
        found += parser.replies(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      #expect(found == expected)
    }
  }

  @Test("Numbers that are none are not numbers")
  func nonNumbers() {
    for text in ["Xnan", "Xinf", "X", "X1e999", "X--3", "X1,5"] {
      #expect(UArmFields([text]).number("X") == nil)
    }
    #expect(UArmFields(["X1.5"]).numbers("XY") == nil)
    #expect(UArmFields(["V4.10.0"]).word == "4.10.0" && UArmFields(["SwiftPro"]).word == "SwiftPro")
    #expect(UArmVersion("4.10.0") == UArmVersion(4, 10, 0))
    #expect(UArmVersion("3.2") == UArmVersion(3, 2, 0) && UArmVersion("x.y") == nil)
    #expect(UArmVersion(4, 5, 0) < UArmVersion(4, 10, 0))
  }

  /// A million inputs; ten million with MOTIONC_FUZZ=10000000.
  @Test("Whatever comes, the parser stays small and stands")
  func fuzz() {
    let wanted = ProcessInfo.processInfo.environment["MOTIONC_FUZZ"].flatMap(Int.init)
    let count = wanted ?? 1_000_000
    var random = Damage(seed: 2026)
    let seeds = [
      "$1 ok X200.0000 Y0.0000 Z150.0000\n", "$12 E22\r\n", "@3 X1 Y2 Z3 R4\n", "ok @9 V0\n",
      "<Run,MPos:0.123,-0.456,1.000,WPos:1,2,3>\r\n", "$120=10.000 (x)\r\n",
      "$9999 ok B90 L90 R0\n",
      "<Idle,Buf:5,RX:40>\r\n", "$7\n", "E23 buffer full\n",
    ].map { Array($0.utf8) }
    var parser = UArmParser()
    var replies = 0
    for index in 0..<count {
      var bytes = seeds[index % seeds.count]
      switch index % 4 {
      case 0:
        bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
          UInt8.random(in: 0...255, using: &random)
        }
      case 1:
        let at = Int.random(in: 0..<bytes.count, using: &random)
        bytes[at] = UInt8.random(in: 0...255, using: &random)
      case 2: bytes.removeFirst(Int.random(in: 0..<bytes.count, using: &random))
      default: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
      }
      replies += parser.replies(bytes).count
      if parser.pendingCount > UArmParser.longest { Issue.record("the parser keeps too much") }
    }
    #expect(replies > count / 10)
  }

  @Test(
    "Numbers that no firmware writes are none",
    arguments: ["1e300", "1e9", "99999999", "-99999999", "nan", "inf", "0x10", "", "1.2.3", "--1"])
  func numbers(text: String) {
    var parser = UArmParser()
    let replies = parser.replies(
      Array("$1 E26 V\(text)\n$10=\(text)\n<Run,MPos:\(text),0,0>\n".utf8))
    guard case .failure(1, 26, let fields)? = replies.first else {
      Issue.record("\(replies)")
      return
    }
    #expect(fields.number("V") == nil)
    #expect(replies.dropFirst().allSatisfy { if case .text = $0 { true } else { false } })
  }
}
