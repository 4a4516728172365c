import ArgumentParser
import Files
import Foundation
import Kinematics
import Streaming
import Trajectories

/// Runs a session in real time: live line, log, keys, and the report at the end.
struct LiveRun {
  private let session: Session
  private let robot: Robot
  private let options: ConnectionOptions
  private let open: @Sendable () throws(TransportError) -> any Transport & Sendable
  /// What is being done ("stream", "jog", "park").
  private let what: String

  init(
    _ what: String, session: Session, of robot: Robot, options: ConnectionOptions,
    open: @escaping @Sendable () throws(TransportError) -> any Transport & Sendable
  ) {
    self.what = what
    self.session = session
    self.robot = robot
    self.options = options
    self.open = open
  }

  /// Runs to the end; what went wrong is thrown as an exit code after the report.
  func run() throws {
    var files = try LiveFiles(
      log: options.log, record: options.record, joints: session.limits.jointNames)
    OperatorSignals.catchSignals()
    let view = options.view ? try LiveView(of: robot) : nil
    defer { view?.close() }
    if let view { Console.note("live view at \(view.address)") }
    let keyboard = Keyboard()
    var settings = LiveStream.Settings(open: open, input: { keyboard.next() })
    settings.isRecording = options.record != nil
    settings.wantsPriority = options.go && !options.noPriority
    keyboard.open()
    defer { keyboard.close() }
    if options.go, Keyboard.isAtTerminal { Console.note(Keyboard.help) }
    var statusLine = StatusLine(session: session)
    var status = LiveStatus(session: session)
    let began = MonotonicClock.now
    let stream = LiveStream(session, settings)
    var result: LiveStream.Result?
    while result == nil {
      // Asked for before the news is taken, so that none is left when there is one.
      result = stream.result
      keyboard.poll()
      for item in stream.takeEvents() {
        files.take(item)
        statusLine.take(item)
        status.take(item)
      }
      statusLine.show(status)
      view?.show(status)
      if result == nil { Thread.sleep(forTimeInterval: 0.05) }
    }
    statusLine.end()
    keyboard.close()
    guard let result else { return }
    if let failure = result.openingFailure { throw failure }
    let failures = files.close()
    let summary = LiveSummary(
      what: what, session: session, result: result, seconds: MonotonicClock.now - began)
    let isSaid = Console.hasWritten(result: options.json ? summary.json : summary.text)
    for failure in failures { Console.failure("\(failure)") }
    if result.droppedEvents > 0 {
      Console.note("\(result.droppedEvents) lines are missing in the log: the disk was too slow")
    }
    guard let code = summary.exitCode else {
      if !failures.isEmpty || !isSaid { throw ExitStatus.ioError }
      return
    }
    // How the stream ended goes before that a closed terminal could not show it.
    if let sentence = summary.failure { Console.failure(sentence) }
    throw code
  }
}

/// The files of `--log` and `--record`; a full disk ends one of them, never the stream.
private struct LiveFiles: ~Copyable {
  private var log: LiveFile?
  private var record: LiveFile?
  private var lines: StreamLog

  init(log: String?, record: String?, joints: [String]) throws(FileError) {
    lines = StreamLog(joints: joints)
    if let log { self.log = try LiveFile(log, header: lines.header) }
    if let record { self.record = try LiveFile(record, header: RecordedBytes.header) }
  }

  mutating func take(_ item: LiveStream.TimedEvent) {
    switch item.event {
    case .session(let event): log?.append(lines.line(for: event))
    case .bytes(let bytes): record?.append(bytes.line)
    case .warning: break
    }
  }

  /// Gives the files their names; returns what went wrong.
  consuming func close() -> [FileError] {
    [log.take()?.close(), record.take()?.close()].compactMap { $0 }
  }
}
