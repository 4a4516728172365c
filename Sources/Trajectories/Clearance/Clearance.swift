import Files

/// What is proven of a trajectory's distance from itself and from the ground, between samples too.
public struct Clearance: Sendable, Hashable {
  /// The distance of two bodies of the robot, or of one from the ground.
  public struct Gap: Sendable, Hashable {
    /// The body's name: that of its first link with geometry.
    public var first: String
    /// The other body's name; nil for the ground, the plane z = 0.
    public var second: String?
    /// The least distance found at an instant [m], negative by the depth of an overlap; infinite where
    /// no instant was near enough to be looked at closely.
    public var least: Double
    /// The time of `least` [s].
    public var time: Double
    /// The proven bound: at no instant is the distance less than this [m].
    public var bound: Double
    /// The first time around which it could neither be proven that the two stay apart nor be found that
    /// they touch [s]; nil where one of both is certain.
    public var unprovenTime: Double?

    /// Whether the two touch; a body touches the ground where it is deeper in it than
    /// `Clearance.groundTolerance`.
    public var touches: Bool { !(least >= allowed) }

    /// Whether it is proven that they do not touch.
    public var isProven: Bool { bound >= allowed }

    /// The distance below which the two touch [m].
    var allowed: Double { second == nil ? -Clearance.groundTolerance : 0 }

    /// The names of both, for sentences.
    public var name: String {
      "'\(first.printable)' and \(second.map { "'\($0.printable)'" } ?? "the ground")"
    }
  }

  /// Every pair of bodies that was checked.
  public let pairs: [Gap]
  /// Every body that was checked against the ground.
  public let ground: [Gap]
  /// Why no pair was checked, in one sentence; nil where pairs were.
  public let absenceOfPairs: String?
  /// Why the ground was not checked, in one sentence; nil where it was.
  public let absenceOfGround: String?
  /// The number of instants evaluated.
  public let instants: Int

  /// How deep in the ground a body counts as touching it [m]: feet that stand are on the ground.
  public static let groundTolerance = 0.005
  /// The distance beyond which no closer bound is sought [m].
  public static let attention = 0.05

  /// The gaps that touch: the deepest overlap of two bodies first, then the deepest in the ground.
  public var touches: [Gap] { Self.touching(pairs) + Self.touching(ground) }

  /// The gaps of which neither is certain.
  public var unproven: [Gap] { (pairs + ground).filter { $0.unprovenTime != nil } }

  /// The pair that comes nearest, by its proven bound.
  public var nearestPair: Gap? { pairs.min { $0.bound < $1.bound } }

  /// The body that comes nearest to the ground or deepest into it, by its proven bound.
  public var lowestBody: Gap? { ground.min { $0.bound < $1.bound } }

  private static func touching(_ gaps: [Gap]) -> [Gap] {
    gaps.filter(\.touches).sorted { $0.least < $1.least }
  }

  /// Refuses a trajectory that touches itself or the ground, or of which that is not certain.
  public func requireClear() throws(UnsafeMotion) {
    if let worst = touches.first {
      throw .touch(
        first: worst.first, second: worst.second, time: worst.time, depth: -worst.least)
    }
    if let doubtful = unproven.first {
      throw .clearanceUnproven(
        first: doubtful.first, second: doubtful.second, time: doubtful.unprovenTime ?? 0,
        distance: doubtful.least)
    }
  }
}
