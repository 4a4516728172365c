import ArgumentParser
import Foundation

/// What the tool says, on standard output for results and standard error for everything else.
enum Console {
  /// Whether standard error is a terminal.
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// A result; where it cannot be written, the tool has failed.
  static func result(_ text: String) {
    guard !hasWritten(result: text) else { return }
    exit(ExitStatus.ioError.rawValue)
  }

  /// A result, and whether it could be written; what went wrong is said.
  static func hasWritten(result text: String) -> Bool {
    guard !write(text + "\n", to: STDOUT_FILENO) else { return true }
    failure("standard output could not be written: \(String(cString: strerror(errno)))")
    return false
  }

  /// The sentence of an error, in one line; what a file holds does not reach the terminal as
  /// control characters.
  static func failure(_ sentence: String) {
    let scalars = sentence.unicodeScalars.map { (scalar) -> Unicode.Scalar in
      guard scalar.properties.generalCategory == .control else { return scalar }
      return scalar == "\n" || scalar == "\t" ? " " : "\u{FFFD}"
    }
    note("motionc: \(String(String.UnicodeScalarView(scalars)))")
  }

  /// A note beside the result.
  static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  /// A line of progress: written over on a terminal, a plain line elsewhere.
  static func progress(_ text: String) {
    write(isInteractive ? "\r\u{1B}[K" + text : text + "\n", to: STDERR_FILENO)
  }

  /// Ends a line of progress that is written over.
  static func endProgress() {
    if isInteractive { write("\n", to: STDERR_FILENO) }
  }

  /// A duration in seconds as "1 h 02 min", "3 min 05 s" or "7 s".
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
    let whole = Int(seconds.rounded())
    if whole >= 3600 { return "\(whole / 3600) h \(padded(whole % 3600 / 60)) min" }
    if whole >= 60 { return "\(whole / 60) min \(padded(whole % 60)) s" }
    return "\(whole) s"
  }

  /// A number with so many digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

  /// Whether all of a text could be written.
  @discardableResult
  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      bytes = bytes.dropFirst(count)
    }
    return true
  }
}
