import Files
import Testing

@Suite("Strict YAML")
struct StrictYAMLTests {
  private func read(_ text: String, keys: [String]? = ["a", "b"]) throws(YAMLError) -> StrictYAML {
    try StrictYAML(parsing: text, path: "f.yaml", what: "the file", keys: keys)
  }

  @Test("Values are read by their kind")
  func values() throws {
    let yaml = try read(
      "text: x y\nyes: true\nnumber: -1.5e2\nlist: [1, 2]\ntexts: [a, b]\nmap: {z: 1, a: 2}\n",
      keys: nil)
    #expect(yaml.names == ["text", "yes", "number", "list", "texts", "map"])
    #expect(try yaml.text("text") == "x y" && yaml.bool("yes") == true)
    #expect(try yaml.number("number") == -150 && yaml.numbers("list", count: 2) == [1, 2])
    #expect(try yaml.texts("texts") == ["a", "b"])
    #expect(try yaml.mapping("map", what: "map", keys: nil)?.names == ["z", "a"])
    #expect(try yaml.number("none") == nil && yaml.bool("none") == nil)
    #expect(yaml.isText("text") && yaml.isList("list") && !yaml.isText("map"))
  }

  @Test(
    "What is wrong is refused with the line",
    arguments: [
      ("a: 1\nc: 2", ":2", "'c'"), ("a: 1\na: 2", ":", "twice"), ("a: [", ":", "YAML"),
      ("- a", ":1", "mapping"), ("", "", "empty"), ("a: &x 1\nb: *x", ":1", "anchors"),
      ("b: 1\na: [&x 1, *x]", ":2", "anchors"), ("a: *x", ":", "alias"),
      ("? [1, 2]\n: 3", ":1", "not text"),
    ])
  func refused(text: String, place: String, word: String) {
    let error = #expect(throws: YAMLError.self) { try read(text) }
    let sentence = error?.description ?? ""
    #expect(sentence.hasPrefix("'f.yaml'\(place)") && sentence.contains(word), "\(sentence)")
    #expect(!sentence.contains("\n"))
  }

  @Test("An ampersand that is no anchor is a letter like others")
  func ampersand() throws {
    #expect(try read("a: R&D & more\n").text("a") == "R&D & more")
  }

  @Test("Numbers are finite decimals", arguments: [".nan", ".inf", "1:30", "x", "", "[1]", "{}"])
  func numbers(text: String) throws {
    let yaml = try read("\na: \(text)")
    let error = #expect(throws: YAMLError.self) { try yaml.number("a") }
    #expect(error?.description.hasPrefix("'f.yaml':2: the file, 'a'") == true, "\(error as Any)")
    #expect(throws: YAMLError.self) { try yaml.requiredNumber("b") }
  }

  @Test("A few lines that stand for billions, and deep nesting, are refused at once")
  func bombs() {
    var laughs = "a0: &a0 [x, x]\n"
    for level in 1..<40 { laughs += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    laughs += "? *a39\n: 1\n"
    let deep = [
      String(repeating: "[", count: 100_000), String(repeating: "- ", count: 100_000),
      String(repeating: "? ", count: 100_000), String(repeating: "{a: ", count: 100_000),
      (0..<3000).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
    ]
    for text in deep + [laughs] { #expect(throws: YAMLError.self) { try read(text) } }
  }
}
