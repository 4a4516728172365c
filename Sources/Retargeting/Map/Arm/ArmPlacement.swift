import Foundation
import Geometry

/// Where a person's shoulder stands in an arm's workspace, and how much smaller their hand's path is
/// drawn, so that the most of it is inside.
struct ArmPlacement {
  /// The shoulder's place in the base's frame [m].
  var place: Vector3
  /// The factor on the path.
  var scale: Double
  /// The share of the path's places that are inside the workspace.
  var inside: Double
}

/// Finds placement and scale.
struct ArmPlacementSearch {
  let workspace: ArmWorkspace
  /// The path's places in the base's axes, unscaled, with how often each was seen: none twice within a
  /// cell.
  private let spots: [(place: Vector3, weight: Int)]
  private let total: Int

  /// The share that must be inside, the number of scales tried, and the factor between two of them.
  private static let enough = 0.99, scales = 40, ratio = 0.93

  init(_ workspace: ArmWorkspace, _ places: [Vector3], largest: Double) {
    self.workspace = workspace
    let grain = workspace.cell / max(largest, 1e-9) / 2
    var seen: [SIMD3<Int>: (sum: Vector3, count: Int)] = [:]
    for place in places {
      let key = SIMD3<Int>(
        Int((place.x / grain).rounded()), Int((place.y / grain).rounded()),
        Int((place.z / grain).rounded()))
      let before = seen[key] ?? (.zero, 0)
      seen[key] = (before.sum + place, before.count + 1)
    }
    // Those at the path's ends first, since they rule placements out.
    spots = seen.map {
      (key: $0.key, place: $0.value.sum / Double($0.value.count), weight: $0.value.count)
    }
    .sorted {
      ($0.place.length, $0.key.x, $0.key.y, $0.key.z)
        > ($1.place.length, $1.key.x, $1.key.y, $1.key.z)
    }
    .map { ($0.place, $0.weight) }
    total = places.count
  }

  /// The largest scale at which a placement keeps 99 of 100 places inside, and that placement.
  ///
  /// - Parameters:
  ///   - largest: The largest scale that is tried.
  ///   - scale: The scale where the user states it.
  ///   - place: The placement where the user states it.
  func best(largest: Double, scale: Double?, place: Vector3?) -> ArmPlacement {
    if let scale { return placement(scale, place) }
    // The share inside grows as the path becomes smaller, nearly always: the first scale that is small
    // enough is found by halves.
    var (low, high) = (0, Self.scales)
    func at(_ index: Int) -> ArmPlacement {
      placement(largest * pow(Self.ratio, Double(index)), place)
    }
    let first = at(0)
    if first.inside >= Self.enough { return first }
    var found = at(high)
    guard found.inside >= Self.enough else { return found }
    while high - low > 1 {
      let middle = (low + high) / 2
      let trial = at(middle)
      if trial.inside >= Self.enough { (high, found) = (middle, trial) } else { low = middle }
    }
    return found
  }

  private func placement(_ scale: Double, _ place: Vector3?) -> ArmPlacement {
    let spots = spots.map { (place: scale * $0.place, weight: $0.weight) }
    if let place { return placement(place, scale, spots) }
    var best = coarse(spots)
    // Around the best, in ever smaller steps.
    for step in [1.0, 0.5, 0.25] {
      var centre = best.place
      for x in -1...1 {
        for y in -1...1 {
          for z in -1...1 {
            let trial =
              best.place + step * workspace.cell * Vector3(Double(x), Double(y), Double(z))
            if let score = score(trial, spots, better: best.score) {
              (centre, best.score) = (trial, score)
            }
          }
        }
      }
      best.place = centre
    }
    return placement(best.place, scale, spots)
  }

  private func placement(
    _ place: Vector3, _ scale: Double, _ spots: [(place: Vector3, weight: Int)]
  ) -> ArmPlacement {
    let inside = spots.reduce(0) {
      $0 + (workspace.depth(at: place + $1.place) > 0 ? $1.weight : 0)
    }
    return ArmPlacement(place: place, scale: scale, inside: Double(inside) / Double(max(1, total)))
  }

  /// The best of the placements on every other cell.
  private func coarse(_ spots: [(place: Vector3, weight: Int)]) -> (place: Vector3, score: Int) {
    var (low, high) = (Vector3.zero, Vector3.zero)
    for spot in spots {
      for axis in 0..<3 {
        low[axis] = min(low[axis], spot.place[axis])
        high[axis] = max(high[axis], spot.place[axis])
      }
    }
    let size =
      workspace.cell
      * Vector3(Double(workspace.count.x), Double(workspace.count.y), Double(workspace.count.z))
    // From where the path's far side touches the near edge to where its near side touches the far one.
    let (start, end) = (workspace.corner - high, workspace.corner + size - low)
    // A path that is much larger than the workspace has no good place: it is not looked for finely.
    let step = max(2 * workspace.cell, (end - start).length / 100)
    var best = (place: (start + end) / 2, score: -1)
    for z in stride(from: start.z, through: end.z, by: step) {
      for y in stride(from: start.y, through: end.y, by: step) {
        for x in stride(from: start.x, through: end.x, by: step) {
          let place = Vector3(x, y, z)
          if let score = score(place, spots, better: best.score) { best = (place, score) }
        }
      }
    }
    return best
  }

  /// The score of a placement: places that are inside count most, then how deep they are; nil where it
  /// is not better than another.
  private func score(
    _ place: Vector3, _ spots: [(place: Vector3, weight: Int)], better: Int
  ) -> Int? {
    let most = 40 + Self.depth
    var left = total * most
    var score = 0
    for spot in spots {
      let depth = workspace.depth(at: place + spot.place)
      score += spot.weight * (depth > 0 ? 40 + min(depth, Self.depth) : 0)
      left -= spot.weight * most
      if score + left <= better { return nil }
    }
    return score > better ? score : nil
  }

  /// Deeper places count no more.
  private static let depth = 6
}
