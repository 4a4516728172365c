/// A chain whose rotations are six raw numbers each, sixteen samples at once.
enum RotationChainKernel {
  typealias Pointer = UnsafeMutablePointer<Float>
  private typealias Memory = UnsafeMutablePointer<Vector>

  /// Vectors in memory for each joint: raw numbers and world columns, offset, and either
  /// positions or gradients with moments.
  private static let perJoint = 6 + 9 + 3 + 6

  private struct Block {
    let raw: Memory
    let world: Memory
    let offsets: Memory
    let sums: Memory

    init(_ memory: Memory, joints: Int) {
      raw = memory
      world = raw + 6 * joints
      offsets = world + 9 * joints
      sums = offsets + 3 * joints
    }

    @inline(__always)
    func frame(_ joint: Int) -> FrameLanes {
      FrameLanes(Lanes3(raw + 6 * joint), Lanes3(raw + 6 * joint + 3))
    }

    /// A vector of a joint's frame in the world.
    @inline(__always)
    func turned(_ v: Lanes3, by joint: Int) -> Lanes3 {
      let columns = UnsafePointer(world + 9 * joint)
      return (Lanes3(columns) * v.x).adding(Lanes3(columns + 3), times: v.y)
        .adding(Lanes3(columns + 6), times: v.z)
    }

    /// The world columns of a joint whose parent's are there already.
    @inline(__always)
    func turn(_ joint: Int, parent: Int) {
      let local = frame(joint)
      let columns = world + 9 * joint
      if parent < 0 {
        local.x.store(columns)
        local.y.store(columns + 3)
        local.z.store(columns + 6)
      } else {
        turned(local.x, by: parent).store(columns)
        turned(local.y, by: parent).store(columns + 3)
        turned(local.z, by: parent).store(columns + 6)
      }
    }

    /// The offsets of the rows from `first` on; rows beyond the last take the last's.
    @inline(__always)
    func readOffsets(_ source: Pointer, width: Int, first: Int, samples: Int, period: Int) {
      let scalars = UnsafeMutableRawPointer(offsets).assumingMemoryBound(to: Float.self)
      for sample in 0..<16 {
        let row = source + (first + min(sample, samples - 1)) / period * width
        for column in 0..<width { scalars[column * 16 + sample] = row[column] }
      }
    }
  }

  private static func eachBlock(
    _ count: Int, joints: Int, _ body: (_ first: Int, _ samples: Int, _ block: Block) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: perJoint * joints) { memory in
      guard let base = memory.baseAddress else { return }
      for first in stride(from: 0, to: count, by: 16) {
        body(first, min(16, count - first), Block(base, joints: joints))
      }
    }
  }

  static func forward(
    _ parents: [Int], count: Int, rotations: Pointer, root: Pointer, offsets: Pointer,
    period: Int, positions: Pointer
  ) {
    let joints = parents.count
    eachBlock(count, joints: joints) { first, samples, block in
      LaneRows.read(
        rotations + first * joints * 6, width: 6 * joints, samples: samples, into: block.raw)
      LaneRows.read(root + first * 3, width: 3, samples: samples, into: block.sums)
      block.readOffsets(
        offsets, width: 3 * joints, first: first, samples: samples, period: period)
      block.turn(0, parent: -1)
      for joint in 1..<max(1, joints) {
        let parent = parents[joint]
        block.turn(joint, parent: parent)
        (Lanes3(block.sums + 3 * parent)
          + block.turned(Lanes3(block.offsets + 3 * joint), by: parent))
          .store(block.sums + 3 * joint)
      }
      LaneRows.write(
        block.sums, width: 3 * joints, samples: samples, to: positions + first * joints * 3)
    }
  }

  /// Adds to the gradients; nil where one is not wanted.
  ///
  /// As `ChainKernel.backward`: forces and moments are summed from the tips to the root, and a
  /// joint's moment in its own axes is the slope of its rotation.
  static func backward(
    _ parents: [Int], count: Int, rotations: Pointer, offsets: Pointer, period: Int,
    gradient: Pointer, rotationTarget: Pointer?, rootTarget: Pointer?, offsetTarget: Pointer?
  ) {
    let joints = parents.count
    eachBlock(count, joints: joints) { first, samples, block in
      LaneRows.read(
        rotations + first * joints * 6, width: 6 * joints, samples: samples, into: block.raw)
      let forces = block.sums
      let moments = block.sums + 3 * joints
      LaneRows.read(
        gradient + first * joints * 3, width: 3 * joints, samples: samples, into: forces)
      block.readOffsets(
        offsets, width: 3 * joints, first: first, samples: samples, period: period)
      moments.update(repeating: .zero, count: 3 * joints)
      for joint in 0..<joints { block.turn(joint, parent: parents[joint]) }
      for joint in stride(from: joints - 1, through: 0, by: -1) {
        let (force, moment) = (Lanes3(forces + 3 * joint), Lanes3(moments + 3 * joint))
        let columns = UnsafePointer(block.world + 9 * joint)
        let own = Lanes3(
          moment.dot(Lanes3(columns)), moment.dot(Lanes3(columns + 3)),
          moment.dot(Lanes3(columns + 6)))
        let slope = block.frame(joint).pull(moment: own)
        slope.a.store(block.raw + 6 * joint)
        slope.b.store(block.raw + 6 * joint + 3)
        let parent = parents[joint]
        guard parent >= 0 else { continue }
        let offset = block.offsets + 3 * joint
        let arm = block.turned(Lanes3(offset), by: parent)
        let above = UnsafePointer(block.world + 9 * parent)
        Lanes3(
          force.dot(Lanes3(above)), force.dot(Lanes3(above + 3)), force.dot(Lanes3(above + 6))
        ).store(offset)
        (Lanes3(forces + 3 * parent) + force).store(forces + 3 * parent)
        (Lanes3(moments + 3 * parent) + moment + arm.cross(force)).store(moments + 3 * parent)
      }
      block.offsets.update(repeating: .zero, count: 3)
      if let rotationTarget {
        LaneRows.add(
          block.raw, width: 6 * joints, samples: samples, to: rotationTarget + first * joints * 6)
      }
      if let rootTarget {
        LaneRows.add(forces, width: 3, samples: samples, to: rootTarget + first * 3)
      }
      guard let offsetTarget else { return }
      for sample in 0..<samples {
        let row = offsetTarget + (first + sample) / period * 3 * joints
        for column in 0..<(3 * joints) { row[column] += block.offsets[column][sample] }
      }
    }
  }
}
