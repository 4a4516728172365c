/// One connection to the live view: what it has sent, what it is to get, and how long it may take.
///
/// A value in a time that is given; the server owns the socket.
struct ViewVisitor {
  /// Where the connection stands.
  private enum Stage {
    /// The head of the request is awaited.
    case asking
    /// The answer goes out, and nothing follows it.
    case answering
    /// Events go out until there are no more.
    case watching(ViewEvents)
    /// All is sent; what still arrives is thrown away, so that the answer is not.
    case leaving
    case gone
  }

  /// How long a head may take, an answer may lie unread, and who is answered may stay [s].
  private static let (patience, attention, farewell) = (5.0, 10.0, 1.0)
  /// The most that is read from a visitor who has asked [bytes].
  private static let mostIgnored = 65_536

  private var stage = Stage.asking
  private var heard: [UInt8] = []
  private var ignored = 0
  private var outgoing: ArraySlice<UInt8> = []
  /// When it is to be closed if nothing happens [s].
  private(set) var deadline: Double

  init(now: Double) { deadline = now + Self.patience }

  /// Whether the connection is to be closed.
  var isGone: Bool { if case .gone = stage { true } else { false } }
  /// Whether the visitor is told that nothing more will come.
  var isLeaving: Bool { if case .leaving = stage { true } else { false } }
  /// What is to be sent now.
  var toSend: ArraySlice<UInt8> { outgoing }
  /// When there may be a new event [s], nil where none is awaited.
  var nextEvent: Double? {
    guard case .watching(let events) = stage, outgoing.isEmpty else { return nil }
    return events.next
  }

  /// Bytes have come; none means that the visitor has hung up.
  mutating func hear(_ bytes: ArraySlice<UInt8>, now: Double, pages: ViewPages) {
    guard !bytes.isEmpty else {
      stage = .gone
      return
    }
    guard case .asking = stage else {
      ignored += bytes.count
      if ignored > Self.mostIgnored { stage = .gone }
      return
    }
    // No more is kept than shows that it is too long.
    heard += bytes.prefix(max(0, ViewRequest.longestHead + 1 - heard.count))
    let request = ViewRequest(heard)
    guard request != .incomplete else { return }
    heard = []
    let (answer, events) = pages.answer(request)
    outgoing = answer[...]
    stage = events.map { .watching($0) } ?? .answering
    deadline = now + Self.attention
  }

  /// So many bytes have gone out.
  mutating func sent(_ count: Int, now: Double) {
    outgoing = outgoing.dropFirst(count)
    if count > 0 { deadline = now + Self.attention }
    guard outgoing.isEmpty, case .answering = stage else { return }
    leave(now)
  }

  /// Time has passed: the newest event, or the end of a visit that took too long.
  mutating func pass(_ now: Double) {
    if case .watching(var events) = stage, outgoing.isEmpty {
      switch events.take(now) {
      case .none: break
      case .event(let bytes): outgoing = bytes[...]
      case .end: return leave(now)
      }
      // Who has read everything is not idle.
      deadline = now + Self.attention
      stage = .watching(events)
    }
    if now >= deadline { stage = .gone }
  }

  private mutating func leave(_ now: Double) {
    stage = .leaving
    deadline = now + Self.farewell
  }
}
