import Foundation

/// The USB device behind a port, as the system describes it.
///
/// It identifies a device that was unplugged and has come back under another name.
package struct USBDevice: Sendable, Hashable {
  /// The vendor's number.
  package var vendor: UInt16
  /// The product's number.
  package var product: UInt16
  /// The serial number; nil if the device has none.
  package var serial: String?
  /// The interface of the device to which the port belongs; nil if it is not known.
  package var interface: String?
  /// The vendor's name.
  package var manufacturer: String?
  /// The product's name.
  package var productName: String?

  /// Creates a description.
  package init(
    vendor: UInt16, product: UInt16, serial: String? = nil, interface: String? = nil,
    manufacturer: String? = nil, productName: String? = nil
  ) {
    self.vendor = vendor
    self.product = product
    self.serial = serial
    self.interface = interface
    self.manufacturer = manufacturer
    self.productName = productName
  }

  /// Vendor and product as they are usually written ("2341:0042").
  package var numbers: String {
    func hex(_ number: UInt16) -> String {
      let digits = String(number, radix: 16)
      return String(repeating: "0", count: 4 - digits.count) + digits
    }
    return "\(hex(vendor)):\(hex(product))"
  }

  /// Whether another description is of the same device.
  package func isSame(as other: USBDevice) -> Bool {
    vendor == other.vendor && product == other.product && serial == other.serial
      && interface == other.interface
  }

  /// Reads the system's device tree for a terminal ("ttyUSB0"); nil if it is not on USB.
  init?(terminal: String, tree: String = "/sys/class/tty") {
    guard var folder = PortHolder.resolved("\(tree)/\(terminal)/device") else { return nil }
    var interface: String?
    // The device is a few levels above the terminal: terminal, serial function, interface, device.
    for _ in 0..<6 {
      interface = interface ?? Self.line(folder, "bInterfaceNumber")
      if let vendor = Self.number(folder, "idVendor"),
        let product = Self.number(folder, "idProduct")
      {
        self.init(
          vendor: vendor, product: product, serial: Self.line(folder, "serial"),
          interface: interface, manufacturer: Self.line(folder, "manufacturer"),
          productName: Self.line(folder, "product"))
        return
      }
      folder = URL(filePath: folder).deletingLastPathComponent().path
    }
    return nil
  }

  private static func number(_ folder: String, _ file: String) -> UInt16? {
    line(folder, file).flatMap { UInt16($0, radix: 16) }
  }

  /// Reads one line of printable characters, since the device chooses these texts itself.
  private static func line(_ folder: String, _ file: String) -> String? {
    guard let handle = FileHandle(forReadingAtPath: "\(folder)/\(file)"),
      let bytes = try? handle.read(upToCount: 256)
    else { return nil }
    let printable = bytes.prefix { $0 != 0x0A }.filter { $0 >= 0x20 && $0 != 0x7F }
    let text = String(decoding: printable, as: UTF8.self)
      .trimmingCharacters(in: .whitespaces)
    return text.isEmpty ? nil : text
  }
}

// MARK: - Which robot it could be

extension USBDevice {
  /// The robots that the device could belong to; empty if none is known.
  ///
  /// The numbers identify the USB chip and not the robot, so these are guesses; the driver
  /// identifies the robot.
  package var possibilities: [String] {
    switch (vendor, product) {
    case (0x2341, 0x0042), (0x2341, 0x0010), (0x2A03, 0x0042):
      ["uArm Swift or Swift Pro", "any Arduino Mega 2560"]
    case (0x0403, 0x6001): ["uArm Metal", "any adapter with an FTDI FT232R"]
    case (0x0403, 0x6014): ["Dynamixel bus on a U2D2", "any adapter with an FTDI FT232H"]
    case (0x0403, _): ["Dynamixel bus", "any adapter with an FTDI chip"]
    case (0xFFF1, 0xFF48), (0x0483, 0x5740):
      ["OpenCR board (OP3, Dynamixel)", "any STM32 serial port"]
    case (0x2F5D, _): ["ROBOTIS board (Dynamixel)"]
    case (0x1A86, _):
      ["Feetech bus (Waveshare or FE-URT adapter)", "LX-16A debug board", "any CH340 or CH343"]
    case (0x10C4, 0xEA60): ["LX-16A or Feetech bus", "any adapter with a CP2102"]
    default: []
    }
  }
}
