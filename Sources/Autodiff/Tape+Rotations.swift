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
  /// position[j] = position[parent] + R(parent) direction[j] length[j], with
  /// R(j) = R(parent) local[j], whose first two columns are `orthonormalized` numbers.
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
    let (n, joints) = (root.shape[0], chain.count)
    precondition(
      rotations6D.shape == [n, joints, 6] && root.shape == [n, 3],
      "\(rotations6D.shape), \(root.shape) do not fit \(joints) joints")
    let period = Self.period(of: lengths.shape, rows: n, joints: joints)
    let shape: Shape = [n, joints, 3]
    let value = arena.allocate(shape.count)
    RotationChainKernel.forward(
      chain, count: n, rotations: pointer(rotations6D), root: pointer(root),
      lengths: pointer(lengths), period: period, positions: value)
    let wanted = [rotations6D, root, lengths].contains { needsGradient($0) }
    return append(
      .rotationChain(
        rotations: rotations6D.index, root: root.index, lengths: lengths.index, chain),
      shape, value, needsGradient: wanted)
  }

  /// The number of consecutive rows that share a vector of bone lengths.
  static func period(of lengths: Shape, rows: Int, joints: Int) -> Int {
    precondition(
      lengths.rank == 2 && lengths[1] == joints && rows.isMultiple(of: lengths[0]),
      "lengths of shape \(lengths) do not fit \(rows) rows of \(joints) joints")
    return max(1, rows / max(1, lengths[0]))
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
