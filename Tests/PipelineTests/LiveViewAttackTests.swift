import Foundation
import Testing

/// A connection to a server at 127.0.0.1 that sends what it likes.
///
/// A class, so that its end closes the connection.
private final class Stranger {
  private let descriptor: Int32

  init(port: UInt16) throws {
    descriptor = try Loopback.connected(port: port)
    // Nothing here waits longer than this.
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
  }

  deinit { close(descriptor) }

  /// Sends bytes; how many were taken before the server hung up.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Int {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, 0x4000)
      }
      guard count > 0 else { break }
      sent += count
    }
    return sent
  }

  /// The status line's code, and what follows, until the server hangs up or it is enough.
  func answer(until isEnough: (String) -> Bool = { _ in false }) -> (code: String, text: String) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      bytes += buffer.prefix(count)
      if isEnough(String(decoding: bytes, as: UTF8.self)) { break }
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let words = text.prefix { !$0.isNewline }.split(separator: " ")
    return (words.count > 1 ? String(words[1]) : "", text)
  }

  /// Waits until the server hangs up; whether it did, within the limit of a reading.
  func isHungUpOn() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 { continue }
      return count == 0 || errno == ECONNRESET
    }
  }
}

@Suite("The live view among strangers")
struct LiveViewAttackTests {
  /// A robot that moves for half a minute, and where its view is.
  private static func start() throws -> (tool: RunningTool, port: UInt16) {
    let tool = try Tool.start(
      [
        "jog", "robotis_op3", "head_pan=20", "--go", "--view", "--json", "--soft-start", "0.005",
      ], folder: try Work.folder())
    let address = try tool.waitForError("live view at http://127.0.0.1:")
    let port = try #require(UInt16(address.prefix { $0.isNumber }))
    _ = try tool.waitForError("soft start\n")
    return (tool, port)
  }

  private static func ask(
    _ port: UInt16, _ head: String, _ body: [UInt8] = []
  ) throws -> (code: String, text: String) {
    let stranger = try Stranger(port: port)
    stranger.send(Array(head.replacing("\n", with: "\r\n").utf8) + body)
    return stranger.answer { $0.contains("\r\n\r\n") }
  }

  private static func finish(_ tool: RunningTool) throws {
    tool.send(SIGINT)
    let run = try tool.wait(within: 30)
    #expect(run.status == 130 && run.peak < 60_000_000, "\(run.text)")
  }

  @Test("Who is asked for, and who asks: the name without case, the origin, the site")
  func names() throws {
    let (tool, port) = try Self.start()
    let own = "127.0.0.1:\(port)"
    let cases: [(head: String, code: String)] = [
      ("Host: \(own)", "200"), ("HOST: LocalHost:\(port)", "200"), ("host:localhost", "200"),
      ("Host: elsewhere.example", "403"), ("Host: localhost.elsewhere.example", "403"),
      ("Host: 127.0.0.1.elsewhere.example:\(port)", "403"), ("X: y", "403"),
      ("Host: \(own)\nHost: elsewhere.example", "403"), ("Host: ", "403"),
      ("Host: localhost:80:80", "403"), ("Host: localhost:port", "403"),
      ("Host: \(own)\nOrigin: http://\(own)", "200"),
      ("Host: localhost\nOrigin: HTTP://LOCALHOST", "200"),
      ("Host: \(own)\nOrigin: http://elsewhere.example", "403"),
      ("Host: \(own)\nOrigin: null", "403"), ("Host: \(own)\nOrigin: http://127.0.0.1:1", "403"),
      ("Host: \(own)\nOrigin: https://\(own)", "403"),
      ("Host: \(own)\nSec-Fetch-Site: same-origin", "200"),
      ("Host: \(own)\nSec-Fetch-Site: cross-site", "403"),
      ("Host: \(own)\nSec-Fetch-Site: same-site", "403"),
      ("Host: \(own)\n folded: line", "400"), ("Host : \(own)", "400"), ("no colon", "400"),
    ]
    for path in ["/robot", "/events"] {
      for (head, code) in cases {
        let answer = try Self.ask(port, "GET \(path) HTTP/1.1\n\(head)\n\n")
        #expect(answer.code == code, "\(path) \(head): \(answer.text.prefix(200))")
        #expect(!answer.text.lowercased().contains("access-control-allow"))
      }
    }
    // A link from elsewhere may open the page.
    let page = try Self.ask(port, "GET /?x HTTP/1.1\nHost: \(own)\nSec-Fetch-Site: cross-site\n\n")
    #expect(page.code == "200" && page.text.contains("X-Frame-Options: DENY"))
    for (line, code) in [
      ("POST /robot HTTP/1.1", "405"), ("GET /robot", "400"), ("GET  /robot HTTP/1.1", "400"),
      ("GET robot HTTP/1.1", "400"), ("GET /robot HTTP/3", "400"), ("GET /../etc HTTP/1.1", "404"),
      ("GET /nothing HTTP/1.1", "404"),
    ] {
      #expect(try Self.ask(port, "\(line)\nHost: \(own)\n\n").code == code, "\(line)")
    }
    try Self.finish(tool)
  }

  @Test("Heads and bodies without end are cut off, and others are served meanwhile")
  func endless() throws {
    let (tool, port) = try Self.start()
    let own = "Host: 127.0.0.1:\(port)"
    let line = [UInt8](repeating: UInt8(ascii: "a"), count: 8_000_000)
    for start in ["", "GET /", "GET /robot HTTP/1.1\r\nX: ", "GET /robot HTTP/1.1\r\n\(own)\r\nA:"]
    {
      let stranger = try Stranger(port: port)
      #expect(stranger.send(Array(start.utf8) + line) < line.count, "all of '\(start)' was taken")
      #expect(stranger.isHungUpOn())
    }
    let headers = (0..<5000).map { "H\($0): x\r\n" }.joined()
    let many = try Stranger(port: port)
    many.send(Array("GET /robot HTTP/1.1\r\n\(headers)\r\n".utf8))
    #expect(many.isHungUpOn())
    for body in [
      "Content-Length: 1", "Content-Length: 99999999999999999999", "Transfer-Encoding: chunked",
    ] {
      #expect(try Self.ask(port, "GET /robot HTTP/1.1\n\(own)\n\(body)\n\n").code == "413")
    }
    // Long, and still one that is read.
    let long = String(repeating: "b", count: 7000)
    #expect(try Self.ask(port, "GET /robot HTTP/1.1\n\(own)\nX: \(long)\n\n").code == "200")
    #expect(try Self.ask(port, "GET /robot HTTP/1.1\n\(own)\nX: \(long + long)\n\n").code == "431")
    #expect(try Self.ask(port, "GET /robot HTTP/1.1\n\(own)\nX: \u{0}\u{ff}\n\n").code == "200")
    try Self.finish(tool)
  }

  @Test("Who says nothing, or a letter now and then, is hung up on, however many they are")
  func idle() throws {
    let (tool, port) = try Self.start()
    // More than are served at a time: the others wait until these are gone.
    let silent = try (0..<40).map { _ in try Stranger(port: port) }
    let slow = try Stranger(port: port)
    let began = ContinuousClock().now
    for _ in 0..<3 { slow.send([UInt8(ascii: "G")]) }
    #expect(silent[0].isHungUpOn())
    #expect((ContinuousClock().now - began) / .seconds(1) < 8)
    let answer = try Self.ask(port, "GET /robot HTTP/1.1\nHost: localhost\n\n")
    #expect(answer.code == "200")
    #expect((ContinuousClock().now - began) / .seconds(1) < 16)
    #expect(slow.isHungUpOn() && silent[39].isHungUpOn())
    try Self.finish(tool)
  }
}
