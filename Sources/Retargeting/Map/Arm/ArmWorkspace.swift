import Autodiff
import Foundation
import Geometry
import Kinematics

/// Where the tip of an arm can be in front of it, sampled over its joints within their limits, as cells of a
/// grid.
///
/// What is beside and behind the shoulder is left out: a path through it would turn the arm over, or around
/// its base and into a limit.
struct ArmWorkspace {
  /// The edge of a cell [m].
  let cell: Double
  /// The number of cells along each axis.
  let count: (x: Int, y: Int, z: Int)
  /// The corner of the first cell in the base's frame [m].
  let corner: Vector3
  /// For each cell how many cells it is from the workspace's edge; zero outside of it.
  let depth: [UInt8]
  /// Twice the standard deviation of the tip's places along the direction in which it is least [m].
  let thickness: Double
  /// The greatest distance of the tip from the shoulder [m].
  let reach: Double

  /// The samples, and the cells along the reach.
  private static let samples = 60_000, cellsPerReach = 20.0

  /// The direction in which it works, level and of length one.
  let forward: Vector3

  /// The workspace of a tip, without what is below a height where most of it is above.
  ///
  /// Nil where no sample keeps the coupled limits.
  ///
  /// - Parameters:
  ///   - arm: The arm.
  ///   - floor: The height of the table [m].
  ///   - front: The direction in which it works; nil for where most of its places are.
  init?(_ arm: ArmChain, floor: Double, front: Vector3?) {
    var places = arm.samples(Self.samples).map(\.place)
    guard !places.isEmpty else { return nil }
    if places.count(where: { $0.z >= floor }) * 2 > places.count {
      places.removeAll { $0.z < floor }
    }
    let reach = places.map { ($0 - arm.shoulder).length }.max() ?? 0
    self.reach = reach
    let whole = places.reduce(.zero, +) / Double(places.count)
    thickness = Self.thickness(places, whole)
    let forward = front ?? Self.forward(whole - arm.shoulder, reach)
    self.forward = forward
    places.removeAll { ($0 - arm.shoulder).dot(forward) < Self.ahead * reach }
    guard !places.isEmpty else { return nil }
    guard reach > 1e-6, reach < .infinity else { return nil }
    cell = reach / Self.cellsPerReach
    var (low, high) = (places[0], places[0])
    for place in places {
      for axis in 0..<3 {
        low[axis] = min(low[axis], place[axis])
        high[axis] = max(high[axis], place[axis])
      }
    }
    // An empty cell on all sides, so that neighbours need no bounds.
    corner = low - Vector3(repeating: 1.5 * cell)
    let size = (high - corner) / cell
    count = (Int(size.x) + 3, Int(size.y) + 3, Int(size.z) + 3)
    var filled = [Bool](repeating: false, count: count.x * count.y * count.z)
    let (corner, cell, count) = (corner, cell, count)
    for place in places {
      let offset = (place - corner) / cell
      filled[(Int(offset.z) * count.y + Int(offset.y)) * count.x + Int(offset.x)] = true
    }
    depth = Self.depths(Self.closed(filled, count), count)
  }

  /// Places nearer than this part of the reach ahead of the shoulder are beside it.
  private static let ahead = 0.1

  /// Where most of the places are, along the nearest axis of the base where that is near.
  private static func forward(_ gap: Vector3, _ reach: Double) -> Vector3 {
    let level = Vector3(gap.x, gap.y, 0)
    guard level.length > 0.1 * reach, let direction = level.normalized else { return .unitX }
    let axis = BaseAxis(nearestTo: direction).direction
    return axis.dot(direction) > 0.94 ? axis : direction
  }

  /// How far a place is within the workspace [cells]; zero outside.
  func depth(at place: Vector3) -> Int {
    let offset = (place - corner) / cell
    guard offset.x >= 0, offset.y >= 0, offset.z >= 0, offset.x < Double(count.x),
      offset.y < Double(count.y), offset.z < Double(count.z)
    else { return 0 }
    return Int(depth[(Int(offset.z) * count.y + Int(offset.y)) * count.x + Int(offset.x)])
  }

  /// Twice the standard deviation of places along the direction in which it is least [m].
  private static func thickness(_ places: [Vector3], _ mean: Vector3) -> Double {
    var covariance = [Double](repeating: 0, count: 9)
    for place in places {
      let d = place - mean
      for row in 0..<3 {
        for column in 0..<3 { covariance[3 * row + column] += d[row] * d[column] }
      }
    }
    let least = SymmetricEigen(covariance.map { $0 / Double(max(1, places.count)) }, size: 3)
    return 2 * max(0, least.values[2]).squareRoot()
  }

  /// Cells between two filled ones are filled: samples leave holes.
  private static func closed(_ filled: [Bool], _ count: (x: Int, y: Int, z: Int)) -> [Bool] {
    var closed = filled
    for step in [1, count.x, count.x * count.y] {
      let before = closed
      for index in step..<(closed.count - step) where !before[index] {
        closed[index] = before[index - step] && before[index + step]
      }
    }
    return closed
  }

  /// Layer by layer from the edge inwards, by the 26 neighbours of a cell.
  private static func depths(_ filled: [Bool], _ count: (x: Int, y: Int, z: Int)) -> [UInt8] {
    var steps: [Int] = []
    for z in -1...1 {
      for y in -1...1 {
        for x in -1...1 where (x, y, z) != (0, 0, 0) {
          steps.append((z * count.y + y) * count.x + x)
        }
      }
    }
    let margin = (count.y + 1) * count.x + 1
    var depth = filled.map { $0 ? UInt8.max : 0 }
    var edge = (margin..<max(margin, depth.count - margin)).filter { index in
      depth[index] > 0 && steps.contains { depth[index + $0] == 0 }
    }
    for index in edge { depth[index] = 1 }
    var layer: UInt8 = 1
    while !edge.isEmpty, layer < 100 {
      layer += 1
      var next: [Int] = []
      for index in edge {
        for step in steps where depth[index + step] > layer {
          depth[index + step] = layer
          next.append(index + step)
        }
      }
      edge = next
    }
    return depth
  }
}
