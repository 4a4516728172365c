public import Geometry

/// A ball swept along a segment; a ball where the segment has no length.
public struct Capsule: Sendable, Hashable {
  /// The ends of the segment [m].
  public var from, to: Vector3
  /// The radius [m].
  public var radius: Double

  /// A capsule about a segment [m].
  public init(from: Vector3, to: Vector3, radius: Double) {
    (self.from, self.to, self.radius) = (from, to, radius)
  }

  /// The capsule in another frame.
  public func moved(by pose: Pose) -> Capsule {
    Capsule(from: pose * from, to: pose * to, radius: radius)
  }

  /// The distance of the surfaces [m]; negative by how deep the two overlap.
  ///
  /// In closed form: the distance of the segments less both radii.
  public func distance(to other: Capsule) -> Double {
    let points = Self.closestPoints(from, to, other.from, other.to)
    return (points.first - points.second).length - radius - other.radius
  }

  /// The points of both axes that are nearest to each other [m].
  public func closestPoints(to other: Capsule) -> (first: Vector3, second: Vector3) {
    Self.closestPoints(from, to, other.from, other.to)
  }

  /// The points of two segments that are nearest to each other.
  ///
  /// The line parameters that minimise the squared distance, clamped one after the other to the
  /// segments (Ericson, "Real-Time Collision Detection", 2004, section 5.1.9); segments without
  /// length and parallel ones included.
  static func closestPoints(
    _ a: Vector3, _ b: Vector3, _ c: Vector3, _ d: Vector3
  ) -> (first: Vector3, second: Vector3) {
    let (u, v, w) = (b - a, d - c, a - c)
    let (uu, vv, uw, vw) = (u.squaredLength, v.squaredLength, u.dot(w), v.dot(w))
    guard uu > 0 else {
      return (a, c + v * (vv > 0 ? clamped(vw / vv) : 0))
    }
    guard vv > 0 else { return (a + u * clamped(-uw / uu), c) }
    let uv = u.dot(v)
    let determinant = uu * vv - uv * uv
    var s = determinant > 1e-14 * uu * vv ? clamped((uv * vw - uw * vv) / determinant) : 0
    var t = (uv * s + vw) / vv
    if !(t >= 0) {
      t = 0
      s = clamped(-uw / uu)
    } else if t > 1 {
      t = 1
      s = clamped((uv - uw) / uu)
    }
    return (a + u * s, c + v * t)
  }

  private static func clamped(_ value: Double) -> Double { min(max(value, 0), 1) }
}

extension LinkShape {
  /// The most capsules that a plate is made of.
  private static let mostRows = 12

  /// Capsules, in the link's frame, that fill the shape from inside.
  ///
  /// A ball is itself. A cylinder longer than it is wide is one capsule of its length and radius; a
  /// flatter one, and a box, is a row of at most 12 parallel capsules as thick as the shape's least
  /// extent. The union lies within the shape: rims and corners are rounded, at most by the least extent
  /// times 0.21 along an edge and 0.37 at a corner; faces have grooves of at most 0.07 of it between
  /// capsules, and deeper ones where 12 are too few.
  ///
  /// A mesh is filled within the hulls of its slices.
  public var capsules: [Capsule] { capsules(rows: Self.mostRows) }

  /// The capsules, with another number of rows at most.
  func capsules(rows: Int) -> [Capsule] {
    switch kind {
    case .sphere(let radius):
      return [Capsule(from: .zero, to: .zero, radius: radius).moved(by: linkFromShape)]
    case .cylinder(let radius, let length):
      guard length < 2 * radius else {
        let end = Vector3(0, 0, length / 2 - radius)
        return [Capsule(from: -end, to: end, radius: radius).moved(by: linkFromShape)]
      }
      return Self.rows(across: 2 * radius, thickness: length, most: rows) { place in
        let reach = radius - length / 2
        let half = (max(0, reach * reach - place * place)).squareRoot()
        return (Vector3(-half, place, 0), Vector3(half, place, 0))
      }.map { $0.moved(by: linkFromShape) }
    case .mesh(let hull):
      return hull.capsules.map { $0.moved(by: linkFromShape) }
    case .box(let size):
      let axes = [0, 1, 2].sorted { size[$0] > size[$1] }
      let (long, middle, short) = (size[axes[0]], size[axes[1]], size[axes[2]])
      return Self.rows(across: middle, thickness: short, most: rows) { place in
        var end = Vector3.zero
        end[axes[0]] = (long - short) / 2
        var side = Vector3.zero
        side[axes[1]] = place
        return (side - end, side + end)
      }.map { $0.moved(by: linkFromShape) }
    }
  }

  /// Parallel capsules side by side over a width.
  private static func rows(
    across width: Double, thickness: Double, most: Int, _ segment: (Double) -> (Vector3, Vector3)
  ) -> [Capsule] {
    let span = width - thickness
    guard span > 1e-9, thickness > 0 else {
      let (from, to) = segment(0)
      return [Capsule(from: from, to: to, radius: thickness / 2)]
    }
    let count = Int(min(Double(max(most, 2)), (2 * span / thickness).rounded(.up) + 1))
    return (0..<count).map { row in
      let (from, to) = segment(span * (Double(row) / Double(count - 1) - 0.5))
      return Capsule(from: from, to: to, radius: thickness / 2)
    }
  }
}
