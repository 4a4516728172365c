/// A vector in three dimensions; unit and frame are those of the quantity it holds.
public typealias Vector3 = SIMD3<Double>

extension SIMD3 where Scalar == Double {
  /// The unit vector along x.
  @inlinable
  public static var unitX: Self { Self(1, 0, 0) }
  /// The unit vector along y.
  @inlinable
  public static var unitY: Self { Self(0, 1, 0) }
  /// The unit vector along z.
  @inlinable
  public static var unitZ: Self { Self(0, 0, 1) }

  /// The scalar product with another vector.
  @inlinable
  public func dot(_ other: Self) -> Double { x * other.x + y * other.y + z * other.z }

  /// The vector product with another vector.
  @inlinable
  public func cross(_ other: Self) -> Self {
    // No array literal: it is built by a generic loop.
    Self(
      y * other.z - z * other.y,
      z * other.x - x * other.z,
      x * other.y - y * other.x)
  }

  /// The square of the length.
  @inlinable
  public var squaredLength: Double { dot(self) }

  /// The Euclidean length.
  @inlinable
  public var length: Double { squaredLength.squareRoot() }

  /// The vector of length one in the same direction; nil where there is none (zero or not finite).
  @inlinable
  public var normalized: Self? {
    let largest = Swift.max(abs(x), abs(y), abs(z))
    guard largest > 0, largest.isFinite, isFinite else { return nil }
    // Scaled first, so that neither very small nor very large vectors lose their length.
    let scaled = self / largest
    return scaled / scaled.length
  }

  /// Some unit vector at a right angle to this one, which must not be zero.
  public var anyPerpendicular: Self {
    let magnitude: Self = [abs(x), abs(y), abs(z)]
    let axis: Self =
      magnitude.x <= magnitude.y && magnitude.x <= magnitude.z
      ? .unitX : magnitude.y <= magnitude.z ? .unitY : .unitZ
    return cross(axis).normalized ?? .unitX
  }

  /// Whether all three components are finite.
  public var isFinite: Bool { x.isFinite && y.isFinite && z.isFinite }
}

extension SIMD3 where Scalar == Float {
  /// The scalar product with another vector.
  @inlinable
  public func dot(_ other: Self) -> Float { x * other.x + y * other.y + z * other.z }

  /// The vector product with another vector.
  @inlinable
  public func cross(_ other: Self) -> Self {
    // No array literal: it is built by a generic loop.
    Self(
      y * other.z - z * other.y,
      z * other.x - x * other.z,
      x * other.y - y * other.x)
  }

  /// The square of the length.
  @inlinable
  public var squaredLength: Float { dot(self) }

  /// The Euclidean length.
  @inlinable
  public var length: Float { squaredLength.squareRoot() }

  /// The vector of length one in the same direction; nil where it is shorter than 1e-9 or not
  /// finite.
  @inlinable
  public var normalized: Self? {
    let length = self.length
    return length > 1e-9 && length.isFinite ? self / length : nil
  }

  /// Some unit vector at a right angle to this one, which must have length one.
  @inlinable
  public var anyPerpendicular: Self {
    cross(abs(x) < 0.7 ? [1, 0, 0] : [0, 1, 0]).normalized ?? [0, 0, 1]
  }
}
