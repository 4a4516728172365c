import Foundation
import TestSupport
import Testing

@testable import Streaming

/// What the vendor's firmware said to our own requests, and what the simulator says to the same.
struct UArmFirmwareTranscript: Sendable, CustomTestStringConvertible {
  /// A line of the arm, with the instant of its first byte [ms].
  struct Line: Sendable {
    var time: Double
    var text: String
  }

  var version: SimulatedUArm.Version
  var name: String
  var pose: [Double] = []
  var faults: [(time: Double, fault: Fault)] = []
  var requests: [(time: Double, bytes: [UInt8])] = []
  var replies: [Line] = []

  var testDescription: String { "\(version.rawValue) \(name)" }

  /// All transcripts of the fixture, in its order.
  static func read() throws -> [UArmFirmwareTranscript] {
    let url = SharedData.fixtures.appending(path: "uarm-firmware-transcripts.csv")
    var found: [UArmFirmwareTranscript] = []
    for row in try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst(2) {
      let cells = row.split(separator: ",", maxSplits: 4, omittingEmptySubsequences: false)
      guard cells.count == 5, let version = SimulatedUArm.Version(rawValue: String(cells[0])),
        let time = Double(cells[2])
      else { throw CocoaError(.fileReadCorruptFile) }
      let text = String(cells[4])
      switch cells[3] {
      case "pose":
        var next = UArmFirmwareTranscript(version: version, name: String(cells[1]))
        next.pose = text.split(separator: " ").compactMap { Double($0) }
        found.append(next)
      case "fault":
        if let fault = Fault(rawValue: text) { found[found.count - 1].faults.append((time, fault)) }
      case "host": found[found.count - 1].requests.append((time, unescape(text)))
      default: found[found.count - 1].replies.append(Line(time: time, text: text))
      }
    }
    return found
  }

  /// Sends the same to the simulator; its lines, and the arm at the end.
  func simulated() -> (lines: [Line], arm: SimulatedUArm) {
    var options = SimulatedUArm.Options()
    options.version = version
    options.angles = pose + [90]
    // Those begin with a reset, and count from when the firmware starts.
    options.resetsOnOpen = name == "boot" || name == "nopower"
    options.hasPower = name != "nopower"
    var arm = SimulatedUArm(.v4, options: options)
    var heard: [(time: Double, byte: UInt8)] = []
    var now = 0.0
    let start = 1.0
    func advance(_ time: Double, _ bytes: [UInt8] = []) {
      let sent = arm.advance(to: time, received: bytes)
      for (index, byte) in sent.enumerated() {
        heard.append(((time - start) * 1000 - 0.085 * Double(sent.count - index), byte))
      }
      now = time
    }
    func run(to time: Double) { while now < time - 1e-9 { advance(min(time, now + 0.001)) } }
    advance(0)
    var faults = faults
    for (time, bytes) in requests {
      while let first = faults.first, first.time <= time {
        run(to: start + first.time / 1000)
        arm.inject(first.fault)
        faults.removeFirst()
      }
      run(to: start + time / 1000)
      advance(now, bytes)
    }
    run(to: start + (replies.last?.time ?? 0) / 1000 + 1)
    return (Self.lines(heard), arm)
  }

  private static func lines(_ heard: [(time: Double, byte: UInt8)]) -> [Line] {
    var found: [Line] = []
    var text: [UInt8] = []
    var begun = 0.0
    for (time, byte) in heard {
      if text.isEmpty { begun = time }
      text.append(byte)
      guard byte == 10 else { continue }
      found.append(Line(time: begun, text: escape(text)))
      text = []
    }
    return found
  }

  private static func escape(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
      switch byte {
      case 10: "\\n"
      case 13: "\\r"
      default: String(UnicodeScalar(byte))
      }
    }.joined()
  }

  private static func unescape(_ text: String) -> [UInt8] {
    text.replacing("\\n", with: "\n").replacing("\\r", with: "\r").replacing("\\t", with: "\t")
      .replacing("\\x18", with: "\u{18}").utf8.map { $0 }
  }
}
