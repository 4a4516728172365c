import Foundation
import Synchronization
import Testing

@testable import Streaming

/// The least and greatest positions of motors.
private final class Extremes: Sendable, CustomStringConvertible {
  private let range = Mutex((least: [Double](), greatest: [Double]()))

  func add(_ pose: [Double]) {
    range.withLock { range in
      guard !range.least.isEmpty else {
        range = (pose, pose)
        return
      }
      range.least = zip(range.least, pose).map { min($0, $1) }
      range.greatest = zip(range.greatest, pose).map { max($0, $1) }
    }
  }

  var least: [Double] { range.withLock { $0.least } }
  var greatest: [Double] { range.withLock { $0.greatest } }
  var description: String { "\(least) to \(greatest)" }
}

/// What a host may do to a V4, judged at the bytes alone: how many are unparsed, what is asked in
/// motion, whether a move begins at the beginning of a line.
@Suite("uArm V4: pacing by acknowledgement")
struct UArmPacingTests {
  /// The lines that went out with their times, without real-time bytes.
  private static func lines(_ rig: UArmRig) -> [(time: Double, text: String)] {
    rig.sent.flatMap { time, bytes in
      String(decoding: bytes.filter { ![0x21, 0x3F, 0x7E, 0x18].contains($0) }, as: UTF8.self)
        .split(separator: "\n").map { (time, String($0)) }
    }
  }

  /// The greatest count of bytes that no reply had shown to be parsed, over all instants, and whether a
  /// move went out while another was among them.
  private static func ahead(_ rig: UArmRig) -> (bytes: Int, overlaps: Int) {
    var open: [(id: String, count: Int, isMove: Bool)] = []
    var greatest = 0
    var overlaps = 0
    let heard = rig.replies
    var next = 0
    for (time, text) in lines(rig) {
      while next < heard.count, heard[next].time <= time {
        if let place = open.firstIndex(where: { $0.id == heard[next].id }) {
          open.removeFirst(place + 1)
        }
        next += 1
      }
      let isMove = text.contains(" G2206 ")
      if isMove, open.contains(where: \.isMove) { overlaps += 1 }
      let id = text.hasPrefix("#") ? String(text.dropFirst().prefix { $0 != " " }) : ""
      open.append((id, text.utf8.count + 1, isMove))
      greatest = max(greatest, open.reduce(0) { $0 + $1.count })
    }
    return (greatest, overlaps)
  }

  @Test(
    "Never more unparsed bytes than the ring holds, no move before the last is parsed",
    arguments: SimulatedUArm.Version.allCases)
  func ring(version: SimulatedUArm.Version) {
    var options = SimulatedUArm.Options()
    options.version = version
    options.angles = gentleMotion(0)
    var rig = UArmRig(.v4, arm: options)
    rig.bringUp()
    rig.sent.removeAll()
    rig.stream(for: 40, gentleMotion)
    rig.finish()
    #expect(rig.fault == nil && rig.isHeld && rig.warnings == [])
    let (bytes, overlaps) = Self.ahead(rig)
    #expect(0 < bytes && bytes <= UArmTimings.ringSize && overlaps == 0, "\(bytes), \(overlaps)")
    #expect(rig.arm.statistics.droppedByteCount == 0)
    #expect(rig.arm.isAligned)
  }

  @Test("In motion nothing is asked that takes the loop longer than motion is prepared for")
  func short() {
    var rig = UArmDriverTests.rig(.v4)
    rig.bringUp()
    rig.sent.removeAll()
    rig.stream(for: 10) { [90 + 15 * (1 - cos($0)), 80, 35, 90 + 20 * sin($0)] }
    let asked = Set(
      Self.lines(rig).map { $0.text.split(separator: " ").dropFirst().joined(separator: " ") }
        .filter { $0.hasPrefix("P") })
    #expect(asked.isSubset(of: ["P2206 N0", "P2206 N1", "P2206 N2", "P2234", "P2244"]), "\(asked)")
    #expect(asked.count == 5)
    let motors = Self.lines(rig).filter { $0.text.contains("P2206") }.count
    #expect(70 <= motors && motors <= 110, "\(motors) sensors in 10 s")
    rig.finish()
    // At rest all of them at once.
    #expect(Self.lines(rig).contains { $0.text.contains("P2200") })
  }

  @Test("A host that was away sends no burst: what it missed is one move")
  func away() {
    var rig = UArmDriverTests.rig(.v4)
    rig.bringUp()
    rig.stream(for: 3.0) { [90 + 8 * $0, 80, 35, 90] }
    rig.sent.removeAll()
    rig.run(for: 0.1)
    rig.stream(for: 2, from: 3.15, frame: 63) { [90 + 8 * $0, 80, 35, 90] }
    #expect(rig.fault == nil)
    for (time, text) in Self.lines(rig) where text.contains("G2206") {
      let near = Self.lines(rig).filter { $0.text.contains("G2206") && abs($0.time - time) < 0.012 }
      #expect(near.count == 1, "\(near)")
    }
    rig.finish()
    #expect(rig.isHeld)
  }

  @Test("Where an answer stays away, the parser is brought to the beginning of a line by force")
  func separator() throws {
    var rig = UArmDriverTests.rig(.v4)
    rig.bringUp()
    rig.stream(for: 3) { [90 + 8 * $0, 80, 35, 90] }
    // Everything to the host is lost for a third of a second.
    let begin = rig.now
    rig.damage = { _ in [] }
    rig.stream(for: 0.3, from: 3.05, frame: 61) { [90 + 8 * $0, 80, 35, 90] }
    rig.damage = nil
    let moves = Self.lines(rig).filter { $0.time > begin && $0.text.contains("G2206") }
    // The move that was under way, and none behind it before an answer came.
    #expect(moves.count <= 1)
    let bytes = rig.sent.filter { $0.time > begin }.flatMap(\.bytes)
    #expect(bytes.contains(UArmLink.separator[0]))
    rig.stream(for: 3, from: 3.4, frame: 68) { [90 + 8 * $0, 80, 35, 90] }
    rig.finish()
    #expect(rig.fault == nil && rig.isHeld, "\(String(describing: rig.fault))")
    #expect(abs(rig.arm.motorPositions[0] - (90 + 8 * 6.4)) < 0.1)
    #expect(rig.arm.isAligned)
  }

  @Test(
    "A line whose end is lost joins no other: at no time is the arm where nobody sent it",
    arguments: 0..<30)
  func lostOnTheWay(seed: Int) {
    var random = UArmNoise(state: UInt64(seed) &* 31 + 5)
    var rig = UArmDriverTests.rig(.v4)
    rig.bringUp()
    var (lost, further) = (0, 0)
    rig.loss = { bytes in
      // As a full ring loses them: from somewhere in a write on, and some of what comes next. (Digits
      // that are lost inside one line alone are what no host can mend.)
      if further > 0 {
        let count = min(further, bytes.count)
        further -= count
        return Array(bytes.dropFirst(count))
      }
      guard bytes.count > 20, Int.random(in: 0..<25, using: &random) == 0 else { return bytes }
      let start = Int.random(in: 0..<bytes.count, using: &random)
      lost += bytes.count - start
      further = Int.random(in: 0...60, using: &random)
      return Array(bytes[..<start])
    }
    let worst = Extremes()
    rig.probe = { _, arm in worst.add(arm.motorPositions) }
    rig.stream(for: 12) { [90 + 20 * (1 - cos($0)), 80 + 6 * sin($0) * min($0, 1), 35, 90] }
    if rig.fault == nil { rig.finish() }
    rig.run(for: 2)
    #expect(lost > 0)
    #expect(rig.isHeld || rig.events.contains { $0.event == .stopped })
    // To a sensor's step and a motor's.
    #expect(worst.least[0] > 89.9 && worst.greatest[0] < 130.1, "base \(worst)")
    #expect(worst.least[1] > 73.9 && worst.greatest[1] < 86.1, "left \(worst)")
    #expect(worst.least[2] > 34.9 && worst.greatest[2] < 35.1, "right \(worst)")
  }

  @Test("A board that starts again in mid-stream is said to have started again")
  func reset() {
    var rig = UArmDriverTests.rig(.v4)
    rig.bringUp()
    rig.stream(for: 2) { [90 + 8 * $0, 80, 35, 90] }
    rig.arm.inject(.reset)
    rig.stream(for: 4, from: 2.05, frame: 41) { [90 + 8 * $0, 80, 35, 90] }
    #expect(rig.fault?.kind == .deviceError)
    #expect(rig.fault?.description.contains("started again") == true)
  }

  @Test("Nobody's hold is undone at engaging; without it nothing would move")
  func onHold() {
    var options = SimulatedUArm.Options()
    options.resetsOnOpen = false
    options.angles = [90, 80, 35, 90]
    var rig = UArmRig(.v4, arm: options)
    _ = rig.arm.advance(to: rig.now, received: [0x21])
    rig.now += 0.05
    _ = rig.arm.advance(to: rig.now, received: [])
    rig.bringUp()
    #expect(rig.fault == nil && rig.warnings.contains { $0.contains("on hold") })
    rig.stream(for: 2) { [90 + 2 * $0 * $0, 80, 35, 90] }
    rig.finish()
    #expect(rig.isHeld && abs(rig.arm.motorPositions[0] - 98) < 0.1)
  }

  @Test("What a block loses by changing speed is made up for, within the motor's limit")
  func feeds() {
    var random = UArmNoise(state: 11)
    for _ in 0..<2000 {
      let limit = Double.random(in: 30...90, using: &random)
      var feeds = UArmFeed(acceleration: 800, limits: SIMD3(repeating: limit))
      var velocity = 0.0
      for _ in 0..<20 {
        velocity = min(max(velocity + Double.random(in: -8...8, using: &random), 2), limit)
        let step = SIMD3(velocity * 0.05, 0, 0)
        let (feed, _) = feeds.next(step, in: 0.05)
        let speed = feed * 80 / 60
        #expect(speed <= 1.002 * limit + 1e-9)
        #expect(speed >= min(velocity, limit) - 1e-9)
        #expect(speed <= velocity + 1.2)
      }
      // A step that no time was left for goes no faster all the same.
      let (feed, _) = feeds.next(SIMD3(10, 2, 0), in: 0.05)
      #expect(feed * 80 / 60 <= 1.002 * limit * 1.02 + 1e-9)
    }
  }

  @Test("Nothing is measured of a wrist: its answer is what it was told")
  func wrist() {
    var rig = UArmDriverTests.rig(.v4)
    rig.identify()
    #expect(rig.driver.motorsWithoutSensor == [3])
    rig.events = []
    let before = rig.now
    rig.exchange(.measure)
    rig.run(for: 2) { event in if case .measured = event { true } else { false } }
    #expect(rig.now - before < 0.15 && rig.fault == nil)
  }
}
