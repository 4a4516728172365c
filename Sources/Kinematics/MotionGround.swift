/// The ground that a motion was made to stand on, which nothing of the robot shall be below.
///
/// It is z = 0; on stairs each foot has a step of its own.
public struct MotionGround: Sendable, Hashable {
  /// A foot and what is under it.
  public struct Foot: Sendable, Hashable {
    /// The names of the foot's links.
    public var links: Set<String>
    /// The height of the ground under it in each of the motion's frames [m].
    public var heights: [Double]

    /// A foot of these links over ground of these heights.
    public init(links: Set<String>, heights: [Double]) {
      (self.links, self.heights) = (links, heights)
    }
  }

  /// The feet that stand on something else than z = 0 at times.
  public var feet: [Foot]

  /// The ground z = 0, and what feet stand on above it.
  public init(feet: [Foot] = []) { self.feet = feet }
}
