import Geometry

/// The rotation and translation that align points with others in the least-squares sense: Wahba's
/// problem after both sets are centred.
///
/// The rotation is never a reflection.
package enum RigidAlignment {
  /// The points [n, 3] aligned with as many targets [n, 3].
  ///
  /// Where the best rotation is not unique (one point, collinear points), they are only translated.
  package static func aligned(_ points: [Float], to targets: [Float]) -> [Float] {
    precondition(points.count == targets.count, "\(points.count) and \(targets.count) numbers")
    let count = points.count / 3
    guard count > 0 else { return points }
    let (from, to) = (vectors(points), vectors(targets))
    let (start, end) = (centre(from), centre(to))
    var columns = (Vector3.zero, Vector3.zero, Vector3.zero)
    var bound = 0.0
    for (point, target) in zip(from, to) {
      let (a, b) = (point - start, target - end)
      columns.0 += b * a.x
      columns.1 += b * a.y
      columns.2 += b * a.z
      bound += 0.5 * (a.squaredLength + b.squaredLength)
    }
    let turn = WahbaProblem.rotation(correlation: columns, bound: bound) ?? .identity
    return from.flatMap { point -> [Float] in
      let place = turn * (point - start) + end
      return [Float(place.x), Float(place.y), Float(place.z)]
    }
  }

  private static func vectors(_ numbers: [Float]) -> [Vector3] {
    stride(from: 0, to: numbers.count, by: 3).map {
      [Double(numbers[$0]), Double(numbers[$0 + 1]), Double(numbers[$0 + 2])]
    }
  }

  private static func centre(_ points: [Vector3]) -> Vector3 {
    points.reduce(Vector3.zero, +) / Double(points.count)
  }
}
