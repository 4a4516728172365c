extension Tape {
  /// The first two columns of the rotation that six raw numbers stand for.
  ///
  /// Gram-Schmidt on numbers 0..<3 and 3..<6 (Zhou et al. 2019); where they choose no rotation,
  /// some rotation without a slope.
  ///
  /// - Parameter sixD: [..., 6]
  /// - Returns: [..., 6]
  public mutating func orthonormalized(_ sixD: Variable) -> Variable {
    precondition(sixD.shape.columns == 6, "\(sixD.shape) holds no rotations of six numbers")
    let value = arena.allocate(sixD.shape.count)
    RotationKernel.forward(pointer(sixD), rows: sixD.shape.rows, into: value)
    return append(
      .orthonormalized(a: sixD.index), sixD.shape, value, needsGradient: needsGradient(sixD))
  }

  /// The joints' positions from raw rotations, root and bone lengths.
  ///
  /// As `positions(of:rotations6D:root:offsets:)` with offsets direction[j] length[j].
  ///
  /// - Parameters:
  ///   - chain: Parents and directions.
  ///   - rotations6D: [n, joints, 6]
  ///   - root: [n, 3] m
  ///   - lengths: [s, joints] m, one vector for each sequence of n / s consecutive rows
  /// - Returns: [n, joints, 3] m
  public mutating func positions(
    of chain: KinematicChain, rotations6D: Variable, root: Variable, lengths: Variable
  ) -> Variable {
    let along = Selection((0..<(3 * chain.count)).map { $0 / 3 }, factors: chain.directions)
    return positions(
      of: chain.parents, rotations6D: rotations6D, root: root,
      offsets: gather(lengths, along))
  }

  /// The joints' positions from raw rotations, root and the joints' offsets from their parents.
  ///
  /// position[j] = position[parent] + R(parent) offset[j], with R(j) = R(parent) local[j], whose
  /// first two columns are `orthonormalized` numbers.
  ///
  /// - Parameters:
  ///   - parents: As `KinematicChain.parents`.
  ///   - rotations6D: [n, joints, 6]
  ///   - root: [n, 3] m
  ///   - offsets: [s, 3 joints] m, one row for each sequence of n / s consecutive rows; the first
  ///     joint's does not count.
  /// - Returns: [n, joints, 3] m
  public mutating func positions(
    of parents: [Int], rotations6D: Variable, root: Variable, offsets: Variable
  ) -> Variable {
    let (n, joints) = (root.shape[0], parents.count)
    precondition(
      rotations6D.shape == [n, joints, 6] && root.shape == [n, 3],
      "\(rotations6D.shape), \(root.shape) do not fit \(joints) joints")
    let period = Self.period(of: offsets.shape, rows: n, width: 3 * joints)
    let shape: Shape = [n, joints, 3]
    let value = arena.allocate(shape.count)
    RotationChainKernel.forward(
      parents, count: n, rotations: pointer(rotations6D), root: pointer(root),
      offsets: pointer(offsets), period: period, positions: value)
    let wanted = [rotations6D, root, offsets].contains { needsGradient($0) }
    return append(
      .rotationChain(
        rotations: rotations6D.index, root: root.index, offsets: offsets.index, parents),
      shape, value, needsGradient: wanted)
  }

  /// The number of consecutive rows that share a body of so many numbers.
  static func period(of bodies: Shape, rows: Int, width: Int) -> Int {
    precondition(
      bodies.rank == 2 && bodies[1] == width && rows.isMultiple(of: bodies[0]),
      "bodies of shape \(bodies) do not fit \(rows) rows, \(width) numbers each")
    return max(1, rows / max(1, bodies[0]))
  }
}

/// Rotations of six numbers, sixteen at once.
enum RotationKernel {
  typealias Pointer = UnsafeMutablePointer<Float>

  static func forward(_ raw: Pointer, rows: Int, into result: Pointer) {
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: 6) { memory in
      guard let lanes = memory.baseAddress else { return }
      for first in stride(from: 0, to: rows, by: 16) {
        let samples = min(16, rows - first)
        LaneRows.read(raw + 6 * first, width: 6, samples: samples, into: lanes)
        let frame = FrameLanes(Lanes3(lanes), Lanes3(lanes + 3))
        frame.x.store(lanes)
        frame.y.store(lanes + 3)
        LaneRows.write(lanes, width: 6, samples: samples, to: result + 6 * first)
      }
    }
  }

  /// Adds to the gradient.
  static func backward(_ raw: Pointer, gradient: Pointer, rows: Int, target: Pointer) {
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: 12) { memory in
      guard let lanes = memory.baseAddress else { return }
      for first in stride(from: 0, to: rows, by: 16) {
        let samples = min(16, rows - first)
        LaneRows.read(raw + 6 * first, width: 6, samples: samples, into: lanes)
        LaneRows.read(gradient + 6 * first, width: 6, samples: samples, into: lanes + 6)
        let second = Lanes3(lanes + 3)
        let slope = FrameLanes(Lanes3(lanes), second)
          .pull(x: Lanes3(lanes + 6), y: Lanes3(lanes + 9), b: second)
        slope.a.store(lanes)
        slope.b.store(lanes + 3)
        LaneRows.add(lanes, width: 6, samples: samples, to: target + 6 * first)
      }
    }
  }
}
