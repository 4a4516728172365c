import Foundation

/// What the tool says, on standard output for results and standard error for everything else.
enum Console {
  /// Whether standard error is a terminal.
  static let isInteractive = isatty(STDERR_FILENO) == 1

  /// A result.
  static func result(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

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

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
