public import Files

/// An error of the motion datasets; its description is one sentence.
public enum MotionDataError: CategorizedError, Equatable, Sendable {
  /// A file that cannot be read or written.
  case file(FileError)
  /// A dataset shard that is invalid.
  case shard(path: String, reason: String)
  /// A request that the data cannot satisfy.
  case request(String)

  /// The kind of failure.
  public var category: ErrorCategory {
    switch self {
    case .file(let error): error.category
    case .shard, .request: .data
    }
  }

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .shard(let path, let reason): "'\(path.shownPath)': \(reason.shownReason)"
    case .request(let reason): reason.shownReason
    }
  }
}
