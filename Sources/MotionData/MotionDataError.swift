public import Files

/// What can go wrong with datasets of motion, in one sentence.
public enum MotionDataError: CategorizedError, Equatable, Sendable {
  /// A file that cannot be read or written.
  case file(FileError)
  /// A dataset shard that is not what it should be.
  case shard(path: String, reason: String)
  /// A request that the data cannot answer.
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
