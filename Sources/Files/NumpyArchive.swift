import CZip

/// A `.npz` file: NumPy arrays by name in a zip archive, stored or deflated.
public struct NumpyArchive: Sendable {
  /// The arrays of numbers by name.
  public var arrays: [String: StoredTensor]
  /// The arrays of texts by name.
  public var strings: [String: [String]]
  /// Arrays that could not be read (objects, unknown types) with the reason.
  public private(set) var unreadable: [String: String] = [:]

  /// The largest array that is unpacked [bytes].
  private static let entryLimit: UInt64 = 2 << 30

  /// An archive with these contents.
  public init(arrays: [String: StoredTensor] = [:], strings: [String: [String]] = [:]) {
    self.arrays = arrays
    self.strings = strings
  }

  /// Reads an archive; arrays of unknown types are listed in `unreadable`.
  public init(contentsOf path: String) throws(FileError) {
    try self.init(decoding: InputFile.bytes(of: path), path: path)
  }

  /// Decodes an archive's bytes; the path is for the error's sentence.
  public init(decoding bytes: [UInt8], path: String) throws(FileError) {
    arrays = [:]
    strings = [:]
    let entries = ZipArchive.entries(of: bytes, entryLimit: Self.entryLimit)
    guard case .success(let files) = entries else {
      throw .malformed(path: path, reason: "not an .npz archive: \(entries.failureReason)")
    }
    for (file, content) in files where file.hasSuffix(".npy") {
      let name = String(file.dropLast(4))
      do {
        switch try NumpyArray(decoding: content, path: path) {
        case .numbers(let tensor): arrays[name] = tensor
        case .texts(let texts): strings[name] = texts
        }
      } catch .malformed(_, let reason) {
        unreadable[name] = reason
      }
    }
    guard !(arrays.isEmpty && strings.isEmpty && unreadable.isEmpty) else {
      throw .malformed(path: path, reason: "the archive holds no .npy array")
    }
  }

  /// The names of all arrays in the file.
  public var names: [String] {
    (Array(arrays.keys) + Array(strings.keys) + Array(unreadable.keys)).sorted()
  }

  /// The array of a name; the path is for the error's sentence.
  public func array(_ name: String, in path: String) throws(FileError) -> StoredTensor {
    if let array = arrays[name] { return array }
    if let reason = unreadable[name] {
      throw .malformed(path: path, reason: "array '\(name)': \(reason)")
    }
    throw .malformed(
      path: path,
      reason: "array '\(name)' is missing; it has \(names.joined(separator: ", "))")
  }

  /// The archive's bytes: stored, with a fixed date, in the order of the names.
  public func encoded() throws(FileError) -> [UInt8] {
    var files: [(String, [UInt8])] = []
    for (name, tensor) in arrays { files.append((name, NumpyArray.numbers(tensor).encoded())) }
    for (name, texts) in strings { files.append((name, NumpyArray.texts(texts).encoded())) }
    files.sort { $0.0 < $1.0 }
    let result = ZipArchive.archive(of: files.map { ("\($0.0).npy", $0.1) })
    guard case .success(let bytes) = result else {
      throw .writeFailed(path: "archive", reason: result.failureReason)
    }
    return bytes
  }

  /// Writes the archive atomically.
  public func write(to path: String) throws(FileError) {
    try AtomicFile.write(encoded(), to: path)
  }
}
