import Geometry

/// The convex outline of points on the ground.
struct SupportPolygon {
  /// The corners, counter-clockwise seen from above; heights are ignored.
  let corners: [Vector3]

  /// The outline of points; nil of none.
  ///
  /// By Andrew's monotone chain; points on one line give an outline without area.
  init?(_ points: [Vector3]) {
    let sorted = points.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    guard let first = sorted.first else { return nil }
    func chain(_ points: [Vector3]) -> [Vector3] {
      var hull: [Vector3] = []
      for point in points {
        while hull.count >= 2, Self.turn(hull[hull.count - 2], hull[hull.count - 1], point) <= 0 {
          hull.removeLast()
        }
        hull.append(point)
      }
      return hull.dropLast()
    }
    let hull = chain(sorted) + chain(sorted.reversed())
    corners = hull.isEmpty ? [first] : hull
  }

  private static func turn(_ a: Vector3, _ b: Vector3, _ c: Vector3) -> Double {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
  }

  /// How far a point is from the outline [m]: positive within, negative outside.
  func margin(of point: Vector3) -> Double {
    var nearest = Double.infinity
    var isInside = corners.count >= 3
    for (index, from) in corners.enumerated() {
      let to = corners[(index + 1) % corners.count]
      if Self.turn(from, to, point) < 0 { isInside = false }
      let (dx, dy) = (to.x - from.x, to.y - from.y)
      let length = dx * dx + dy * dy
      let along = ((point.x - from.x) * dx + (point.y - from.y) * dy) / max(length, 1e-300)
      let share = min(max(along, 0), 1)
      let (x, y) = (from.x + share * dx - point.x, from.y + share * dy - point.y)
      nearest = min(nearest, (x * x + y * y).squareRoot())
    }
    return isInside ? nearest : -nearest
  }
}
