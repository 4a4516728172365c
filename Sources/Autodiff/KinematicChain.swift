internal import Geometry

/// A kinematic tree with bone lengths and rotations as variables: parents and bone directions.
public struct KinematicChain: Sendable, Hashable {
  /// The index of each joint's parent; -1 for the first joint, and a joint follows its parent.
  public let parents: [Int]
  /// The unit direction of each bone in its parent's frame, three numbers a joint.
  public let directions: [Float]

  /// A chain with these parents and directions.
  public init(parents: [Int], directions: [Float]) {
    precondition(
      directions.count == 3 * parents.count,
      "\(parents.count) joints need \(3 * parents.count) coordinates, not \(directions.count)")
    precondition(parents.first == -1, "the first joint of a chain is its root")
    for joint in parents.indices.dropFirst() {
      precondition(
        parents[joint] >= 0 && parents[joint] < joint, "joint \(joint) does not follow its parent")
    }
    self.parents = parents
    self.directions = directions
  }

  /// The number of joints.
  public var count: Int { parents.count }
}

extension Tape {
  /// The joints' positions from rotations, root and bone lengths.
  ///
  /// position[j] = position[parent] + R(parent) direction[j] length[j], with
  /// R(j) = R(parent) R(quaternion[j]) and quaternions (w x y z) normalised first.
  ///
  /// - Parameters:
  ///   - chain: Parents and directions.
  ///   - quaternions: [n, joints, 4]
  ///   - root: [n, 3] m
  ///   - lengths: [s, joints] m, one vector for each sequence of n / s consecutive rows
  /// - Returns: [n, joints, 3] m
  public mutating func positions(
    of chain: KinematicChain, quaternions: Variable, root: Variable, lengths: Variable
  ) -> Variable {
    let (n, joints) = (root.shape[0], chain.count)
    precondition(
      quaternions.shape == [n, joints, 4] && root.shape == [n, 3],
      "\(quaternions.shape), \(root.shape) do not fit \(joints) joints")
    let period = Self.period(of: lengths.shape, rows: n, width: joints)
    let shape: Shape = [n, joints, 3]
    let value = arena.allocate(shape.count)
    for sample in 0..<n {
      ChainKernel.forward(
        chain, quaternions: pointer(quaternions) + sample * joints * 4,
        root: pointer(root) + sample * 3, lengths: pointer(lengths) + sample / period * joints,
        positions: value + sample * joints * 3)
    }
    let wanted = [quaternions, root, lengths].contains { needsGradient($0) }
    return append(
      .chain(quaternions: quaternions.index, root: root.index, lengths: lengths.index, chain),
      shape, value, needsGradient: wanted)
  }
}

/// One sample of a chain.
enum ChainKernel {
  typealias Pointer = UnsafeMutablePointer<Float>
  private typealias Vector = SIMD3<Float>

  private static func vector(_ p: Pointer, _ index: Int) -> Vector {
    Vector(p[3 * index], p[3 * index + 1], p[3 * index + 2])
  }

  private static func add(_ v: Vector, _ p: Pointer, _ index: Int) {
    for axis in 0..<3 { p[3 * index + axis] += v[axis] }
  }

  private static func direction(_ chain: KinematicChain, _ joint: Int) -> Vector {
    let d = chain.directions
    return Vector(d[3 * joint], d[3 * joint + 1], d[3 * joint + 2])
  }

  /// World rotations of all joints, and the lengths that the quaternions had.
  private static func rotations(
    _ chain: KinematicChain, _ quaternions: Pointer,
    _ rotations: UnsafeMutablePointer<FloatQuaternion>,
    _ norms: Pointer
  ) {
    for joint in 0..<chain.count {
      let q = quaternions + 4 * joint
      let raw = SIMD4(q[0], q[1], q[2], q[3])
      norms[joint] = max((raw * raw).sum().squareRoot(), 1e-12)
      let unit = FloatQuaternion(raw / norms[joint])
      let parent = chain.parents[joint]
      rotations[joint] = parent < 0 ? unit : rotations[parent] * unit
    }
  }

  private static func withRotations(
    _ chain: KinematicChain, _ quaternions: Pointer,
    _ body: (UnsafeMutablePointer<FloatQuaternion>, Pointer) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: FloatQuaternion.self, capacity: chain.count) { turns in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: chain.count) { norms in
        guard let turns = turns.baseAddress, let norms = norms.baseAddress else { return }
        rotations(chain, quaternions, turns, norms)
        body(turns, norms)
      }
    }
  }

  static func forward(
    _ chain: KinematicChain, quaternions: Pointer, root: Pointer, lengths: Pointer,
    positions: Pointer
  ) {
    withRotations(chain, quaternions) { turns, _ in
      for axis in 0..<3 { positions[axis] = root[axis] }
      for joint in 1..<chain.count {
        let parent = chain.parents[joint]
        let bone = turns[parent] * (direction(chain, joint) * lengths[joint])
        let place = vector(positions, parent) + bone
        for axis in 0..<3 { positions[3 * joint + axis] = place[axis] }
      }
    }
  }

  /// Adds to the gradients; nil where one is not wanted.
  ///
  /// A joint's rotation turns all that hangs on it: with F the summed gradient of what lies below
  /// and M its moment about the joint, turning by a small world vector w adds w · M to the loss.
  static func backward(
    _ chain: KinematicChain, quaternions: Pointer, lengths: Pointer, positions: Pointer,
    gradient: Pointer, quaternionTarget: Pointer?, rootTarget: Pointer?, lengthTarget: Pointer?
  ) {
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: 2 * chain.count) { sums in
      let moments = chain.count
      for joint in 0..<chain.count {
        sums[joint] = vector(gradient, joint)
        sums[moments + joint] = .zero
      }
      for joint in stride(from: chain.count - 1, to: 0, by: -1) {
        let parent = chain.parents[joint]
        let arm = vector(positions, joint) - vector(positions, parent)
        sums[parent] += sums[joint]
        sums[moments + parent] += sums[moments + joint] + arm.cross(sums[joint])
      }
      if let rootTarget { add(sums[0], rootTarget, 0) }
      withRotations(chain, quaternions) { turns, norms in
        for joint in 0..<chain.count {
          let parent = chain.parents[joint]
          if let lengthTarget, parent >= 0 {
            let way = turns[parent] * direction(chain, joint)
            lengthTarget[joint] += (way * sums[joint]).sum()
          }
          guard let quaternionTarget else { continue }
          // world = parent ⊗ unit; a small turn w in the parent's frame is d(unit) = ½ (0, w) ⊗
          // unit
          let above = parent < 0 ? FloatQuaternion.identity : turns[parent]
          let unit = above.inverse * turns[joint]
          let local = above.inverse * sums[moments + joint]
          // its adjoint: 2 (0, moment) ⊗ unit is tangent to the sphere already
          let moment = FloatQuaternion(w: 0, x: local.x, y: local.y, z: local.z)
          let slope = 2 * (moment * unit).components / norms[joint]
          for part in 0..<4 { quaternionTarget[4 * joint + part] += slope[part] }
        }
      }
    }
  }
}
