public import Geometry

/// The mirror symmetry of a robot, expressed in its joints.
///
/// Mirrored at a plane through the root's origin, the image of configuration q has at coordinate i
/// the position `sign[i] * q[partner[i]]`.
public struct Symmetry: Sendable, Hashable {
  /// The mirror plane's unit normal in the root frame; y for a robot that looks along x.
  public var normal: Vector3
  /// For each coordinate its partner on the other side, itself in the middle, nil without one.
  public var partners: [Int?]
  /// For each coordinate +1 or -1; +1 where there is no partner.
  public var signs: [Double]

  /// Whether each coordinate has a partner.
  public var isComplete: Bool { partners.allSatisfy { $0 != nil } }

  /// The mirror image of a configuration; coordinates without partner keep their position.
  public func flip(_ configuration: [Double]) -> [Double] {
    precondition(
      configuration.count == partners.count,
      "a configuration of \(configuration.count) numbers for \(partners.count) joints")
    return configuration.indices.map { signs[$0] * configuration[partners[$0] ?? $0] }
  }
}

extension Robot {
  /// Mirror partners and signs, found from geometry at the zero configuration, not from names.
  ///
  /// Two joints are partners if the joints above them are, their origins mirror each other within a
  /// tolerance [m] (only at a right angle to an axis of rotation, along which an origin may lie
  /// anywhere), their axes are parallel once mirrored, and alike joints hang below them. The
  /// image of an axis a of rotation is `-M a` (an axial vector), of a sliding one `M a`. The plane
  /// is y = 0, or x = 0 where that pairs more joints.
  public func symmetry(tolerance: Double = 0.005) -> Symmetry {
    let candidates = [Vector3.unitY, .unitX].map { normal in
      var matcher = SymmetryMatcher(self, normal: normal, tolerance: tolerance)
      return matcher.match()
    }
    func paired(_ symmetry: Symmetry) -> Int { symmetry.partners.count { $0 != nil } }
    return paired(candidates[1]) > paired(candidates[0]) ? candidates[1] : candidates[0]
  }
}

/// Walks down from the root, pairing the joints below each pair of paired joints.
private struct SymmetryMatcher {
  let robot: Robot
  let normal: Vector3
  let tolerance: Double
  let zeroPoses: [Pose]
  /// Movable joints by the movable joint above; -1 for the root.
  var below: [Int: [Int]] = [:]
  /// The number of movable joints below each joint.
  var descendants: [Int]
  var partners: [Int?]

  init(_ robot: Robot, normal: Vector3, tolerance: Double) {
    self.robot = robot
    self.normal = normal
    self.tolerance = tolerance
    zeroPoses = robot.worldFromLinks([Double](repeating: 0, count: robot.coordinateCount))
    partners = [Int?](repeating: nil, count: robot.joints.count)
    descendants = [Int](repeating: 0, count: robot.joints.count)
    var movableAbove = [Int](repeating: -1, count: robot.links.count)
    for (index, joint) in robot.joints.enumerated() {
      movableAbove[joint.childLink] = joint.isMovable ? index : movableAbove[joint.parentLink]
      if joint.isMovable { below[movableAbove[joint.parentLink], default: []].append(index) }
    }
    for index in robot.joints.indices.reversed() where robot.joints[index].isMovable {
      let above = movableAbove[robot.joints[index].parentLink]
      if above >= 0 { descendants[above] += descendants[index] + 1 }
    }
  }

  mutating func match() -> Symmetry {
    var waiting = [(-1, -1)]
    while let (left, right) = waiting.popLast() {
      waiting += pair(below[left] ?? [], with: below[right] ?? [])
    }
    var symmetry = Symmetry(
      normal: normal, partners: [], signs: [])
    for joint in robot.configurationJoints {
      let found = partner(of: joint)
      symmetry.partners.append(found?.coordinate)
      symmetry.signs.append(found?.sign ?? 1)
    }
    return symmetry
  }

  /// The coordinate that moves a joint's partner; one side may follow the other (NAO's pelvis).
  private func partner(of joint: Int) -> (coordinate: Int, sign: Double)? {
    guard let other = partners[joint], let (coordinate, factor) = robot.coordinate(ofJoint: other)
    else { return nil }
    let follows = robot.joints[other].mimic != nil
    guard !follows || coordinate == robot.coordinateOfJoint[joint] else { return nil }
    guard abs(factor) == 1, robot.joints[other].mimic?.offset ?? 0 == 0 else { return nil }
    return (coordinate, factor * sign(joint, other))
  }

  /// Pairs two lists of siblings (which may be the same list), the nearest images first.
  private mutating func pair(_ left: [Int], with right: [Int]) -> [(Int, Int)] {
    var candidates: [(distance: Double, left: Int, right: Int)] = []
    for a in left {
      for b in right {
        guard let distance = imageDistance(a, b) else { continue }
        candidates.append((distance, a, b))
      }
    }
    candidates.sort { ($0.distance, $0.left, $0.right) < ($1.distance, $1.left, $1.right) }
    var pairs: [(Int, Int)] = []
    for (_, a, b) in candidates where partners[a] == nil && partners[b] == nil {
      partners[a] = b
      partners[b] = a
      pairs.append((a, b))
    }
    return pairs
  }

  /// How far a joint is from the other's mirror image [m]; nil if they are no pair.
  private func imageDistance(_ a: Int, _ b: Int) -> Double? {
    let (first, second) = (robot.joints[a], robot.joints[b])
    guard first.isAngular == second.isAngular, descendants[a] == descendants[b] else { return nil }
    let axis = worldAxis(b)
    // A thousandth: axes that are meant to be parallel, from rounded figures.
    guard abs(imageOfAxis(a).dot(axis)) > 0.999 else { return nil }
    let gap = mirrored(origin(a)) - origin(b)
    // A joint that turns may have its origin anywhere along its axis.
    let apart = first.isAngular ? gap - gap.dot(axis) * axis : gap
    guard apart.length <= tolerance else { return nil }
    guard let far = center(a), let near = center(b) else { return gap.length }
    let below = (mirrored(far) - near).length
    return below <= 10 * tolerance ? gap.length + below : nil
  }

  private func origin(_ joint: Int) -> Vector3 {
    zeroPoses[robot.joints[joint].childLink].translation
  }

  /// The mean origin of the movable joints somewhere below; it tells limbs apart that begin alike.
  private func center(_ joint: Int) -> Vector3? {
    guard descendants[joint] > 0 else { return nil }
    var sum = Vector3.zero
    var waiting = below[joint] ?? []
    while let next = waiting.popLast() {
      sum += origin(next)
      waiting += below[next] ?? []
    }
    return sum / Double(descendants[joint])
  }

  private func sign(_ a: Int, _ b: Int) -> Double {
    imageOfAxis(a).dot(worldAxis(b)) < 0 ? -1 : 1
  }

  private func worldAxis(_ joint: Int) -> Vector3 {
    zeroPoses[robot.joints[joint].childLink].rotation * robot.joints[joint].axis
  }

  private func imageOfAxis(_ joint: Int) -> Vector3 {
    let image = mirrored(worldAxis(joint))
    return robot.joints[joint].isAngular ? -image : image
  }

  private func mirrored(_ vector: Vector3) -> Vector3 {
    vector - 2 * vector.dot(normal) * normal
  }
}
