import Autodiff
import Motions

/// The rotations that bring the figure's bones closest to the directions between given positions,
/// frame by frame and quickly.
///
/// Where several bones leave a joint (pelvis, upper spine) two directions fix its rotation; where
/// one does, the rotation is the smallest from the parent's, since positions do not show a turn
/// about the bone. Joints that nothing hangs on keep their parent's rotation.
enum FrameFit {
  private typealias Vector = SIMD3<Float>
  private typealias Turn = SIMD4<Float>

  /// How a joint's rotation is found.
  private enum Rule {
    /// By the direction to its only child.
    case swing(child: Int, rest: Vector)
    /// By the line between two children, and what is across it on the way to a third.
    case frame(left: Int, right: Int, middle: Int)
    /// Not at all.
    case still
  }

  private static let rules: [Rule] = {
    let joints = HumanFigure.jointCount
    return (0..<joints).map { joint in
      let children = (0..<joints).filter { Skeleton.parents[$0] == joint }
      switch children.count {
      case 0: return .still
      case 1: return .swing(child: children[0], rest: direction(children[0]))
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
  /// Where a skeleton has no bones to the sides (the collars of some recordings), the next joints
  /// take their part.
  ///
  /// - Parameters:
  ///   - positions: joints seen from anywhere, [frames, 22, 3].
  ///   - added: Turns w x y z to add to each joint in its own axes, [22]; nil for none.
  static func columns(
    of positions: [Float], adding added: [SIMD4<Float>]? = nil
  ) -> [Float] {
    let joints = HumanFigure.jointCount
    let frames = positions.count / (3 * joints)
    var columns = [Float](repeating: 0, count: frames * joints * 6)
    var world = [Turn](repeating: Turn(1, 0, 0, 0), count: joints)
    positions.withUnsafeBufferPointer { positions in
      columns.withUnsafeMutableBufferPointer { columns in
        for frame in 0..<frames {
          func place(_ joint: Int) -> Vector {
            let at = 3 * (frame * joints + joint)
            return Vector(positions[at], positions[at + 1], positions[at + 2])
          }
          for joint in 0..<joints {
            let parent = Skeleton.parents[joint]
            let above = parent < 0 ? Turn(1, 0, 0, 0) : world[parent]
            switch rules[joint] {
            case .still: world[joint] = above
            case .swing(let child, let rest):
              let now = HumanFigure.rotated(rest, by: above)
              let turn = turning(now, into: leaning(place(child) - place(joint), on: now))
              world[joint] = HumanFigure.product(turn, above)
            case .frame(let left, let right, let middle):
              let here = place(joint)
              var ends = [left, right, middle]
              if length(place(left) - place(right)) < 0.02 { ends = ends.map(next) }
              let seen = ends.map { place($0) - here }
              // the same bones at rest, as long as they are seen: some skeletons lack one
              let rest = zip(ends, seen).map { direction($0) * length($1) }
              world[joint] = HumanFigure.product(basis(seen), inverse(basis(rest)))
            }
            var local = HumanFigure.product(inverse(above), world[joint])
            if let added {
              local = HumanFigure.product(local, added[joint])
              if parent >= 0 { local = HumanFigure.product(inverse(added[parent]), local) }
            }
            write(local, to: columns, at: 6 * (frame * joints + joint))
          }
        }
      }
    }
    return columns
  }

  private static func write(
    _ q: Turn, to columns: UnsafeMutableBufferPointer<Float>, at index: Int
  ) {
    let (w, x, y, z) = (q.x, q.y, q.z, q.w)
    columns[index] = 1 - 2 * (y * y + z * z)
    columns[index + 1] = 2 * (x * y + w * z)
    columns[index + 2] = 2 * (x * z - w * y)
    columns[index + 3] = 2 * (x * y - w * z)
    columns[index + 4] = 1 - 2 * (x * x + z * z)
    columns[index + 5] = 2 * (y * z + w * x)
  }

  private static func direction(_ joint: Int) -> Vector {
    let d = HumanFigure.chain.directions
    return Vector(d[3 * joint], d[3 * joint + 1], d[3 * joint + 2])
  }

  /// The joint that hangs on another, or itself where none does.
  private static func next(_ joint: Int) -> Int {
    Skeleton.parents.firstIndex(of: joint) ?? joint
  }

  private static func length(_ v: Vector) -> Float { (v * v).sum().squareRoot() }

  /// The direction of a bone; a bone of a centimetre or less, whose direction says nothing, stays
  /// where it is.
  private static func leaning(_ bone: Vector, on now: Vector) -> Vector {
    unit(bone + now * (0.0004 / max(length(bone), 0.001)))
  }

  /// The frame of bones to the left, to the right and to the middle.
  private static func basis(_ bones: [Vector]) -> Turn {
    basis(line: bones[0] - bones[1], up: bones[2] - 0.5 * (bones[0] + bones[1]))
  }

  /// The rotation whose first axis lies along a line and whose second leans to `up`.
  private static func basis(line: Vector, up: Vector) -> Turn {
    let x = unit(line)
    let across = up - x * (x * up).sum()
    let y = (across * across).sum() > 1e-10 ? unit(across) : perpendicular(x)
    let z = cross(x, y)
    // Shepperd's method: divide by the largest of the four components.
    let trace = x.x + y.y + z.z
    if trace > 0 {
      let s = 2 * (1 + trace).squareRoot()
      return Turn(s / 4, (y.z - z.y) / s, (z.x - x.z) / s, (x.y - y.x) / s)
    }
    if x.x >= y.y, x.x >= z.z {
      let s = 2 * (1 + x.x - y.y - z.z).squareRoot()
      return Turn((y.z - z.y) / s, s / 4, (y.x + x.y) / s, (z.x + x.z) / s)
    }
    if y.y >= z.z {
      let s = 2 * (1 - x.x + y.y - z.z).squareRoot()
      return Turn((z.x - x.z) / s, (y.x + x.y) / s, s / 4, (z.y + y.z) / s)
    }
    let s = 2 * (1 - x.x - y.y + z.z).squareRoot()
    return Turn((x.y - y.x) / s, (z.x + x.z) / s, (z.y + y.z) / s, s / 4)
  }

  /// The smallest rotation between two unit vectors; by half a turn where they are opposite.
  private static func turning(_ from: Vector, into to: Vector) -> Turn {
    let cosine = (from * to).sum()
    guard cosine > -0.9999 else {
      let axis = perpendicular(from)
      return Turn(0, axis.x, axis.y, axis.z)
    }
    let axis = cross(from, to)
    let q = Turn(1 + cosine, axis.x, axis.y, axis.z)
    return q / (q * q).sum().squareRoot()
  }

  private static func inverse(_ q: Turn) -> Turn { Turn(q.x, -q.y, -q.z, -q.w) }

  private static func unit(_ v: Vector) -> Vector {
    let square = (v * v).sum()
    return square > 1e-12 ? v / square.squareRoot() : Vector(0, 0, 1)
  }

  private static func perpendicular(_ v: Vector) -> Vector {
    abs(v.x) < 0.7 ? unit(cross(v, Vector(1, 0, 0))) : unit(cross(v, Vector(0, 1, 0)))
  }

  private static func cross(_ a: Vector, _ b: Vector) -> Vector {
    Vector(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
  }
}
