/// A short queue of bytes that the port has not taken yet; old set-points are useless.
struct OutgoingBytes {
  /// The largest number of bytes that may wait: twenty frames of the largest bus.
  static let capacity = 4096
  /// How long the port may take no bytes [s].
  static let patience = 0.5

  private var bytes: [UInt8] = []
  private var stuckSince: Double?

  /// Whether no bytes wait.
  var isEmpty: Bool { bytes.isEmpty }

  /// Discards the bytes that wait here and in the system.
  mutating func discard(_ transport: inout any Transport & Sendable) throws(TransportError) {
    bytes.removeAll()
    stuckSince = nil
    try transport.discard()
  }

  /// Adds bytes and writes as many as the port takes.
  mutating func write(
    _ new: [UInt8], to transport: inout any Transport & Sendable, now: Double
  ) throws(TransportError) {
    bytes += new
    guard !bytes.isEmpty else { return }
    let count = min(bytes.count, max(0, try transport.write(bytes)))
    bytes.removeFirst(count)
    if bytes.isEmpty || count > 0 { stuckSince = nil }
    guard !bytes.isEmpty else { return }
    let since = stuckSince ?? now
    stuckSince = since
    guard bytes.count <= Self.capacity, now - since < Self.patience else {
      throw .lost(
        "'\(transport.name)' takes no bytes any more: \(bytes.count) have waited for "
          + "\(((now - since) * 1000).rounded()) ms")
    }
  }
}
