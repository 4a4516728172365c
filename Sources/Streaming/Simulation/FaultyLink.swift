/// The link between a host and a simulated device, with transmission times and injected faults.
///
/// It is a value that receives the time from its caller. Its random numbers come from a seed, so
/// the same schedule gives the same bytes.
public struct FaultyLink: Sendable {
  private struct Piece: Sendable {
    var time: Double
    var bytes: [UInt8]
  }

  private struct Trouble: Sendable {
    var fault: Fault
    var end: Double
  }

  /// The probability of a fault for each byte, and for each piece.
  private static let (byteShare, pieceShare) = (0.01, 0.2)
  /// The time between the pieces of a split reply [s].
  private static let pieceGap = 2e-4
  /// Junk before a reply: headers of three protocols and broken lines.
  private static let falseStarts: [[UInt8]] = [
    [0xFF, 0xFF, 0xFD, 0x00], [0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFD, 0xFD], [0x55, 0x55],
    Array("$".utf8), Array("@5 V\r\n".utf8), Array("<Idle,\r\n".utf8),
  ]

  /// The time of a byte from host to device [s]; the device determines the time of replies.
  private let byteTime: Double
  private var random: SplitMix
  private var troubles: [Trouble] = []
  private var toDevice: [Piece] = []
  private var toHost: [Piece] = []
  private var busyUntil = -Double.infinity
  private var isMuted = false
  /// Whether the cable was pulled.
  public private(set) var isUnplugged = false

  /// Creates a link with a baud rate and ten bits for each byte; without a rate, transmission takes
  /// no time, for devices that simulate it themselves.
  public init(baud: Int? = nil, seed: UInt64 = 0) {
    byteTime = baud.map { 10 / Double(max(1, $0)) } ?? 0
    random = SplitMix(state: seed)
  }

  /// Begins a fault, which ends at a time if one is given.
  ///
  /// Faults of devices are ignored.
  public mutating func inject(_ fault: Fault, until end: Double = .infinity) {
    guard fault.isOfLink else { return }
    troubles.append(Trouble(fault: fault, end: end))
    guard fault == .unplug else { return }
    isUnplugged = true
    toDevice.removeAll()
    toHost.removeAll()
  }

  /// When the next bytes arrive at either end [s]; nil while none are under way.
  public var wakeTime: Double? {
    [toDevice.first?.time, toHost.first?.time].compactMap { $0 }.min()
  }

  /// Sends bytes from the host.
  public mutating func sendToDevice(_ bytes: [UInt8], at now: Double) {
    guard !bytes.isEmpty, !isUnplugged else { return }
    busyUntil = max(busyUntil, now) + Double(bytes.count) * byteTime
    toDevice.append(Piece(time: busyUntil, bytes: bytes))
  }

  /// Discards the bytes that the host has written and that have not left it yet.
  public mutating func discardToDevice() {
    toDevice.removeAll()
    busyUntil = -.infinity
  }

  /// Sends bytes from the device.
  public mutating func sendToHost(_ bytes: [UInt8], at now: Double) {
    guard !bytes.isEmpty, !isUnplugged, !isMuted else { return }
    troubles.removeAll { $0.end <= now }
    let active = Set(troubles.map(\.fault))
    var bytes = bytes
    if active.contains(.halfReply), bytes.count > 1 {
      bytes.removeLast(bytes.count / 2)
      isMuted = true
    }
    if active.contains(.lostBytes) { bytes.removeAll { _ in random.share() < Self.byteShare } }
    if active.contains(.corruptBytes) {
      for index in bytes.indices where random.share() < Self.byteShare {
        bytes[index] ^= 1 << UInt8(random.next() % 8)
      }
    }
    if active.contains(.junk), random.share() < Self.pieceShare { bytes = junk() + bytes }
    if active.contains(.duplicateBytes), random.share() < Self.pieceShare { bytes += bytes }
    if active.contains(.garbled) { bytes = Self.garbled(bytes) }
    var time = active.contains(.delay) ? now + 0.05 : now
    if active.contains(.latencyTimer) { time = heldBack(bytes.count, now) }
    // Replies are delayed to multiples of 30 ms.
    if active.contains(.joinedReplies) { time = (time / 0.03).rounded(.up) * 0.03 }
    time = max(time, toHost.last?.time ?? time)
    guard active.contains(.splitReplies) else {
      return toHost.append(Piece(time: time, bytes: bytes))
    }
    // Pieces of one reply do not coincide with those of the next.
    time = max(time, (toHost.last?.time ?? time) + Self.pieceGap)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = min(rest.count, 1 + Int(random.next() % 2))
      toHost.append(Piece(time: time, bytes: Array(rest.prefix(count))))
      rest = rest.dropFirst(count)
      time += Self.pieceGap
    }
  }

  /// When an FTDI chip delivers bytes that it receives now: when its timer expires, or once a USB
  /// packet of 62 bytes is full.
  private mutating func heldBack(_ count: Int, _ now: Double) -> Double {
    let end = (now / 0.016).rounded(.up) * 0.016
    let waiting = toHost.filter { $0.time > now }.reduce(count) { $0 + $1.bytes.count }
    guard waiting >= 62 else { return end }
    for index in toHost.indices where toHost[index].time > now { toHost[index].time = now }
    return now
  }

  /// The bytes that a receiver at half the baud rate would see: fewer, and all of them wrong.
  private static func garbled(_ bytes: [UInt8]) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: 2).map { place in
      let (first, second) = (bytes[place], place + 1 < bytes.count ? bytes[place + 1] : 0)
      return (first << 1 | 1) ^ (second >> 3) & 0x5B | 0x80
    }
  }

  /// Takes the bytes that have arrived at the device.
  public mutating func receivedByDevice(_ now: Double) -> [UInt8] {
    Self.take(&toDevice, now)
  }

  /// Takes the bytes that have arrived at the host.
  public mutating func receivedByHost(_ now: Double) -> [UInt8] {
    Self.take(&toHost, now)
  }

  /// Whether bytes have arrived at the host.
  func hasBytesForHost(_ now: Double) -> Bool {
    toHost.first.map { $0.time <= now } ?? false
  }

  private static func take(_ pieces: inout [Piece], _ now: Double) -> [UInt8] {
    let count = pieces.prefix { $0.time <= now }.count
    guard count > 0 else { return [] }
    defer { pieces.removeFirst(count) }
    return pieces.prefix(count).flatMap(\.bytes)
  }

  private mutating func junk() -> [UInt8] {
    let choice = Int(random.next() % UInt64(Self.falseStarts.count + 1))
    guard choice == Self.falseStarts.count else { return Self.falseStarts[choice] }
    return (0..<Int(1 + random.next() % 8)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}

/// SplitMix64, a small deterministic generator (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator, Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number from 0 to below 1.
  mutating func share() -> Double { Double(next() >> 11) * 0x1p-53 }
}
