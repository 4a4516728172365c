/// The strict rule by which foot skate is measured: a foot stands where it is low, however fast.
///
/// The floor is the 5th percentile of the heights of both feet. A rule that asked for slowness too,
/// as `Contact` does, would not see the feet that skate.
public struct LowFeet: Sendable {
  /// The height above the floor below which a foot stands [m].
  public static let height: Float = 0.05

  /// The height below which a foot stands [m].
  public let top: Float

  /// The rule for the heights of both feet over a motion [m], which must not be empty.
  public init(heights: [Float]) {
    precondition(!heights.isEmpty, "no heights of feet")
    top = heights.sorted()[heights.count / 20] + Self.height
  }

  /// Whether a foot stands from one height to the next [m].
  public func stands(from first: Float, to second: Float) -> Bool { first < top && second < top }
}
