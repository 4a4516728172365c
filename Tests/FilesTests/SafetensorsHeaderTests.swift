import Files
import Testing

/// Headers with the verdict of the reference implementation.
///
/// It is that of `safetensors.deserialize` (Python, 0.8.0) on the same bytes. Only what stands
/// twice is refused here and not there: the format's description forbids it.
@Suite("The header of a safetensors file is read as the reference implementation reads it")
struct SafetensorsHeaderTests {
  private static let tensor = #"{"dtype":"U8","shape":[4],"data_offsets":[0,4]}"#

  private static func one(_ shape: String, _ offsets: String = "[0,4]", type: String = "\"U8\"")
    -> String
  {
    #"{"a":{"dtype":\#(type),"shape":\#(shape),"data_offsets":\#(offsets)}}"#
  }

  private static func file(_ header: [UInt8], _ count: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
      + [UInt8](repeating: 1, count: count)
  }

  private func isRead(_ header: [UInt8], _ count: Int) -> Bool {
    (try? Safetensors(decoding: Self.file(header, count), path: "x")) != nil
  }

  @Test(
    "Headers that are read",
    arguments: [
      (#"{"a":\#(tensor)}"#, 4), (#"{"a":\#(tensor)}   "#, 4),
      ("\n{\t\"a\" :\r\n\(tensor) }\n", 4), (#"  {"a":\#(tensor)}"#, 4), ("{}", 0),
      (#"{"__metadata__":{"k":"v"},"a":\#(tensor)}"#, 4),
      (#"{"__metadata__":null,"a":\#(tensor)}"#, 4),
      (#"{"\ud83d\ude00":\#(tensor)}"#, 4), (#"{"\u0061\n\"":\#(tensor)}"#, 4),
      (one("[]", "[0,1]"), 1),
      (#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"more":[1,{}]}}"#, 4),
    ])
  func accepted(header: String, count: Int) {
    #expect(isRead(Array(header.utf8), count))
  }

  private static let bad: [(String, Int)] = [
    (#"{"__metadata__":{"k":1},"a":\#(tensor)}"#, 4),
    (#"{"__metadata__":[],"a":\#(tensor)}"#, 4),
    (#"{"a":\#(tensor),}"#, 4), (one("[4,]"), 4), (#"{"a":\#(tensor)}x"#, 4),
    ("{\"a\":\(tensor)}\0\0", 4), ("\u{FEFF}{\"a\":\(tensor)}", 4),
    (#"{"\ud800":\#(tensor)}"#, 4), ("{\"a\u{1}\":\(tensor)}", 4),
    ("{\"a\n\":\(tensor)}", 4), (#"{"\x61":\#(tensor)}"#, 4), ("{'a':\(tensor)}", 4),
    ("{a:\(tensor)}", 4), (#"{/* */"a":\#(tensor)}"#, 4),
    (one("[4.0]"), 4), (one("[4e0]"), 4), (one("[\"4\"]"), 4), (one("[true]", "[0,1]"), 1),
    (one("[-4]"), 4), (one("[-0]", "[0,0]"), 0), (one("[04]"), 4), (one("[+4]"), 4),
    (one("[18446744073709551616]"), 4), (one("[4294967296,4294967296,4]"), 4),
    (one("null", "[0,1]"), 1), (one("[4]", "[0,4,4]"), 4), (one("[4]", "[4]"), 4),
    (one("[4]", type: "\"X8\""), 4), (one("[4]", type: "\"u8\""), 4), (one("[4]", type: "8"), 4),
    (#"{"a":{"dtype":"U8","data_offsets":[0,4]}}"#, 4), ("[]", 0), ("null", 0), ("", 0),
    (#"{"a":null}"#, 0), (one("[NaN]"), 4), (#"{"a":\#(tensor)}"#, 5),
    (#"{"a":\#(tensor)}"#, 3), (one("[4]", "[1,5]"), 5),
  ]

  @Test("Headers that are refused", arguments: bad)
  func refused(header: String, count: Int) {
    #expect(!isRead(Array(header.utf8), count))
  }

  @Test("Text that is not UTF-8 is refused, of whatever encoding")
  func encodings() {
    let text = #"{"a":\#(Self.tensor)}"#
    let wide: [UInt8] = text.utf8.flatMap { byte -> [UInt8] in [byte, 0] }
    let wider: [UInt8] = text.utf8.flatMap { byte -> [UInt8] in [byte, 0, 0, 0] }
    let latin = Array("{\"".utf8) + [0xE4] + Array("\":\(Self.tensor)}".utf8)
    let surrogate = Array("{\"".utf8) + [0xED, 0xA0, 0x80] + Array("\":\(Self.tensor)}".utf8)
    for header in [wide, [0xFF, 0xFE] + wide, wider, latin, surrogate] {
      #expect(!isRead(header, 4))
    }
  }

  @Test(
    "What stands twice is refused, and named",
    arguments: [
      (#"{"a":\#(tensor),"a":\#(tensor)}"#, "'a' twice"),
      (#"{"a":\#(tensor),"\u0061":\#(tensor)}"#, "'a' twice"),
      (#"{"__metadata__":{"k":"v"},"__metadata__":{"k":"v"},"a":\#(tensor)}"#, "metadata__' twice"),
      (#"{"__metadata__":{"k":"v","k":"v"},"a":\#(tensor)}"#, "'k' twice"),
      (#"{"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, "'dtype' twice"),
    ])
  func twice(header: String, named: String) {
    let error = #expect(throws: FileError.self) {
      try Safetensors(decoding: Self.file(Array(header.utf8), 4), path: "x")
    }
    #expect(error?.description.contains(named) == true, "\(error?.description ?? "")")
  }

  @Test("A header of any length is one of safetensors, and no other format's beginning")
  func signatures() {
    for length in 2...70_000 {
      let bytes =
        (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array("{\"a\"".utf8)
      let others = [
        FileSignature.isPickle(bytes), FileSignature.isArchive(bytes),
        FileSignature.isNumpyArray(bytes), FileSignature.isTorch(bytes),
      ]
      #expect(FileSignature.isSafetensors(bytes) && !others.contains(true), "\(length)")
    }
  }
}
