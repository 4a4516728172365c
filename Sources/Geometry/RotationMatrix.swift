/// A rotation in single precision as the columns of its matrix: the axes of a frame as seen from
/// another.
///
/// `aFromB` maps coordinates in B to coordinates in A. In single precision for what networks read
/// and write by the million; robots and trajectories use `Quaternion`, in double precision.
public struct RotationMatrix: Sendable, Hashable {
  /// The first column.
  public var x: SIMD3<Float>
  /// The second column.
  public var y: SIMD3<Float>
  /// The third column.
  public var z: SIMD3<Float>

  /// The identity rotation.
  public static let identity = RotationMatrix(x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1])

  /// A matrix with these columns, taken as they are (not made orthonormal).
  @inlinable
  public init(x: SIMD3<Float>, y: SIMD3<Float>, z: SIMD3<Float>) {
    (self.x, self.y, self.z) = (x, y, z)
  }

  /// The matrix of a unit quaternion.
  @inlinable
  public init(_ q: FloatQuaternion) {
    self.init(x: q * [1, 0, 0], y: q * [0, 1, 0], z: q * [0, 0, 1])
  }

  /// The matrix whose first column lies along one vector and whose second column is as near as can
  /// be to another; nil where the two are zero, parallel or not finite.
  @inlinable
  public init?(alongX first: SIMD3<Float>, nearY second: SIMD3<Float>) {
    guard let x = first.normalized, let z = x.cross(second).normalized,
      x.cross(second).squaredLength > 1e-6 * second.squaredLength
    else { return nil }
    self.init(x: x, y: z.cross(x), z: z)
  }

  /// The rotation about z by an angle given by its cosine and sine.
  @inlinable
  public init(heading cosine: Float, _ sine: Float) {
    self.init(x: [cosine, sine, 0], y: [-sine, cosine, 0], z: [0, 0, 1])
  }

  /// The matrix of a 6-D rotation (its first two columns), made orthonormal by Gram and Schmidt
  /// (Zhou et al., "On the Continuity of Rotation Representations in Neural Networks", 2019).
  ///
  /// Where the columns are parallel or zero, the smallest rotation that turns x along the first.
  @inlinable
  public init(sixD n: UnsafePointer<Float>) {
    let first = SIMD3(n[0], n[1], n[2])
    self =
      RotationMatrix(alongX: first, nearY: [n[3], n[4], n[5]])
      ?? RotationMatrix.identity.swung(from: [1, 0, 0], to: first.normalized ?? [1, 0, 0])
  }

  /// The rotated vector.
  @inlinable
  public func callAsFunction(_ v: SIMD3<Float>) -> SIMD3<Float> { x * v.x + y * v.y + z * v.z }

  /// The vector rotated by the inverse: coordinates in A mapped to coordinates in B.
  @inlinable
  public func local(_ v: SIMD3<Float>) -> SIMD3<Float> { [x.dot(v), y.dot(v), z.dot(v)] }

  /// `aFromB * bFromC` is `aFromC`.
  @inlinable
  public static func * (a: RotationMatrix, b: RotationMatrix) -> RotationMatrix {
    RotationMatrix(x: a(b.x), y: a(b.y), z: a(b.z))
  }

  /// The inverse rotation: the transpose.
  @inlinable
  public var inverse: RotationMatrix {
    RotationMatrix(x: [x.x, y.x, z.x], y: [x.y, y.y, z.y], z: [x.z, y.z, z.z])
  }

  /// This rotation followed by the smallest one that turns one unit vector into another.
  @inlinable
  public func swung(from a: SIMD3<Float>, to b: SIMD3<Float>) -> RotationMatrix {
    let cosine = a.dot(b)
    let k = a.cross(b)
    if cosine > -0.9999 {
      let factor = 1 / (1 + cosine)
      func turn(_ v: SIMD3<Float>) -> SIMD3<Float> {
        v + k.cross(v) + k.cross(k.cross(v)) * factor
      }
      return RotationMatrix(x: turn(x), y: turn(y), z: turn(z))
    }
    // Half a turn about some axis at a right angle.
    let helper: SIMD3<Float> = abs(a.x) < 0.7 ? [1, 0, 0] : [0, 1, 0]
    let axis = a.cross(helper).normalized ?? [0, 0, 1]
    func turn(_ v: SIMD3<Float>) -> SIMD3<Float> { axis * (2 * axis.dot(v)) - v }
    return RotationMatrix(x: turn(x), y: turn(y), z: turn(z))
  }
}
