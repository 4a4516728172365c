/// A rotation in single precision as a unit quaternion, components in the order w, x, y, z.
///
/// The layout is that of four floats, as tensors and files hold them. `aFromB` rotates coordinates
/// in B to coordinates in A; `aFromB * bFromC` is `aFromC`. No operation normalises by itself.
public struct FloatQuaternion: Sendable, Hashable {
  /// The components w, x, y, z.
  public var components: SIMD4<Float>

  /// The identity rotation.
  public static let identity = FloatQuaternion(SIMD4(1, 0, 0, 0))

  /// A quaternion with the components w, x, y, z, taken as they are (not normalised).
  @inlinable
  public init(_ components: SIMD4<Float>) { self.components = components }

  /// A quaternion with these components, taken as they are (not normalised).
  @inlinable
  public init(w: Float, x: Float, y: Float, z: Float) { components = SIMD4(w, x, y, z) }

  /// A quaternion of double precision, rounded.
  @inlinable
  public init(_ q: Quaternion) {
    self.init(w: Float(q.w), x: Float(q.x), y: Float(q.y), z: Float(q.z))
  }

  /// The rotation by an angle about z, given by the cosine and sine of half of it.
  @inlinable
  public init(aboutZ halfCosine: Float, _ halfSine: Float) {
    self.init(w: halfCosine, x: 0, y: 0, z: halfSine)
  }

  /// The quaternion of a rotation matrix with orthonormal, right-handed columns, by Shepperd's
  /// method: divided by the largest of the four components.
  @inlinable
  public init(_ matrix: RotationMatrix) {
    let (x, y, z) = (matrix.x, matrix.y, matrix.z)
    let trace = x.x + y.y + z.z
    if trace > 0 {
      let s = 2 * (1 + trace).squareRoot()
      self.init(w: s / 4, x: (y.z - z.y) / s, y: (z.x - x.z) / s, z: (x.y - y.x) / s)
    } else if x.x >= y.y, x.x >= z.z {
      let s = 2 * (1 + x.x - y.y - z.z).squareRoot()
      self.init(w: (y.z - z.y) / s, x: s / 4, y: (y.x + x.y) / s, z: (z.x + x.z) / s)
    } else if y.y >= z.z {
      let s = 2 * (1 - x.x + y.y - z.z).squareRoot()
      self.init(w: (z.x - x.z) / s, x: (y.x + x.y) / s, y: s / 4, z: (z.y + y.z) / s)
    } else {
      let s = 2 * (1 - x.x - y.y + z.z).squareRoot()
      self.init(w: (x.y - y.x) / s, x: (z.x + x.z) / s, y: (z.y + y.z) / s, z: s / 4)
    }
  }

  /// The smallest rotation that turns one unit vector into another; half a turn about some axis
  /// where they are opposite.
  @inlinable
  public init(turning from: SIMD3<Float>, into to: SIMD3<Float>) {
    let cosine = from.dot(to)
    var axis = from.cross(to)
    guard cosine < 0 else {
      self = FloatQuaternion(w: 1 + cosine, x: axis.x, y: axis.y, z: axis.z).normalized
      return
    }
    // Where the two are nearly opposite, 1 + cosine would lose its digits, and rounding tilts the axis.
    axis -= from * axis.dot(from)
    let square = axis.squaredLength
    guard square > 1e-10 else {
      let across = from.anyPerpendicular
      self.init(w: 0, x: across.x, y: across.y, z: across.z)
      return
    }
    self =
      FloatQuaternion(w: square / (1 - cosine), x: axis.x, y: axis.y, z: axis.z).normalized
  }

  /// The scalar part.
  @inlinable
  public var w: Float { components.x }
  /// The first component of the vector part.
  @inlinable
  public var x: Float { components.y }
  /// The second component of the vector part.
  @inlinable
  public var y: Float { components.z }
  /// The third component of the vector part.
  @inlinable
  public var z: Float { components.w }

  /// The scalar product of the four components; negative for opposite hemispheres.
  @inlinable
  public func dot(_ other: FloatQuaternion) -> Float { (components * other.components).sum() }

  /// The same rotation with length one; not a number where the length is zero.
  @inlinable
  public var normalized: FloatQuaternion {
    FloatQuaternion(components / (components * components).sum().squareRoot())
  }

  /// The inverse rotation.
  @inlinable
  public var inverse: FloatQuaternion { FloatQuaternion(w: w, x: -x, y: -y, z: -z) }

  /// The rotation by the right operand, then by the left one.
  @inlinable
  public static func * (a: FloatQuaternion, b: FloatQuaternion) -> FloatQuaternion {
    FloatQuaternion(
      w: a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
      x: a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
      y: a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
      z: a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w)
  }

  /// The rotated vector.
  @inlinable
  public static func * (q: FloatQuaternion, v: SIMD3<Float>) -> SIMD3<Float> {
    let u = SIMD3(q.x, q.y, q.z)
    let t = 2 * u.cross(v)
    return v + q.w * t + u.cross(t)
  }

  /// The rotation a fraction of the way to another along the shorter arc (slerp).
  ///
  /// The weights sin(tφ)/sin(φ) by Eberly's series in cos φ - 1 ("A fast and accurate algorithm
  /// for computing SLERP", 2011), whose last coefficient is fitted: exact in single precision below
  /// a right angle, as between neighbouring frames.
  @inlinable
  public func interpolated(to other: FloatQuaternion, fraction: Float) -> FloatQuaternion {
    let dot = dot(other)
    let x = abs(dot) - 1
    let t = SIMD2(1 - fraction, fraction)
    let squares = t * t
    @inline(__always) func term(_ i: Float, _ fit: Float) -> SIMD2<Float> {
      (squares / (i * (2 * i + 1)) - i / (2 * i + 1)) * (x * fit)
    }
    var series = 1 + term(8, 1.8529811)
    series = 1 + series * term(7, 1)
    series = 1 + series * term(6, 1)
    series = 1 + series * term(5, 1)
    series = 1 + series * term(4, 1)
    series = 1 + series * term(3, 1)
    series = 1 + series * term(2, 1)
    series = 1 + series * term(1, 1)
    let weights = t * series
    let near = dot < 0 ? -other.components : other.components
    return FloatQuaternion(components * weights.x + near * weights.y).normalized
  }
}

extension Quaternion {
  /// A quaternion of single precision, taken as it is (not normalised).
  @inlinable
  public init(_ q: FloatQuaternion) {
    self.init(w: Double(q.w), x: Double(q.x), y: Double(q.y), z: Double(q.z))
  }

  /// The rotation of a matrix of single precision.
  public init(_ matrix: RotationMatrix) {
    self.init(
      columns: SIMD3<Double>(matrix.x), SIMD3<Double>(matrix.y), SIMD3<Double>(matrix.z))
  }
}
