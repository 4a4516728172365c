import CZip

/// A `.npz` file: NumPy arrays by name in a zip archive, stored or deflated.
public struct NumpyArchive: Sendable {
  /// The arrays of numbers by name.
  public var arrays: [String: StoredTensor]
  /// The arrays of texts by name.
  public var strings: [String: [String]]
  /// Arrays that could not be read (objects, unknown types) with the reason.
  public private(set) var unreadable: [String: String] = [:]

  /// Arrays in the file that were not requested.
  private var others: [String] = []

  /// The default limit of unpacked data [bytes].
  public static let unpackedLimit = 1 << 30
  /// What an archive may always unpack to, however small it is [bytes].
  private static let freeExpansion = 64 << 20
  /// How many times its own size a larger archive may unpack to; numbers that were measured come
  /// to 10, nothing but zeros to 1000.
  private static let mostExpansion = 64

  /// An archive with these contents.
  public init(arrays: [String: StoredTensor] = [:], strings: [String: [String]] = [:]) {
    self.arrays = arrays
    self.strings = strings
  }

  /// Reads an archive; arrays of unknown types are listed in `unreadable`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - wanted: The arrays to unpack; nil for all. A dictionary that was pickled into an array of
  ///     objects and is wanted gives arrays whose names begin with its own and `/`.
  ///   - limit: How much is unpacked at most, of one array and of all together [bytes]; of an
  ///     archive that is much smaller no more than 64 MiB or 64 times its size.
  public init(
    contentsOf path: String, wanting wanted: Set<String>? = nil, limit: Int = unpackedLimit
  ) throws(FileError) {
    try self.init(
      decoding: InputFile.bytes(of: path), path: path, wanting: wanted, limit: limit)
  }

  /// Decodes an archive's bytes; the path is for the error's sentence.
  public init(
    decoding bytes: [UInt8], path: String, wanting wanted: Set<String>? = nil,
    limit: Int = unpackedLimit
  ) throws(FileError) {
    var arrays: [String: StoredTensor] = [:]
    var strings: [String: [String]] = [:]
    var unreadable: [String: String] = [:]
    var others: [String] = []
    func isWanted(_ file: String) -> Bool {
      guard file.hasSuffix(".npy") else { return false }
      let name = String(file.dropLast(4))
      guard let wanted, !wanted.contains(name) else { return true }
      others.append(name)
      return false
    }
    let expanded = max(Self.freeExpansion, Self.mostExpansion * bytes.count)
    // One file at a time, so that no more than one is there twice.
    let reading = ZipArchive.read(bytes, limit: min(limit, expanded), where: isWanted) {
      file, content in
      let name = String(file.dropLast(4))
      if wanted != nil, let pickle = NumpyArray.objects(in: content) {
        do throws(PickleFault) {
          let objects = NumpyArchive(try PickleReader.read(pickle), named: name)
          arrays.merge(objects.arrays) { $1 }
          strings.merge(objects.strings) { $1 }
        } catch {
          unreadable[name] = error.reason
        }
        return
      }
      do throws(FileError) {
        switch try NumpyArray(decoding: content, path: path) {
        case .numbers(let tensor): arrays[name] = tensor
        case .texts(let texts): strings[name] = texts
        }
      } catch {
        unreadable[name] = error.reason
      }
    }
    if case .failure(let failure) = reading {
      throw .malformed(path: path, reason: "not an .npz archive: \(failure.reason)")
    }
    self.arrays = arrays
    self.strings = strings
    self.unreadable = unreadable
    self.others = others
    guard !names.isEmpty else {
      throw .malformed(path: path, reason: "the archive holds no .npy array")
    }
  }

  /// The names of all arrays in the file.
  public var names: [String] {
    (Array(arrays.keys) + Array(strings.keys) + Array(unreadable.keys) + others).sorted()
  }

  /// The array of a name; the path is for the error's sentence.
  public func array(_ name: String, in path: String) throws(FileError) -> StoredTensor {
    if let array = arrays[name] { return array }
    if let reason = unreadable[name] {
      throw .malformed(path: path, reason: "array '\(name)': \(reason)")
    }
    throw .malformed(
      path: path, reason: "array '\(name)' is missing; it has \(names.shownList)")
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
