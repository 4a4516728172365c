extension BatchedKinematics {
  static func blockCount(_ samples: Int) -> Int { (samples + 15) / 16 }

  /// Lanes of a block's poses.
  var nodeLanes: Int { BatchedTree.posesPerNode * tree.nodes.count }

  /// Checks the input's shape and makes the workspace large enough.
  func prepare(_ configurations: Span<Float>, _ workspace: inout Workspace) -> Int {
    precondition(
      coordinateCount > 0 && configurations.count.isMultiple(of: coordinateCount),
      "\(configurations.count) numbers do not divide into configurations of \(coordinateCount)")
    let count = configurations.count / coordinateCount
    Self.grow(&workspace.poses, to: Self.blockCount(count) * nodeLanes)
    Self.grow(&workspace.coordinates, to: coordinateCount)
    Self.grow(&workspace.wrenches, to: 12 * tree.nodes.count)
    workspace.sampleCount = count
    return count
  }

  private static func grow(_ lanes: inout [Lanes], to count: Int) {
    guard lanes.count < count else { return }
    lanes = [Lanes](repeating: .zero, count: count)
  }

  /// Fills the workspace's poses.
  func run(_ configurations: Span<Float>, _ workspace: inout Workspace) {
    let count = workspace.sampleCount
    configurations.withUnsafeBufferPointer { configurations in
      workspace.coordinates.withUnsafeMutableBufferPointer { coordinates in
        workspace.poses.withUnsafeMutableBufferPointer { poses in
          guard let input = configurations.baseAddress, let lanes = coordinates.baseAddress,
            let poses = poses.baseAddress
          else { return }
          for block in 0..<Self.blockCount(count) {
            let first = block * 16
            transpose(input + first * coordinateCount, min(16, count - first), into: lanes)
            tree.forward(lanes, poses: poses + block * nodeLanes)
          }
        }
      }
    }
  }

  /// Rows of samples into lanes; the last sample fills an incomplete block.
  @inline(__always)
  private func transpose(
    _ rows: UnsafePointer<Float>, _ samples: Int, into lanes: UnsafeMutablePointer<Lanes>
  ) {
    let scalars = UnsafeMutableRawPointer(lanes).assumingMemoryBound(to: Float.self)
    for sample in 0..<16 {
      let row = rows + min(sample, samples - 1) * coordinateCount
      for coordinate in 0..<coordinateCount {
        scalars[coordinate * 16 + sample] = row[coordinate]
      }
    }
  }

  @inline(__always)
  func storePositions(
    _ poses: UnsafePointer<Lanes>, into rows: UnsafeMutablePointer<Float>, _ samples: Int
  ) {
    let width = 3 * points.count
    for (point, place) in pointPlaces.enumerated() {
      Self.scatter(
        Self.position(poses + 12 * place.node, place.offset), rows + 3 * point, width, samples)
    }
  }

  @inline(__always)
  private static func position(
    _ pose: UnsafePointer<Lanes>, _ offset: SIMD3<Float>
  ) -> Lanes3 {
    let origin = Lanes3(pose + 9)
    guard offset != .zero else { return origin }
    return origin.adding(Lanes3(pose), times: offset.x).adding(Lanes3(pose + 3), times: offset.y)
      .adding(Lanes3(pose + 6), times: offset.z)
  }

  @inline(__always)
  func storeColumns(
    _ poses: UnsafePointer<Lanes>, into rows: UnsafeMutablePointer<Float>, _ samples: Int
  ) {
    let width = 9 * rotationLinks.count
    for (rotation, node) in rotationNodes.enumerated() {
      for column in 0..<3 {
        Self.scatter(
          Lanes3(poses + 12 * node + 3 * column), rows + 9 * rotation + 3 * column, width, samples)
      }
    }
  }

  /// Adds what gradients by points do to the nodes that carry them.
  @inline(__always)
  func addForces(
    _ rows: UnsafePointer<Float>, _ samples: Int, _ poses: UnsafePointer<Lanes>,
    _ loads: UnsafeMutablePointer<Lanes>
  ) {
    let width = 3 * points.count
    for (point, place) in pointPlaces.enumerated() {
      let force = Self.gather(rows + 3 * point, width, samples)
      let position = Self.position(poses + 12 * place.node, place.offset)
      let load = loads + 6 * place.node
      var torque = CrossSum(Lanes3(load + 3))
      torque.add(position, force)
      Wrench(force: Lanes3(load) + force, torque: torque.value).store(load)
    }
  }

  /// Adds what gradients by rotations do to the nodes that carry them.
  @inline(__always)
  func addTorques(
    _ rows: UnsafePointer<Float>, _ samples: Int, _ poses: UnsafePointer<Lanes>,
    _ loads: UnsafeMutablePointer<Lanes>
  ) {
    let width = 9 * rotationLinks.count
    for (rotation, node) in rotationNodes.enumerated() {
      let load = loads + 6 * node
      var torque = CrossSum(Lanes3(load + 3))
      for column in 0..<3 {
        let gradient = Self.gather(rows + 9 * rotation + 3 * column, width, samples)
        torque.add(Lanes3(poses + 12 * node + 3 * column), gradient)
      }
      torque.value.store(load + 3)
    }
  }

  /// Walks over blocks: `prepare` may note loads on the nodes, `own` tells what acts on a node.
  @inline(__always)
  func pullback(
    _ workspace: inout Workspace, into gradients: inout MutableSpan<Float>,
    prepare: (
      _ block: Int, _ samples: Int, _ poses: UnsafePointer<Lanes>,
      _ loads: UnsafeMutablePointer<Lanes>
    ) -> Void,
    own: (
      _ block: Int, _ loads: UnsafeMutablePointer<Lanes>, _ node: Int,
      _ pose: UnsafePointer<Lanes>
    ) -> Wrench
  ) {
    let count = workspace.sampleCount
    gradients.withUnsafeMutableBufferPointer { gradients in
      workspace.coordinates.withUnsafeMutableBufferPointer { coordinates in
        workspace.wrenches.withUnsafeMutableBufferPointer { wrenches in
          workspace.poses.withUnsafeBufferPointer { poses in
            guard let output = gradients.baseAddress, let lanes = coordinates.baseAddress,
              let wrenches = wrenches.baseAddress, let poses = poses.baseAddress
            else { return }
            let loads = wrenches + 6 * tree.nodes.count
            // Backwards: the last blocks of the forward pass are still near.
            for block in (0..<Self.blockCount(count)).reversed() {
              let samples = min(16, count - block * 16)
              let pose = poses + block * nodeLanes
              lanes.update(repeating: .zero, count: coordinateCount)
              prepare(block, samples, pose, loads)
              tree.pullback(poses: pose, wrenches: wrenches, gradients: lanes) {
                own(block, loads, $0, $1)
              }
              store(lanes, into: output + block * 16 * coordinateCount, samples)
            }
          }
        }
      }
    }
  }

  /// Lanes into rows of samples.
  @inline(__always)
  private func store(
    _ lanes: UnsafePointer<Lanes>, into rows: UnsafeMutablePointer<Float>, _ samples: Int
  ) {
    let scalars = UnsafeRawPointer(lanes).assumingMemoryBound(to: Float.self)
    for sample in 0..<samples {
      let row = rows + sample * coordinateCount
      for coordinate in 0..<coordinateCount {
        row[coordinate] = scalars[coordinate * 16 + sample]
      }
    }
  }

  @inline(__always)
  private static func scatter(
    _ lanes: Lanes3, _ rows: UnsafeMutablePointer<Float>, _ width: Int, _ samples: Int
  ) {
    withUnsafeBytes(of: lanes) { bytes in
      let scalars = bytes.assumingMemoryBound(to: Float.self)
      for sample in 0..<samples {
        let row = rows + sample * width
        row[0] = scalars[sample]
        row[1] = scalars[16 + sample]
        row[2] = scalars[32 + sample]
      }
    }
  }

  /// Three numbers of each row into lanes; zero for the rows that an incomplete block lacks.
  @inline(__always)
  private static func gather(
    _ rows: UnsafePointer<Float>, _ width: Int, _ samples: Int
  ) -> Lanes3 {
    var lanes = Lanes3(.zero, .zero, .zero)
    withUnsafeMutableBytes(of: &lanes) { bytes in
      let scalars = bytes.assumingMemoryBound(to: Float.self)
      for sample in 0..<samples {
        let row = rows + sample * width
        scalars[sample] = row[0]
        scalars[16 + sample] = row[1]
        scalars[32 + sample] = row[2]
      }
    }
    return lanes
  }
}
