import Files
import TestSupport
import Testing

@Suite("How much an archive may unpack to")
struct ArchiveClaimTests {
  private func archive(zeros: Int) -> [UInt8] {
    CraftedZip.archive(
      name: "x.npy", beginning: CraftedZip.numpyHeader("|u1", [zeros]), zeros: zeros)
  }

  @Test("Up to 64 MiB whatever the size of the archive")
  func small() throws {
    let zeros = 60 << 20
    let bytes = archive(zeros: zeros)
    #expect(bytes.count < 500_000)
    let read = try NumpyArchive(decoding: bytes, path: "x")
    #expect(read.arrays["x"]?.count == zeros)
  }

  @Test("More only where the archive is not many times smaller")
  func ratio() {
    let error = #expect(throws: FileError.self) {
      try NumpyArchive(decoding: archive(zeros: 100 << 20), path: "x")
    }
    #expect(error?.description.contains("unpacks to more than") == true)
  }

  @Test("Texts are counted before they are made", arguments: ["|S1", "<U1", "<U0", "|S0"])
  func texts(_ type: String) {
    let size = type.hasSuffix("0") ? 0 : type.hasPrefix("<") ? 4 : 1
    for count in [70_000, 5 << 20] {
      let bytes =
        CraftedZip.numpyHeader(type, [count]) + [UInt8](repeating: 0x41, count: count * size)
      #expect(throws: FileError.self) { try NumpyArray(decoding: bytes, path: "x") }
    }
    let shapes = [[1 << 40, 1 << 40], [1 << 62, 4, 0]]
    for shape in shapes {
      _ = try? NumpyArray(decoding: CraftedZip.numpyHeader(type, shape), path: "x")
    }
  }

  @Test("Parts of an array are converted as the whole is", arguments: ElementType.allCases)
  func rows(_ type: ElementType) {
    var random = Damage(seed: 9)
    let bytes = (0..<(7 * 5 * type.size)).map { _ in UInt8(random.next() % 100) }
    let tensor = StoredTensor(type: type, shape: [7, 5], bytes: bytes)
    let whole = tensor.doubles()
    for range in [0..<7, 0..<0, 2..<5, 6..<7] {
      #expect(
        tensor.doubles(ofRows: range) == Array(whole[5 * range.lowerBound..<5 * range.upperBound]))
    }
    #expect(tensor.single == nil)
    #expect(tensor.floats() == whole.map { Float($0) })
  }
}
