/// An error of reading or writing a file; its description is one sentence.
public enum FileError: CategorizedError, Equatable, Sendable {
  /// The file does not exist or cannot be read.
  case unreadable(path: String, reason: String)
  /// The file's contents are invalid.
  case malformed(path: String, reason: String)
  /// The file cannot be written (folder missing or read-only: exit code 73).
  case cannotCreate(path: String, reason: String)
  /// Writing began and failed (disk full: exit code 74); the old file is as it was.
  case writeFailed(path: String, reason: String)

  /// The kind of failure.
  public var category: ErrorCategory {
    switch self {
    case .unreadable: .noInput
    case .malformed: .data
    case .cannotCreate: .cannotCreate
    case .writeFailed: .inputOutput
    }
  }

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "'\(path.shownPath)' cannot be read: \(reason.shownReason)"
    case .malformed(let path, let reason): "'\(path.shownPath)': \(reason.shownReason)"
    case .cannotCreate(let path, let reason):
      "'\(path.shownPath)' cannot be created: \(reason.shownReason)"
    case .writeFailed(let path, let reason):
      "'\(path.shownPath)' could not be written: \(reason.shownReason)"
    }
  }

  /// The reason without the path, for errors that name the path themselves.
  public var reason: String {
    switch self {
    case .unreadable(_, let reason), .malformed(_, let reason), .cannotCreate(_, let reason),
      .writeFailed(_, let reason):
      reason
    }
  }
}
