public import Geometry

/// A time in which a part of a robot's foot is held on the ground: none of its points moves.
///
/// The refinement of a motion asks for them; what a trajectory keeps of them is measured by
/// `SafeTrajectory.keepingFootholds`.
public struct Foothold: Sendable, Hashable {
  /// A point of a foot, and where it stays.
  public struct Point: Sendable, Hashable {
    /// The point in the frame of the foot's link [m].
    public var inLink: Vector3
    /// Where it stays in the world [m].
    public var inWorld: Vector3

    /// A point that stays where it is.
    public init(inLink: Vector3, inWorld: Vector3) {
      (self.inLink, self.inWorld) = (inLink, inWorld)
    }
  }

  /// The name of the link that the points are of.
  public var link: String
  /// The first and the last instant [s].
  public var start: Double, end: Double
  /// The points, at least one.
  public var points: [Point]

  /// A foot that is farther than this from where it should stay is not held [m].
  public static let tolerance = 0.025
  /// A foot that moves faster than this over the ground is not held [m/s].
  public static let stillness = 0.05
  /// What stays for a shorter time than this is not held [s].
  public static let shortest = 0.08
  /// Clocks that were multiplied and divided differ by less than this [s].
  public static let rounding = 1e-6

  /// A foothold.
  public init(link: String, start: Double, end: Double, points: [Point]) {
    (self.link, self.start, self.end, self.points) = (link, start, end, points)
  }

  /// The same in a motion that is so many times slower.
  public func slowed(by factor: Double) -> Foothold {
    var result = self
    (result.start, result.end) = (start * factor, end * factor)
    return result
  }

  /// Whether the points are held from one instant to another [s].
  public func holds(from first: Double, to last: Double) -> Bool {
    first >= start - Self.rounding && last <= end + Self.rounding
  }
}
