/// A line as V3 parses it.
///
/// Number and checksum are checked when the line is read, everything else when it is carried out.
/// Blanks are ignored, case is significant.
struct ArmMarlinLine: Sendable {
  /// The number after `#`; 0 for none.
  var id = 0
  /// The command's letter.
  var letter: Character = " "
  /// The command's code.
  var code = 0
  /// The text after the code.
  private var arguments: [UInt8] = []
  /// The text without its number, as quoted for an unknown command.
  var body = ""
  /// The whole text.
  let text: [UInt8]

  init(_ text: [UInt8]) {
    self.text = text
    var rest = text.drop { $0 == 0x20 }
    if rest.first == UInt8(ascii: "#") {
      let digits = rest.dropFirst().prefix(while: Self.isDigit)
      id = digits.suffix(9).reduce(0) { $0 * 10 + Int($1) - 48 }
      rest = rest.dropFirst(1 + digits.count).drop { $0 == 0x20 }
    }
    if rest.first == UInt8(ascii: "N"), let next = rest.dropFirst().first, Self.isDigit(next) {
      rest = rest.dropFirst().drop(while: Self.isDigit).drop { $0 == 0x20 }
    }
    if let star = rest.firstIndex(of: UInt8(ascii: "*")) { rest = rest[..<star] }
    body = String(decoding: rest, as: UTF8.self)
    guard let first = rest.first else { return }
    rest = rest.dropFirst().drop { $0 == 0x20 }
    let digits = rest.prefix(while: Self.isDigit)
    guard !digits.isEmpty else { return }
    letter = Character(UnicodeScalar(first))
    code = digits.prefix(6).reduce(0) { $0 * 10 + Int($1) - 48 }
    arguments = Array(rest.dropFirst(digits.count))
  }

  /// Whether the letter is there, and the number behind it; without digits zero.
  subscript(letter: Character) -> Double? {
    guard let ascii = letter.asciiValue, let at = arguments.firstIndex(of: ascii) else {
      return nil
    }
    let digits = arguments[(at + 1)...].drop { $0 == 0x20 }.prefix {
      Self.isDigit($0) || $0 == 0x2E || $0 == 0x2D || $0 == 0x2B
    }
    return Double(String(decoding: digits, as: UTF8.self)) ?? 0
  }

  /// An error in the number or checksum of a line.
  enum Fault: Sendable {
    /// The message of the firmware, and whether it requests the line again.
    case refused(String, asks: Bool)
  }

  /// Returns the number of a line, nil if it has none, or the fault.
  static func count(_ text: [UInt8], after last: Int) -> (number: Int?, fault: Fault?) {
    let line = Array(text.drop { $0 == 0x20 })
    let star = line.firstIndex(of: UInt8(ascii: "*"))
    guard line.first == UInt8(ascii: "N") else {
      return star == nil
        ? (nil, nil) : (nil, .refused("No Line Number with checksum", asks: false))
    }
    let number = line.dropFirst().prefix(while: isDigit).suffix(9).reduce(0) {
      $0 * 10 + Int($1) - 48
    }
    guard number == last + 1 else {
      return (nil, .refused("Line Number is not Last Line Number+1", asks: true))
    }
    guard let star else { return (nil, .refused("No Checksum with line number", asks: true)) }
    let said = line[(star + 1)...].prefix(while: isDigit).suffix(9).reduce(0) {
      $0 * 10 + Int($1) - 48
    }
    guard said == Int(line[..<star].reduce(0, ^)) else {
      return (nil, .refused("checksum mismatch", asks: true))
    }
    return (number, nil)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { 48...57 ~= byte }
}
