import Foundation

/// The sentences for ports that cannot be opened.
enum PortFailure {
  /// What an error number of opening means for this port.
  static func opening(_ path: String, _ code: Int32) -> TransportError {
    switch code {
    case ENOENT, ENOTDIR, ENXIO, ENODEV: notFound(path)
    case EACCES, EPERM: denied(path, owner: Owner(of: path))
    case EBUSY: inUse(path)
    default: .unsupported("port '\(path)' cannot be opened: \(String(cString: strerror(code)))")
    }
  }

  /// There is no such port; says which there are.
  static func notFound(_ path: String, among ports: [PortDescription] = Ports.list())
    -> TransportError
  {
    let names = ports.map { port in
      port.title.isEmpty ? "'\(port.path)'" : "'\(port.path)' (\(port.title))"
    }
    let rest = names.isEmpty ? "no serial port is plugged in" : "there are " + list(names)
    return .notFound("there is no port '\(path)'; \(rest)")
  }

  /// Who may use a port's file.
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

  /// Permission is missing; says which group has it and how to join it.
  static func denied(_ path: String, owner: Owner?) -> TransportError {
    guard let owner, owner.groupMay else {
      return .denied("permission for port '\(path)' is missing, and no group but root has it")
    }
    return .denied(
      "permission for port '\(path)' is missing: it belongs to the group '\(owner.group)', which "
        + "'sudo usermod -aG \(owner.group) $USER' and a new login join")
  }

  /// Somebody else has it; says who, as far as one may see.
  static func inUse(_ path: String) -> TransportError {
    inUse(path, by: PortHolder.all(of: path))
  }

  static func inUse(_ path: String, by holders: [PortHolder]) -> TransportError {
    guard !holders.isEmpty else {
      return .busy("port '\(path)' is in use by a program that this user may not see")
    }
    // We have it open too, in vain, while we look.
    let others = holders.filter { $0.process != Int(getpid()) }
    let shown = (others.isEmpty ? holders : others).map(\.description)
    return .busy("port '\(path)' is in use by \(list(shown))")
  }

  /// A setting was not taken.
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
  /// Its process id.
  var process: Int
  /// Its name.
  var name: String

  var description: String {
    process == Int(getpid())
      ? "this program itself" : "'\(name)' (process \(process))"
  }

  /// All whose open files this user may see.
  ///
  /// The simulator of a pseudo-terminal has both ends open and is not counted.
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

  /// The path with all links followed.
  static func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }
}
