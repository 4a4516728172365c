public import Autodiff
public import Files

extension AutodiffError: CategorizedError {
  /// A library is missing.
  public var category: ErrorCategory { .unavailable }
}
