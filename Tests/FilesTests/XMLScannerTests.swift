import Foundation
import TestSupport
import Testing

@testable import Files

@Suite("XML without entities")
struct XMLScannerTests {
  /// The events of a document as one text: `<a x=1>`, `text`, `</a>`.
  private func events(_ text: String) throws(XMLScanner.Fault) -> String {
    var scanner = XMLScanner(Array(text.utf8))
    var shown = ""
    while let event = try scanner.next() {
      switch event {
      case .start(let name):
        let attributes = scanner.attributes.sorted { $0.key < $1.key }
        shown += "<\(name)" + attributes.map { " \($0.key)=\($0.value)" }.joined() + ">"
      case .end(let name): shown += "</\(name)>"
      case .text(let range): shown += String(decoding: scanner.bytes[range], as: UTF8.self)
      }
    }
    return shown
  }

  @Test("elements, attributes, text, comments, CDATA")
  func wellFormed() throws {
    let text = """
      \u{FEFF}<?xml version="1.0"?><!-- a > b --><m:a xmlns:m='u' q="1 &lt; &#x32;&amp;">x<b/>
      <c z='"'>1 2</c><![CDATA[<y>]]></m:a><!-- end -->
      """
    #expect(
      try events(text)
        == "<a m=u q=1 < 2&>x<b></b>\n<c z=\">1 2</c><y></a>")
  }

  static let bad = [
    ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "declares a document type"),
    ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "declares a document type"),
    ("<a><!ENTITY x 'y'></a>", "declares a document type"),
    ("<a b='&x;'/>", "the entity '&x;' is unknown"), ("<a b='&#xD800;'/>", "is unknown"),
    ("<a b='&'/>", "'&' without an entity"), ("<a><b></a></b>", "</a> does not end <b>"),
    ("<a>", "ends inside of <a>"), ("", "has no element"), ("x<a/>", "text stands outside"),
    ("<a/>x", "text stands outside"), ("<a/><b/>", "second root"), ("<a b=c/>", "not in quotes"),
    ("<a b='c/>", "does not end"), ("<a b/>", "has no value"), ("<!-- ", "does not end"),
    ("< a/>", "expected a name"), ("</a>", "does not end"), ("<a / >", "expected '/>'"),
    ("\u{FEFF}\u{FEFF}<a/>", "text stands outside"),
  ]

  @Test("what is no plain XML is refused in a sentence", arguments: bad.indices)
  func refused(index: Int) {
    let (text, part) = Self.bad[index]
    let fault = #expect(throws: XMLScanner.Fault.self) { try events(text) }
    #expect(fault?.reason.contains(part) == true, "\(String(describing: fault))")
  }

  @Test("a million elements within each other and a million attributes are refused")
  func depth() {
    let deep = String(repeating: "<a>", count: 1_000_000)
    let wide = "<a " + (0..<100_000).map { "b\($0)='1' " }.joined() + "/>"
    for text in [deep, wide] {
      let fault = #expect(throws: XMLScanner.Fault.self) { try events(text) }
      #expect(
        fault?.reason.contains("more than") == true || fault?.reason.contains("deeper") == true)
    }
  }

  @Test("damaged by the thousand")
  func fuzz() {
    let good = Array("<?xml version='1.0'?><a b='1'><c d=\"&lt;\">1 2 3</c><!-- e --><f/></a>".utf8)
    var random = Damage(seed: 31)
    for _ in 0..<Damage.rounds(3000) {
      var scanner = XMLScanner(random.damaged(good))
      do throws(XMLScanner.Fault) {
        while let event = try scanner.next() {
          if case .text(let range) = event { #expect(range.upperBound <= scanner.bytes.count) }
        }
      } catch {
        #expect(!error.reason.contains("\n") && error.reason.utf8.count < 500)
        #expect(error.position <= scanner.bytes.count)
      }
    }
  }
}
