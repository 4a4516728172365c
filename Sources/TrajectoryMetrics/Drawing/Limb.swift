public import Geometry

/// A part of a body to draw: a rounded line through points in the world [m].
public struct Limb: Sendable {
  /// Which side of the body it is on, for a camera to the right of it.
  public enum Side: Sendable {
    case near, middle, far
  }

  /// The points of the line [m].
  public var points: [Vector3]
  /// The thickness [m].
  public var width: Double
  /// The side of the body.
  public var side: Side

  /// A limb.
  public init(points: [Vector3], width: Double, side: Side = .middle) {
    (self.points, self.width, self.side) = (points, width, side)
  }
}
