import Files
import Foundation
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
}
