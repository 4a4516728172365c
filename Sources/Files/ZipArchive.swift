import CZip

/// Zip archives in memory, by libzip.
enum ZipArchive {
  /// The most files of an archive, what the format without extensions can have.
  private static let mostEntries: zip_uint64_t = 65_535

  struct Failure: Error {
    let reason: String
  }

  /// Hands over the files of an archive in its order, one at a time.
  ///
  /// - Parameters:
  ///   - bytes: The archive.
  ///   - limit: How much is unpacked at most, of all files together [bytes].
  ///   - isWanted: Whether a file is unpacked at all, by its name.
  ///   - body: Takes a file's name and contents.
  static func read(
    _ bytes: [UInt8], limit: Int, where isWanted: (String) -> Bool,
    _ body: (String, [UInt8]) -> Void
  ) -> Result<Void, Failure> {
    bytes.withUnsafeBytes { buffer in
      var error = zip_error_t()
      zip_error_init(&error)
      defer { zip_error_fini(&error) }
      guard
        let source = zip_source_buffer_create(
          buffer.baseAddress, zip_uint64_t(buffer.count), 0, &error)
      else { return .failure(failure(&error)) }
      guard let archive = zip_open_from_source(source, ZIP_RDONLY, &error) else {
        zip_source_free(source)
        return .failure(failure(&error))
      }
      defer { zip_discard(archive) }
      var left = UInt64(limit)
      let count = zip_uint64_t(max(0, zip_get_num_entries(archive, 0)))
      guard count <= mostEntries else {
        return .failure(Failure(reason: "it has \(count) files, more than \(mostEntries)"))
      }
      for index in 0..<count {
        var status = zip_stat_t()
        guard zip_stat_index(archive, index, 0, &status) == 0, let name = status.name else {
          return .failure(Failure(reason: "entry \(index) cannot be described"))
        }
        let text = String(cString: name)
        guard isWanted(text) else { continue }
        guard status.size <= left else {
          return .failure(
            Failure(
              reason: "with '\(text.printable)' of \(status.size) bytes it unpacks to more than "
                + "the \(limit) allowed"))
        }
        left -= status.size
        guard let content = contents(index, of: archive, size: Int(status.size)) else {
          return .failure(
            Failure(
              reason: "'\(text.printable)' is damaged: \(String(cString: zip_strerror(archive)))"))
        }
        body(text, content)
      }
      return .success(())
    }
  }

  /// An archive of stored files with a fixed date, so that the same files give the same bytes.
  static func archive(of files: [(name: String, bytes: [UInt8])]) -> Result<[UInt8], Failure> {
    var error = zip_error_t()
    zip_error_init(&error)
    defer { zip_error_fini(&error) }
    guard let target = zip_source_buffer_create(nil, 0, 0, &error) else {
      return .failure(failure(&error))
    }
    zip_source_keep(target)
    defer { zip_source_free(target) }
    guard let archive = zip_open_from_source(target, ZIP_TRUNCATE, &error) else {
      zip_source_free(target)
      return .failure(failure(&error))
    }
    // libzip reads the contents when the archive is closed: they are gathered in one place that
    // lives as long.
    let contents = files.flatMap(\.bytes)
    return contents.withUnsafeBytes { buffer in
      var offset = 0
      for file in files {
        let start = buffer.baseAddress.map { $0 + offset }
        offset += file.bytes.count
        let source = zip_source_buffer(archive, start, zip_uint64_t(file.bytes.count), 0)
        let index = zip_file_add(archive, file.name, source, zip_flags_t(ZIP_FL_ENC_UTF_8))
        guard index >= 0 else {
          zip_source_free(source)
          zip_discard(archive)
          return .failure(Failure(reason: "'\(file.name)' cannot be added"))
        }
        zip_set_file_compression(archive, zip_uint64_t(index), ZIP_CM_STORE, 0)
        // The first day that a zip archive can say: 1 January 1980.
        zip_file_set_dostime(archive, zip_uint64_t(index), 0, 0x21, 0)
      }
      guard zip_close(archive) == 0 else {
        let reason = String(cString: zip_strerror(archive))
        zip_discard(archive)
        return .failure(Failure(reason: reason))
      }
      return bytes(of: target)
    }
  }

  private static func bytes(of source: OpaquePointer) -> Result<[UInt8], Failure> {
    var status = zip_stat_t()
    guard zip_source_open(source) == 0, zip_source_stat(source, &status) == 0 else {
      return .failure(Failure(reason: "the finished archive cannot be read back"))
    }
    defer { zip_source_close(source) }
    let size = Int(status.size)
    let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = max(0, Int(zip_source_read(source, buffer.baseAddress, zip_uint64_t(size))))
    }
    return result.count == size
      ? .success(result) : .failure(Failure(reason: "the finished archive cannot be read back"))
  }

  /// A file of the size that the archive states, or nil where it is damaged.
  private static func contents(
    _ index: zip_uint64_t, of archive: OpaquePointer, size: Int
  ) -> [UInt8]? {
    guard let file = zip_fopen_index(archive, index, 0) else { return nil }
    defer { zip_fclose(file) }
    // The size may lie, but memory that is not written to takes no room.
    let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = zip_fread(
          file, buffer.baseAddress.map { $0 + count }, zip_uint64_t(size - count))
        guard got > 0 else { return }
        count += Int(got)
      }
    }
    // The end must be read too, for that is where the checksum is compared.
    var beyond: UInt8 = 0
    return result.count == size && zip_fread(file, &beyond, 1) == 0 ? result : nil
  }

  private static func failure(_ error: inout zip_error_t) -> Failure {
    Failure(reason: String(cString: zip_error_strerror(&error)))
  }
}

extension Result where Failure == ZipArchive.Failure {
  /// The reason of a failure; empty for a success.
  var failureReason: String {
    if case .failure(let failure) = self { failure.reason } else { "" }
  }
}
