public import Autodiff
import Geometry
public import Motions

/// The body model of the motion models: the canonical skeleton's joints, with the rest offsets of one
/// person for each sequence.
public enum BodyModel {
  /// The number of joints.
  public static let jointCount = Skeleton.jointCount

  /// Parents and bone directions of a body of which only the lengths are known: the directions are
  /// those of the canonical rest offsets.
  public static let chain = KinematicChain(
    parents: Skeleton.parents,
    directions: Skeleton.canonical.restOffsets.flatMap { offset -> [Float] in
      let unit = offset.normalized ?? .zero
      return [Float(unit.x), Float(unit.y), Float(unit.z)]
    })

  /// The bone lengths of the canonical skeleton [m], zero for the pelvis.
  public static let canonicalLengths = lengths(of: .canonical)

  /// The lengths of a skeleton's bones [m], zero for the pelvis.
  public static func lengths(of skeleton: Skeleton) -> [Float] {
    skeleton.restOffsets.map { Float($0.length) }
  }

  /// A skeleton's rest offsets [m], [22, 3].
  public static func offsets(of skeleton: Skeleton) -> [Float] {
    skeleton.restOffsets.flatMap { [Float($0.x), Float($0.y), Float($0.z)] }
  }

  /// The lengths of rest offsets [m], [22].
  public static func lengths(ofOffsets offsets: [Float]) -> [Float] {
    stride(from: 0, to: offsets.count, by: 3).map {
      SIMD3(offsets[$0], offsets[$0 + 1], offsets[$0 + 2]).length
    }
  }

  /// The skeleton with these rest offsets [m], [22, 3].
  public static func skeleton(offsets: [Float]) -> Skeleton {
    Skeleton(
      restOffsets: stride(from: 0, to: offsets.count, by: 3).map {
        [Double(offsets[$0]), Double(offsets[$0 + 1]), Double(offsets[$0 + 2])]
      })
  }

  /// The positions of all joints in the world [m], [frames, 22, 3].
  public static func positions(of window: MotionWindow) -> [Float] {
    let count = jointCount
    var positions = [Float](repeating: 0, count: 3 * count * window.frames)
    var world = [FloatQuaternion](repeating: .identity, count: count)
    for frame in 0..<window.frames {
      let base = frame * count
      for joint in 0..<count {
        let local = window.rotation(base + joint)
        let parent = chain.parents[joint]
        guard parent >= 0 else {
          world[0] = local
          for axis in 0..<3 { positions[3 * base + axis] = window.root[3 * frame + axis] }
          continue
        }
        let bone = world[parent] * window.offset(joint)
        for axis in 0..<3 {
          positions[3 * (base + joint) + axis] = positions[3 * (base + parent) + axis] + bone[axis]
        }
        world[joint] = world[parent] * local
      }
    }
    return positions
  }

  /// The first two columns of each rotation's matrix, [frames, 22, 6].
  public static func rotationColumns(of window: MotionWindow) -> [Float] {
    var columns = [Float](repeating: 0, count: 6 * window.rotations.count / 4)
    for index in 0..<(window.rotations.count / 4) {
      let q = window.rotation(index)
      let (x, y) = (q * [1, 0, 0], q * [0, 1, 0])
      for axis in 0..<3 {
        columns[6 * index + axis] = x[axis]
        columns[6 * index + 3 + axis] = y[axis]
      }
    }
    return columns
  }

  /// The unit quaternions w x y z of 6-D rotations [n, 6], by Gram and Schmidt: [n, 4].
  public static func quaternions(ofColumns columns: [Float]) -> [Float] {
    var result = [Float](repeating: 0, count: columns.count / 6 * 4)
    for index in 0..<(columns.count / 6) {
      func column(_ first: Int) -> Vector3 {
        let at = 6 * index + first
        return [Double(columns[at]), Double(columns[at + 1]), Double(columns[at + 2])]
      }
      let x = column(0).normalized ?? .unitX
      let y = (column(3) - x * x.dot(column(3))).normalized ?? x.anyPerpendicular
      let q = Quaternion(columns: x, y, x.cross(y))
      for (part, value) in [q.w, q.x, q.y, q.z].enumerated() {
        result[4 * index + part] = Float(value)
      }
    }
    return result
  }

  /// The child of each joint that has exactly one, 22; nil for all others.
  package static let onlyChild: [Int?] = (0..<jointCount).map { joint in
    let children = (0..<jointCount).filter { Skeleton.parents[$0] == joint }
    return children.count == 1 ? children[0] : nil
  }

  /// The unit direction of a joint's bone in its parent's frame.
  package static func direction(_ joint: Int) -> SIMD3<Float> {
    SIMD3(
      chain.directions[3 * joint], chain.directions[3 * joint + 1], chain.directions[3 * joint + 2])
  }
}
