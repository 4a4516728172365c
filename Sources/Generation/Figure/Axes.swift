import Geometry

/// The columns of a rotation matrix: the axes of a frame as seen from another.
struct Axes: Sendable, Hashable {
  var x: SIMD3<Float>
  var y: SIMD3<Float>
  var z: SIMD3<Float>

  /// The rotation by nothing.
  static let identity = Axes(x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1])

  init(x: SIMD3<Float>, y: SIMD3<Float>, z: SIMD3<Float>) { (self.x, self.y, self.z) = (x, y, z) }

  /// The axes of a unit quaternion w x y z.
  init(_ q: SIMD4<Float>) {
    x = HumanFigure.rotated([1, 0, 0], by: q)
    y = HumanFigure.rotated([0, 1, 0], by: q)
    z = HumanFigure.rotated([0, 0, 1], by: q)
  }

  /// The axes whose x lies along the first vector and whose y as near as can be to the second;
  /// nil where the two choose none.
  init?(alongX first: SIMD3<Float>, nearY second: SIMD3<Float>) {
    guard let x = first.direction, let z = x.crossed(second).direction,
      x.crossed(second).squared > 1e-6 * second.squared
    else { return nil }
    self.init(x: x, y: z.crossed(x), z: z)
  }

  /// The rotation about the vertical by an angle given by its cosine and sine.
  init(heading cosine: Float, _ sine: Float) {
    self.init(x: [cosine, sine, 0], y: [-sine, cosine, 0], z: [0, 0, 1])
  }

  /// A vector of this frame as seen from outside.
  func callAsFunction(_ v: SIMD3<Float>) -> SIMD3<Float> { x * v.x + y * v.y + z * v.z }

  /// A vector from outside as seen in this frame.
  func local(_ v: SIMD3<Float>) -> SIMD3<Float> { [x.dotted(v), y.dotted(v), z.dotted(v)] }

  static func * (a: Axes, b: Axes) -> Axes { Axes(x: a(b.x), y: a(b.y), z: a(b.z)) }

  /// The opposite rotation.
  var inverse: Axes {
    Axes(x: [x.x, y.x, z.x], y: [x.y, y.y, z.y], z: [x.z, y.z, z.z])
  }

  /// This frame after the smallest turn that brings one unit vector into another.
  func swung(from a: SIMD3<Float>, to b: SIMD3<Float>) -> Axes {
    let cosine = a.dotted(b)
    let k = a.crossed(b)
    if cosine > -0.9999 {
      let factor = 1 / (1 + cosine)
      func turn(_ v: SIMD3<Float>) -> SIMD3<Float> {
        v + k.crossed(v) + k.crossed(k.crossed(v)) * factor
      }
      return Axes(x: turn(x), y: turn(y), z: turn(z))
    }
    // Half a turn about some axis at a right angle.
    let helper: SIMD3<Float> = abs(a.x) < 0.7 ? [1, 0, 0] : [0, 1, 0]
    let axis = a.crossed(helper).direction ?? [0, 0, 1]
    func turn(_ v: SIMD3<Float>) -> SIMD3<Float> { axis * (2 * axis.dotted(v)) - v }
    return Axes(x: turn(x), y: turn(y), z: turn(z))
  }

  /// The unit quaternion w x y z.
  var quaternion: SIMD4<Float> {
    let q = Quaternion(
      columns: SIMD3<Double>(x), SIMD3<Double>(y), SIMD3<Double>(z))
    return [Float(q.w), Float(q.x), Float(q.y), Float(q.z)]
  }

  /// Six numbers, the columns x and y, orthonormal again.
  init(sixD n: UnsafePointer<Float>) {
    let first = SIMD3(n[0], n[1], n[2])
    self =
      Axes(alongX: first, nearY: [n[3], n[4], n[5]])
      ?? Axes.identity.swung(from: [1, 0, 0], to: first.direction ?? [1, 0, 0])
  }
}

extension SIMD3 where Scalar == Float {
  func dotted(_ b: Self) -> Float { x * b.x + y * b.y + z * b.z }
  func crossed(_ b: Self) -> Self {
    [y * b.z - z * b.y, z * b.x - x * b.z, x * b.y - y * b.x]
  }
  var squared: Float { dotted(self) }
  var length: Float { squared.squareRoot() }
  /// The unit vector of this direction; nil where there is none.
  var direction: Self? {
    let length = self.length
    return length > 1e-9 && length.isFinite ? self / length : nil
  }
}
