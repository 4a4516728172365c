import Foundation
import TestSupport
import Testing

@testable import Files

@Suite("Pickles")
struct PickleTests {
  private func numbers(_ value: PickleValue?) throws -> StoredTensor {
    guard case .array(.numbers(let tensor))? = value else {
      throw PickleFault(reason: "no array of numbers", refusedCall: nil)
    }
    return tensor
  }

  @Test("what NumPy pickled is read in every protocol", arguments: 0...5)
  func protocols(version: Int) throws {
    let value = try PickleReader.read(PickleFixtures.bytes(protocol: version))
    #expect(value["fps"]?.number == 30)
    let places = try numbers(value["root_pos"])
    #expect(places.shape == [2, 3] && places.doubles() == [0, 1, 2, 3, 4, 5])
    #expect(try numbers(value["root_rot"]).doubles() == [0, 0, 0, 1, 0, 0, 0, 1])
    let joints = try numbers(value["dof_pos"])
    #expect(joints.type == .float32 && joints.doubles() == [0, 0.125, 0.25, 0.375, 0.5, 0.625])
    #expect(try numbers(value["fortran"]).doubles() == [0, 1, 2, 3, 4, 5])
    guard case .none? = value["local_body_pos"], case .bool(true)? = value["flag"],
      case .list(let links)? = value["link_body_list"],
      case .array(.texts(let names))? = value["names"],
      case .list(let inner)? = value["nested"]?["x"]
    else {
      Issue.record("a value is of another kind")
      return
    }
    #expect(links.compactMap(\.text) == ["pelvis", "knee"] && names == ["a", "b\u{E9}"])
    #expect(value["count"]?.number == 7 && value["neg"]?.number == -3)
    #expect(value["long"]?.number == 0x1p40 && value["text"]?.text == "\u{E9}\"\\\nx")
    #expect(inner.count == 3 && inner[1].number == 2.5)
  }

  @Test("NumPy 1's names of the same functions are read too")
  func oldNames() throws {
    for version in 0...2 {
      // A character for every byte.
      var new = String.UnicodeScalarView()
      new.append(contentsOf: PickleFixtures.bytes(protocol: version).map { Unicode.Scalar($0) })
      #expect(String(new).contains("numpy._core"))
      let old = String(new).replacingOccurrences(of: "numpy._core", with: "numpy.core")
      let value = try PickleReader.read(old.unicodeScalars.map { UInt8($0.value) })
      #expect(try numbers(value["root_pos"]).doubles() == [0, 1, 2, 3, 4, 5])
    }
  }

  /// What a pickle would call, and the pickle.
  static let calls: [(name: String, bytes: [UInt8])] = [
    ("os.system", Array("cos\nsystem\n(S'touch /tmp/x'\ntR.".utf8)),
    ("posix.system", Array("cposix\nsystem\n(S'touch /tmp/x'\ntR.".utf8)),
    (
      "builtins.eval",
      [0x80, 4, 0x8C, 8] + Array("builtins".utf8) + [0x8C, 4] + Array("eval".utf8)
        + [0x93, 0x8C, 3] + Array("1+1".utf8) + [0x85, UInt8(ascii: "R"), UInt8(ascii: ".")]
    ),
    ("os.system", Array("(S'touch /tmp/x'\nios\nsystem\n.".utf8)),
    ("subprocess.Popen", Array("(csubprocess\nPopen\nS'x'\no.".utf8)),
    ("copyreg._reconstructor", Array("ccopyreg\n_reconstructor\n(tR.".utf8)),
    ("torch._utils._rebuild_tensor_v2", Array("ctorch._utils\n_rebuild_tensor_v2\n(tR.".utf8)),
    ("numpy.load", Array("cnumpy\nload\n(S'x'\ntR.".utf8)),
    ("numpy.ndarray", Array("cnumpy\nndarray\n(tR.".utf8)),
    ("builtins.dict", Array("cbuiltins\ndict\n(tR.".utf8)),
    (
      "joblib.numpy_pickle.NumpyArrayWrapper",
      Array(
        "cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\u{81}.".unicodeScalars.map {
          UInt8($0.value)
        })
    ),
    ("numpy.dtype", Array("cnumpy\ndtype\n.".utf8)),
    ("torch.load (a persistent identifier)", Array("P1\n.".utf8)),
    ("an extension of copyreg", [0x80, 2, 0x82, 1, UInt8(ascii: ".")]),
    ("numpy.ndarray", [0x80, 2] + Array("cnumpy\nndarray\n)".utf8) + [0x81, UInt8(ascii: ".")]),
  ]

  @Test("what would call anything is refused by its name", arguments: calls.indices)
  func refused(index: Int) throws {
    let (name, bytes) = Self.calls[index]
    let fault = #expect(throws: PickleFault.self) { try PickleReader.read(bytes) }
    #expect(fault?.refusedCall == name, "\(String(describing: fault))")
    #expect(fault?.reason.contains("'\(name)'") == true)
  }

  /// Pickles that lie about their lengths, or grow.
  static let damaged: [(part: String, bytes: [UInt8])] = [
    ("ends in the middle", []),
    ("ends in the middle", [0x80]),
    ("protocol 9", [0x80, 9, UInt8(ascii: ".")]),
    ("ends without a value", [UInt8(ascii: ".")]),
    ("empty stack", Array("a.".utf8)),
    ("missing mark", Array("t.".utf8)),
    ("bytes are announced", [0x80, 4, 0x8E, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 1]),
    ("a length of", [0x80, 4, 0x8D, 0, 0, 0, 0, 0, 0, 0, 0xFF, 1]),
    ("bytes are announced", [0x80, 2, 0x8B, 0xFF, 0xFF, 0xFF, 0x7F, 1]),
    ("a whole number of 9 bytes", [0x8A, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1, UInt8(ascii: ".")]),
    ("it never kept", Array("h\u{1}.".utf8)),
    ("no whole number", Array("I1x\n.".utf8)),
    ("is no number", Array("Fnumber\n.".utf8)),
    ("a line does not end", Array("S'abc".utf8)),
    ("not in quotes", Array("Sabc\n.".utf8)),
    ("unknown escape", Array("S'\\x1'\n.".utf8)),
    ("a key without a value", Array("(I1\nd.".utf8)),
    ("appends to what is no list", Array("I1\nI2\na.".utf8)),
    ("what is no dictionary", Array("]I1\nI2\ns.".utf8)),
    ("0x7e", Array("~.".utf8)),
    ("a set", [0x80, 4, 0x8F, UInt8(ascii: ".")]),
    ("outside of the file", [0x80, 5, 0x97, UInt8(ascii: ".")]),
    ("an array without contents", Array("cnumpy.core.multiarray\n_reconstruct\n)R.".utf8)),
    ("unknown element type", Array("cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR.".utf8)),
  ]

  @Test("what is damaged or lies is refused in a sentence", arguments: damaged.indices)
  func damagedPickles(index: Int) {
    let (part, bytes) = Self.damaged[index]
    let fault = #expect(throws: PickleFault.self) { try PickleReader.read(bytes) }
    #expect(fault?.reason.contains(part) == true, "\(String(describing: fault))")
    #expect(fault?.refusedCall == nil && fault?.description.contains("\n") == false)
  }

  @Test("a list within itself and a list of lists of lists are refused within bounds")
  func growth() {
    // A list that holds itself: its value would have no end.
    let cycle = Array("]q\u{1}h\u{1}a.".utf8)
    #expect(throws: PickleFault.self) { try PickleReader.read(cycle) }
    // Each list holds the one before it ten times: 10^30 values of a few hundred bytes.
    var laughs = Array("]q\u{0}".utf8)
    for level in UInt8(0)..<30 {
      laughs += Array("](".utf8)
      for _ in 0..<10 { laughs += [UInt8(ascii: "h"), level] }
      laughs += [UInt8(ascii: "e"), UInt8(ascii: "q"), level + 1]
    }
    laughs.append(UInt8(ascii: "."))
    let fault = #expect(throws: PickleFault.self) { try PickleReader.read(laughs) }
    #expect(fault?.reason.contains("values") == true)
    // A million lists within each other.
    var deep = [UInt8](repeating: UInt8(ascii: "]"), count: 1_000_000)
    deep += [UInt8](repeating: UInt8(ascii: "a"), count: 999_999) + [UInt8(ascii: ".")]
    #expect(throws: PickleFault.self) { try PickleReader.read(deep) }
  }

  @Test("one buffer that becomes a thousand arrays is refused before memory is gone")
  func sharedBuffer() throws {
    let size = 1 << 20
    var bytes: [UInt8] = [0x80, 4]
    bytes += [UInt8(ascii: "B")] + (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
    bytes += [UInt8](repeating: 0, count: size) + [UInt8(ascii: "q"), 0]
    bytes += Array("cnumpy\ndtype\n(S'u1'\nI00\nI01\ntRq\u{1}".utf8)
    let array = Array(
      "cnumpy._core.numeric\n_frombuffer\n(h\u{0}h\u{1}(I\(size)\ntS'C'\ntR".utf8)
    func pickle(_ count: Int) -> [UInt8] {
      bytes + Array("]".utf8) + (0..<count).flatMap { _ in array + [UInt8(ascii: "a")] } + [0x2E]
    }
    guard case .list(let few) = try PickleReader.read(pickle(20)) else { return }
    #expect(few.count == 20)
    let fault = #expect(throws: PickleFault.self) { try PickleReader.read(pickle(1000)) }
    #expect(fault?.reason.contains("memory") == true)
  }

  @Test("a long key that is shared by a million values costs no time")
  func sharedKey() throws {
    var bytes: [UInt8] = [0x80, 2, UInt8(ascii: "X"), 0, 0, 16, 0]
    bytes += [UInt8](repeating: UInt8(ascii: "k"), count: 1 << 20) + Array("q\u{0}0}(".utf8)
    for _ in 0..<1_000_000 { bytes += [UInt8(ascii: "h"), 0, UInt8(ascii: "K"), 1] }
    bytes += Array("u.".utf8)
    var names: [String] = ["unread"]
    let time = try ContinuousClock().measure {
      names = NumpyArchive(try PickleReader.read(bytes)).names
    }
    #expect(names.isEmpty)
    #expect(time < .seconds(10), "\(time)")
  }

  @Test("damaged by the thousand: a value or a sentence", arguments: [0, 2, 4, 5])
  func fuzz(version: Int) {
    let good = PickleFixtures.bytes(protocol: version)
    var random = Damage(seed: UInt64(version) + 20)
    var readCount = 0
    let rounds = Damage.rounds(2000)
    for _ in 0..<rounds {
      do throws(PickleFault) {
        _ = NumpyArchive(try PickleReader.read(random.damaged(good)))
        readCount += 1
      } catch {
        #expect(!error.description.contains("\n") && error.description.utf8.count < 500)
      }
    }
    #expect(readCount > rounds / 100 && readCount < rounds, "\(readCount)")
  }
}
