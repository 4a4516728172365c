import Files
import Foundation
import Testing

/// How a child process ended.
struct Run {
  /// The exit code; -1 where a signal ended it.
  var status: Int32
  /// The signal that ended it, or 0.
  var signal: Int32
  /// Standard output.
  var output: String
  /// Standard error.
  var error: String
  /// How long it ran [s].
  var seconds: Double
  /// The most memory that it held, as far as was seen while it ran [bytes].
  ///
  /// Its own high-water mark: what `wait4` accounts to a child begins with what its parent held.
  var peak: Int

  /// The lines of standard error.
  var errorLines: [Substring] { error.split(whereSeparator: \.isNewline) }
  /// The lines of standard output.
  var outputLines: [Substring] { output.split(whereSeparator: \.isNewline) }
  /// The lines of standard output that begin with a file, without those below them.
  var resultLines: [Substring] { outputLines.filter { !$0.hasPrefix(" ") } }
  /// The lines of standard error without notes, such as which robot was taken.
  var complaints: [Substring] { errorLines.filter { !$0.hasPrefix("note: ") } }
  /// Whether it said exactly one sentence of ours on standard error, and beside it only notes.
  var saysOneSentence: Bool {
    complaints.count == 1 && complaints[0].hasPrefix("motionc: ")
  }
  /// Everything, for the message of a failed expectation.
  var text: String {
    "exit \(status), signal \(signal), \(seconds) s, \(peak / 1_000_000) MB\n\(output.prefix(2000))\n"
      + "\(error.prefix(2000))"
  }
}

/// The built `motionc`, run as a user runs it.
enum Tool {
  struct Missing: Error, CustomStringConvertible {
    var description: String
  }

  /// The executable: beside the test bundle, where SwiftPM builds both.
  static let path: String? = {
    let checkout = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var folders = [own, CommandLine.arguments[0]].compactMap { $0 }
      .map { URL(filePath: $0).deletingLastPathComponent().path }
    folders.append("\(checkout)/.build/release")
    return folders.map { "\($0)/motionc" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// Runs `motionc` to its end, or ends it after a time [s].
  ///
  /// `prelude` are shell commands before it, such as `ulimit`.
  static func run(
    _ arguments: String..., folder: String? = nil, prelude: String = ":", within limit: Double = 120
  ) throws -> Run {
    try start(arguments, folder: folder, prelude: prelude).wait(within: limit)
  }

  static func run(
    arguments: [String], folder: String? = nil, prelude: String = ":", within limit: Double = 120
  ) throws -> Run {
    try start(arguments, folder: folder, prelude: prelude).wait(within: limit)
  }

  /// Starts `motionc`; its working directory is a new empty folder where none is given.
  static func start(
    _ arguments: [String], folder: String? = nil, prelude: String = ":",
    input: String = "/dev/null"
  ) throws -> RunningTool {
    guard let path else { throw Missing(description: "motionc is not beside the test bundle") }
    let capture = try Work.folder()
    let script = "cd \"$1\" && shift && \(prelude); exec \"$@\""
    let words =
      ["/bin/sh", "-c", script, "sh", try folder ?? Work.folder(), path] + arguments
    return try RunningTool(words, capture: capture, input: input)
  }
}

/// A process that was started; it must be waited for.
struct RunningTool {
  let pid: pid_t
  private let capture: String
  private let start = ContinuousClock().now

  init(_ words: [String], capture: String, input: String = "/dev/null") throws {
    self.capture = capture
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY | O_NOCTTY, 0)
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 1, "\(capture)/output", flags, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, "\(capture)/error", flags, 0o644)
    // Threads of the test runner block signals, and a child would inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var pointers = words.map { strdup($0) } + [nil]
    var environment = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for pointer in pointers + environment { free(pointer) } }
    var pid: pid_t = 0
    let failure = posix_spawn(&pid, words[0], &actions, &attributes, &pointers, &environment)
    guard failure == 0 else {
      throw Tool.Missing(description: "cannot start: \(String(cString: strerror(failure)))")
    }
    self.pid = pid
  }

  /// Sends a signal; the process is still ours as long as it was not waited for.
  func send(_ signal: Int32) { kill(pid, signal) }

  /// Waits until standard error says something for the n-th time, and returns what follows it.
  func waitForError(_ text: String, _ count: Int = 1, within limit: Double = 15) throws -> String {
    while seconds <= limit {
      let parts = self.text("error").components(separatedBy: text)
      if parts.count > count, let rest = parts.last { return rest }
      usleep(2000)
    }
    throw Tool.Missing(description: "no '\(text)' in: \(self.text("error").suffix(500))")
  }

  /// Waits for the end; after `limit` [s] the process is killed, which shows as its signal.
  func wait(within limit: Double = 120) throws -> Run {
    var (status, usage) = (Int32(0), rusage())
    var ended: pid_t = 0
    var peak = 0
    while true {
      // Until the child is another program its memory is the tests' own.
      if Self.program(of: "\(pid)") != Self.program(of: "self") {
        peak = max(peak, Self.peak(of: pid))
      }
      ended = wait4(pid, &status, WNOHANG, &usage)
      if ended != 0 { break }
      if seconds > limit { send(SIGKILL) }
      usleep(1000)
    }
    guard ended == pid else { throw Tool.Missing(description: "the process was lost") }
    let signal = status & 0x7f
    return Run(
      status: signal == 0 ? (status >> 8) & 0xff : -1, signal: signal,
      output: text("output"), error: text("error"), seconds: seconds, peak: peak)
  }

  /// The file that a process runs; empty for one that has ended.
  private static func program(of process: String) -> String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/exe")) ?? ""
  }

  /// The line `VmHWM: ... kB` of a process, in bytes; zero for one that has ended.
  private static func peak(of pid: pid_t) -> Int {
    let descriptor = open("/proc/\(pid)/status", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    let words = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?
      .split(whereSeparator: \.isWhitespace)
    return words.flatMap { $0.count == 3 ? Int($0[1]) : nil }.map { 1024 * $0 } ?? 0
  }

  private func text(_ name: String) -> String {
    String(
      decoding: FileManager.default.contents(atPath: "\(capture)/\(name)") ?? Data(), as: UTF8.self)
  }

  private var seconds: Double { (ContinuousClock().now - start) / .seconds(1) }
}

/// Folders for tests to write to, removed when the test process ends.
enum Work {
  static let root: String = {
    let path = FileManager.default.temporaryDirectory.appending(path: "pipeline-\(UUID())").path
    atexit { try? FileManager.default.removeItem(atPath: Work.root) }
    return path
  }()

  /// A new empty folder.
  static func folder() throws -> String {
    let path = "\(root)/\(UUID())"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  /// The files anywhere below a folder, in order.
  static func files(in folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { name in
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(
        atPath: "\(folder)/\(name)", isDirectory: &isFolder)
      return exists && !isFolder.boolValue
    }.sorted()
  }

  static func bytes(_ path: String) throws -> [UInt8] { try InputFile.bytes(of: path) }

  static func text(_ path: String) throws -> String { try InputFile.text(of: path) }

  /// Writes a file and returns its path.
  @discardableResult
  static func write(_ text: String, _ path: String) throws -> String {
    try AtomicFile.write(text, to: path)
    return path
  }
}
