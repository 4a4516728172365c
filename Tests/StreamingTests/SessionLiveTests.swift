import Foundation
import Testing
import Trajectories

@testable import Streaming

@Suite("A session in real time", .serialized)
struct SessionLiveTests {
  /// A short move of the OP3, so that the test is short too.
  private func session() throws -> Session {
    let op3 = try ShippedRobot("robotis_op3")
    var options = SessionOptions.going
    options.leastMove = 0.2
    options.softStart = 1
    var pose = [Double?](repeating: nil, count: 20)
    pose[18] = 0.02
    return try Session(
      .move(pose), limits: op3.limits, robot: op3.robot, driver: Drivers.make(for: op3.wiring),
      options: options)
  }

  private func line(_ faults: [FaultSchedule.Entry] = []) throws -> SimulatedTransport {
    let op3 = try ShippedRobot("robotis_op3")
    return SimulatedTransport(
      name: "simulated",
      device: SimulatedDevices.make(
        .dynamixel2, wiring: op3.wiring, pose: SimulatedDevices.standingPose(of: op3.wiring)),
      link: FaultyLink(), faults: faults)
  }

  /// Waits for the end, at most ten seconds.
  private func run(
    _ settings: LiveStream.Settings
  ) throws -> (result: LiveStream.Result, events: [LiveStream.TimedEvent]) {
    let stream = LiveStream(try session(), settings)
    let deadline = MonotonicClock.now + 10
    var events: [LiveStream.TimedEvent] = []
    while MonotonicClock.now < deadline {
      let result = stream.result
      events += stream.takeEvents()
      if let result { return (result, events) }
      MonotonicClock.sleep(until: MonotonicClock.now + 0.01)
    }
    throw TransportError.lost("the stream has not ended in ten seconds")
  }

  @Test("It streams to the end, with all bytes and frames among the events")
  func complete() throws {
    let line = try line()
    var settings = LiveStream.Settings(open: { () throws(TransportError) in line })
    settings.isRecording = true
    settings.wantsPriority = false
    let (result, events) = try run(settings)
    #expect(result.report.ending == .completed && result.openingFailure == nil)
    let frames = events.filter {
      if case .session(.frame) = $0.event { true } else { false }
    }
    #expect(frames.count == result.report.framesSent && frames.count > 20)
    #expect(result.droppedEvents == 0 && result.commandToWire.count == frames.count)
    #expect(
      events.contains { if case .bytes(let bytes) = $0.event { !bytes.isToDevice } else { false } })
    // The events of a turn have the time at which it began; its bytes, that of their write.
    #expect(events.allSatisfy { $0.time <= $0.written })
    #expect(zip(events, events.dropFirst()).allSatisfy { $0.time <= $1.written })
    #expect(zip(frames, frames.dropFirst()).allSatisfy { $0.written <= $1.time })
  }

  @Test("A pulled cable, a port that cannot be opened, an operator: each ends it")
  func endings() throws {
    let pulled = try line([.init(.unplug, at: 0.3)])
    var settings = LiveStream.Settings(open: { () throws(TransportError) in pulled })
    settings.wantsPriority = false
    guard case .fault(let fault) = try run(settings).result.report.ending else {
      Issue.record("no fault")
      return
    }
    #expect(fault.kind == .linkLost)
    settings = LiveStream.Settings(open: { () throws(TransportError) in
      throw .notFound("there is no such port")
    })
    #expect(try run(settings).result.openingFailure == .notFound("there is no such port"))
    let line = try line()
    settings = LiveStream.Settings(
      open: { () throws(TransportError) in line }, input: { .abort })
    settings.wantsPriority = false
    #expect(try run(settings).result.report.ending == .operatorAborted)
  }

  @Test("A simulated device behind a pseudo-terminal answers, until the cable is pulled")
  func deviceLoop() throws {
    let op3 = try ShippedRobot("robotis_op3")
    let terminal = try PseudoTerminal()
    var host = try DescriptorPort(path: terminal.device)
    // OpenCR answers a ping; the packet is the one of the reference sheet with id 200.
    let ping: [UInt8] = [0xFF, 0xFF, 0xFD, 0x00, 0xC8, 0x03, 0x00, 0x01]
    _ = try host.write(ping + DynamixelPacketCheck.bytes(of: ping))
    var loop = DeviceLoop(
      device: SimulatedDevices.make(
        .dynamixel2, wiring: op3.wiring, pose: SimulatedDevices.standingPose(of: op3.wiring)),
      link: FaultyLink(), terminal: terminal, faults: [.init(.unplug, at: 0.1)])
    var recorded: [RecordedBytes] = []
    var told: [Fault] = []
    try loop.run(isOver: { false }, record: { recorded.append($0) }, tell: { told.append($0) })
    #expect(told == [.unplug])
    #expect(recorded.first?.isToDevice == true)
    #expect(recorded.dropFirst().first?.bytes.prefix(5) == [0xFF, 0xFF, 0xFD, 0x00, 0xC8])
    #expect(throws: TransportError.self) {
      _ = try host.write([1])
      try host.waitForBytes(until: MonotonicClock.now + 0.2)
      _ = try host.read()
    }
  }
}

/// The CRC of Dynamixel 2.0, bit by bit: polynomial 0x8005, from zero, nothing mirrored.
private enum DynamixelPacketCheck {
  static func bytes(of packet: [UInt8]) -> [UInt8] {
    var crc: UInt16 = 0
    for byte in packet {
      crc ^= UInt16(byte) << 8
      for _ in 0..<8 { crc = crc & 0x8000 == 0 ? crc << 1 : (crc << 1) ^ 0x8005 }
    }
    return [UInt8(crc & 0xFF), UInt8(crc >> 8)]
  }
}

/// A port that takes as many bytes as it is told to.
private struct MeanPort: Transport, Sendable {
  let name = "mean"
  var room: Int
  var taken: [UInt8] = []
  var discards = 0

  mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int {
    let count = min(room, bytes.count)
    taken += bytes.prefix(count)
    return count
  }
  mutating func read() throws(TransportError) -> [UInt8] { [] }
  mutating func waitForBytes(until instant: Double) throws(TransportError) {}
  mutating func discard() throws(TransportError) { discards += 1 }
  mutating func close() {}
}

@Suite("Between session and port")
struct SessionPortTests {
  @Test("Bytes that the port does not take wait in order, few and not for long")
  func outgoing() throws {
    var outgoing = OutgoingBytes()
    var port: any Transport & Sendable = MeanPort(room: 3)
    try outgoing.write([1, 2, 3, 4, 5], to: &port, now: 0)
    #expect(!outgoing.isEmpty)
    try outgoing.write([6], to: &port, now: 0.1)
    #expect(outgoing.isEmpty && (port as? MeanPort)?.taken == [1, 2, 3, 4, 5, 6])
    port = MeanPort(room: 0)
    try outgoing.write([1], to: &port, now: 1)
    #expect(throws: TransportError.self) {
      try outgoing.write([], to: &port, now: 1 + OutgoingBytes.patience)
    }
    #expect(throws: TransportError.self) {
      try outgoing.write(Array(repeating: 0, count: OutgoingBytes.capacity), to: &port, now: 1.1)
    }
    try outgoing.discard(&port)
    #expect(outgoing.isEmpty && (port as? MeanPort)?.discards == 1)
  }

  @Test("The wire's faults do what they say, and the same seed does the same")
  func link() {
    let message = (0..<200).map { UInt8($0) }
    func receive(_ fault: Fault?, seed: UInt64 = 3) -> (bytes: [UInt8], times: [Double]) {
      var link = FaultyLink(seed: seed)
      if let fault { link.inject(fault) }
      var (bytes, times): ([UInt8], [Double]) = ([], [])
      for round in 0..<5 { link.sendToHost(message, at: 0.001 + 0.004 * Double(round)) }
      while let wake = link.wakeTime {
        let piece = link.receivedByHost(wake)
        bytes += piece
        times.append(wake)
        if fault == .splitReplies { #expect(piece.count <= 2) }
      }
      return (bytes, times)
    }
    let whole = Array(repeating: message, count: 5).flatMap { $0 }
    #expect(receive(nil).bytes == whole)
    #expect(receive(.splitReplies).bytes == whole)
    #expect(receive(.joinedReplies).bytes == whole && receive(.joinedReplies).times == [0.03])
    #expect(receive(.delay).bytes == whole && (receive(.delay).times.first ?? 0) > 0.05)
    #expect(receive(.lostBytes).bytes.count < 1000 && receive(.lostBytes).bytes.count > 950)
    #expect(receive(.corruptBytes).bytes.count == 1000 && receive(.corruptBytes).bytes != whole)
    #expect(receive(.halfReply).bytes == Array(message.prefix(100)))
    #expect(receive(.unplug).bytes.isEmpty)
    #expect((0..<9).contains { receive(.junk, seed: $0).bytes.count > 1000 })
    #expect((0..<9).contains { receive(.duplicateBytes, seed: $0).bytes.count > 1000 })
    for fault in Fault.allCases where fault.isOfLink {
      #expect(receive(fault).bytes == receive(fault).bytes)
    }
    #expect(receive(.silence).bytes == whole)
  }

  @Test("A wire of a baud rate takes ten bits for each byte, one after the other")
  func pacing() {
    var link = FaultyLink(baud: 1000)
    link.sendToDevice([1, 2], at: 1)
    link.sendToDevice([3], at: 1)
    #expect(link.receivedByDevice(1.0199).isEmpty)
    #expect(link.receivedByDevice(1.0201) == [1, 2])
    #expect(link.receivedByDevice(1.0301) == [3])
  }

  @Test("A fault has a time from the first byte on")
  func schedule() {
    var schedule = FaultSchedule([.init(.jam, at: 2), .init(.silence, at: 1)])
    #expect(schedule.due(100).isEmpty && schedule.wakeTime == nil)
    schedule.begin(10)
    schedule.begin(50)
    #expect(schedule.wakeTime == 11)
    #expect(schedule.due(11.5) == [.silence])
    #expect(schedule.due(12) == [.jam])
    #expect(schedule.wakeTime == nil)
  }

  @Test("The log has a column for each number, and says what was measured last")
  func log() throws {
    var log = StreamLog(joints: ["a", "b,c"])
    #expect(
      log.header == "frame,phase,path_time,due,sent,lateness_ms,skipped,command_a,command_b_c,"
        + "feedback_time,feedback_a,feedback_b_c\n")
    let frame = FrameRecord(
      frame: 7, phase: .softStart, pathTime: 0.5, positions: [0.25, -1], due: 3, sent: 3.0005,
      skipped: 2)
    #expect(log.line(for: .frame(frame)) == "7,soft start,0.5,3.0,3.0005,0.5,2,0.25,-1.0,,,\n")
    #expect(log.line(for: .measured(Measurement(time: 2.5, positions: [0.125, nil]))).isEmpty)
    #expect(
      log.line(for: .frame(frame)) == "7,soft start,0.5,3.0,3.0005,0.5,2,0.25,-1.0,2.5,0.125,\n")
    #expect(
      RecordedBytes(time: 1.5, isToDevice: false, bytes: [0, 255, 16]).line
        == "1.5,host,00 FF 10\n")
  }
}
