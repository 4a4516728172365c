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

  @Test("An array of three dimensions in Fortran's order is turned round")
  func fortran() throws {
    let shape = [3, 1, 4, 5]
    var body: [UInt8] = []
    // The first index runs fastest.
    for k in 0..<5 { for j in 0..<4 { for i in 0..<3 { body += [UInt8(i * 20 + j * 5 + k), 9] } } }
    let text = "{'descr': '<u2', 'fortran_order': True, 'shape': (3, 1, 4, 5), }\n"
    let bytes =
      [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0] + Array(text.utf8) + body
    guard case .numbers(let tensor) = try NumpyArray(decoding: bytes, path: "memory") else {
      Issue.record("not numbers")
      return
    }
    #expect(tensor.shape == shape && tensor.integers() == (0..<60).map { 9 * 256 + $0 })
  }

  @Test("Only the arrays that are wanted are unpacked, and the others still named")
  func wanted() throws {
    let archive = NumpyArchive(arrays: [
      "a": StoredTensor([1, 2] as [Double], shape: [2]),
      "b": StoredTensor([Double](repeating: 0, count: 1000), shape: [1000]),
    ])
    let bytes = try archive.encoded()
    let some = try NumpyArchive(decoding: bytes, path: "x", wanting: ["a", "c"], limit: 200)
    #expect(Array(some.arrays.keys) == ["a"] && some.names == ["a", "b"])
    let error = #expect(throws: FileError.self) { try some.array("c", in: "x") }
    #expect(error?.reason.contains("'a', 'b'") == true)
  }

  @Test("No more is unpacked than the limit, of one array or of all together")
  func limit() throws {
    let half = StoredTensor([Double](repeating: 0, count: 1000), shape: [1000])
    let bytes = try NumpyArchive(arrays: ["a": half, "b": half]).encoded()
    #expect(throws: Never.self) {
      try NumpyArchive(decoding: bytes, path: "x", limit: 2 * 8128)
    }
    for limit in [8000, 2 * 8128 - 1] {
      let error = #expect(throws: FileError.self) {
        try NumpyArchive(decoding: bytes, path: "x", limit: limit)
      }
      #expect(error?.reason.contains("\(limit)") == true)
    }
  }

  @Test("Arrays of a great many texts, and headers without an end, are refused")
  func greedy() {
    func file(_ text: String, _ body: Int) -> [UInt8] {
      var length: [UInt8] = []
      withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { length += $0 }
      return [0x93] + Array("NUMPY".utf8) + [2, 0] + length + Array(text.utf8)
        + [UInt8](repeating: 0, count: body)
    }
    let dictionary = "{'descr': '|S1', 'fortran_order': True, 'shape': "
    let ones = String(repeating: "1,", count: 100)
    for (header, body) in [
      (dictionary + "(20000000,)}", 20_000_000), (dictionary + "(\(ones))}", 1),
      (dictionary + "(1,)}" + String(repeating: " ", count: 100_000), 1),
    ] {
      #expect(throws: FileError.self) {
        try NumpyArray(decoding: file(header, body), path: "x")
      }
    }
  }

  @Test("Thousands of damaged archives are refused or read within bounds, never a crash")
  func fuzz() throws {
    let good = try NumpyArchive(
      arrays: [
        "x": StoredTensor([1, 2, 3] as [Double], shape: [3]), "y": StoredTensor([1.0], shape: []),
      ],
      strings: ["names": ["hip", "knee"]]
    ).encoded()
    let array = NumpyArray.texts(["hip", "knee"]).encoded()
    var random = Damage(seed: 2)
    for _ in 0..<3000 {
      let bytes = random.damaged(good)
      let read = try? NumpyArchive(decoding: bytes, path: "x", limit: 1 << 20)
      #expect(read?.arrays.values.allSatisfy { $0.bytes.count <= 1 << 20 } ?? true)
      // The checksum hides most damage from the array's own reader.
      let alone = random.damaged(array)
      if case .texts(let texts)? = try? NumpyArray(decoding: alone, path: "x") {
        #expect(texts.count <= alone.count)
      }
    }
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
