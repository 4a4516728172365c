import Files
import Foundation
import Kinematics

/// Why the live view cannot be shown.
struct ViewRefusal: CategorizedError {
  /// The sentence for the user.
  let description: String

  var category: ErrorCategory { .unavailable }
}

/// The running stream in a browser of this machine: `--view`.
///
/// A small web server in a thread of its own. The stream's thread knows nothing of it: the tool's
/// main thread, which empties the stream's mailbox for the terminal, writes the newest state on the
/// board from which viewers read.
final class LiveView: Sendable {
  /// Where a browser finds it.
  let address: String
  private let board: ViewBoard
  private let server: ViewServer

  /// The port that is tried first, so that an open page finds the next stream.
  private static let usualPort: UInt16 = 8642

  /// Begins to serve.
  init(of robot: Robot) throws(ViewRefusal) {
    let scene = ViewScene(robot: robot)
    let board = ViewBoard(scene)
    let pages = ViewPages(description: scene.description, board: board)
    guard let server = ViewServer(pages, port: Self.usualPort) ?? ViewServer(pages, port: 0) else {
      throw ViewRefusal(
        description: "the live view cannot be served: no port of 127.0.0.1 could be opened")
    }
    self.board = board
    self.server = server
    address = "http://127.0.0.1:\(server.port)/"
  }

  /// Shows what is known now; waits for no viewer.
  func show(_ status: LiveStatus) { board.write(status) }

  /// Lets viewers see the last state, and ends.
  func close() {
    board.close()
    server.stop()
  }
}

/// The page, the robot and the events.
struct ViewPages: Sendable {
  /// The robot, as JSON.
  let description: String
  /// Where the events are from.
  let board: ViewBoard

  /// The answer's bytes, and the events that follow them.
  func answer(_ request: ViewRequest) -> (bytes: [UInt8], events: ViewEvents?) {
    switch request {
    case .incomplete: return ([], nil)
    case .refused(let status): return (Self.answer(status), nil)
    case .page("/"):
      return (Self.answer(.ok, "text/html; charset=utf-8", PackageResources.view_html), nil)
    case .page("/robot"):
      return (Self.answer(.ok, "application/json", Array(description.utf8)), nil)
    case .page("/events"):
      guard let events = board.enter() else { return (Self.answer(.unavailable), nil) }
      return (Self.head(.ok, "text/event-stream", count: nil), events)
    case .page: return (Self.answer(.notFound), nil)
    }
  }

  private static func answer(
    _ status: ViewStatus, _ type: String = "text/plain", _ body: [UInt8] = []
  ) -> [UInt8] {
    head(status, type, count: body.count) + body
  }

  /// Nobody else may keep it, frame it, or have it as a script or an image.
  private static func head(_ status: ViewStatus, _ type: String, count: Int?) -> [UInt8] {
    var lines = [
      "HTTP/1.1 \(status.rawValue)", "Content-Type: \(type)", "Cache-Control: no-store",
      "Connection: close", "X-Content-Type-Options: nosniff",
      "Cross-Origin-Resource-Policy: same-origin", "X-Frame-Options: DENY",
    ]
    if let count { lines.append("Content-Length: \(count)") }
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
  }
}
