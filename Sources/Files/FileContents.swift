import CZip
import Foundation

/// Detects the contents of a file from its header or directory, without reading all of it.
public enum FileContents {
  /// The longest header that is looked at [bytes].
  private static let headerLimit = 16 << 20

  /// The texts that a safetensors file has about itself; nil where it is no such file or has none.
  public static func safetensorsMetadata(of path: String) -> [String: String]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let start = bytes(descriptor, at: 0, count: 8)
    else { return nil }
    let length = start.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= headerLimit, Int(length) <= Int(status.st_size) - 8,
      let header = bytes(descriptor, at: 8, count: Int(length)),
      let object = try? JSONSerialization.jsonObject(with: Data(header)) as? [String: Any]
    else { return nil }
    return object["__metadata__"] as? [String: String]
  }

  /// The names of the arrays of an .npz archive; nil where the file is no archive.
  public static func archiveNames(of path: String) -> Set<String>? {
    var code: Int32 = 0
    guard let archive = FileName.withBytes(path, { zip_open($0, ZIP_RDONLY, &code) }) else {
      return nil
    }
    defer { zip_discard(archive) }
    var names: Set<String> = []
    for index in 0..<zip_uint64_t(max(0, zip_get_num_entries(archive, 0))) {
      guard let name = zip_get_name(archive, index, 0) else { continue }
      let text = String(cString: name)
      names.insert(text.hasSuffix(".npy") ? String(text.dropLast(4)) : text)
    }
    return names
  }

  /// So many bytes of an open file; nil where it has fewer.
  private static func bytes(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, got in
      while got < count {
        let read = pread(
          descriptor, buffer.baseAddress.map { $0 + got }, count - got, off_t(offset + got))
        if read < 0, errno == EINTR { continue }
        guard read > 0 else { return }
        got += read
      }
    }
    return bytes.count == count ? bytes : nil
  }
}
