public import Files

/// An error in a motion file or request; its description is one sentence.
public enum MotionError: CategorizedError, Equatable, Sendable {
  /// The file cannot be opened or read.
  case unreadable(path: String, reason: String)
  /// A syntax error; line and column count from one.
  case malformedText(path: String, line: Int, column: Int, reason: String)
  /// Invalid contents.
  case malformed(path: String, reason: String)
  /// A skeleton whose joint names no table knows.
  case unknownSkeleton(path: String, reason: String)
  /// A joint name that the canonical skeleton does not have.
  case unknownJoint(name: String, known: [String])
  /// A file that could not be written.
  case unwritable(reason: String)
  /// A request that makes no sense (a rate of zero, a slice outside of the clip).
  case invalidRequest(reason: String)

  /// The kind of failure.
  public var category: ErrorCategory {
    switch self {
    case .unreadable: .noInput
    case .unwritable: .cannotCreate
    case .malformedText, .malformed, .unknownSkeleton, .unknownJoint, .invalidRequest: .data
    }
  }

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "'\(path.shownPath)' cannot be read: \(reason.shownReason)"
    case .malformedText(let path, let line, let column, let reason):
      "'\(path.shownPath)', line \(line), column \(column): \(reason.shownReason)"
    case .malformed(let path, let reason): "'\(path.shownPath)': \(reason.shownReason)"
    case .unknownSkeleton(let path, let reason): "'\(path.shownPath)': \(reason.shownReason)"
    case .unknownJoint(let name, let known):
      "there is no joint '\(name.printable)'; the joints are \(known.joined(separator: ", "))"
    case .unwritable(let reason): reason.shownReason
    case .invalidRequest(let reason): reason.shownReason
    }
  }
}
