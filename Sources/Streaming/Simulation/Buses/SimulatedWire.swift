/// A half-duplex wire in simulated time, with ten bits a byte.
struct SimulatedWire: Sendable {
  private let byteTime: Double
  private var incoming: [(time: Double, byte: UInt8)] = []
  private var incomingHead = 0
  private var outgoing: [(time: Double, byte: UInt8)] = []
  private var outgoingHead = 0
  private var packetEnds: [Double] = []
  private var hostFree = -Double.infinity
  private var deviceFree = -Double.infinity
  /// The number of collisions of host and devices.
  private(set) var collisions = 0
  /// The largest number of bytes that wait in one direction; a real buffer drops the rest too.
  private static let capacity = 65536

  init(baud: Int) { byteTime = 10 / Double(max(baud, 1)) }

  /// Adds bytes that the host writes now.
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

  /// Damages a device's bytes from a collision on.
  private mutating func collide(from time: Double) {
    collisions += 1
    for index in outgoingHead..<outgoing.count where outgoing[index].time > time {
      outgoing[index].byte ^= 0xA5
    }
  }

  /// Takes the next byte that has reached the devices.
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

  /// Adds a device's bytes, not before a time and after other devices' bytes.
  mutating func fromDevice(_ bytes: [UInt8], notBefore instant: Double) {
    var time = max(instant, deviceFree)
    for byte in bytes where outgoing.count < Self.capacity {
      time += byteTime
      outgoing.append((time, byte))
    }
    // A host that begins to send meanwhile is noticed when its bytes arrive.
    if hostFree > time - Double(bytes.count) * byteTime + 1e-9 { collisions += 1 }
    deviceFree = time
    packetEnds.append(time)
  }

  /// When the last device has finished sending [s].
  var lastWord: Double { deviceFree }

  /// Takes the bytes that have reached the host.
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
