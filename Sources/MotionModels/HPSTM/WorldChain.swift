import Autodiff
import Geometry
import Motions

extension Tape {
  /// The joints' positions from world rotations: each bone depends on its parent's rotation alone,
  /// so that changing one rotation translates the joints below without rotating them.
  ///
  /// - Parameters:
  ///   - columns: orthonormal x and y of worldFromJoint, [n, 22, 6]
  ///   - root: [n, 3] m
  ///   - lengths: [sequences, 22] m
  ///   - directions: unit directions of the bones in their parents' frames, [sequences, 22, 3]
  /// - Returns: [n, 22, 3] m
  mutating func worldPositions(
    columns: Variable, root: Variable, lengths: Variable, directions: [Float]
  ) -> Variable {
    let joints = Skeleton.jointCount
    let (n, sequences) = (root.shape[0], lengths.shape[0])
    precondition(
      columns.shape == [n, joints, 6] && root.shape == [n, 3]
        && lengths.shape == [sequences, joints] && n % sequences == 0
        && directions.count == 3 * joints * sequences,
      "\(columns.shape), \(root.shape), \(lengths.shape) are no figures")
    let period = n / sequences
    return custom([columns, root, lengths], shape: [n, joints, 3]) { inputs, output in
      for row in 0..<n {
        let shared = row / period * joints
        WorldChain.forward(
          inputs[0].baseAddress, row, inputs[1], inputs[2], shared, directions, output)
      }
    } pullback: { inputs, _, gradient, targets in
      for row in 0..<n {
        WorldChain.backward(
          inputs, row, row / period * joints, directions, gradient: gradient, targets: targets)
      }
    }
  }
}

/// One frame of `worldPositions`.
private enum WorldChain {
  typealias Vector3 = SIMD3<Float>
  static let joints = Skeleton.jointCount
  static let parents = Skeleton.parents

  @inline(__always)
  static func vector(_ p: UnsafeBufferPointer<Float>, _ at: Int) -> Vector3 {
    [p[at], p[at + 1], p[at + 2]]
  }

  static func forward(
    _ columns: UnsafePointer<Float>?, _ row: Int, _ root: UnsafeBufferPointer<Float>,
    _ lengths: UnsafeBufferPointer<Float>, _ shared: Int, _ directions: [Float],
    _ output: UnsafeMutableBufferPointer<Float>
  ) {
    guard let columns else { return }
    let base = 3 * joints * row
    for axis in 0..<3 { output[base + axis] = root[3 * row + axis] }
    for joint in 1..<joints {
      let parent = parents[joint]
      let c = columns + 6 * (joints * row + parent)
      let (x, y) = (Vector3(c[0], c[1], c[2]), Vector3(c[3], c[4], c[5]))
      let at = 3 * (shared + joint)
      let bone =
        (x * directions[at] + y * directions[at + 1] + x.cross(y) * directions[at + 2])
        * lengths[shared + joint]
      for axis in 0..<3 {
        output[base + 3 * joint + axis] = output[base + 3 * parent + axis] + bone[axis]
      }
    }
  }

  static func backward(
    _ inputs: [UnsafeBufferPointer<Float>], _ row: Int, _ shared: Int, _ directions: [Float],
    gradient: UnsafeBufferPointer<Float>, targets: [UnsafeMutableBufferPointer<Float>?]
  ) {
    withUnsafeTemporaryAllocation(of: Vector3.self, capacity: joints) { sums in
      for joint in 0..<joints { sums[joint] = vector(gradient, 3 * (joints * row + joint)) }
      for joint in stride(from: joints - 1, to: 0, by: -1) {
        let (parent, g) = (parents[joint], sums[joint])
        sums[parent] += g
        let c = 6 * (joints * row + parent)
        let (x, y) = (vector(inputs[0], c), vector(inputs[0], c + 3))
        let at = 3 * (shared + joint)
        let d: Vector3 = [directions[at], directions[at + 1], directions[at + 2]]
        let length = inputs[2][shared + joint]
        if let lengths = targets[2] {
          let way = x * d.x + y * d.y + x.cross(y) * d.z
          lengths[shared + joint] += way.dot(g)
        }
        guard let columns = targets[0] else { continue }
        let gx = (g * d.x + y.cross(g) * d.z) * length
        let gy = (g * d.y + g.cross(x) * d.z) * length
        for axis in 0..<3 {
          columns[c + axis] += gx[axis]
          columns[c + 3 + axis] += gy[axis]
        }
      }
      if let root = targets[1] {
        for axis in 0..<3 { root[3 * row + axis] += sums[0][axis] }
      }
    }
  }
}
