import Foundation
import Synchronization
import Testing

@testable import Streaming

@Suite("Ports")
struct PortsTests {
  /// Reads until so many bytes are there, or half a second is over.
  private func read(_ count: Int, from port: inout some Transport) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let end = MonotonicClock.now + 0.5
    while bytes.count < count, MonotonicClock.now < end {
      try port.waitForBytes(until: end)
      bytes += try port.read()
    }
    return bytes
  }

  @Test("A pseudo-terminal passes all 256 bytes unchanged in both directions")
  func bothWays() throws {
    var device = try PseudoTerminal()
    var host = try DescriptorPort(path: device.device)
    let all = (0...255).map(UInt8.init)
    #expect(try host.write(all) == 256)
    #expect(try read(256, from: &device) == all)
    #expect(try device.write(all) == 256)
    #expect(try read(256, from: &host) == all)
    #expect(try host.read().isEmpty)
  }

  @Test("Waiting on a silent port ends at its instant")
  func silence() throws {
    let device = try PseudoTerminal()
    var host = try DescriptorPort(path: device.device)
    for wait in [0.0, 0.0034, 0.12] {
      let start = MonotonicClock.now
      try host.waitForBytes(until: start + wait)
      let took = MonotonicClock.now - start
      #expect(wait <= took && took < wait + 0.05)
    }
    try host.waitForBytes(until: .nan)
    try host.waitForBytes(until: -.infinity)
  }

  @Test("A pulled cable is known within 100 ms: by waiting, by reading, by writing")
  func unplug() throws {
    let device = try PseudoTerminal()
    let closing = Mutex(device)
    var host = try DescriptorPort(path: device.device)
    let pulled = Mutex(0.0)
    let thread = Thread {
      // Waits without sleeping: the host's end stays silent.
      closing.withLock { terminal in
        try? terminal.waitForBytes(until: MonotonicClock.now + 0.1)
        pulled.withLock { $0 = MonotonicClock.now }
        terminal.close()
      }
    }
    thread.start()
    #expect(throws: TransportError.self) {
      try host.waitForBytes(until: MonotonicClock.now + 5)
    }
    let delay = MonotonicClock.now - pulled.withLock { $0 }
    #expect(0 <= delay && delay < 0.1)
    #expect(throws: TransportError.self) { try host.read() }
    #expect(throws: TransportError.self) { try host.write([1]) }
    #expect(throws: TransportError.self) { try host.discard() }
  }

  @Test("A closed port says so and is closed once")
  func closed() throws {
    let device = try PseudoTerminal()
    var host = try DescriptorPort(path: device.device)
    var copy = host
    host.close()
    host.close()
    for attempt in 0..<2 {
      #expect(throws: TransportError.lost("port '\(device.device)' is closed"), "\(attempt)") {
        try copy.read()
      }
    }
    // It can be opened again, and what was written in between is thrown away.
    var again = try DescriptorPort(path: device.device)
    #expect(try again.read().isEmpty)
  }

  @Test("What waited in the system is thrown away at the opening and by discarding")
  func discard() throws {
    var device = try PseudoTerminal()
    _ = try device.write(Array("boot text\n".utf8))
    var host = try DescriptorPort(path: device.device)
    #expect(try host.read().isEmpty)
    _ = try device.write(Array(repeating: 7, count: 3000))
    try host.waitForBytes(until: MonotonicClock.now + 0.5)
    try host.discard()
    #expect(try host.read().isEmpty)
  }

  @Test("A full port takes part of the bytes, and nothing is lost or doubled")
  func full() throws {
    var device = try PseudoTerminal()
    var host = try DescriptorPort(path: device.device)
    let bytes = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var sent = 0
    var arrived: [UInt8] = []
    while sent < bytes.count || arrived.count < bytes.count {
      let taken = try host.write(Array(bytes[sent...]))
      sent += taken
      if taken == 0 || sent == bytes.count {
        let some = try read(1, from: &device)
        try #require(!some.isEmpty)
        arrived += some
      }
    }
    #expect(arrived == bytes)
  }

  @Test("A port in use is refused, and it is said by whom")
  func busy() throws {
    let device = try PseudoTerminal()
    let host = try DescriptorPort(path: device.device)
    let error = #expect(throws: TransportError.self) { try DescriptorPort(path: device.device) }
    #expect(
      error == .busy("port '\(device.device)' is in use by this program itself"))
    #expect(host.name == device.device)
  }

  @Test("A missing port is refused with a list of those there are")
  func missing() {
    let error = #expect(throws: TransportError.self) {
      try Ports.open("/dev/ttyUSB77", baud: 115_200)
    }
    guard case .notFound(let text) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(text.hasPrefix("there is no port '/dev/ttyUSB77'; "))
    #expect(
      PortFailure.notFound(
        "x", among: [PortDescription(path: "/dev/ttyACM0", title: "Arduino Mega")])
        == .notFound("there is no port 'x'; there are '/dev/ttyACM0' (Arduino Mega)"))
    #expect(
      PortFailure.notFound("x", among: [])
        == .notFound("there is no port 'x'; no serial port is plugged in"))
  }

  @Test(
    "What is no terminal is refused",
    arguments: ["/", "/dev/null", "/etc/hostname", "", "no/such", "/dev/zero"])
  func noTerminal(name: String) {
    #expect(throws: TransportError.self) { try Ports.open(name, baud: 115_200) }
  }

  @Test("Missing permission names the group and how to join it")
  func permission() {
    let owner = PortFailure.Owner(group: "dialout", groupMay: true)
    guard case .denied(let text) = PortFailure.denied("/dev/ttyUSB0", owner: owner) else { return }
    #expect(text.contains("the group 'dialout'"))
    #expect(text.contains("sudo usermod -aG dialout $USER"))
    let root = PortFailure.Owner(group: "root", groupMay: false)
    #expect(
      PortFailure.denied("/dev/ttyUSB0", owner: root).description.contains("no group but root"))
    #expect(PortFailure.opening("/dev/null", EACCES).description.contains("permission"))
  }

  @Test("Every failure is one sentence without a line break")
  func sentences() {
    for code in [ENOENT, EACCES, EBUSY, EINVAL, EIO, ENOTTY] {
      let text = PortFailure.opening("/dev/null", code).description
      #expect(!text.contains("\n") && text.contains("/dev/null"))
    }
  }

  @Test("No descriptor is left behind")
  func descriptors() throws {
    // Other tests run beside this one, so only our own terminals are counted.
    func open(_ device: String) throws -> Int {
      let files = FileManager.default
      return try files.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
        (try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")) == device
      }
    }
    var device: PseudoTerminal? = try PseudoTerminal()
    let path = try #require(device?.device)
    for _ in 0..<20 {
      var host = try DescriptorPort(path: path)
      #expect(throws: TransportError.self) { try DescriptorPort(path: path) }
      #expect(try open(path) == 2)
      host.close()
      #expect(try open(path) == 1)
      _ = try DescriptorPort(path: path)
    }
    device = nil
    #expect(try open(path) == 0)
  }
}

@Suite("A link to a pseudo-terminal")
struct PortsLinkTests {
  private let folder: URL

  init() throws {
    folder = URL(filePath: NSTemporaryDirectory())
      .appending(path: "motionc-ports-\(UInt64.random(in: 0...UInt64.max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  @Test("It opens like a port and goes with its terminal")
  func link() throws {
    let path = folder.appending(path: "arm").path
    var device = try PseudoTerminal(link: path)
    #expect(device.name == path)
    var host = try Ports.open(path, baud: 115_200)
    #expect(host.name == path)
    #expect(try host.write([1, 2, 3]) == 3)
    try device.waitForBytes(until: MonotonicClock.now + 0.5)
    #expect(try device.read() == [1, 2, 3])
    device.close()
    #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == nil)
    #expect(throws: TransportError.self) { try Ports.open(path, baud: 115_200) }
    try FileManager.default.removeItem(at: folder)
  }

  @Test("What is there already is neither replaced nor removed")
  func taken() throws {
    let path = folder.appending(path: "arm").path
    try Data("precious".utf8).write(to: URL(filePath: path))
    #expect(throws: TransportError.self) { try PseudoTerminal(link: path) }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    let other = folder.appending(path: "other").path
    let first = try PseudoTerminal(link: other)
    #expect(throws: TransportError.self) { try PseudoTerminal(link: other) }
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: other) == first.device)
    #expect(throws: TransportError.self) { try PseudoTerminal(link: "/no/such/folder/arm") }
    try FileManager.default.removeItem(at: folder)
  }

  @Test("What a killed simulator left behind is replaced")
  func leftOver() throws {
    let path = folder.appending(path: "arm").path
    try FileManager.default.createSymbolicLink(
      atPath: path, withDestinationPath: "/dev/pts/999999")
    let device = try PseudoTerminal(link: path)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == device.device)
    try FileManager.default.removeItem(at: folder)
  }
}

@Suite("A line in memory")
struct PortsMemoryTests {
  @Test("What one end writes the other reads, in order and within its capacity")
  func pair() throws {
    var (host, device) = MemoryPort.pair(capacity: 5)
    #expect(try host.write([1, 2, 3]) == 3)
    #expect(try host.write([4, 5, 6]) == 2)
    #expect(try device.read() == [1, 2, 3, 4, 5])
    #expect(try device.read().isEmpty && host.read().isEmpty)
    #expect(try device.write([9]) == 1)
    try host.discard()
    #expect(try host.read().isEmpty)
  }

  @Test("A cut line is lost at both ends, also for one who waits")
  func cut() throws {
    var (host, device) = MemoryPort.pair()
    try host.waitForBytes(until: MonotonicClock.now + 0.01)
    device.close()
    #expect(throws: TransportError.self) {
      try host.waitForBytes(until: MonotonicClock.now + 60)
    }
    #expect(throws: TransportError.self) { try host.write([1]) }
    #expect(throws: TransportError.self) { try device.read() }
  }
}

@Suite("USB devices")
struct PortsUSBTests {
  /// A device tree as the system has it, with one adapter of two interfaces.
  private func tree(terminals: [String: String]) throws -> URL {
    let root = URL(filePath: NSTemporaryDirectory())
      .appending(path: "motionc-usb-\(UInt64.random(in: 0...UInt64.max))")
    let files = FileManager.default
    let usb = root.appending(path: "devices/usb1/1-2")
    func put(_ text: String, _ path: String) throws {
      let url = usb.appending(path: path)
      try files.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    try put("0403\n", "idVendor")
    try put("6014\n", "idProduct")
    try put("FT\u{1B}2H84\n", "serial")
    try put("U2D2\nsecond line", "product")
    for (terminal, interface) in terminals {
      try put("\(interface)\n", "1-2:1.\(interface)/bInterfaceNumber")
      try put("16\n", "1-2:1.\(interface)/\(terminal)/latency_timer")
      let entry = root.appending(path: "tty/\(terminal)")
      try files.createDirectory(at: entry, withIntermediateDirectories: true)
      try files.createSymbolicLink(
        at: entry.appending(path: "device"),
        withDestinationURL: usb.appending(path: "1-2:1.\(interface)/\(terminal)"))
    }
    return root
  }

  @Test("Vendor, product, serial number and interface are read from the device tree")
  func facts() throws {
    let root = try tree(terminals: ["ttyUSB0": "00", "ttyUSB1": "01"])
    let path = root.appending(path: "tty").path
    let first = try #require(USBDevice(terminal: "ttyUSB0", tree: path))
    #expect(first.numbers == "0403:6014")
    #expect(first.serial == "FT2H84" && first.productName == "U2D2" && first.interface == "00")
    let second = try #require(USBDevice(terminal: "ttyUSB1", tree: path))
    #expect(!first.isSame(as: second))
    #expect(USBDevice(terminal: "ttyS0", tree: path) == nil)
    try FileManager.default.removeItem(at: root)
  }

  @Test("A replugged device is found under another name; two alike are not")
  func replugged() throws {
    let device = USBDevice(vendor: 0x0403, product: 0x6014, serial: "A1", interface: "00")
    var twin = device
    twin.serial = "A2"
    func port(_ path: String, _ usb: USBDevice?) -> PortDescription {
      PortDescription(path: path, title: "", usb: usb)
    }
    let ports = [port("/dev/ttyS0", nil), port("/dev/ttyUSB3", twin), port("/dev/ttyUSB4", device)]
    #expect(Ports.find(device, among: ports)?.path == "/dev/ttyUSB4")
    #expect(Ports.find(device, among: ports + [port("/dev/ttyUSB5", device)]) == nil)
    #expect(Ports.find(device, among: []) == nil)
  }

  @Test("The latency timer is set where it may be; else there is a warning")
  func latency() throws {
    let root = try tree(terminals: ["ttyUSB0": "00"])
    let path = root.appending(path: "tty").path
    #expect(LatencyTimer.shorten("ttyUSB0", tree: path).isEmpty)
    let timer = "\(path)/ttyUSB0/device/latency_timer"
    #expect(try String(contentsOfFile: timer, encoding: .utf8).hasPrefix("1\n"))
    #expect(LatencyTimer.shorten("ttyACM0", tree: path).isEmpty)
    try FileManager.default.removeItem(at: root)
  }

  @Test("Numbers lead to guesses, never to certainty")
  func possibilities() {
    let mega = USBDevice(vendor: 0x2341, product: 0x0042)
    #expect(mega.possibilities.count > 1 && mega.possibilities[0].contains("uArm"))
    #expect(
      USBDevice(vendor: 0x0403, product: 0x6014).possibilities[0].contains("U2D2"))
    #expect(USBDevice(vendor: 0x1234, product: 1).possibilities.isEmpty)
  }
}
