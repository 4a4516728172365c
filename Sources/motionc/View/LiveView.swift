import Dispatch
import FlyingFox
import FlyingSocks
import Foundation
import Kinematics
import Synchronization

/// Why the live view cannot be shown.
struct ViewRefusal: Error, CustomStringConvertible {
  /// The sentence for the user.
  let description: String
}

/// The running stream in a browser of this machine: `--view`.
///
/// A small web server in threads of its own. The stream's thread knows nothing of it: the tool's
/// main thread, which empties the stream's mailbox for the terminal, writes the newest state on the
/// board from which viewers read.
final class LiveView: Sendable {
  /// Where a browser finds it.
  let address: String
  private let board: ViewBoard
  private let server: HTTPServer

  /// The port that is tried first, so that an open page finds the next stream.
  private static let usualPort: UInt16 = 8642
  /// How long the server may take to begin or to end [s].
  private static let patience = 2.0

  /// Begins to serve.
  init(of robot: Robot) throws(ViewRefusal) {
    let scene = ViewScene(robot: robot)
    let board = ViewBoard(scene)
    let pages = ViewPages(description: scene.description, board: board)
    guard let (server, port) = Self.serve(pages, Self.usualPort) ?? Self.serve(pages, 0) else {
      throw ViewRefusal(
        description: "the live view cannot be served: no port of 127.0.0.1 could be opened")
    }
    self.board = board
    self.server = server
    address = "http://127.0.0.1:\(port)/"
  }

  /// Shows what is known now; waits for no viewer.
  func show(_ figures: LiveFigures) { board.write(figures) }

  /// Lets viewers see the last state, and ends.
  func close() {
    board.close()
    Self.wait { [server] in await server.stop(timeout: 0.2) }
  }

  private static func serve(
    _ pages: ViewPages, _ port: UInt16
  ) -> (server: HTTPServer, port: UInt16)? {
    guard let address = try? sockaddr_in.inet(ip4: "127.0.0.1", port: port) else { return nil }
    let server = HTTPServer(address: address, timeout: 5, logger: .disabled, handler: pages)
    let found = Mutex<UInt16?>(nil)
    Self.wait {
      let run = Task { try await server.run() }
      let listening = Task { try await server.waitUntilListening(timeout: patience) }
      // A port that is taken ends the run at once.
      Task {
        _ = await run.result
        listening.cancel()
      }
      guard (try? await listening.value) != nil,
        case .ip4(_, let port) = await server.listeningAddress
      else { return run.cancel() }
      found.withLock { $0 = port }
    }
    return found.withLock { $0 }.map { (server, $0) }
  }

  /// Waits for what is to be awaited; the tool's main thread is no task.
  private static func wait(_ work: @Sendable @escaping () async -> Void) {
    let isDone = DispatchSemaphore(value: 0)
    Task.detached {
      await work()
      isDone.signal()
    }
    _ = isDone.wait(timeout: .now() + 2 * patience)
  }
}

/// The page, the robot and the events.
private struct ViewPages: HTTPHandler {
  let description: String
  let board: ViewBoard

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    // A page from elsewhere that had its name lead here must not read along.
    let host = request.headers[.host]?.split(separator: ":").first ?? ""
    guard host == "127.0.0.1" || host == "localhost" else { return answer(.forbidden) }
    guard request.method == .GET else { return answer(.methodNotAllowed) }
    switch request.path {
    case "/":
      return answer(.ok, "text/html; charset=utf-8", Data(PackageResources.view_html))
    case "/robot": return answer(.ok, "application/json", Data(description.utf8))
    case "/events":
      guard let events = board.enter() else { return answer(.serviceUnavailable) }
      return HTTPResponse(
        statusCode: .ok, headers: headers("text/event-stream"),
        body: HTTPBodySequence(from: events))
    default: return answer(.notFound)
    }
  }

  private func answer(
    _ status: HTTPStatusCode, _ type: String = "text/plain", _ body: Data = Data()
  ) -> HTTPResponse {
    HTTPResponse(statusCode: status, headers: headers(type), body: body)
  }

  private func headers(_ type: String) -> HTTPHeaders {
    [.contentType: type, .cacheControl: "no-store"]
  }
}
