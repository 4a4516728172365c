/// Parses the bytes of a uArm into replies, line by line, in bounded memory.
///
/// An overlong line is dropped up to its end, unprintable bytes count as blanks, and lines that
/// cannot be parsed are text.
struct UArmParser: Sendable {
  /// The greatest length of a line [bytes].
  static let longest = 256

  private var line: [UInt8] = []
  private var isOverlong = false

  /// Creates a parser at the beginning of a line.
  init() {}

  /// The number of bytes of the incomplete line.
  var pendingCount: Int { line.count }

  /// Discards the incomplete line.
  mutating func clear() {
    line.removeAll(keepingCapacity: true)
    isOverlong = false
  }

  /// Adds bytes and returns the replies that they complete.
  mutating func replies(_ bytes: [UInt8]) -> [UArmReply] {
    var result: [UArmReply] = []
    for byte in bytes {
      guard byte == 0x0A || byte == 0x0D else {
        append(byte)
        continue
      }
      finishLine(&result)
    }
    return result
  }

  private mutating func append(_ byte: UInt8) {
    guard line.count < Self.longest else {
      isOverlong = true
      return
    }
    line.append(0x20 < byte && byte < 0x7F ? byte : 0x20)
  }

  private mutating func finishLine(_ result: inout [UArmReply]) {
    guard !isOverlong else { return clear() }
    if let rest = takeInjected(&result) {
      // An interrupt has printed into another line, which continues with the next bytes.
      line = rest
      return
    }
    if let reply = Self.reply(line) { result.append(reply) }
    line.removeAll(keepingCapacity: true)
  }

  /// Removes `ok @9 V0` from the end of a line that began as another; returns the rest.
  private func takeInjected(_ result: inout [UArmReply]) -> [UInt8]? {
    let mark = Array("ok @9 V0".utf8)
    guard line.count > mark.count, line.suffix(mark.count).elementsEqual(mark) else { return nil }
    let rest = Array(line.dropLast(mark.count))
    guard rest.contains(where: { $0 != 0x20 }) else { return nil }
    result.append(.event(code: 9, UArmFields(["V0"])))
    return rest
  }

  /// Parses one line; nil for an empty one.
  static func reply(_ line: [UInt8]) -> UArmReply? {
    let words = words(line[...])
    guard let first = words.first else { return nil }
    if let setting = setting(first) { return setting }
    if let start = numberStart(line) { return numbered(line[start...]) }
    if let status = status(line) { return .status(status) }
    if first.first == "@", let code = number(first.dropFirst()) {
      return .event(code: code, UArmFields(Array(words.dropFirst().prefix(8))))
    }
    if first.lowercased() == "ok" {
      // The answer of V3 to a move without a number: `ok E22 unreachable`.
      if words.count >= 2, let code = errorCode(words[1]) { return .unnumberedFailure(code: code) }
      // `ok @9 V0` alone reports a hold; a bare ok ends a listing or answers 0x18.
      guard words.count >= 2, words[1].first == "@", let code = number(words[1].dropFirst()) else {
        return .acknowledgement
      }
      return .event(code: code, UArmFields(Array(words.dropFirst(2).prefix(8))))
    }
    if let code = errorCode(first) { return .unnumberedFailure(code: code) }
    return .text(String(decoding: line.prefix(80), as: UTF8.self))
  }

  /// Where the last `$digits` followed by a blank or the end begins.
  private static func numberStart(_ line: [UInt8]) -> Int? {
    var index = line.count - 1
    while index >= 0 {
      defer { index -= 1 }
      guard line[index] == 0x24 else { continue }
      var end = index + 1
      while end < line.count, isDigit(line[end]) { end += 1 }
      let count = end - index - 1
      guard 1...5 ~= count, end == line.count || line[end] == 0x20 else { continue }
      return index
    }
    return nil
  }

  private static func numbered(_ line: ArraySlice<UInt8>) -> UArmReply? {
    let words = words(line)
    guard let first = words.first, let id = number(first.dropFirst()) else { return nil }
    let rest = words.dropFirst()
    // V3 answers `ok E22 unreachable`: an error anywhere overrides the ok.
    if let at = rest.firstIndex(where: { errorCode($0) != nil }) {
      return .failure(
        id: id, code: errorCode(rest[at]), UArmFields(Array(rest[(at + 1)...].prefix(8))))
    }
    guard let verdict = rest.first, verdict.lowercased() == "ok" else {
      return .failure(id: id, code: nil, UArmFields(Array(rest.prefix(8))))
    }
    return .success(id: id, UArmFields(Array(rest.dropFirst().prefix(8))))
  }

  /// `$110=250.000 (x max rate, mm/min)`.
  private static func setting(_ word: String) -> UArmReply? {
    guard word.first == "$", let sign = word.firstIndex(of: "="),
      let number = number(word[word.index(after: word.startIndex)..<sign]),
      let value = UArmFields.number(word[word.index(after: sign)...])
    else { return nil }
    return .setting(number: number, value: value)
  }

  /// `<Run,MPos:0.123,-0.456,1.000,WPos:...>`, `<Run,Buf:5,RX:40>`.
  private static func status(_ line: [UInt8]) -> UArmStatus? {
    guard let start = line.lastIndex(of: 0x3C), let end = line.lastIndex(of: 0x3E), start < end
    else { return nil }
    let body = String(decoding: line[(start + 1)..<end], as: UTF8.self)
    let parts = body.split(separator: ",", maxSplits: 15, omittingEmptySubsequences: false)
    let states = ["Idle", "Run", "Hold", "Alarm", "Check", "Door"]
    guard let state = parts.first.map(String.init), states.contains(state) else { return nil }
    var status = UArmStatus(state: state)
    for (index, part) in parts.enumerated() {
      if part.hasPrefix("MPos:") {
        guard index + 2 < parts.count else { return nil }
        let texts = [part.dropFirst(5), parts[index + 1], parts[index + 2]]
        let values = texts.compactMap { UArmFields.number($0) }
        guard values.count == 3 else { return nil }
        status.machine = values
      } else if part.hasPrefix("Buf:") {
        status.blocks = number(part.dropFirst(4))
      } else if part.hasPrefix("RX:") {
        status.received = number(part.dropFirst(3))
      }
    }
    return status
  }

  private static func errorCode(_ word: String) -> Int? {
    guard word.utf8.count == 3, word.first == "E" || word.first == "e" else { return nil }
    return number(word.dropFirst())
  }

  /// Parses up to six decimal digits and nothing else.
  private static func number(_ text: some StringProtocol) -> Int? {
    let digits = text.utf8
    guard 1...6 ~= digits.count, digits.allSatisfy(isDigit) else { return nil }
    return Int(text)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { 0x30 <= byte && byte <= 0x39 }

  private static func words(_ line: ArraySlice<UInt8>) -> [String] {
    line.split(separator: 0x20).prefix(12).map { String(decoding: $0, as: UTF8.self) }
  }
}
