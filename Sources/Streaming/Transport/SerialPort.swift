import CSerialPort
import Foundation

/// A real serial port: 8 data bits, no parity, one stop bit, no flow control.
///
/// libserialport opens and configures it. What its version 0.1.1 lacks is done here: lock,
/// exclusive use, close-on-exec, DTR kept at close, links followed. Afterwards only the descriptor
/// is kept. Copies share the port.
struct SerialPort: Transport, Sendable {
  /// The state of the DTR line, which resets Arduino boards when it is switched on.
  enum ModemLine: Sendable, Hashable {
    /// On, as the system sets it when the port is opened.
    case on
    /// Off, for boards that do not run while it is on.
    case off
  }

  private let channel: Channel
  /// The baud rate.
  let baud: Int
  /// The state of DTR.
  let modemLine: ModemLine
  /// The USB device behind the port; nil if there is none.
  let usb: USBDevice?
  /// Warnings about the port, one sentence each.
  let warnings: [String]

  /// The name of the device.
  var name: String { channel.name }

  /// A terminal for the kernel.
  var isTerminal: Bool { true }

  /// Opens and configures a port, by its path or a link to it.
  init(
    path: String, baud: Int, modemLine: ModemLine = .on
  ) throws(TransportError) {
    guard let device = PortHolder.resolved(path) else { throw PortFailure.notFound(path) }
    // Checked first, because opening may reset a board that another process uses.
    let holders = PortHolder.all(of: device)
    guard holders.isEmpty else { throw PortFailure.inUse(path, by: holders) }
    let number = try Self.openAndSet(device, name: path, baud: baud, modemLine: modemLine)
    let channel = Channel(adopting: number, name: path)
    guard Channel.lock(number) else { throw PortFailure.inUse(path) }
    // Root and earlier processes are not affected by it; the lock above is the check.
    _ = ioctl(number, UInt(TIOCEXCL))
    try channel.discard()
    let terminal = URL(filePath: device).lastPathComponent
    self.channel = channel
    self.baud = baud
    self.modemLine = modemLine
    usb = USBDevice(terminal: terminal)
    warnings = LatencyTimer.shorten(terminal)
  }

  /// Opens the same device again after it was unplugged.
  ///
  /// A USB device is found by vendor, product, serial number and interface; other ports by path.
  func reopened() throws(TransportError) -> SerialPort {
    guard let usb else { return try SerialPort(path: name, baud: baud, modemLine: modemLine) }
    guard let port = Ports.find(usb) else {
      throw .notFound(
        "the device \(usb.numbers)\(usb.serial.map { " with serial number '\($0)'" } ?? "") that "
          + "was at '\(name)' is not plugged in, or more than one of its kind is")
    }
    return try SerialPort(path: port.path, baud: baud, modemLine: modemLine)
  }

  /// Writes bytes; returns how many the system took.
  mutating func write(_ bytes: [UInt8]) throws(TransportError) -> Int {
    try channel.write(bytes)
  }

  /// Reads the bytes that have arrived, without waiting.
  mutating func read() throws(TransportError) -> [UInt8] { try channel.read() }

  /// Waits until bytes have arrived, or until a time of `MonotonicClock`.
  mutating func waitForBytes(until instant: Double) throws(TransportError) {
    try channel.wait(until: instant)
  }

  /// Discards the bytes in the system in both directions.
  mutating func discard() throws(TransportError) { try channel.discard() }

  /// Closes the port.
  mutating func close() {
    _ = ioctl(channel.number, UInt(TIOCNXCL))
    channel.close()
  }
}

// MARK: - Opening through libserialport

extension SerialPort {
  /// Opens and configures the port; returns a descriptor that belongs to the caller.
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
    // Before the baud rate, because libserialport reads the settings again for each of its own.
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

  /// Refuses a rate that the kernel driver has changed by more than 2.5 %, with which bits are
  /// misread.
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

/// The latency timer of an FTDI chip, which delays received bytes by 16 ms by default, too long for
/// a bus.
enum LatencyTimer {
  /// Sets the timer to 1 ms if there is one; returns a warning if the system does not allow it.
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
