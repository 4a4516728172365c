import Testing

@testable import Streaming

@Suite("Errors that a motor does not tell of by itself")
struct BusErrorTests {
  /// Readings of one motor's first block of health in what was sent.
  static func healthReadings(_ bench: BusBench, of id: UInt8) -> Int {
    let wanted = DynamixelDialect(bench.driver.wiring).read(BusBlock(64, 35), from: Int(id)).bytes
    return bench.sent.reduce(0) { count, item in
      count
        + (item.bytes.count >= wanted.count && item.bytes.suffix(wanted.count) == wanted[...]
          ? 1 : 0)
    }
  }

  @Test(
    "A latched error without the alert bit ends the stream, after one more look", arguments: 0..<3)
  func unsaid(way: Int) throws {
    let wiring = BusRobots.wiring(.dynamixel2, motors: 20)
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp)
    var (began, before) = (0.0, 0)
    _ = bench.stream(wiring, frames: 400, rate: 100) { bench, frame in
      if frame == 100 + 7 * way {
        bench.device.inject(.unsaidError)
        (began, before) = (bench.now, Self.healthReadings(bench, of: 1))
      }
    }
    let fault = try #require(bench.fault)
    #expect(fault.kind == .deviceError && fault.description.contains("overload"), "\(fault)")
    #expect(fault.description.hasPrefix("motor 1 "))
    #expect(bench.now - began < 2.2)
    #expect(Self.healthReadings(bench, of: 1) - before <= 3)
  }

  @Test("The alert bit of one answer is looked into once, and forgotten")
  func blip() throws {
    let wiring = BusRobots.wiring(.dynamixel2, motors: 20)
    var bench = BusRobots.bench(wiring)
    let isUp = bench.bringUp()
    try #require(isUp)
    var before = 0
    _ = bench.stream(wiring, frames: 300, rate: 100) { bench, frame in
      if frame == 100 {
        bench.device.inject(.alertBlip)
        before = Self.healthReadings(bench, of: 1)
      }
    }
    #expect(bench.fault == nil, "\(bench.fault?.description ?? "")")
    // Two seconds hold two readings of each motor's health, and one for the bit.
    #expect(Self.healthReadings(bench, of: 1) - before <= 4)
    #expect(bench.measurements.count > 250)
  }

  @Test("Error bits that no manual names are errors")
  func unnamed() {
    let dialect = DynamixelDialect(BusRobots.wiring(.dynamixel2, motors: 1))
    #expect(dialect.alert(0) == nil)
    #expect(dialect.alert(0b0100_0000)?.text == "error bit 6")
    #expect(dialect.alert(0b0100_0000)?.kind == .deviceError)
    #expect(dialect.alert(0b0000_0101)?.kind == .temperature)
    #expect(dialect.alert(1)?.kind == .voltage)
  }
}

@Suite("What a bus that is not understood is told to be")
struct BusDiagnosisTests {
  @Test("Two motors with one id", arguments: [Wiring.Device.dynamixel2, .dynamixel1, .feetechSTS])
  func sharedID(device: Wiring.Device) {
    let wiring = BusRobots.wiring(device, motors: 6)
    var bench = BusRobots.bench(wiring)
    bench.device.inject(.sharedID)
    let isUp = bench.bringUp()
    #expect(!isUp && bench.fault?.kind == .protocolBroken)
    let sentence = bench.fault?.description ?? ""
    #expect(sentence.hasPrefix("motor 1 (joint_0): the answers are damaged"), "\(sentence)")
    #expect(sentence.contains("do two motors have this id?"), "\(sentence)")
  }

  @Test(
    "Bytes that nobody understands: the baud rate and the protocol are asked for",
    arguments: BusRobots.devices)
  func garbled(device: Wiring.Device) {
    let wiring = BusRobots.wiring(device, motors: 6)
    var bench = BusRobots.bench(wiring)
    var link = FaultyLink(seed: 3)
    link.inject(.garbled)
    let line = Box(link)
    bench.link = { now, bytes in
      line.value.sendToHost(bytes, at: now)
      return line.value.receivedByHost(now)
    }
    let isUp = bench.bringUp()
    #expect(!isUp && bench.fault?.kind == .protocolBroken, "\(String(describing: bench.fault))")
    let sentence = bench.fault?.description ?? ""
    #expect(
      sentence.contains("\(wiring.baud) baud") && sentence.contains("protocol"), "\(sentence)")
  }

  @Test(
    "Answers behind an FTDI adapter are waited for, and the remedy is named",
    arguments: BusRobots.devices)
  func latency(device: Wiring.Device) throws {
    let wiring = BusRobots.wiring(device, motors: 6)
    let rate = BusFaultTests.rates[device] ?? 20
    var bench = BusRobots.bench(wiring)
    var link = FaultyLink(seed: 3)
    link.inject(.latencyTimer)
    let line = Box(link)
    bench.link = { now, bytes in
      line.value.sendToHost(bytes, at: now)
      return line.value.receivedByHost(now)
    }
    let isUp = bench.bringUp()
    try #require(isUp, "\(String(describing: bench.fault))")
    let notes = bench.events.compactMap { event -> [String]? in
      if case .identified(let report) = event.event { report.notes } else { nil }
    }.joined()
    #expect(notes.contains { $0.contains("latency_timer") }, "\(Array(notes))")
    _ = bench.stream(wiring, frames: Int(4 * rate), rate: rate)
    #expect(bench.fault == nil, "\(bench.fault?.description ?? "")")
    #expect(bench.measurements.count > 20)
    // In time nothing is said of it.
    var prompt = BusRobots.bench(wiring)
    let isPrompt = prompt.bringUp()
    #expect(isPrompt)
    for case .identified(let report) in prompt.events.map(\.event) {
      #expect(!report.notes.contains { $0.contains("latency_timer") })
    }
  }
}
