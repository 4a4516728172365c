import CSerialPort
import Foundation

/// A serial port that is plugged in.
public struct PortDescription: Sendable, Hashable {
  /// The path ("/dev/ttyUSB0").
  public var path: String
  /// The system's description of the port.
  public var title: String
  /// The USB device behind the port; nil if there is none.
  package var usb: USBDevice?
  /// Links that stay the same when the device is plugged in again ("/dev/serial/by-id/…").
  public var links: [String]

  /// Creates a description.
  init(path: String, title: String, usb: USBDevice? = nil, links: [String] = []) {
    self.path = path
    self.title = title
    self.usb = usb
    self.links = links
  }

  /// Guesses at the robot behind the port.
  public var possibilities: [String] { usb?.possibilities ?? [] }
}

/// The serial ports of this machine.
public enum Ports {
  /// Returns the ports that are plugged in, sorted by name.
  public static func list() -> [PortDescription] {
    var ports: UnsafeMutablePointer<OpaquePointer?>?
    guard sp_list_ports(&ports) == SP_OK, let ports else { return [] }
    defer { sp_free_port_list(ports) }
    let links = stableNames()
    var found: [PortDescription] = []
    for index in 0..<1000 {
      guard let port = ports[index] else { break }
      guard let path = sp_get_port_name(port).map({ String(cString: $0) }) else { continue }
      let usb = USBDevice(terminal: URL(filePath: path).lastPathComponent)
      let title = sp_get_port_description(port).map { String(cString: $0) } ?? ""
      found.append(
        PortDescription(
          path: path, title: usb?.productName ?? (title == path ? "" : title), usb: usb,
          links: links[path] ?? []))
    }
    return found.sorted { $0.path.localizedStandardCompare($1.path) == .orderedAscending }
  }

  /// Opens a serial port or pseudo-terminal by its path or a link to it.
  ///
  /// - Parameters:
  ///   - name: The path ("/dev/ttyUSB0", "/dev/serial/by-id/…", a link of `motionc simulate`).
  ///   - baud: The baud rate; it has no meaning for a pseudo-terminal.
  public static func open(
    _ name: String, baud: Int
  ) throws(TransportError) -> any Transport & Sendable {
    guard let path = PortHolder.resolved(name) else {
      throw errno == EACCES
        ? PortFailure.denied(name, owner: nil) : PortFailure.notFound(name)
    }
    guard isTerminal(path) else {
      throw .unsupported("'\(name)' is not a serial port or terminal")
    }
    let terminal = URL(filePath: path).lastPathComponent
    let isReal = FileManager.default.fileExists(atPath: "/sys/class/tty/\(terminal)")
    guard isReal, path.hasPrefix("/dev/"), !path.hasPrefix("/dev/pts/") else {
      return try DescriptorPort(path: name)
    }
    return try SerialPort(path: name, baud: baud)
  }

  /// Finds the port of a device that may have been plugged in again; nil if it is absent or
  /// ambiguous.
  static func find(
    _ device: USBDevice, among ports: [PortDescription] = Ports.list()
  ) -> PortDescription? {
    let same = ports.filter { $0.usb?.isSame(as: device) == true }
    return same.count == 1 ? same.first : nil
  }

  private static func isTerminal(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR
  }

  /// The links that the system creates for device names, by the path to which they lead.
  private static func stableNames(_ folder: String = "/dev/serial/by-id") -> [String: [String]] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var links: [String: [String]] = [:]
    for name in names.sorted() {
      guard let path = PortHolder.resolved("\(folder)/\(name)") else { continue }
      links[path, default: []].append("\(folder)/\(name)")
    }
    return links
  }
}
