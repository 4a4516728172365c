import ArgumentParser
import Files
import Foundation

/// What the tool says, on standard output for results and standard error for everything else.
///
/// Names from files, arguments and devices are cleaned where they are put into a line (`printable`,
/// `shownPath`); what is written here is looked at once more, so that a terminal obeys nothing that
/// this tool did not say itself.
enum Console {
  /// Whether standard error is a terminal.
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// The most of a sentence that is shown [Unicode scalars].
  private static let longestSentence = 4000

  /// A result, which may have several lines; where it cannot be written, the tool has failed.
  static func result(_ text: String) {
    guard !hasWritten(result: text) else { return }
    exit(ExitStatus.ioError.rawValue)
  }

  /// A result, and whether it could be written; what went wrong is said.
  static func hasWritten(result text: String) -> Bool {
    guard !write(harmless(text) + "\n", to: STDOUT_FILENO) else { return true }
    failure("standard output could not be written: \(String(cString: strerror(errno)))")
    return false
  }

  /// The figures of an evaluation: one JSON object with sorted keys, or lines for people.
  static func report(_ figures: some Encodable, lines: [String], asJSON: Bool) throws {
    guard asJSON else { return result(lines.joined(separator: "\n")) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    result(String(decoding: try encoder.encode(figures), as: UTF8.self))
  }

  /// The sentence of an error, in one line.
  static func failure(_ sentence: String) { note("motionc: \(sentence)") }

  /// A note beside the result, in one line.
  static func note(_ text: String) {
    write(text.printable(limit: longestSentence) + "\n", to: STDERR_FILENO)
  }

  /// What the parser of arguments says, in its several lines.
  static func usage(_ text: String, to descriptor: Int32) {
    write(harmless(text) + "\n", to: descriptor)
  }

  /// The text with what a terminal would obey written as JSON's escapes, so that JSON stays JSON;
  /// lines stay lines.
  static func harmless(_ text: String) -> String {
    guard !text.unicodeScalars.allSatisfy({ $0.isPrintable || $0 == "\n" }) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.isPrintable || scalar == "\n" {
        result.unicodeScalars.append(scalar)
      } else {
        result += JSONText.escaped(scalar)
      }
    }
    return result
  }

  /// A line of progress: written over on a terminal, a plain line elsewhere.
  static func progress(_ text: String) {
    let text = text.printable(limit: longestSentence)
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
