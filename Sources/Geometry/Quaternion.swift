import Foundation

/// A rotation as a unit quaternion, components in the order w, x, y, z.
///
/// `aFromB` rotates coordinates in B to coordinates in A; `aFromB * bFromC` is `aFromC`.
/// `q` and `-q` are the same rotation. Goals, in order: exact group laws up to rounding, no
/// singular case, speed.
public struct Quaternion: Sendable, Hashable {
  /// The scalar part.
  public var w: Double
  /// The first component of the vector part.
  public var x: Double
  /// The second component of the vector part.
  public var y: Double
  /// The third component of the vector part.
  public var z: Double

  /// The identity rotation.
  @inlinable
  public static var identity: Quaternion { Quaternion(w: 1, x: 0, y: 0, z: 0) }

  /// A quaternion with these components, taken as they are (not normalised).
  @inlinable
  public init(w: Double, x: Double, y: Double, z: Double) {
    self.w = w
    self.x = x
    self.y = y
    self.z = z
  }

  /// The rotation by an angle [rad] about a unit axis, by the right hand.
  public init(angle: Double, axis: Vector3) {
    let half = angle / 2
    let s = sin(half)
    self.init(w: cos(half), x: axis.x * s, y: axis.y * s, z: axis.z * s)
  }

  /// The rotation about a vector by its length [rad]; the inverse of `rotationVector`.
  public init(rotationVector: Vector3) {
    let angle = rotationVector.length
    let half = angle / 2
    // sin(angle/2)/angle, by its series where the quotient is not defined.
    let scale = angle < 1e-4 ? 0.5 - angle * angle / 48 : sin(half) / angle
    self.init(
      w: cos(half), x: rotationVector.x * scale, y: rotationVector.y * scale,
      z: rotationVector.z * scale)
  }

  /// URDF's `rpy` [rad]: `Rz(yaw) Ry(pitch) Rx(roll)`.
  public init(roll: Double, pitch: Double, yaw: Double) {
    self =
      Quaternion(angle: yaw, axis: .unitZ) * Quaternion(angle: pitch, axis: .unitY)
      * Quaternion(angle: roll, axis: .unitX)
  }

  /// The smallest rotation that turns one unit vector into another; by π if they are opposite.
  public init(turning from: Vector3, into to: Vector3) {
    let cosine = from.dot(to)
    guard cosine > -1 + 1e-12 else {
      self.init(angle: .pi, axis: from.anyPerpendicular)
      return
    }
    let axis = from.cross(to)
    self = Quaternion(w: 1 + cosine, x: axis.x, y: axis.y, z: axis.z).normalized
  }

  /// The rotation whose matrix has these columns, which must be orthonormal and right-handed.
  public init(columns c0: Vector3, _ c1: Vector3, _ c2: Vector3) {
    let trace = c0.x + c1.y + c2.z
    // Shepperd's method: divide by the largest of the four components.
    if trace > 0 {
      let s = 2 * (1 + trace).squareRoot()
      self.init(w: s / 4, x: (c1.z - c2.y) / s, y: (c2.x - c0.z) / s, z: (c0.y - c1.x) / s)
    } else if c0.x >= c1.y, c0.x >= c2.z {
      let s = 2 * (1 + c0.x - c1.y - c2.z).squareRoot()
      self.init(w: (c1.z - c2.y) / s, x: s / 4, y: (c1.x + c0.y) / s, z: (c2.x + c0.z) / s)
    } else if c1.y >= c2.z {
      let s = 2 * (1 - c0.x + c1.y - c2.z).squareRoot()
      self.init(w: (c2.x - c0.z) / s, x: (c1.x + c0.y) / s, y: s / 4, z: (c2.y + c1.z) / s)
    } else {
      let s = 2 * (1 - c0.x - c1.y + c2.z).squareRoot()
      self.init(w: (c0.y - c1.x) / s, x: (c2.x + c0.z) / s, y: (c2.y + c1.z) / s, z: s / 4)
    }
    self = normalized
  }

  /// The vector part.
  @inlinable
  public var vector: Vector3 { Vector3(x, y, z) }

  /// The same rotation with length one; the identity where the length is zero or not finite.
  @inlinable
  public var normalized: Quaternion {
    let length = (w * w + x * x + y * y + z * z).squareRoot()
    guard length > 0, length.isFinite else { return .identity }
    return Quaternion(w: w / length, x: x / length, y: y / length, z: z / length)
  }

  /// The inverse rotation.
  @inlinable
  public var inverse: Quaternion { Quaternion(w: w, x: -x, y: -y, z: -z) }

  /// The other quaternion of the same rotation.
  @inlinable
  public static prefix func - (q: Quaternion) -> Quaternion {
    Quaternion(w: -q.w, x: -q.x, y: -q.y, z: -q.z)
  }

  /// The rotation by the right operand, then by the left one.
  @inlinable
  public static func * (a: Quaternion, b: Quaternion) -> Quaternion {
    Quaternion(
      w: a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
      x: a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
      y: a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
      z: a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w)
  }

  /// The rotated vector.
  @inlinable
  public static func * (q: Quaternion, v: Vector3) -> Vector3 {
    let u = q.vector
    let t = 2 * u.cross(v)
    return v + q.w * t + u.cross(t)
  }

  /// The scalar product of the four components; negative for opposite hemispheres.
  @inlinable
  public func dot(_ other: Quaternion) -> Double {
    w * other.w + x * other.x + y * other.y + z * other.z
  }

  /// The angle of the rotation [rad], 0...π.
  public var angle: Double { 2 * atan2(vector.length, abs(w)) }

  /// The axis times the angle [rad], of length at most π.
  public var rotationVector: Vector3 {
    let q = w < 0 ? -self : self
    let sine = q.vector.length
    guard sine > 1e-9 else { return 2 * q.vector }
    return q.vector * (2 * atan2(sine, q.w) / sine)
  }

  /// The columns of the rotation's matrix.
  public var columns: (Vector3, Vector3, Vector3) {
    (self * .unitX, self * .unitY, self * .unitZ)
  }

  /// The rotation a fraction of the way to another along the shorter arc (slerp).
  public func interpolated(to other: Quaternion, fraction: Double) -> Quaternion {
    let near = dot(other) < 0 ? -other : other
    return (self * Quaternion(rotationVector: (inverse * near).rotationVector * fraction))
      .normalized
  }

  /// The angle [rad], -π...π, of the part of the rotation that turns about a unit axis.
  ///
  /// The swing–twist decomposition `q = swing * twist`, where the twist turns about the axis and
  /// the swing about an axis at a right angle to it. Zero where the twist is not defined (a swing
  /// by π).
  public func twistAngle(about axis: Vector3) -> Double {
    let sine = vector.dot(axis)
    guard sine != 0 || w != 0 else { return 0 }
    let angle = 2 * atan2(sine, w)
    return angle > .pi ? angle - 2 * .pi : angle < -.pi ? angle + 2 * .pi : angle
  }

  /// Whether all four components are finite.
  public var isFinite: Bool { w.isFinite && x.isFinite && y.isFinite && z.isFinite }
}
