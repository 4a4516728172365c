import Files
import Foundation
import TestSupport
import Testing

@Suite("Safetensors files")
struct SafetensorsTests {
  let path = FileManager.default.temporaryDirectory
    .appending(path: "motionc-\(UUID().uuidString).safetensors").path

  @Test("What is written is read back, with names and texts that need escaping")
  func roundTrip() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = Safetensors(
      metadata: ["a \"quoted\"\nline": "Ärger\u{1}"],
      tensors: [
        "weights": StoredTensor([1.5, -2, .infinity] as [Float], shape: [3, 1]),
        "empty": StoredTensor([] as [Double], shape: [0, 4]),
        "count": StoredTensor([Int64.max], shape: []),
      ])
    try file.write(to: path)
    let again = try Safetensors(contentsOf: path)
    #expect(again.metadata == file.metadata)
    #expect(again.tensors == file.tensors)
    #expect(file.encoded() == again.encoded())
    #expect(file.encoded().count % 4 == 0)
  }

  @Test("A file cut anywhere is refused or the same, never a crash")
  func cut() throws {
    let bytes = Safetensors(tensors: ["x": StoredTensor([1, 2, 3] as [Double], shape: [3])])
      .encoded()
    for length in 0..<bytes.count {
      #expect(throws: FileError.self) {
        try Safetensors(decoding: Array(bytes.prefix(length)), path: "cut")
      }
    }
  }

  @Test("Every single-byte damage of a header is refused or read within bounds")
  func damaged() {
    let bytes = Safetensors(tensors: ["x": StoredTensor([1, 2, 3] as [Double], shape: [3])])
      .encoded()
    for position in bytes.indices {
      for value: UInt8 in [0, 0x22, 0x2D, 0x39, 0x7B, 0xFF] {
        var damaged = bytes
        damaged[position] = value
        let read = try? Safetensors(decoding: damaged, path: "damaged")
        for tensor in read?.tensors.values.map({ $0 }) ?? [] {
          #expect(tensor.bytes.count <= 24)
        }
      }
    }
  }

  private func file(_ header: String, data: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
      + [UInt8](repeating: 1, count: data)
  }

  @Test(
    "Tensors that overlap, leave bytes out or lie beyond the end are refused",
    arguments: [
      ([(0, 4), (4, 8)], 8, true), ([(4, 8), (0, 4)], 8, true),
      ([(0, 0), (0, 8), (8, 8)], 8, true),
      ([], 0, true), ([], 8, false), ([(0, 4), (0, 4)], 4, false), ([(0, 4), (2, 6)], 6, false),
      ([(0, 4), (5, 8)], 8, false), ([(0, 4)], 8, false), ([(1, 8)], 8, false),
      ([(0, 8), (8, 9)], 8, false), ([(4, 4)], 0, false),
    ])
  func ranges(ranges: [(Int, Int)], data: Int, isGood: Bool) {
    let entries = ranges.enumerated().map { index, range in
      "\"t\(index)\":{\"dtype\":\"U8\",\"shape\":[\(range.1 - range.0)],"
        + "\"data_offsets\":[\(range.0),\(range.1)]}"
    }
    let bytes = file("{\(entries.joined(separator: ","))}", data: data)
    let read = try? Safetensors(decoding: bytes, path: "x")
    #expect((read?.tensors.count == ranges.count) == isGood)
    #expect((read == nil) == !isGood)
  }

  @Test("Thousands of damaged files are refused or read within their size, never a crash")
  func fuzz() {
    let tensors = [
      "weights": StoredTensor([1.5, -2, 3] as [Float], shape: [3, 1]),
      "more": StoredTensor([1, 2] as [Double], shape: [2]),
      "empty": StoredTensor([] as [Double], shape: [0, 4]),
    ]
    let good = Safetensors(metadata: ["format": "x"], tensors: tensors).encoded()
    var random = Damage(seed: 1)
    for _ in 0..<5000 {
      let bytes = random.damaged(good)
      guard let read = try? Safetensors(decoding: bytes, path: "x") else { continue }
      #expect(read.tensors.values.reduce(0) { $0 + $1.bytes.count } <= bytes.count)
    }
  }

  @Test("A missing tensor's error lists those that exist")
  func missing() {
    let file = Safetensors(tensors: ["here": StoredTensor([1] as [Float], shape: [1])])
    let error = #expect(throws: FileError.self) { try file.tensor("gone") }
    #expect(error?.description.contains("here") == true)
  }
}

@Suite("Fingerprints")
struct FingerprintTests {
  @Test(
    "SHA-256 gives the values of FIPS 180-4's examples",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        String(repeating: "a", count: 64),
        "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"
      ),
    ])
  func examples(text: String, digest: String) {
    #expect(Fingerprint.sha256(Array(text.utf8)) == digest)
  }

  @Test("SHA-256 of every length around its blocks is right, and of a million letters")
  func lengths() {
    // The digests of 0...200 bytes of 0, 1, 2, ... one behind the other, by Python's hashlib.
    let all = (0...200).map { length in
      Fingerprint.sha256((0..<length).map { UInt8($0 % 251) })
    }
    #expect(
      Fingerprint.sha256(Array(all.joined().utf8))
        == "b367ea311264aae50e6260b96a10761169ce3eec5d5f8f2258351f82c7252776")
    #expect(
      Fingerprint.sha256([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test("SHA-256 takes a hundred megabytes in a second")
  func speed() {
    let bytes = [UInt8](repeating: 7, count: 16 << 20)
    let clock = ContinuousClock()
    let times = (0..<5).map { _ in clock.measure { _ = Fingerprint.sha256(bytes) } }
    let rate = 16.8 / ((times.min() ?? .zero) / .seconds(1))
    print("SHA-256: \(Int(rate)) MB/s")
    // A loaded machine gets no more than a share of that; arrays in each round took 3 MB/s.
    #expect(rate > 25)
  }
}
