import ArgumentParser
import Foundation
import Streaming

/// `motionc ports`: what is plugged in.
struct PortsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ports",
    abstract: "Lists the connected serial ports and the robot that each could be.",
    discussion: """
      The ids of a USB device are those of its serial chip, so the robot is a guess. 'motionc \
      stream' and 'motionc calibrate' query the device itself.
      """)

  @Flag(help: "Prints one JSON object.")
  var json = false

  func run() throws {
    let ports = Ports.list().map(PortReport.init)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      Console.result(String(decoding: try encoder.encode(["ports": ports]), as: UTF8.self))
    } else if ports.isEmpty {
      Console.note("no serial port is plugged in")
    } else {
      Console.result(ports.map(\.text).joined(separator: "\n"))
    }
  }
}

/// What is shown of a port.
private struct PortReport: Encodable {
  let path: String
  let title: String
  let usb: String?
  let serial: String?
  let manufacturer: String?
  let links: [String]
  let couldBe: [String]

  init(_ port: PortDescription) {
    path = port.path
    title = port.title
    usb = port.usb?.numbers
    serial = port.usb?.serial
    manufacturer = port.usb?.manufacturer
    links = port.links
    couldBe = port.possibilities
  }

  /// One line for the port, further ones for what is known of it.
  var text: String {
    var parts = [path]
    if !title.isEmpty { parts.append(title) }
    if let usb { parts.append("USB \(usb)") }
    if let serial { parts.append("serial number \(serial)") }
    var lines = [parts.joined(separator: "  ")]
    if !couldBe.isEmpty { lines.append("  could be: \(couldBe.joined(separator: "; "))") }
    for link in links { lines.append("  always found as: \(link)") }
    return lines.joined(separator: "\n")
  }
}
