import Synchronization

/// What the stream last wrote for its viewers: each new state takes the place of the one before.
///
/// Whoever writes waits for no viewer, and however many of them there are or however slow they
/// read, no more than one state is kept here and one with each of them.
final class ViewBoard: Sendable {
  private struct Content {
    var number = 0
    var status: LiveStatus?
    /// The event of this state, made when the first viewer asks for it.
    var event: [UInt8]?
    var isClosed = false
    var viewers = 0
  }

  /// The most viewers at a time.
  private static let capacity = 16

  private let scene: ViewScene
  private let content = Mutex(Content())

  /// An empty board.
  init(_ scene: ViewScene) { self.scene = scene }

  /// Writes what is known now.
  func write(_ status: LiveStatus) {
    content.withLock { content in
      content.number += 1
      content.status = status
      content.event = nil
    }
  }

  /// Nothing more will be written.
  func close() { content.withLock { $0.isClosed = true } }

  /// A viewer's place, nil where all are taken.
  func enter() -> ViewEvents? {
    let isFree = content.withLock { content in
      guard content.viewers < Self.capacity else { return false }
      content.viewers += 1
      return true
    }
    return isFree ? ViewEvents(place: ViewPlace(board: self)) : nil
  }

  fileprivate func leave() { content.withLock { $0.viewers -= 1 } }

  /// The newest event and its number, if it is newer than a number; and whether it was the last.
  fileprivate func event(
    after number: Int
  ) -> (number: Int, event: [UInt8]?, isClosed: Bool) {
    content.withLock { content in
      guard content.number > number, let status = content.status else {
        return (number, nil, content.isClosed)
      }
      let event = content.event ?? Array("data: \(scene.event(status))\n\n".utf8)
      content.event = event
      return (content.number, event, content.isClosed)
    }
  }
}

/// A viewer's place, given back when nobody holds it any more.
///
/// A class for its end: a connection may be dropped at any point.
final class ViewPlace: Sendable {
  fileprivate let board: ViewBoard

  fileprivate init(board: ViewBoard) { self.board = board }

  deinit { board.leave() }
}

/// The events of one viewer, each the newest when its turn comes.
struct ViewEvents {
  /// What a viewer gets now.
  enum Turn {
    case none
    case event([UInt8])
    case end
  }

  fileprivate let place: ViewPlace
  private var number = 0
  private var said = -Double.infinity
  /// When there may be something new [s].
  private(set) var next = -Double.infinity

  /// The shortest time between two events: thirty a second [s].
  private static let pause = 0.034
  /// So long without news is broken by a comment, which finds out who is gone [s].
  private static let silence = 1.0

  fileprivate init(place: ViewPlace) { self.place = place }

  /// The newest event, if its time has come; whoever takes its time misses those in between.
  mutating func take(_ now: Double) -> Turn {
    guard now >= next else { return .none }
    next = now + Self.pause
    let newest = place.board.event(after: number)
    if let event = newest.event {
      (number, said) = (newest.number, now)
      return .event(event)
    }
    guard !newest.isClosed else { return .end }
    if said == -.infinity { said = now }
    guard now - said >= Self.silence else { return .none }
    said = now
    return .event(Array(": nothing new\n\n".utf8))
  }
}
