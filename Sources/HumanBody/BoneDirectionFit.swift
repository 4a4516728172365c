package import Geometry
import Motions

/// Fits joint rotations to the directions between joint positions, frame by frame, in closed form.
///
/// Where several bones leave a joint (pelvis, upper spine) two directions determine its rotation;
/// where one does, the rotation is the smallest swing from the parent's, since positions do not
/// determine the twist about the bone. Joints without children keep their parent's rotation.
package enum BoneDirectionFit {
  private typealias Vector = SIMD3<Float>

  /// How a joint's rotation is found.
  private enum Rule {
    /// By the direction to its only child.
    case swing(child: Int)
    /// By the line between two children, and the direction to a third, orthogonalised against it.
    case frame(left: Int, right: Int, middle: Int)
    /// No rule: the joint keeps its parent's rotation.
    case still
  }

  private static let rules: [Rule] = {
    let joints = BodyModel.jointCount
    return (0..<joints).map { joint in
      let children = (0..<joints).filter { Skeleton.parents[$0] == joint }
      switch children.count {
      case 0: return .still
      case 1: return .swing(child: children[0])
      default:
        // the children that mirror each other span the line; the one in the middle is across
        let pairs = children.filter { Skeleton.Joint.allCases[$0].mirrored.rawValue != $0 }
        let middle = children.first { !pairs.contains($0) } ?? children[0]
        return .frame(left: pairs[0], right: pairs[1], middle: middle)
      }
    }
  }()

  /// The first two columns of each joint's rotation, [frames, 22, 6].
  ///
  /// Where a skeleton lacks the bones to the sides (the collars of some recordings), the next
  /// joints are used instead.
  ///
  /// - Parameters:
  ///   - positions: joint positions relative to any point [m], [frames, 22, 3].
  ///   - body: The rest offsets of the body [m], [22, 3].
  ///   - added: Rotations w x y z to apply to each joint in its own axes, [22]; nil for none.
  package static func columns(
    of positions: [Float], body: [Float], adding added: [FloatQuaternion]? = nil
  ) -> [Float] {
    let joints = BodyModel.jointCount
    let frames = positions.count / (3 * joints)
    var columns = [Float](repeating: 0, count: frames * joints * 6)
    var world = [FloatQuaternion](repeating: .identity, count: joints)
    let rest = vectors(body)
    let directions = directions(of: body)
    positions.withUnsafeBufferPointer { positions in
      columns.withUnsafeMutableBufferPointer { columns in
        for frame in 0..<frames {
          func place(_ joint: Int) -> Vector {
            let at = 3 * (frame * joints + joint)
            return Vector(positions[at], positions[at + 1], positions[at + 2])
          }
          for joint in 0..<joints {
            let parent = Skeleton.parents[joint]
            let above = parent < 0 ? .identity : world[parent]
            switch rules[joint] {
            case .still: world[joint] = above
            case .swing(let child):
              let now = above * directions[child]
              let bone = leaning(place(child) - place(joint), on: now)
              world[joint] = FloatQuaternion(turning: now, into: bone) * above
            case .frame(let left, let right, let middle):
              let here = place(joint)
              var ends = [left, right, middle]
              var atRest = ends.map { rest[$0] }
              if (rest[left] - rest[right]).length < 2 * shortest {
                ends = ends.map(next)
                atRest = zip(ends, atRest).map { rest[$0] + $1 }
              } else if (atRest[2] - 0.5 * (atRest[0] + atRest[1])).length < shortest {
                ends[2] = next(middle)
                atRest[2] += rest[ends[2]]
              }
              world[joint] = basis(ends.map { place($0) - here }) * basis(atRest).inverse
            }
            var local = above.inverse * world[joint]
            if let added {
              local = local * added[joint]
              if parent >= 0 { local = added[parent].inverse * local }
            }
            write(local, to: columns, at: 6 * (frame * joints + joint))
          }
        }
      }
    }
    return columns
  }

  /// The unit directions of rest offsets [22, 3] m; the canonical ones of offsets that have none.
  static func directions(of body: [Float]) -> [SIMD3<Float>] {
    vectors(body).enumerated().map { joint, offset in
      offset.length > shortest ? unit(offset) : BodyModel.direction(joint)
    }
  }

  private static func vectors(_ body: [Float]) -> [Vector] {
    stride(from: 0, to: body.count, by: 3).map { Vector(body[$0], body[$0 + 1], body[$0 + 2]) }
  }

  private static func write(
    _ q: FloatQuaternion, to columns: UnsafeMutableBufferPointer<Float>, at index: Int
  ) {
    let (w, x, y, z) = (q.w, q.x, q.y, q.z)
    columns[index] = 1 - 2 * (y * y + z * z)
    columns[index + 1] = 2 * (x * y + w * z)
    columns[index + 2] = 2 * (x * z - w * y)
    columns[index + 3] = 2 * (x * y - w * z)
    columns[index + 4] = 1 - 2 * (x * x + z * z)
    columns[index + 5] = 2 * (y * z + w * x)
  }

  /// A bone of this length or less has no reliable direction [m].
  private static let shortest: Float = 0.01

  /// The child of a joint, or the joint itself if it has none.
  private static func next(_ joint: Int) -> Int {
    Skeleton.parents.firstIndex(of: joint) ?? joint
  }

  /// The direction of a bone.
  ///
  /// A bone of a centimetre or less has no reliable direction and keeps the previous one.
  private static func leaning(_ bone: Vector, on now: Vector) -> Vector {
    unit(bone + now * (0.0004 / max(bone.length, 0.001)))
  }

  /// The frame spanned by the bones to the left, to the right and in the middle.
  private static func basis(_ bones: [Vector]) -> FloatQuaternion {
    basis(line: bones[0] - bones[1], up: bones[2] - 0.5 * (bones[0] + bones[1]))
  }

  /// The rotation whose first axis lies along a line and whose second is closest to `up`.
  private static func basis(line: Vector, up: Vector) -> FloatQuaternion {
    let x = unit(line)
    let across = up - x * x.dot(up)
    let y = across.squaredLength > 1e-10 ? unit(across) : x.anyPerpendicular
    return FloatQuaternion(RotationMatrix(x: x, y: y, z: x.cross(y)))
  }

  private static func unit(_ v: Vector) -> Vector {
    let square = v.squaredLength
    return square > 1e-12 ? v / square.squareRoot() : Vector(0, 0, 1)
  }
}
