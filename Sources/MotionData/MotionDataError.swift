public import Files

/// An error of the motion datasets; its description is one sentence.
public enum MotionDataError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file that cannot be read or written.
  case file(FileError)
  /// A dataset shard that is invalid.
  case shard(path: String, reason: String)
  /// A request that the data cannot satisfy.
  case request(String)

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .shard(let path, let reason): "'\(path)': \(reason)"
    case .request(let reason): reason
    }
  }
}
