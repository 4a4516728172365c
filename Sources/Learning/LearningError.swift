/// What can go wrong in training, apart from files.
public enum LearningError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The gradient holds something that is no number.
  case diverged(step: Int, norm: Float)
  /// A checkpoint or model belongs to another network, or training.
  case mismatch(path: String, reason: String)

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .diverged(let step, let norm):
      "training step \(step): the norm of the gradient is \(norm), a finite number expected"
    case .mismatch(let path, let reason): "'\(path)': \(reason)"
    }
  }
}
