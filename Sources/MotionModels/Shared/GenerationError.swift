public import Files

/// An error of a motion model; its description is one sentence.
public enum GenerationError: CategorizedError, Equatable, Sendable {
  /// A file that cannot be read or written.
  case file(FileError)
  /// An invalid model file.
  case model(path: String, reason: String)
  /// A request that the model cannot satisfy.
  case request(String)
  /// A training that cannot begin or continue.
  case training(String)

  /// The kind of failure.
  public var category: ErrorCategory {
    switch self {
    case .file(let error): error.category
    case .model, .request, .training: .data
    }
  }

  /// The sentence for the user.
  public var description: String { sentence.shownReason }

  private var sentence: String {
    switch self {
    case .file(let error): "\(error)"
    case .model(let path, let reason): "'\(path)': \(reason)"
    case .request(let reason), .training(let reason): reason
    }
  }
}
