import Geometry
import Kinematics

/// Which parts are too near to each other.
extension CollisionTerm {
  /// Two capsules that are too near to each other, in the world.
  struct Contact: Sendable {
    var pair: Int
    var first: Capsule, second: Capsule
    var distance: Double
    /// The points of their axes that are nearest to each other [m].
    var points: (first: Vector3, second: Vector3)
    /// From the nearest point of the second axis to that of the first [m].
    var gap: Vector3 { points.first - points.second }
  }

  /// The pairs that are nearer than their margin, each by its nearest capsules.
  func contacts(_ robot: FramePose) -> [Contact] {
    var found: [Contact] = []
    withUnsafeTemporaryAllocation(of: Vector3.self, capacity: parts.count) { centers in
      for (index, part) in parts.enumerated() {
        centers[index] = robot.pose(ofNode: part.node) * part.center
      }
      withUnsafeTemporaryAllocation(of: Placed.self, capacity: capsules.count) { placed in
        withUnsafeTemporaryAllocation(of: Bool.self, capacity: parts.count) { isPlaced in
          isPlaced.initialize(repeating: false)
          for (index, bound) in bounds.enumerated() {
            guard
              (centers[bound.first] - centers[bound.second]).squaredLength < bound.squaredReach
            else { continue }
            if !isPlaced[bound.first] { place(bound.first, robot, placed) }
            if !isPlaced[bound.second] { place(bound.second, robot, placed) }
            (isPlaced[bound.first], isPlaced[bound.second]) = (true, true)
            if let contact = contact(index, placed) { found.append(contact) }
          }
        }
      }
    }
    return found
  }

  /// A capsule in the world, with a ball about it.
  private struct Placed {
    var capsule: Capsule
    var middle: Vector3
    var radius: Double
  }

  private func place(
    _ part: Int, _ robot: FramePose, _ placed: UnsafeMutableBufferPointer<Placed>
  ) {
    let pose = robot.pose(ofNode: parts[part].node)
    for index in starts[part]..<starts[part + 1] {
      let own = capsules[index]
      placed[index] = Placed(
        capsule: Capsule(
          from: pose * own.capsule.from, to: pose * own.capsule.to, radius: own.capsule.radius),
        middle: pose * own.middle, radius: own.radius)
    }
  }

  private func contact(
    _ pair: Int, _ placed: UnsafeMutableBufferPointer<Placed>
  ) -> Contact? {
    var nearest: Contact?
    let (first, second) = (bounds[pair].first, bounds[pair].second)
    var least = pairs[pair].margin
    for one in starts[first]..<starts[first + 1] {
      let (middle, radius) = (placed[one].middle, placed[one].radius)
      for other in starts[second]..<starts[second + 1] {
        // Balls that are farther apart hold no capsules that are nearer.
        let reach = radius + placed[other].radius + least
        guard reach > 0, (middle - placed[other].middle).squaredLength < reach * reach else {
          continue
        }
        let (a, b) = (placed[one].capsule, placed[other].capsule)
        let points = a.closestPoints(to: b)
        let distance = (points.first - points.second).length - a.radius - b.radius
        if distance < least {
          least = distance
          nearest = Contact(pair: pair, first: a, second: b, distance: distance, points: points)
        }
      }
    }
    return nearest
  }
}
