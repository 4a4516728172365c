/// An error of this module; its description is one sentence.
public enum AutodiffError: Error, Equatable, Sendable, CustomStringConvertible {
  /// OpenBLAS could not be loaded.
  case libraryMissing(reason: String)

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .libraryMissing(let reason): reason
    }
  }
}
