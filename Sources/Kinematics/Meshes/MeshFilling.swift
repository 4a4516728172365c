import Foundation
import Geometry

/// Capsules that fill a mesh from inside the convex hulls of its parts.
///
/// The mesh, by points spread over its surface, is cut into slices along its longest extent. Of each the box
/// about it says where rows of capsules lie, and its hull how long and how thick they are.
struct MeshFilling {
  private(set) var capsules: [Capsule] = []

  /// The most slices, capsules in rows, capsules at all, and points on the surface.
  private static let (mostSlices, mostRows, mostCapsules, samples) = (4, 8, 12, 4000)
  /// The most rounds of a search for the largest capsule.
  private static let mostRounds = 200
  /// Points of the surface may be so far from all capsules: a share of the longest extent.
  private static let gap = 0.05
  /// The directions by which a hull is known.
  private static let directions = MeshHull.sphere(200)

  /// Points with their convex hull and the box about them.
  private struct Part {
    var size = Vector3.zero, center = Vector3.zero
    var points: [Vector3]
    /// How far the points reach in each of the directions [m].
    private let reaches: [Double]

    init(_ points: [Vector3], _ frame: Quaternion) {
      self.points = points
      reaches = directions.map { direction in
        points.reduce(-Double.infinity) { max($0, $1.dot(direction)) }
      }
      var low = Vector3(repeating: .infinity)
      var high = -low
      for point in points {
        let own = frame.inverse * point
        for axis in 0..<3 {
          (low[axis], high[axis]) = (min(low[axis], own[axis]), max(high[axis], own[axis]))
        }
      }
      (size, center) = (high - low, frame * ((low + high) / 2))
    }

    var volume: Double { size.x * size.y * size.z }

    /// The radius of the largest ball about a place within the hull [m]; negative outside.
    func room(_ place: Vector3) -> Double {
      var least = Double.infinity
      for (direction, reach) in zip(directions, reaches) {
        least = min(least, reach - direction.dot(place))
      }
      return least
    }
  }

  /// A filling of triangles, three corners for each, at least one.
  init(_ corners: [Vector3]) {
    let points = Self.surface(corners)
    let frames = [Quaternion.identity, Self.principalAxes(points)]
    let boxes = frames.map { Part(points, $0) }
    // A turned box only where it is clearly the smaller one.
    let index = boxes[1].volume < 0.9 * boxes[0].volume ? 1 : 0
    let parts = Self.slices(boxes[index], frames[index])
    for part in parts {
      capsules += Self.fill(part, frames[index], rows: max(1, Self.mostRows / parts.count))
    }
    while capsules.count < Self.mostCapsules, let ball = ball(parts, boxes[index].size.max()) {
      capsules.append(ball)
    }
  }

  /// Points spread over the surface by area, the same for the same triangles.
  private static func surface(_ corners: [Vector3]) -> [Vector3] {
    let areas = stride(from: 0, to: corners.count, by: 3).map { first -> Double in
      let (side, other) = (corners[first + 1] - corners[first], corners[first + 2] - corners[first])
      return side.cross(other).length / 2
    }
    let whole = areas.reduce(0, +)
    var points: [Vector3] = []
    var owed = 0.0
    for (triangle, area) in areas.enumerated() where whole > 0 {
      owed += Double(samples) * area / whole
      let (a, b, c) = (corners[3 * triangle], corners[3 * triangle + 1], corners[3 * triangle + 2])
      var number = 0.0
      while owed >= 0.5 {
        owed -= 1
        number += 1
        // A sequence that fills the square evenly, folded into the triangle.
        var u = (number * 0.7548776662466927).truncatingRemainder(dividingBy: 1)
        var v = (number * 0.5698402909980532).truncatingRemainder(dividingBy: 1)
        if u + v > 1 { (u, v) = (1 - u, 1 - v) }
        let (along, across): (Vector3, Vector3) = (u * (b - a), v * (c - a))
        points.append(a + along + across)
      }
    }
    return points.isEmpty ? corners : points
  }

  /// Parts along the longest extent that overlap by half.
  private static func slices(_ whole: Part, _ frame: Quaternion) -> [Part] {
    let axis = [0, 1, 2].max { whole.size[$0] < whole.size[$1] } ?? 0
    let other = [0, 1, 2].filter { $0 != axis }.map { whole.size[$0] }.max() ?? 0
    let count = Int(min(Double(mostSlices), 2 * whole.size[axis] / max(other, 1e-9)))
    guard count > 1 else { return [whole] }
    let places = whole.points.map { (frame.inverse * ($0 - whole.center))[axis] }
    let width = whole.size[axis] / Double(count)
    let parts = (0..<count).compactMap { index -> Part? in
      let middle = (Double(index) + 0.5 - Double(count) / 2) * width
      let own = places.indices.filter { abs(places[$0] - middle) <= width }
      return own.count < 8 ? nil : Part(own.map { whole.points[$0] }, frame)
    }
    return parts.isEmpty ? [whole] : parts
  }

  /// Capsules in rows within the hull of a part: each where, as thick and as long as makes it the largest.
  private static func fill(_ part: Part, _ frame: Quaternion, rows: Int) -> [Capsule] {
    let box = LinkShape(
      .box(part.size), linkFromShape: Pose(rotation: frame, translation: part.center))
    let start = box.capsules(rows: rows)
    // Rows stay side by side: an end goes no further than half the way to the next row.
    let apart = start.count > 1 ? (start[1].from - start[0].from) : .zero
    func isInRow(_ place: Vector3, _ row: Capsule) -> Bool {
      abs((place - row.from).dot(apart)) <= apart.squaredLength / 2 + 1e-12
    }
    let axes = [Vector3.unitX, .unitY, .unitZ].map { frame * $0 }
    return start.compactMap { row in
      func capsule(_ from: Vector3, _ to: Vector3) -> Capsule {
        Capsule(from: from, to: to, radius: min(row.radius, part.room(from), part.room(to)))
      }
      let middle = (row.from + row.to) / 2
      var best = capsule(middle, middle)
      for share in [0.25, 0.5, 0.75, 1] {
        let half = share * (row.to - row.from) / 2
        let other = capsule(middle - half, middle + half)
        if other.size > best.size { best = other }
      }
      var step = part.size.max() / 4
      for _ in 0..<mostRounds where step > part.size.max() / 200 {
        let before = best.size
        for move in axes.flatMap({ [$0 * step, $0 * -step] }) {
          for (from, to) in [
            (best.from + move, best.to), (best.from, best.to + move),
            (best.from + move, best.to + move),
          ] where isInRow(from, row) && isInRow(to, row) {
            let other = capsule(from, to)
            if other.size > best.size { best = other }
          }
        }
        if best.size - before <= 0.001 * abs(before) { step /= 2 }
      }
      return best.radius > 0 ? best : nil
    }
  }

  /// A ball towards the point of the surface that is the farthest from all capsules; nil where that is near.
  private func ball(_ parts: [Part], _ longest: Double) -> Capsule? {
    var (point, farthest, owner) = (Vector3.zero, Self.gap * longest, parts[0])
    for part in parts {
      for place in part.points {
        let dot = Capsule(from: place, to: place, radius: 0)
        let distance = capsules.reduce(Double.infinity) { min($0, dot.distance(to: $1)) }
        if distance > farthest { (point, farthest, owner) = (place, distance, part) }
      }
    }
    guard farthest > Self.gap * longest else { return nil }
    var best: Capsule?
    for share in stride(from: 0.02, through: 1, by: 0.02) {
      let center = point + share * (owner.center - point)
      let radius = owner.room(center)
      guard radius > best?.radius ?? 0, (center - point).length - radius < farthest / 3 else {
        continue
      }
      best = Capsule(from: center, to: center, radius: radius)
    }
    return best
  }

  /// The axes along which points are uncorrelated (Jacobi's rotations).
  private static func principalAxes(_ points: [Vector3]) -> Quaternion {
    let middle = points.reduce(Vector3.zero, +) / Double(points.count)
    var c = [[Double]](repeating: [0, 0, 0], count: 3)
    for point in points {
      let off = point - middle
      for i in 0..<3 { for j in 0..<3 { c[i][j] += off[i] * off[j] } }
    }
    var frame = Quaternion.identity
    for _ in 0..<12 {
      for (i, j, axis) in [(0, 1, Vector3.unitZ), (1, 2, .unitX), (2, 0, .unitY)] {
        guard abs(c[i][j]) > 1e-15 * (c[i][i] + c[j][j]) else { continue }
        let angle = 0.5 * atan2(2 * c[i][j], c[i][i] - c[j][j])
        let (cosine, sine) = (cos(angle), sin(angle))
        for k in 0..<3 {
          (c[k][i], c[k][j]) = (
            cosine * c[k][i] + sine * c[k][j], cosine * c[k][j] - sine * c[k][i]
          )
        }
        for k in 0..<3 {
          (c[i][k], c[j][k]) = (
            cosine * c[i][k] + sine * c[j][k], cosine * c[j][k] - sine * c[i][k]
          )
        }
        frame = frame * Quaternion(angle: angle, axis: axis)
      }
    }
    return frame.normalized
  }
}

extension Capsule {
  /// Its volume by pi [m³]; negative where the radius is.
  fileprivate var size: Double { radius * abs(radius) * ((to - from).length + 4 / 3 * abs(radius)) }
}
