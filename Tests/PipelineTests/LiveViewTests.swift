import Foundation
import Testing

/// A viewer that reads what a server at 127.0.0.1 sends until it hangs up.
///
/// A class, so that its end closes the connection.
private final class Viewer {
  private let descriptor: Int32

  /// Asks for a path, and reads nothing yet.
  init(port: UInt16, _ path: String, host: String = "127.0.0.1") throws {
    descriptor = try Loopback.connected(port: port)
    let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host):\(port)\r\n\r\n".utf8)
    try #require(write(descriptor, request, request.count) == request.count)
  }

  deinit { close(descriptor) }

  /// What comes until the server hangs up, or until `isEnough` says so.
  func read(until isEnough: (String) -> Bool = { _ in false }) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Foundation.read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer.prefix(count)
      if isEnough(String(decoding: bytes, as: UTF8.self)) { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// What an event says.
private struct ViewEvent: Decodable {
  struct Pose: Decodable {
    var joints: [Double]
    var links: [[Double]]
  }

  var phase: String
  var figures: [[String]]
  var frame: Int?
  var command: Pose?
  var read: Double?
  var measured: Pose?
  var ended: String?
}

private struct ViewedRobot: Decodable {
  var joints: [String]
  var angular: [Bool]
  var bones: [[Int]]
}

@Suite("The live view")
struct LiveViewTests {
  @Test("Viewers see the poses of the log, and those who never read hold up nothing")
  func view() throws {
    let folder = try Work.folder()
    let tool = try Tool.start(
      [
        "jog", "robotis_op3", "head_pan=20", "r_el=20", "--go", "--view", "--json", "--log",
        "log.csv",
      ], folder: folder)
    let address = try tool.waitForError("live view at http://127.0.0.1:")
    let digits = address.prefix { $0.isNumber }
    let port = try #require(UInt16(digits))

    let page = try Viewer(port: port, "/").read { $0.contains("</html>") }
    #expect(page.contains("200 OK") && page.contains("<canvas"))
    #expect(!page.contains("//cdn") && !page.contains("https:"), "the page must stand alone")
    let foreign = try Viewer(port: port, "/", host: "elsewhere.example")
    #expect(foreign.read { $0.contains("\r\n\r\n") }.contains("403"))
    let answer = try Viewer(port: port, "/robot").read { $0.hasSuffix("}") }
    let text = try #require(answer.components(separatedBy: "\r\n\r\n").last)
    let robot = try JSONDecoder().decode(ViewedRobot.self, from: Data(text.utf8))
    #expect(robot.joints.count == 20 && robot.angular == Array(repeating: true, count: 20))

    let reader = try Viewer(port: port, "/events")
    #expect(reader.read { $0.contains("\r\n\r\n") }.contains("200 OK"))
    let idle = try (1..<16).map { _ in try Viewer(port: port, "/events") }
    for viewer in idle { #expect(viewer.read { $0.contains("\r\n") }.contains("200 OK")) }
    let oneTooMany = try Viewer(port: port, "/events")
    #expect(oneTooMany.read { $0.contains("\r\n") }.contains("503"))
    // Who hangs up gives the place back at once.
    withExtendedLifetime(idle) {}
    let events = try reader.read().components(separatedBy: "data: ").dropFirst().map { text in
      let line = text.prefix { $0 != "\n" }
      return try JSONDecoder().decode(ViewEvent.self, from: Data(line.utf8))
    }
    let run = try tool.wait(within: 30)
    #expect(run.peak < 60_000_000, "\(run.text)")
    #expect(run.status == 0, "\(run.text)")
    #expect(events.last?.ended == "completed" && events.last?.figures.isEmpty == false)
    let moving = events.filter { $0.command != nil }
    #expect(moving.count > 20 && Double(events.count) < 30 * run.seconds)
    try compare(moving, with: try Work.text("\(folder)/log.csv"), robot)
  }

  /// Each event's commanded joints are those of its frame, the measured ones those read then.
  private func compare(_ events: [ViewEvent], with log: String, _ robot: ViewedRobot) throws {
    let rows = log.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    let header = try #require(rows.first)
    let count = robot.joints.count
    let first = try #require(header.firstIndex(of: "command_\(robot.joints[0])"))
    let feedback = try #require(header.firstIndex(of: "feedback_time"))
    func numbers(_ row: [Substring], _ start: Int) -> [Double] {
      row[start..<(start + count)].map { Double($0) ?? .nan }
    }
    var compared = 0
    for event in events {
      let frame = try #require(event.frame)
      let row = try #require(rows.first { $0[0] == "\(frame)" })
      let command = try #require(event.command)
      for (shown, logged) in zip(command.joints, numbers(row, first)) {
        #expect(abs(shown - logged) < 2e-6)
      }
      #expect(command.links.count == robot.bones.count + 1)
      guard let read = event.read, let measured = event.measured,
        let row = rows.dropFirst().first(where: {
          Double($0[feedback]).map { abs($0 - read) < 2e-6 } ?? false
        })
      else { continue }
      compared += 1
      for (shown, logged) in zip(measured.joints, numbers(row, feedback + 1)) {
        #expect(abs(shown - logged) < 2e-6)
      }
    }
    #expect(compared > 10)
  }
}
