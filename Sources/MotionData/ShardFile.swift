import Files
import Foundation

extension DatasetShard {
  /// The header of a shard.
  struct Header {
    static let version = 3
    static let size = 64
    private static let magic = Array("motionc-pack\n".utf8) + [0, 0, 0]

    var version = Header.version
    var tableOffset = 0
    var tableSize = 0
    /// The first 24 bytes of the table's SHA-256, in hexadecimal.
    var fingerprint = ""

    init(tableOffset: Int, table: [UInt8]) {
      self.tableOffset = tableOffset
      tableSize = table.count
      fingerprint = String(Fingerprint.sha256(table).prefix(48))
    }

    /// Reads a header; nil where the bytes are none.
    init?(decoding bytes: [UInt8]) {
      guard bytes.count == Self.size, bytes.starts(with: Self.magic) else { return nil }
      func number(_ range: Range<Int>) -> UInt64 {
        bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      }
      guard let offset = Int(exactly: number(24..<32)), let size = Int(exactly: number(32..<40))
      else { return nil }
      version = Int(number(16..<20))
      guard number(20..<24) == 0 else { return nil }
      tableOffset = offset
      tableSize = size
      fingerprint = bytes[40..<64].map {
        let digits = String($0, radix: 16)
        return digits.count < 2 ? "0\(digits)" : digits
      }.joined()
    }

    /// The end of the table in the file [bytes]; nil if that overflows.
    var tableEnd: Int? {
      let (end, overflow) = tableOffset.addingReportingOverflow(tableSize)
      return overflow ? nil : end
    }

    var encoded: [UInt8] {
      var bytes = Self.magic
      for word in [UInt64(version), UInt64(tableOffset), UInt64(tableSize)] {
        withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
      }
      let digits = Array(fingerprint.utf8)
      for at in stride(from: 0, to: digits.count, by: 2) {
        bytes.append(UInt8(String(decoding: digits[at..<(at + 2)], as: UTF8.self), radix: 16) ?? 0)
      }
      return bytes
    }
  }

  /// A checksum of a clip's bytes: FNV-1a over words of eight bytes, fast enough for
  /// hours of motion.
  struct Checksum {
    /// Bytes that are added at a time, all but the last time; a multiple of eight.
    static let block = 1 << 20
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ bytes: [UInt8]) {
      bytes.withUnsafeBytes { buffer in
        let whole = buffer.count / 8 * 8
        for at in stride(from: 0, to: whole, by: 8) {
          add(UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
        }
        for at in whole..<buffer.count { add(UInt64(buffer[at])) }
      }
    }

    private mutating func add(_ word: UInt64) {
      value = (value ^ word) &* 0x100_0000_01b3
      // The product alone carries changes upwards only.
      value ^= value >> 29
    }
  }

  /// A file that is open for reading.
  ///
  /// A class, so that it is closed once, when no shard has it.
  final class OpenFile: Sendable {
    /// The bytes of the file when it was opened.
    let size: Int
    private let descriptor: Int32

    init(_ path: String) throws(FileError) {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else {
        throw .unreadable(path: path, reason: String(cString: strerror(errno)))
      }
      var status = stat()
      guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        throw .unreadable(path: path, reason: "it is not a file")
      }
      size = Int(status.st_size)
      self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Calls `body` with bytes of the file; false where they are not all there.
    func withBytes(
      at offset: Int, count: Int, _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Bool {
      guard offset >= 0, count >= 0, count <= size, offset <= size - count else { return false }
      return withUnsafeTemporaryAllocation(byteCount: count, alignment: 16) { buffer in
        guard fill(buffer, from: offset) else { return false }
        body(UnsafeRawBufferPointer(buffer))
        return true
      }
    }

    /// Bytes of the file; nil where they are not all there.
    func bytes(at offset: Int, count: Int) -> [UInt8]? {
      guard offset >= 0, count >= 0, count <= size, offset <= size - count else { return nil }
      var isWhole = false
      let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        isWhole = fill(UnsafeMutableRawBufferPointer(buffer), from: offset)
        filled = isWhole ? count : 0
      }
      return isWhole ? bytes : nil
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer, from offset: Int) -> Bool {
      var done = 0
      while done < buffer.count {
        let got = pread(
          descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done,
          off_t(offset + done))
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { return false }
        done += got
      }
      return true
    }
  }
}
