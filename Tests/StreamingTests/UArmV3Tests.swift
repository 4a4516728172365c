import Foundation
import Testing
import Trajectories

@testable import Streaming

@Suite("Streaming to a uArm with firmware V3")
struct UArmV3Tests {
  private static func rig() -> UArmRig {
    var options = SimulatedUArm.Options()
    options.angles = [90, 80, 35, 90]
    return UArmRig(.v3, arm: options)
  }

  @Test("It follows fast motions, one line at a time, and puts the arm's settings back")
  func follows() {
    var rig = Self.rig()
    rig.bringUp()
    var last = SIMD3(90.0, 80, 35)
    var fastest = 0.0
    rig.probe = { _, arm in
      let now = SIMD3(arm.motorPositions[0], arm.motorPositions[1], arm.motorPositions[2])
      fastest = max(fastest, abs(now.x - last.x) / 0.001)
      last = now
    }
    func motion(_ time: Double) -> [Double] {
      let ease = min(time / 2, 1) * min(time / 2, 1)
      return [90 + 18 * ease * sin(3 * time), 80 + 6 * ease * sin(2 * time), 35, 90]
    }
    rig.stream(for: 20, motion)
    rig.finish()
    #expect(rig.fault == nil && rig.isHeld)
    #expect(rig.warnings == [])
    // Never beyond the motor's limit.
    #expect(40 < fastest && fastest < 60.5)
    let said = rig.text
    #expect(abs(rig.arm.motorPositions[0] - motion(20)[0]) < 0.1, "\(said.suffix(300))")
    #expect(rig.arm.statistics.droppedByteCount == 0)
    #expect(said.contains(" M204T1200*") && said.contains(" M204T200.00*"))
    // Neither of the bytes that V4 alone understands.
    #expect(!said.contains { "?!~\u{18}".contains($0) })
  }

  @Test("A frame is one block, and no line goes before the last was answered")
  func turns() {
    var rig = Self.rig()
    rig.bringUp()
    rig.stream(for: 3) { [90 + 10 * $0, 80, 35, 90] }
    rig.finish()
    var open = 0
    for (_, bytes) in rig.sent where bytes.starts(with: "N".utf8) {
      open = max(open, bytes.count { $0 == 10 })
      #expect(bytes.count <= UArmMarlinWire.ringSize)
    }
    #expect(open == 1)
  }

  @Test("Lost bytes are asked for again, and the stream arrives all the same")
  func losses() {
    var rig = Self.rig()
    rig.bringUp()
    // Now and then a byte towards the driver, which may be part of an ok.
    var count = 0
    rig.damage = { byte in
      count += 1
      return count % 1501 == 0 ? [] : [byte]
    }
    rig.stream(for: 6) { [90 + 20 * sin(0.5 * $0), 80, 35, 90] }
    rig.damage = nil
    rig.finish()
    #expect(rig.fault == nil && rig.isHeld)
    #expect(abs(rig.arm.motorPositions[0] - (90 + 20 * sin(3))) < 0.1)
  }

  @Test("An arm that says nothing any more is stopped, and nothing waits for ever")
  func silence() {
    var rig = Self.rig()
    rig.bringUp()
    rig.stream(for: 1) { [90 + 10 * $0, 80, 35, 90] }
    rig.damage = { _ in [] }
    rig.stream(for: 6, from: 1, frame: 20) { [90 + 10 * $0, 80, 35, 90] }
    #expect(rig.fault?.kind == .silent)
    #expect(rig.text.contains("\nM410\nM2000\n"))
  }

  @Test("The stop is quick, measures anew, and puts the stored acceleration back")
  func stop() {
    var rig = Self.rig()
    rig.bringUp()
    rig.stream(for: 2) { [90 + 20 * $0, 80, 35, 90] }
    rig.exchange(.stop)
    rig.run(for: 0.05)
    let held = rig.arm.motorPositions
    rig.run(for: 2)
    #expect(zip(held, rig.arm.motorPositions).allSatisfy { abs($0 - $1) < 0.01 })
    #expect(rig.text.contains("M204T200.00\n"))
  }

  @Test("Whatever run of bytes is lost from a move, what is left of it is no other move")
  func joins() {
    var passed = 0
    var runs = 0
    for index in 0..<60 {
      let value = fixed(150 + 1.37 * Double(index), 3) ?? ""
      let line = UArmMarlinWire.line(
        7, "G0X\(value)Y-\(index).\(index * 7 % 10)04Z94.\(index)1F\(9000 + index)")
      let wire = line + Array("\n#5001 M2200\n".utf8)
      for first in 0..<line.count {
        for end in (first + 1)...wire.count {
          let left = Array(wire[..<first] + wire[end...])
          let isTaken = left.split(separator: 10).contains { text in
            guard text.contains(UInt8(ascii: "G")) else { return false }
            switch ArmMarlinLine.count(Array(text), after: 6) {
            case (7?, nil):
              return !text.prefix { $0 != 0x2A }.elementsEqual(line.prefix { $0 != 0x2A })
            default: return false
            }
          }
          // Nothing that reaches the end of the line, and no single byte.
          if isTaken { #expect(end < line.count && end - first > 1) }
          passed += isTaken ? 1 : 0
          runs += 1
        }
      }
    }
    // Within a line the exclusive or misses one run in about seventy.
    #expect(passed * 60 < runs)
  }

  @Test("What it cannot follow is refused with the speed at which it could")
  func rule() throws {
    var driver = UArmDriver(wiring: UArmRig.wiring(.uarmSwiftPro))
    driver.model = .proV3
    driver.kinematics = .swiftProV3
    let robot = try ShippedRobot("uarm_swift_pro")
    let limits = try robot.limits.scaled(by: 3)
    let fast = try PlannedMove.plan(
      from: [-1, 1.4, 0.5, 0], to: [1, 1.4, 0.5, 0], within: limits, share: 1, least: 0.1,
      name: "swing", robot: RobotIdentity(name: "made up", fingerprint: "abc"))
    let reason = try #require(driver.refusal(of: fast, speed: 1, interval: 0.05))
    let text = try #require(reason.split(separator: " ").last)
    let speed = try #require(Double(text))
    #expect(0.2 < speed && speed < 1)
    #expect(driver.refusal(of: fast, speed: speed, interval: 0.05) == nil)
    driver.model = .proV4
    #expect(driver.refusal(of: fast, speed: 1, interval: 0.05) == nil)
  }
}

extension UArmRig {
  /// Everything that the host sent.
  fileprivate var text: String { String(decoding: sent.flatMap(\.bytes), as: UTF8.self) }
}
