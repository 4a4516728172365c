import Files

/// A file of lines that is written while a robot moves: whole at the end, or not there.
struct LiveFile: ~Copyable {
  private var stream: AtomicStream
  private var failure: FileError?

  /// A file with its first line.
  init(_ path: String, header: String) throws(FileError) {
    var stream = try AtomicStream(path: path)
    try stream.append(Array(header.utf8))
    self.stream = stream
  }

  /// Adds lines; after a failure nothing more.
  mutating func append(_ text: String) {
    guard failure == nil, !text.isEmpty else { return }
    do throws(FileError) { try stream.append(Array(text.utf8)) } catch { failure = error }
  }

  /// Gives the file its name; after a failure it is removed, and the failure returned.
  consuming func close() -> FileError? {
    if let failure { return failure }
    do throws(FileError) { try stream.commit() } catch { return error }
    return nil
  }
}
