/// A half-duplex wire in simulated time: every byte takes ten bits.
struct SimulatedWire: Sendable {
  private let byteTime: Double
  private var incoming: [(time: Double, byte: UInt8)] = []
  private var incomingHead = 0
  private var outgoing: [(time: Double, byte: UInt8)] = []
  private var outgoingHead = 0
  private var packetEnds: [Double] = []
  private var hostFree = -Double.infinity
  private var deviceFree = -Double.infinity
  /// How often host and a device spoke at once.
  private(set) var collisions = 0
  /// The most that may wait in one direction; a real buffer drops the rest too.
  private static let capacity = 65536

  init(baud: Int) { byteTime = 10 / Double(max(baud, 1)) }

  /// Bytes that the host hands to its adapter now.
  mutating func fromHost(_ bytes: [UInt8], at now: Double) {
    guard !bytes.isEmpty else { return }
    var time = max(now, hostFree)
    if time < deviceFree { collide(from: time) }
    for byte in bytes where incoming.count < Self.capacity {
      time += byteTime
      incoming.append((time, byte))
    }
    hostFree = time
  }

  /// Two speakers at once: what the device says is damaged from here on.
  private mutating func collide(from time: Double) {
    collisions += 1
    for index in outgoingHead..<outgoing.count where outgoing[index].time > time {
      outgoing[index].byte ^= 0xA5
    }
  }

  /// The next byte that has reached the devices by now.
  mutating func nextByte(at now: Double) -> (time: Double, byte: UInt8)? {
    guard incomingHead < incoming.count, incoming[incomingHead].time <= now else {
      if incomingHead == incoming.count, incomingHead > 0 {
        incoming.removeAll(keepingCapacity: true)
        incomingHead = 0
      }
      return nil
    }
    defer {
      incomingHead += 1
      if incomingHead > 4096 {
        incoming.removeFirst(incomingHead)
        incomingHead = 0
      }
    }
    return incoming[incomingHead]
  }

  /// A device speaks, not before an instant and after those who speak already.
  mutating func fromDevice(_ bytes: [UInt8], notBefore instant: Double) {
    var time = max(instant, deviceFree)
    for byte in bytes where outgoing.count < Self.capacity {
      time += byteTime
      outgoing.append((time, byte))
    }
    // A host that began to speak meanwhile is only seen when its bytes come.
    if hostFree > time - Double(bytes.count) * byteTime + 1e-9 { collisions += 1 }
    deviceFree = time
    packetEnds.append(time)
  }

  /// When the last device will have spoken [s].
  var lastWord: Double { deviceFree }

  /// What has reached the host by now.
  mutating func toHost(at now: Double) -> [UInt8] {
    var result: [UInt8] = []
    while outgoingHead < outgoing.count, outgoing[outgoingHead].time <= now {
      result.append(outgoing[outgoingHead].byte)
      outgoingHead += 1
    }
    if outgoingHead == outgoing.count || outgoingHead > 4096 {
      outgoing.removeFirst(outgoingHead)
      outgoingHead = 0
    }
    packetEnds.removeAll { $0 <= now }
    return result
  }

  /// When the next packet has arrived at either end [s].
  var wakeTime: Double? {
    let heard = incomingHead < incoming.count ? incoming.last?.time : nil
    return [heard, packetEnds.first].compactMap(\.self).min()
  }
}
