public import Files

/// An error of a motion model; its description is one sentence.
public enum GenerationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file that cannot be read or written.
  case file(FileError)
  /// An invalid model file.
  case model(path: String, reason: String)
  /// An invalid dataset shard.
  case pack(path: String, reason: String)
  /// A request that the model cannot satisfy.
  case request(String)
  /// A training that cannot begin or continue.
  case training(String)

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .model(let path, let reason), .pack(let path, let reason): "'\(path)': \(reason)"
    case .request(let reason), .training(let reason): reason
    }
  }
}
