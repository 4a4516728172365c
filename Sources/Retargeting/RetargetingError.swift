public import Files

/// An error of retargeting; its description is one sentence.
public enum RetargetingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A mapping does not fit its robot or is not well formed.
  case mapping(String)
  /// A file cannot be read.
  case file(FileError)
  /// A model's file is invalid or was trained for something else.
  case model(path: String, reason: String)
  /// A motion cannot be used.
  case motion(String)
  /// Training cannot begin or continue.
  case training(String)

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .mapping(let reason), .motion(let reason), .training(let reason): reason
    case .file(let error): error.description
    case .model(let path, let reason): "model '\(path)': \(reason)"
    }
  }
}
