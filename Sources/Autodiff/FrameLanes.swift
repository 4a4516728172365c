// Frames of sixteen samples at once: structure of arrays, one vector for each coordinate.

/// Sixteen vectors in space.
struct Lanes3 {
  var x: Vector
  var y: Vector
  var z: Vector

  @inline(__always)
  init(_ x: Vector, _ y: Vector, _ z: Vector) { (self.x, self.y, self.z) = (x, y, z) }

  @inline(__always)
  init(_ memory: UnsafePointer<Vector>) { self.init(memory[0], memory[1], memory[2]) }

  @inline(__always)
  func store(_ memory: UnsafeMutablePointer<Vector>) {
    (memory[0], memory[1], memory[2]) = (x, y, z)
  }

  @inline(__always)
  static func + (a: Self, b: Self) -> Self { Self(a.x + b.x, a.y + b.y, a.z + b.z) }

  @inline(__always)
  static func * (a: Self, k: Vector) -> Self { Self(a.x * k, a.y * k, a.z * k) }

  /// Adds a vector times a factor each.
  @inline(__always)
  func adding(_ a: Self, times k: Vector) -> Self {
    Self(x.addingProduct(a.x, k), y.addingProduct(a.y, k), z.addingProduct(a.z, k))
  }

  @inline(__always)
  func dot(_ b: Self) -> Vector { (x * b.x).addingProduct(y, b.y).addingProduct(z, b.z) }

  @inline(__always)
  func cross(_ b: Self) -> Self {
    Self(y * b.z - z * b.y, z * b.x - x * b.z, x * b.y - y * b.x)
  }

  /// Where the mask holds, the other.
  @inline(__always)
  func replacing(with b: Self, where mask: SIMDMask<Vector.MaskStorage>) -> Self {
    Self(
      x.replacing(with: b.x, where: mask), y.replacing(with: b.y, where: mask),
      z.replacing(with: b.z, where: mask))
  }
}

/// Rotations made from two raw columns each, and how they depend on them.
///
/// As Zhou, Barnes, Lu, Yang and Li (2019).
/// Raw columns of no length or along one line choose no rotation: then some rotation is taken
/// and what was raw has no slope. NaN stays NaN.
struct FrameLanes {
  /// The orthonormal columns.
  let x: Lanes3
  let y: Lanes3
  let z: Lanes3
  /// 1 / |a|, zero where there is no slope.
  let aFactor: Vector
  /// 1 / |u| with u what is left of b without its part along x, zero where there is no slope.
  let uFactor: Vector
  /// The second raw column's part along the first.
  let along: Vector

  @inline(__always)
  init(_ a: Lanes3, _ b: Lanes3) {
    let zero = Vector.zero
    let one = Vector(repeating: 1)
    let (tiny, share) = (Vector(repeating: 1e-16), Vector(repeating: 1e-10))
    let aSquare = a.dot(a)
    let noA = aSquare .< tiny
    let aReciprocal = 1 / aSquare.replacing(with: 1, where: noA).squareRoot()
    x = (a * aReciprocal).replacing(with: Lanes3(one, zero, zero), where: noA)
    along = x.dot(b)
    var u = b.adding(x, times: -along)
    // once more: of columns near one line mostly rounding is left
    u = u.adding(x, times: -x.dot(u))
    let uSquare = u.dot(u)
    let noU = uSquare .< tiny.addingProduct(b.dot(b), share)
    // where u vanishes, the axis that x is far from takes its place
    let steep = VectorMath.abs(x.x) .> 0.5
    var other = Lanes3(
      one.replacing(with: zero, where: steep), zero.replacing(with: one, where: steep), zero)
    other = other.adding(x, times: -x.dot(other))
    u = u.replacing(with: other, where: noU)
    let uReciprocal = 1 / u.dot(u).squareRoot()
    y = u * uReciprocal
    z = x.cross(y)
    aFactor = aReciprocal.replacing(with: 0, where: noA)
    uFactor = uReciprocal.replacing(with: 0, where: noU)
  }

  /// The gradients of the raw columns from one of a small turn, told in the frame's own axes.
  ///
  /// A turn is (dy · z, -dx · z, dx · y), and dy · z = (db · z - along dx · z) / |u|.
  @inline(__always)
  func pull(moment: Lanes3) -> (a: Lanes3, b: Lanes3) {
    let twist = moment.x * uFactor
    let a = (y * moment.z).adding(z, times: -moment.y.addingProduct(along, twist))
    return (a * aFactor, z * twist)
  }

  /// The gradients of the raw columns from those of the orthonormal x and y.
  @inline(__always)
  func pull(x gx: Lanes3, y gy: Lanes3, b: Lanes3) -> (a: Lanes3, b: Lanes3) {
    let gu = gy.adding(y, times: -gy.dot(y)) * uFactor
    let inward = gu.dot(x)
    let whole = gx.adding(gu, times: -along).adding(b, times: -inward)
    return (whole.adding(x, times: -whole.dot(x)) * aFactor, gu.adding(x, times: -inward))
  }
}

/// Rows of samples to vectors of coordinates and back.
enum LaneRows {
  /// Up to sixteen rows; the last one fills the lanes that are left.
  @inline(__always)
  static func read(
    _ rows: UnsafePointer<Float>, width: Int, samples: Int, into lanes: UnsafeMutablePointer<Vector>
  ) {
    let scalars = UnsafeMutableRawPointer(lanes).assumingMemoryBound(to: Float.self)
    for sample in 0..<16 {
      let row = rows + min(sample, samples - 1) * width
      for column in 0..<width { scalars[column * 16 + sample] = row[column] }
    }
  }

  /// Up to sixteen rows replaced.
  @inline(__always)
  static func write(
    _ lanes: UnsafePointer<Vector>, width: Int, samples: Int,
    to rows: UnsafeMutablePointer<Float>
  ) {
    let scalars = UnsafeRawPointer(lanes).assumingMemoryBound(to: Float.self)
    for sample in 0..<samples {
      let row = rows + sample * width
      for column in 0..<width { row[column] = scalars[column * 16 + sample] }
    }
  }

  /// Up to sixteen rows added to.
  @inline(__always)
  static func add(
    _ lanes: UnsafePointer<Vector>, width: Int, samples: Int,
    to rows: UnsafeMutablePointer<Float>
  ) {
    let scalars = UnsafeRawPointer(lanes).assumingMemoryBound(to: Float.self)
    for sample in 0..<samples {
      let row = rows + sample * width
      for column in 0..<width { row[column] += scalars[column * 16 + sample] }
    }
  }
}
