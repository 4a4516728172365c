public import Geometry

/// A symmetric inertia tensor about a link's centre of mass, along the link's axes [kg·m²].
public struct InertiaTensor: Sendable, Hashable {
  /// The columns of the matrix.
  public var x, y, z: Vector3

  /// A tensor with these moments and products of inertia [kg·m²].
  public init(xx: Double, xy: Double, xz: Double, yy: Double, yz: Double, zz: Double) {
    x = Vector3(xx, xy, xz)
    y = Vector3(xy, yy, yz)
    z = Vector3(xz, yz, zz)
  }

  /// The tensor of nothing.
  static let zero = InertiaTensor(xx: 0, xy: 0, xz: 0, yy: 0, yz: 0, zz: 0)

  /// The tensor of a mass at a place about the origin.
  init(ofMass mass: Double, at place: Vector3) {
    let (x, y, z) = (place.x, place.y, place.z)
    self.init(
      xx: mass * (y * y + z * z), xy: -mass * x * y, xz: -mass * x * z,
      yy: mass * (x * x + z * z), yz: -mass * y * z, zz: mass * (x * x + y * y))
  }

  private init(columns x: Vector3, _ y: Vector3, _ z: Vector3) {
    (self.x, self.y, self.z) = (x, y, z)
  }

  /// Adds the tensor of another body about the same point.
  static func += (tensor: inout InertiaTensor, other: InertiaTensor) {
    tensor.x += other.x
    tensor.y += other.y
    tensor.z += other.z
  }

  /// The inertia about a unit axis through the same point [kg·m²].
  func about(_ axis: Vector3) -> Double { axis.dot(self * axis) }

  /// The angular momentum of an angular velocity [kg·m²/s].
  public static func * (tensor: InertiaTensor, omega: Vector3) -> Vector3 {
    tensor.x * omega.x + tensor.y * omega.y + tensor.z * omega.z
  }

  /// The tensor along other axes: `R I Rᵀ` for `rotation` = otherFromOwn.
  public func rotated(by rotation: Quaternion) -> InertiaTensor {
    let back = rotation.inverse
    func column(_ axis: Vector3) -> Vector3 { rotation * (self * (back * axis)) }
    return InertiaTensor(columns: column(.unitX), column(.unitY), column(.unitZ))
  }
}
