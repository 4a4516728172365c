import CSerialPort
import Foundation

/// A real serial port: 8 data bits, no parity, one stop bit, no flow control.
///
/// libserialport opens and sets it; what its version 0.1.1 leaves out is done here (lock, exclusive
/// use, close-on-exec, DTR kept at close, links followed). Once set, the descriptor alone is kept.
/// A copy is the same port.
struct SerialPort: Transport, Sendable {
  /// What becomes of the DTR line, which resets the boards of Arduino's kind when it is switched on.
  enum ModemLine: Sendable, Hashable {
    /// On, as the system switches it at the opening.
    case on
    /// Off: for boards that stand still while it is on.
    case off
  }

  private let channel: Channel
  /// Bits a second.
  let baud: Int
  /// What becomes of DTR.
  let modemLine: ModemLine
  /// The USB device behind it, if it is one.
  let usb: USBDevice?
  /// What is not as it should be and yet allows work, a sentence each.
  let warnings: [String]

  /// What is at the other end.
  var name: String { channel.name }

  /// It is one to the kernel.
  var isTerminal: Bool { true }

  /// Opens and sets a port, by its path or a link to it.
  init(
    path: String, baud: Int, modemLine: ModemLine = .on
  ) throws(TransportError) {
    guard let device = PortHolder.resolved(path) else { throw PortFailure.notFound(path) }
    // Asked first, because opening may reset a board that somebody else is talking to.
    let holders = PortHolder.all(of: device)
    guard holders.isEmpty else { throw PortFailure.inUse(path, by: holders) }
    let number = try Self.openAndSet(device, name: path, baud: baud, modemLine: modemLine)
    let channel = Channel(adopting: number, name: path)
    guard Channel.lock(number) else { throw PortFailure.inUse(path) }
    // Ignored by root, and no help against one that was there before: the lock above is the check.
    _ = ioctl(number, UInt(TIOCEXCL))
    try channel.discard()
    let terminal = URL(filePath: device).lastPathComponent
    self.channel = channel
    self.baud = baud
    self.modemLine = modemLine
    usb = USBDevice(terminal: terminal)
    warnings = LatencyTimer.shorten(terminal)
  }

  /// Opens the same device again after an unplug, wherever it is now.
  ///
  /// A USB device is found by vendor, product, serial number and interface; anything else by path.
  func reopened() throws(TransportError) -> SerialPort {
    guard let usb else { return try SerialPort(path: name, baud: baud, modemLine: modemLine) }
    guard let port = Ports.find(usb) else {
      throw .notFound(
        "the device \(usb.numbers)\(usb.serial.map { " with serial number '\($0)'" } ?? "") that "
          + "was at '\(name)' is not plugged in, or more than one of its kind is")
    }
    return try SerialPort(path: port.path, baud: baud, modemLine: modemLine)
  }

  /// Hands bytes to the system and says how many it took.
  mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int {
    try channel.write(bytes)
  }

  /// What has arrived, without waiting.
  mutating func read() throws(TransportError) -> [UInt8] { try channel.read() }

  /// Waits until something has arrived, or the instant of `MonotonicClock` has come.
  mutating func waitForBytes(until instant: Double) throws(TransportError) {
    try channel.wait(until: instant)
  }

  /// Throws away what the system holds in both directions.
  mutating func discard() throws(TransportError) { try channel.discard() }

  /// Gives the port back.
  mutating func close() {
    _ = ioctl(channel.number, UInt(TIOCNXCL))
    channel.close()
  }
}

// MARK: - Opening through libserialport

extension SerialPort {
  /// A descriptor of the port, set as asked, that belongs to the caller.
  private static func openAndSet(
    _ device: String, name: String, baud: Int, modemLine: ModemLine
  ) throws(TransportError) -> Int32 {
    var port: OpaquePointer?
    guard sp_get_port_by_name(device, &port) == SP_OK, let port else {
      throw .unsupported("port '\(name)' is none that libserialport knows")
    }
    defer { sp_free_port(port) }
    guard sp_open(port, SP_MODE_READ_WRITE) == SP_OK else {
      throw PortFailure.opening(name, sp_last_error_code())
    }
    defer { sp_close(port) }
    var handle: Int32 = -1
    guard sp_get_port_handle(port, &handle) == SP_OK else {
      throw PortFailure.opening(name, sp_last_error_code())
    }
    // Before the baud rate: libserialport reads the settings anew for each of its own.
    let failure = Channel.makeRaw(handle)
    guard failure == 0 else { throw PortFailure.unsettable(name, "raw mode", failure) }
    try set(port, name: name, baud: baud, modemLine: modemLine)
    guard Channel.isRaw(handle) else { throw PortFailure.unsettable(name, "raw mode", 0) }
    let own = fcntl(handle, F_DUPFD_CLOEXEC, 3)
    guard own >= 0 else { throw PortFailure.opening(name, errno) }
    return own
  }

  private static func set(
    _ port: OpaquePointer, name: String, baud: Int, modemLine: ModemLine
  ) throws(TransportError) {
    guard let rate = Int32(exactly: baud), rate > 0 else {
      throw .unsupported("port '\(name)' cannot be set to \(baud) baud")
    }
    func check(_ result: sp_return, _ setting: String) throws(TransportError) {
      guard result == SP_OK else {
        throw PortFailure.unsettable(
          name, setting, result == SP_ERR_FAIL ? sp_last_error_code() : EINVAL)
      }
    }
    try check(sp_set_bits(port, 8), "8 data bits")
    try check(sp_set_parity(port, SP_PARITY_NONE), "no parity")
    try check(sp_set_stopbits(port, 1), "1 stop bit")
    try check(sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE), "no flow control")
    try check(sp_set_baudrate(port, rate), "\(baud) baud")
    try check(
      sp_set_dtr(port, modemLine == .on ? SP_DTR_ON : SP_DTR_OFF),
      modemLine == .on ? "DTR on" : "DTR off")
    try checkRate(port, name: name, baud: baud)
  }

  /// A driver may choose another rate silently; beyond 2.5 % the bits are misread.
  private static func checkRate(
    _ port: OpaquePointer, name: String, baud: Int
  ) throws(TransportError) {
    var config: OpaquePointer?
    guard sp_new_config(&config) == SP_OK, let config else { return }
    defer { sp_free_config(config) }
    var found: Int32 = 0
    guard sp_get_config(port, config) == SP_OK, sp_get_config_baudrate(config, &found) == SP_OK
    else { return }
    guard abs(Double(found) - Double(baud)) <= 0.025 * Double(baud) else {
      throw .unsupported(
        "port '\(name)' cannot be set to \(baud) baud: its driver chose \(found)")
    }
  }
}

/// How long an FTDI chip holds back received bytes: 16 ms as it comes, too long for a bus.
enum LatencyTimer {
  /// Sets it to 1 ms where the system has one and allows it; what remains is a warning.
  static func shorten(_ terminal: String, tree: String = "/sys/class/tty") -> [String] {
    let path = "\(tree)/\(terminal)/device/latency_timer"
    guard let before = milliseconds(path), before > 1 else { return [] }
    if let handle = FileHandle(forWritingAtPath: path) {
      try? handle.write(contentsOf: Array("1\n".utf8))
      try? handle.close()
    }
    guard let after = milliseconds(path), after > 1 else { return [] }
    return [
      "the adapter of '\(terminal)' holds answers back by up to \(after) ms; as root, "
        + "'echo 1 > \(path)' makes it 1 ms"
    ]
  }

  private static func milliseconds(_ path: String) -> Int? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
  }
}
