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

  private init(columns x: Vector3, _ y: Vector3, _ z: Vector3) {
    (self.x, self.y, self.z) = (x, y, z)
  }

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
