public import Geometry

/// What is kept of a mesh: the outermost points of its convex hull, and capsules that fill it.
public struct MeshHull: Sendable, Hashable {
  /// Points of the mesh whose convex hull is that of all, but for what `flatness` allows, in the mesh's own
  /// frame [m].
  public let points: [Vector3]
  /// Capsules within convex hulls of the mesh's parts, in the same frame.
  let capsules: [Capsule]

  /// How much less far the kept points may reach in a direction than the mesh does [m].
  private static let flatness = 5e-4
  /// The directions in which that is looked at, and the most points.
  private static let (directions, mostPoints) = (Self.sphere(1000), 250)

  /// The hull of triangles, three corners for each, at least one.
  init(corners: [Vector3]) {
    points = Self.outermost(of: Array(Set(corners)))
    capsules = MeshFilling(corners).capsules
  }

  /// The points that are the furthest in some direction: as few as do.
  private static func outermost(of corners: [Vector3]) -> [Vector3] {
    var (reaches, furthest) = ([Double](), [Vector3]())
    for direction in directions {
      var (reach, point) = (-Double.infinity, Vector3.zero)
      for corner in corners {
        let own = corner.dot(direction)
        if own > reach { (reach, point) = (own, corner) }
      }
      reaches.append(reach)
      furthest.append(point)
    }
    var kept: [Vector3] = []
    var missing = [Double](repeating: .infinity, count: directions.count)
    while kept.count < mostPoints,
      let worst = missing.indices.max(by: { missing[$0] < missing[$1] }),
      missing[worst] > flatness
    {
      let point = furthest[worst]
      kept.append(point)
      for (index, direction) in directions.enumerated() {
        missing[index] = min(missing[index], reaches[index] - point.dot(direction))
      }
    }
    return kept
  }

  /// Directions spread evenly over the sphere (Fibonacci's lattice).
  static func sphere(_ count: Int) -> [Vector3] {
    (0..<count).map { index in
      let z = 1 - (2 * Double(index) + 1) / Double(count)
      let turn = Quaternion(angle: Double(index) * 2.399963229728653, axis: .unitZ)
      return turn * Vector3((1 - z * z).squareRoot(), 0, z)
    }
  }
}
