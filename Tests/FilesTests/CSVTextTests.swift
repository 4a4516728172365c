import Files
import Testing

@Suite("Tables with commas (RFC 4180)")
struct CSVTextTests {
  private func rows(_ text: String) throws -> [[String]] {
    try CSVText.rows(text, path: "t.csv").map(\.cells)
  }

  @Test("Cells in quotes hold commas, line ends and quotes; others lose the blanks around them")
  func cells() throws {
    let found = try rows("a, b ,\"c, d\"\r\n\"x\ny\",\"say \"\"no\"\"\",\"\"\n 5\" , \" 6 \" ,z")
    #expect(found == [["a", "b", "c, d"], ["x\ny", "say \"no\"", ""], ["5\"", " 6 ", "z"]])
  }

  @Test("Empty lines are none, empty cells are cells, and a byte order mark is passed over")
  func empty() throws {
    #expect(try rows("\u{FEFF}a,b\n\n,\n  \n\"\"\n") == [["a", "b"], ["", ""], [""]])
    #expect(try rows("a,b\u{2028}c\u{85}d\re,f") == [["a", "b\u{2028}c\u{85}d"], ["e", "f"]])
    #expect(try rows("") == [] && rows("\n\n") == [])
    #expect(try CSVText.rows("a\n\"b\nc\"\n\nd", path: "t").map(\.line) == [1, 2, 5])
  }

  @Test("A quote that is never closed is refused by its line, not read to the end of the file")
  func unclosed() throws {
    for text in ["a,b\n1,\"2\n3,4\n", "a,b\n1,\"2\"\"\n3,4"] {
      #expect {
        try CSVText.rows(text, path: "t.csv")
      } throws: {
        "\($0)".contains("'t.csv'") && "\($0)".contains("line 2")
      }
    }
  }
}
