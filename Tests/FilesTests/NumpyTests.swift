import Files
import Foundation
import TestSupport
import Testing

@Suite("NumPy files")
struct NumpyTests {
  @Test("An archive is read back as it was written, and its bytes are the same each time")
  func roundTrip() throws {
    let archive = NumpyArchive(
      arrays: [
        "positions": StoredTensor((0..<12).map(Double.init), shape: [3, 4]),
        "fps": StoredTensor([30] as [Float], shape: []),
        "mask": StoredTensor(type: .bool, shape: [2], bytes: [0, 1]),
      ], strings: ["names": ["hip", "Knie λ", ""]])
    let bytes = try archive.encoded()
    #expect(try archive.encoded() == bytes)
    let again = try NumpyArchive(decoding: bytes, path: "memory")
    #expect(again.arrays == archive.arrays)
    #expect(again.strings == archive.strings)
  }

  @Test("An archive cut anywhere is refused")
  func cut() throws {
    let bytes = try NumpyArchive(arrays: ["x": StoredTensor([1, 2] as [Double], shape: [2])])
      .encoded()
    for length in 0..<bytes.count {
      #expect(throws: FileError.self) {
        try NumpyArchive(decoding: Array(bytes.prefix(length)), path: "cut")
      }
    }
  }

  @Test("A Fortran-ordered or big-endian array is turned round")
  func orders() throws {
    func file(_ descriptor: String, fortran: Bool, _ body: [UInt8]) -> [UInt8] {
      let order = fortran ? "True" : "False"
      let text = "{'descr': '\(descriptor)', 'fortran_order': \(order), 'shape': (2, 3), }\n"
      return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0] + Array(text.utf8)
        + body
    }
    let fortran = try NumpyArray(
      decoding: file("|u1", fortran: true, [1, 4, 2, 5, 3, 6]), path: "memory")
    #expect(
      fortran == .numbers(StoredTensor(type: .uint8, shape: [2, 3], bytes: [1, 2, 3, 4, 5, 6])))
    let body = (1...6).flatMap { [UInt8(0), UInt8($0)] }
    let big = try NumpyArray(decoding: file(">u2", fortran: false, body), path: "memory")
    guard case .numbers(let tensor) = big else {
      Issue.record("not numbers")
      return
    }
    #expect(tensor.integers() == [1, 2, 3, 4, 5, 6])
  }

  @Test(
    "Malformed arrays are refused without allocating what they ask for",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
    arguments: ["bad_header.npy", "huge_shape.npy", "short_data.npy"])
  func malformed(name: String) throws {
    let path = try SharedData.url("data/bad/npz/\(name)").path
    let bytes = try InputFile.bytes(of: path)
    #expect(throws: FileError.self) { try NumpyArray(decoding: bytes, path: path) }
  }

  @Test(
    "Deflated archives made by NumPy are read",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func deflated() throws {
    let folder = try SharedData.url("data/trackers/amass_layout")
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let archive = try NumpyArchive(contentsOf: folder.appending(path: file).path)
      #expect(archive.arrays["poses"]?.shape.last == 156)
      #expect(archive.strings["gender"]?.count == 1)
    }
  }
}
