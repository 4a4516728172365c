/// What this module cannot do in the world it finds.
public enum AutodiffError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The library of matrix products is not there.
  case libraryMissing(reason: String)

  /// The sentence for the user.
  public var description: String {
    switch self {
    case .libraryMissing(let reason): reason
    }
  }
}
