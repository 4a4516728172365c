import Foundation
import Testing

/// Connections to servers of this machine.
enum Loopback {
  /// A socket that is connected to a port of 127.0.0.1; the caller closes it.
  static func connected(port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let failure = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if failure != 0 { close(descriptor) }
    try #require(failure == 0, "nobody listens at port \(port)")
    return descriptor
  }
}
