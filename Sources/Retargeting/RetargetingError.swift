public import Files

/// An error of retargeting; its description is one sentence.
public enum RetargetingError: CategorizedError, Equatable, Sendable {
  /// A mapping does not fit its robot or is not well formed.
  case mapping(String)
  /// A file cannot be read.
  case file(FileError)
  /// A motion cannot be used.
  case motion(String)
  /// Training cannot begin or continue.
  case training(String)

  /// The kind of failure.
  public var category: ErrorCategory {
    switch self {
    case .file(let error): error.category
    case .mapping, .motion, .training: .data
    }
  }

  /// The sentence for the user.
  public var description: String { sentence.shownReason }

  private var sentence: String {
    switch self {
    case .mapping(let reason), .motion(let reason), .training(let reason): reason
    case .file(let error): error.description
    }
  }
}
