/// The serial side of a simulated arm: a wire with its speed, a receive ring that drops, a transmit
/// ring that fills up.
struct ArmSerial: Sendable {
  /// Seconds for each byte at 115200 baud, 8N1.
  static let byteTime = 10.0 / 115_200

  /// How many bytes each ring holds.
  var capacity = 128 { didSet { receiveCapacity = capacity } }
  /// How many bytes the receive ring holds where one of its cells is never used.
  var receiveCapacity = 128
  /// How long a byte takes beyond the wire until the firmware has it [s].
  var latency = 0.0
  /// Seconds for each byte to the host.
  var sendTime = ArmSerial.byteTime
  /// How many characters the loop formats between two looks at the wire.
  var formatting = 40
  /// Bytes that the host has sent and that are still on the wire, with their arrival [s].
  private(set) var arriving: [(byte: UInt8, time: Double)] = []
  private var arrivingHead = 0
  private var wireFree = -Double.infinity
  /// What has arrived and was not parsed yet.
  private(set) var ring: [UInt8] = []
  private var ringHead = 0
  /// Text that the main loop has still to put into the transmit ring.
  private(set) var printing: [UInt8] = []
  private var transmit: [UInt8] = []
  private var transmitFree = -Double.infinity
  private var isQuiet = true
  /// What has left since it was last asked for.
  private var departed: [UInt8] = []
  /// Bytes that the receive ring had no room for.
  private(set) var droppedCount = 0

  var ringCount: Int { ring.count - ringHead }
  var arrivingCount: Int { arriving.count - arrivingHead }
  /// Free bytes in the transmit ring.
  var transmitRoom: Int { capacity - transmit.count }

  /// Bytes that the host hands to the wire at an instant.
  ///
  /// Beyond a second of them, the rest is lost, so that memory stays bounded whatever a host does.
  mutating func hostSends(_ bytes: [UInt8], at time: Double) {
    for byte in bytes {
      guard arrivingCount < 11_520 else {
        droppedCount += 1
        continue
      }
      wireFree = max(wireFree, time) + Self.byteTime
      arriving.append((byte, wireFree + latency))
    }
  }

  /// The next byte that has arrived by now, taken from the wire.
  mutating func nextArrival(by time: Double) -> UInt8? { nextTimedArrival(by: time)?.byte }

  /// The next byte that has arrived by now, with the instant.
  mutating func nextTimedArrival(by time: Double) -> (byte: UInt8, time: Double)? {
    guard arrivingHead < arriving.count, arriving[arrivingHead].time <= time else { return nil }
    defer {
      arrivingHead += 1
      if arrivingHead > 512 {
        arriving.removeFirst(arrivingHead)
        arrivingHead = 0
      }
    }
    return arriving[arrivingHead]
  }

  /// A byte that nobody takes.
  mutating func drop() { droppedCount += 1 }

  /// Puts a byte into the receive ring, which drops what it has no room for.
  mutating func store(_ byte: UInt8) {
    guard ringCount < receiveCapacity else {
      droppedCount += 1
      return
    }
    ring.append(byte)
  }

  /// The oldest byte of the receive ring.
  mutating func read() -> UInt8? {
    guard ringHead < ring.count else { return nil }
    defer {
      ringHead += 1
      if ringHead > 256 {
        ring.removeFirst(ringHead)
        ringHead = 0
      }
    }
    return ring[ringHead]
  }

  mutating func emptyRing() {
    ring.removeAll(keepingCapacity: true)
    ringHead = 0
  }

  /// A reset of the controller: everything that it held is gone.
  mutating func restart() {
    emptyRing()
    printing.removeAll()
    transmit.removeAll()
  }

  /// The main loop prints; what a report prints over and over while the wire is busy is left out.
  mutating func print(_ text: String) {
    guard printing.count < 4096 else { return }
    printing += Array(text.utf8)
  }

  /// The interrupt prints, past the main loop and into the middle of its lines.
  ///
  /// False if the ring
  /// has no room: the real firmware then waits for ever inside the interrupt.
  mutating func interruptPrints(_ text: String) -> Bool {
    guard transmitRoom >= text.utf8.count else { return false }
    transmit += Array(text.utf8)
    return true
  }

  /// Moves text into the ring and bytes onto the wire, up to `time`, `span` after the last look.
  mutating func transmit(until time: Double, span: Double = 0.001) {
    fill()
    if transmit.isEmpty { return }
    if isQuiet { transmitFree = max(transmitFree, time - span) }
    var sent = 0
    while sent < transmit.count, transmitFree + sendTime <= time {
      transmitFree += sendTime
      departed.append(transmit[sent])
      sent += 1
    }
    transmit.removeFirst(sent)
    // A loop that prints fills each gap at once.
    fill()
    isQuiet = transmit.isEmpty
  }

  /// Whether all text that the main loop printed is in the transmit ring, so that it can go on.
  mutating func hasPrinted() -> Bool {
    fill()
    return printing.isEmpty
  }

  private mutating func fill() {
    let count = min(formatting, printing.count, transmitRoom)
    guard count > 0 else { return }
    transmit += printing.prefix(count)
    printing.removeFirst(count)
  }

  /// What has left the device since the last call.
  mutating func takeDeparted() -> [UInt8] {
    defer { departed.removeAll(keepingCapacity: true) }
    return departed
  }
}
