import Foundation
import Streaming
import Synchronization

/// Serves the live view to browsers of this machine, from a thread of its own.
///
/// Small on purpose: three pages, bounded heads, no bodies, one answer for each connection. What a
/// connection may do is said by `ViewVisitor`; here are only the sockets.
final class ViewServer: Sendable {
  /// The port that browsers find.
  let port: UInt16
  private let pages: ViewPages
  private let listener: Int32
  private let isOver = Atomic(false)
  private let hasEnded = DispatchSemaphore(value: 0)

  /// The most connections at a time; others wait until one ends.
  private static let capacity = 32
  /// How long the thread may sleep before it looks whether it is to end [s].
  private static let attention = 0.05
  /// How long viewers get for the last event [s].
  private static let patience = 0.3

  /// Serves at a port of 127.0.0.1, at any where it is 0; nil where that one cannot be had.
  init?(_ pages: ViewPages, port: UInt16) {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Self.quiet, 0)
    guard number >= 0 else { return nil }
    guard let found = Self.listen(number, port) else {
      Foundation.close(number)
      return nil
    }
    (self.pages, self.port, listener) = (pages, found, number)
    let thread = Thread { [self] in
      serve()
      hasEnded.signal()
    }
    thread.name = "view"
    thread.start()
  }

  private static let quiet = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

  private static func listen(_ number: Int32, _ port: UInt16) -> UInt16? {
    var yes: Int32 = 1
    setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard bind(number, address, size) == 0, Foundation.listen(number, 16) == 0 else {
          return false
        }
        return getsockname(number, address, &size) == 0
      }
    } ? UInt16(bigEndian: address.sin_port) : nil
  }

  /// Ends: viewers get the last event, within a moment.
  func stop() {
    isOver.store(true, ordering: .releasing)
    _ = hasEnded.wait(timeout: .now() + 1)
  }

  // MARK: The thread

  private struct Guest {
    let socket: Int32
    var visitor: ViewVisitor
    /// Whether the visitor was told that nothing more will come.
    var isTold = false
  }

  private func serve() {
    var guests: [Guest] = []
    var end = Double.infinity
    while MonotonicClock.now < end {
      if end == .infinity, isOver.load(ordering: .acquiring) {
        end = MonotonicClock.now + Self.patience
      }
      attend(&guests)
      let now = MonotonicClock.now
      for index in guests.indices {
        guests[index].visitor.pass(now)
        send(&guests[index], now)
        guard guests[index].visitor.isLeaving, !guests[index].isTold else { continue }
        guests[index].isTold = true
        shutdown(guests[index].socket, Int32(SHUT_WR))
      }
      for guest in guests where guest.visitor.isGone { Foundation.close(guest.socket) }
      guests.removeAll { $0.visitor.isGone }
      if end < .infinity, guests.allSatisfy(\.visitor.isLeaving) { break }
    }
    for guest in guests { Foundation.close(guest.socket) }
    Foundation.close(listener)
  }

  /// Waits for whatever comes first, and reads it.
  private func attend(_ guests: inout [Guest]) {
    var entries = guests.map { guest in
      let events = guest.visitor.toSend.isEmpty ? POLLIN : POLLIN | POLLOUT
      return pollfd(fd: guest.socket, events: Int16(events), revents: 0)
    }
    let hasRoom = guests.count < Self.capacity
    if hasRoom { entries.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
    let now = MonotonicClock.now
    let wake = guests.flatMap { [$0.visitor.nextEvent, $0.visitor.deadline].compactMap { $0 } }
      .min()
    let wait = min(Self.attention, max(0.001, (wake ?? .infinity) - now))
    guard poll(&entries, nfds_t(entries.count), Int32((wait * 1000).rounded(.up))) > 0 else {
      return
    }
    for index in guests.indices where entries[index].revents & ~Int16(POLLOUT) != 0 {
      receive(&guests[index])
    }
    if hasRoom, entries[guests.count].revents != 0 { accept(&guests) }
  }

  private func accept(_ guests: inout [Guest]) {
    let number = Foundation.accept(listener, nil, nil)
    guard number >= 0 else { return }
    _ = fcntl(number, F_SETFL, O_NONBLOCK)
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    guests.append(Guest(socket: number, visitor: ViewVisitor(now: MonotonicClock.now)))
  }

  private func receive(_ guest: inout Guest) {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = recv(guest.socket, &buffer, buffer.count, 0)
    if count < 0, errno == EAGAIN || errno == EINTR { return }
    guest.visitor.hear(buffer.prefix(max(0, count)), now: MonotonicClock.now, pages: pages)
  }

  private func send(_ guest: inout Guest, _ now: Double) {
    let bytes = guest.visitor.toSend
    guard !bytes.isEmpty, !guest.visitor.isGone else { return }
    let count = bytes.withUnsafeBytes {
      Foundation.send(guest.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    if count < 0, errno != EAGAIN, errno != EINTR {
      return guest.visitor.hear([], now: now, pages: pages)
    }
    guest.visitor.sent(max(0, count), now: now)
  }
}
