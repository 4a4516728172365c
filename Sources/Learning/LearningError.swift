public import Files

/// An error of training, apart from files; its description is one sentence.
public enum LearningError: CategorizedError, Equatable, Sendable {
  /// The gradient is not finite.
  case diverged(step: Int, norm: Float)
  /// A term of the loss is not finite.
  case divergedTerm(step: Int, term: String, value: Float)
  /// A checkpoint or model belongs to another network, or training.
  case mismatch(path: String, reason: String)

  /// The kind of failure.
  public var category: ErrorCategory {
    .data
  }

  /// The sentence for the user.
  public var description: String { sentence.shownReason }

  private var sentence: String {
    switch self {
    case .diverged(let step, let norm):
      "training step \(step): the norm of the gradient is \(norm), a finite number expected"
    case .divergedTerm(let step, let term, let value):
      "training step \(step): the loss term '\(term)' is \(value), a finite number expected; the "
        + "last checkpoint is kept"
    case .mismatch(let path, let reason): "'\(path)': \(reason)"
    }
  }
}
