import Files
import Foundation
import TestSupport
import Testing

@Suite("Foreign text in a line of a terminal")
struct PrintableTests {
  @Test(
    "Nothing that a terminal obeys or hides is left, and no line ends",
    arguments: [
      "a\u{1B}[31mred", "\u{9B}31m", "a\nmotionc: forged", "a\r\nb", "\u{85}x", "a\u{2028}b",
      "\u{202E}gpj.exe", "\u{2066}x\u{2069}", "\u{200E}\u{200F}\u{61C}", "\u{7F}\u{8}\u{7}\0",
      "\u{AD}\u{FEFF}\u{E0041}", "\u{10FFC3}", "tab\tbell\u{7}",
    ])
  func controls(_ text: String) {
    for scalar in text.printable.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse:
        Issue.record("U+\(String(scalar.value, radix: 16)) is left of \(text.debugDescription)")
      default: break
      }
    }
    let quoted = JSONText.quoted(text)
    #expect(quoted.unicodeScalars.allSatisfy { $0.isPrintable })
    let read = try? JSONSerialization.jsonObject(
      with: Data(quoted.utf8), options: .fragmentsAllowed)
    #expect(read as? String == text)
  }

  @Test(
    "What languages are written with stays as it is",
    arguments: ["größe 手.bvh", "می\u{200C}خواهم", "👩\u{200D}🚀", "שלום", "naïve — “x” 90°", ""])
  func languages(_ text: String) {
    #expect(text.printable == text)
    #expect(JSONText.quoted(text) == "\"\(text)\"")
  }

  @Test("A long text is cut in its middle, and its length costs nothing")
  func long() {
    let text = "begin" + String(repeating: "x", count: 15_000_000) + "end"
    let clock = ContinuousClock()
    var shown = ""
    let time = clock.measure { shown = text.printable(limit: 100) }
    #expect(shown.unicodeScalars.count == 100)
    #expect(shown.hasPrefix("beginx") && shown.hasSuffix("xend") && shown.contains("…"))
    #expect(time < .milliseconds(20))
    for limit in 3..<12 {
      #expect("0123456789".printable(limit: limit).unicodeScalars.count == min(limit, 10))
    }
  }

  @Test("An error is one line of bounded length, whatever its file is called and holds")
  func errors() {
    let foul = String(repeating: "\u{1B}[2Ja\n", count: 100_000)
    for error in [
      FileError.malformed(path: foul, reason: foul), .unreadable(path: foul, reason: foul),
      .cannotCreate(path: foul, reason: foul), .writeFailed(path: foul, reason: foul),
    ] {
      #expect(error.description.unicodeScalars.allSatisfy { $0.isPrintable })
      #expect(error.description.unicodeScalars.count < 5000)
    }
    let list = Array(repeating: foul, count: 1000).shownList
    #expect(list.unicodeScalars.allSatisfy { $0.isPrintable } && list.hasSuffix("and 900 more"))
    #expect(list.unicodeScalars.count < 7000)
  }
}

@Suite("Numbers as texts")
struct NumberTextTests {
  /// What PyYAML takes for a floating-point number (YAML 1.1); anything else is an integer or text.
  private static var yamlFloat: Regex<Substring> {
    /[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?/
  }

  @Test("A decimal number is one for every reader of JSON and YAML, and the same number")
  func decimals() {
    var random = Damage(seed: 3)
    var numbers: [Double] = [
      0, -0.0, 1, -1, 3, 100, 1e5, 1e15, 1e16, 1e17, -1e21, 1e300, 0.1, 1e-4, 1e-5, -1e-5, 1.5e-7,
      .leastNonzeroMagnitude, .greatestFiniteMagnitude, 9_007_199_254_740_992,
    ]
    for _ in 0..<2000 { numbers.append(Double(bitPattern: random.next())) }
    for number in numbers where number.isFinite {
      let text = JSONText.decimal(number)
      #expect(text.wholeMatch(of: Self.yamlFloat) != nil, "\(number): \(text)")
      #expect(Double(text) == number)
    }
    #expect(JSONText.decimal(.nan) == "null" && JSONText.decimal(-.infinity) == "null")
  }
}

@Suite("File names that are not UTF-8")
struct FileNameTests {
  /// Names that are no UTF-8, and some that are.
  private static let names: [[UInt8]] = [
    [0xFF], Array("walk".utf8) + [0xE4] + Array(".bvh".utf8), [0xC3], [0xC3, 0x28],
    [0xED, 0xA0, 0x80],
    [0xF4, 0x8F, 0xBF, 0x83], [0xF4, 0x8F, 0xBF, 0x83, 0x80], [0xE2, 0x82], [0x80, 0x80],
    [0xF8, 0x88, 0x80, 0x80, 0x80], Array("größe 手.bvh".utf8), Array("plain".utf8),
  ]

  @Test("Each name has one text, and the text gives it back")
  func roundTrip() {
    var random = Damage(seed: 5)
    var names = Self.names
    for _ in 0..<3000 {
      names.append((0..<Int(random.next() % 12)).map { _ in UInt8(1 + random.next() % 255) })
    }
    var texts: [String: [UInt8]] = [:]
    for name in names {
      let text = FileName.text(of: name)
      #expect(FileName.bytes(of: text) == name)
      #expect(texts.updateValue(name, forKey: text) ?? name == name)
    }
    #expect(FileName.text(of: Array("größe".utf8)) == "größe")
  }

  @Test("Such files are made, listed, read, replaced and removed", arguments: names)
  func files(_ bytes: [UInt8]) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "motionc-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let name = FileName.text(of: bytes)
    let path = "\(folder)/\(name)/\(name)"
    try AtomicFile.makeFolder("\(folder)/\(name)")
    try AtomicFile.write("one", to: path)
    try AtomicFile.write("two", to: path)
    #expect(try InputFile.text(of: path) == "two")
    #expect(FileSystem.kind(of: path) == .file)
    #expect(FileSystem.kind(of: "\(folder)/\(name)") == .folder)
    #expect(FileSystem.names(in: "\(folder)/\(name)") == [name])
    #expect(FileSystem.files(below: folder) == ["\(name)/\(name)"])
    #expect(!name.printable.isEmpty && name.printable.unicodeScalars.allSatisfy { $0.isPrintable })
    FileSystem.remove(path)
    #expect(!FileSystem.exists(path))
  }

  @Test("A path with a zero byte leads nowhere")
  func zero() {
    #expect(throws: FileError.self) { try InputFile.bytes(of: "/etc/passwd\0.bvh") }
    #expect(!FileSystem.exists("/etc\0"))
  }
}
