extension StringProtocol {
  /// The text for one line of a terminal, cut at 120 characters; see `printable(limit:)`.
  public var printable: String { printable(limit: 120) }

  /// The text for one line of a terminal: what comes from files, arguments and devices is put into
  /// sentences in this form.
  ///
  /// Line ends and tabs become spaces. What a terminal would obey or not show (control
  /// characters, bidirectional overrides, other format characters, bytes that are not UTF-8)
  /// becomes U+FFFD. A longer text is cut in its middle, where "…" stands; the work does not grow
  /// with what is left out of it.
  ///
  /// - Parameter limit: How many Unicode scalars the result has at most; at least 3.
  public func printable(limit: Int) -> String {
    precondition(limit >= 3, "a text cut at \(limit) scalars")
    let scalars = unicodeScalars
    guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
      end < scalars.endIndex
    else { return Self.cleaned(scalars[...]) }
    let tail = (limit - 1) / 3
    let head = scalars.index(scalars.startIndex, offsetBy: limit - 1 - tail)
    let rest = scalars.index(scalars.endIndex, offsetBy: -tail)
    return Self.cleaned(scalars[..<head]) + "…" + Self.cleaned(scalars[rest...])
  }

  private static func cleaned(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var result = String.UnicodeScalarView()
    for scalar in scalars { result.append(scalar.inOneLine) }
    return String(result)
  }
}

extension StringProtocol {
  /// A path for a sentence: whole unless it is longer than any that people write.
  public var shownPath: String { printable(limit: 1000) }

  /// What an error says of a file, as the rest of its sentence: names in it have been cut
  /// already, and whatever they were, it stays one line.
  public var shownReason: String { printable(limit: 3000) }
}

extension Sequence<String> {
  /// Names in one line, each in quotes and cut, no more than a hundred of them.
  public var shownList: String {
    var shown: [String] = []
    var count = 0
    for name in self {
      count += 1
      if count <= 100 { shown.append("'\(name.printable(limit: 60))'") }
    }
    guard !shown.isEmpty else { return "none" }
    let list = shown.joined(separator: ", ")
    return count > 100 ? "\(list) and \(count - 100) more" : list
  }
}

extension Unicode.Scalar {
  /// Whether a terminal shows the scalar instead of obeying or hiding it.
  ///
  /// The two joiners are format characters without which some languages cannot be written.
  public var isPrintable: Bool {
    guard value < 0x20 || value > 0x7E else { return true }
    if value == 0x200C || value == 0x200D { return true }
    if FileName.isRawByte(self) { return false }
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return false
    default: return true
    }
  }

  fileprivate var inOneLine: Unicode.Scalar {
    if isPrintable { return self }
    switch value {
    case 0x09, 0x0A, 0x0D, 0x85, 0x2028, 0x2029: return " "
    default: return "\u{FFFD}"
    }
  }
}
