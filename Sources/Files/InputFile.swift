import Foundation

/// Reading a whole file, within bounds.
public enum InputFile {
  /// The bytes of a regular file; refuses folders, devices and files above a size [bytes].
  public static func bytes(of path: String, limit: Int = 2 << 30) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(
        path: path,
        reason: FileSystem.kind(of: path) == .folder
          ? "it is a folder; name the files in it" : "it is not a file")
    }
    let size = Int(status.st_size)
    guard size <= limit else {
      throw .unreadable(path: path, reason: "it has \(size) bytes, more than the \(limit) allowed")
    }
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = errno }
        guard got > 0 else { return }
        count += got
      }
    }
    guard failure == 0 else {
      throw .unreadable(path: path, reason: String(cString: strerror(failure)))
    }
    return bytes
  }

  /// The text of a UTF-8 file, without its byte-order mark.
  public static func text(of path: String, limit: Int = 256 << 20) throws(FileError) -> String {
    let bytes = try bytes(of: path, limit: limit)
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let body = bytes.starts(with: mark) ? bytes[3...] : bytes[...]
    guard let text = String(validating: body, as: UTF8.self) else {
      throw .malformed(path: path, reason: "it is not UTF-8 text")
    }
    return text
  }
}
