import Foundation

/// The errors of ports that cannot be opened.
enum PortFailure {
  /// The error for an error number of `open`.
  static func opening(_ path: String, _ code: Int32) -> TransportError {
    switch code {
    case ENOENT, ENOTDIR, ENXIO, ENODEV: notFound(path)
    case EACCES, EPERM: denied(path, owner: Owner(of: path))
    case EBUSY: inUse(path)
    default: .unsupported("port '\(path)' cannot be opened: \(String(cString: strerror(code)))")
    }
  }

  /// The error for a port that does not exist, with the ports that do.
  static func notFound(_ path: String, among ports: [PortDescription] = Ports.list())
    -> TransportError
  {
    let names = ports.map { port in
      port.title.isEmpty ? "'\(port.path)'" : "'\(port.path)' (\(port.title))"
    }
    let rest = names.isEmpty ? "no serial port is plugged in" : "there are " + list(names)
    return .notFound("there is no port '\(path)'; \(rest)")
  }

  /// The owner of a port's file.
  struct Owner {
    /// The group's name, or its number where it has none.
    var group: String
    /// Whether the group may read and write.
    var groupMay: Bool

    init(group: String, groupMay: Bool) {
      self.group = group
      self.groupMay = groupMay
    }

    init?(of path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      var entry = Foundation.group()
      var found: UnsafeMutablePointer<Foundation.group>?
      var text = [CChar](repeating: 0, count: 4096)
      let code = getgrgid_r(status.st_gid, &entry, &text, text.count, &found)
      let name = code == 0 && found != nil ? entry.gr_name.map { String(cString: $0) } : nil
      self.init(group: name ?? "\(status.st_gid)", groupMay: status.st_mode & 0o060 == 0o060)
    }
  }

  /// The error for missing permission, with the group that has it and how to join it.
  static func denied(_ path: String, owner: Owner?) -> TransportError {
    guard let owner, owner.groupMay else {
      return .denied("permission for port '\(path)' is missing, and no group but root has it")
    }
    return .denied(
      "permission for port '\(path)' is missing: it belongs to the group '\(owner.group)', which "
        + "'sudo usermod -aG \(owner.group) $USER' and a new login join")
  }

  /// The error for a port that another process uses, with that process if it is visible.
  static func inUse(_ path: String) -> TransportError {
    inUse(path, by: PortHolder.all(of: path))
  }

  static func inUse(_ path: String, by holders: [PortHolder]) -> TransportError {
    guard !holders.isEmpty else {
      return .busy("port '\(path)' is in use by a program that this user may not see")
    }
    // This process has the port open too.
    let others = holders.filter { $0.process != Int(getpid()) }
    let shown = (others.isEmpty ? holders : others).map(\.description)
    return .busy("port '\(path)' is in use by \(list(shown))")
  }

  /// The error for a setting that the port did not take.
  static func unsettable(_ path: String, _ setting: String, _ code: Int32) -> TransportError {
    let reason = code == 0 ? "the driver ignores it" : String(cString: strerror(code))
    return .unsupported("port '\(path)' cannot be set to \(setting): \(reason)")
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(20).joined(separator: ", ")
    return names.count > 20 ? shown + " and \(names.count - 20) more" : shown
  }
}

/// A process that has a port open.
struct PortHolder: Hashable, CustomStringConvertible {
  /// The process id.
  var process: Int
  /// The name of the process.
  var name: String

  var description: String {
    process == Int(getpid())
      ? "this program itself" : "'\(name)' (process \(process))"
  }

  /// All holders whose open files this user may see.
  ///
  /// The simulator of a pseudo-terminal, which has both ends open, is not included.
  static func all(of path: String) -> [PortHolder] {
    guard let device = resolved(path) else { return [] }
    let files = FileManager.default
    let processes = (try? files.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.compactMap(Int.init).sorted().compactMap { process in
      let folder = "/proc/\(process)/fd"
      let names = (try? files.contentsOfDirectory(atPath: folder)) ?? []
      let open = Set(
        names.compactMap { try? files.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") })
      let isMaster = open.contains("/dev/ptmx") || open.contains("/dev/pts/ptmx")
      guard open.contains(device) else { return nil }
      guard !isMaster || process == Int(getpid()) else { return nil }
      let name = (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)) ?? "?"
      return PortHolder(
        process: process, name: name.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  /// Returns the path with all links followed.
  static func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }
}
