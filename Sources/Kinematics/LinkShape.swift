import CURDF
public import Geometry

/// A shape that a link collides with.
public struct LinkShape: Sendable, Hashable {
  /// The kinds of shapes, about the origin of their own frame.
  public enum Kind: Sendable, Hashable {
    /// A box with these edges along x, y and z [m].
    case box(Vector3)
    /// A ball with this radius [m].
    case sphere(radius: Double)
    /// A cylinder along z [m].
    case cylinder(radius: Double, length: Double)
    /// A mesh, as its convex hull.
    case mesh(MeshHull)
  }

  /// The kind with its size.
  public var kind: Kind
  /// The shape's frame in the link's.
  public var linkFromShape: Pose

  /// Creates a shape.
  public init(_ kind: Kind, linkFromShape: Pose = .identity) {
    self.kind = kind
    self.linkFromShape = linkFromShape
  }

  /// Whether it is a mesh.
  var isMesh: Bool {
    if case .mesh = kind { true } else { false }
  }

  /// How far the shape extends along a unit direction of the link's frame, from the link's origin
  /// [m]: the largest scalar product of a point of the shape with the direction.
  public func extent(along direction: Vector3) -> Double {
    let own = linkFromShape.rotation.inverse * direction
    let center = direction.dot(linkFromShape.translation)
    switch kind {
    case .box(let size):
      return center + (abs(own.x) * size.x + abs(own.y) * size.y + abs(own.z) * size.z) / 2
    case .sphere(let radius):
      return center + radius
    case .cylinder(let radius, let length):
      let side = (own.x * own.x + own.y * own.y).squareRoot()
      return center + abs(own.z) * length / 2 + side * radius
    case .mesh(let hull):
      return center + hull.points.reduce(-Double.infinity) { max($0, $1.dot(own)) }
    }
  }
}

extension LinkShape {
  /// Points of the link's frame, with radii, whose convex hull is the shape (of a cylinder within
  /// 1 % of its radius) [m].
  public var supportPoints: [(place: Vector3, radius: Double)] {
    let own: [(Vector3, Double)]
    switch kind {
    case .sphere(let radius): own = [(.zero, radius)]
    case .box(let size):
      let signs: [Double] = [-0.5, 0.5]
      own = signs.flatMap { x in
        signs.flatMap { y in signs.map { z in (Vector3(x * size.x, y * size.y, z * size.z), 0.0) } }
      }
    case .cylinder(let radius, let length):
      own = (0..<24).flatMap { step in
        let turn = Quaternion(angle: 2 * .pi * Double(step) / 24, axis: .unitZ)
        let rim = turn * Vector3(radius, 0, 0)
        return [(rim + Vector3(0, 0, length / 2), 0.0), (rim - Vector3(0, 0, length / 2), 0.0)]
      }
    case .mesh(let hull): own = hull.points.map { ($0, 0) }
    }
    return own.map { (linkFromShape * $0.0, $0.1) }
  }
}

extension URDFFile {
  /// The most shapes of a link that are read.
  private static let mostShapes = 1000

  /// What is read of a link's shapes.
  struct Shapes {
    /// What it collides with, and what it shows.
    var collision: [LinkShape], visual: [LinkShape]
    /// Whether it has a shape that is not read: a mesh without its file, or one that is malformed.
    var isIncomplete: Bool
  }

  /// The shapes of a link; what is not found or malformed is passed over.
  ///
  /// The meshes that it shows are read where it collides with nothing that is read.
  static func shapes(
    of link: Int, in model: OpaquePointer, _ meshes: inout MeshStore
  ) -> Shapes {
    let collision = (0..<min(curdf_collision_count(model, link), mostShapes)).map { index in
      shape({ curdf_collision_text(model, link, index, $0, $1) }, &meshes)
    }
    let own = collision.compactMap(\.self)
    let visual = (0..<min(curdf_visual_count(model, link), mostShapes)).map { index in
      let text: Text = { curdf_visual_text(model, link, index, $0, $1) }
      return own.isEmpty ? shape(text, &meshes) : primitive(text)
    }
    return Shapes(
      collision: own, visual: visual.compactMap(\.self),
      isIncomplete: collision.contains { $0 == nil }
        || own.isEmpty && visual.contains { $0 == nil })
  }

  /// A link's mass and its centre; nil where none is given, or none that can be used.
  static func massPoint(of link: Int, in model: OpaquePointer) -> LinkMass? {
    let text: Text = { curdf_inertial_text(model, link, $0, $1) }
    guard let mass = numbers("mass", "value", count: 1, text)?.first, mass > 0,
      let center = numbers("origin", "xyz", count: 3, absent: [0, 0, 0], text)
    else { return nil }
    return LinkMass(
      mass: mass, center: [center[0], center[1], center[2]], inertia: inertia(text))
  }

  /// The inertia about the centre of mass along the link's axes; nil where none is given, or its
  /// moments are those of no body.
  private static func inertia(_ text: Text) -> InertiaTensor? {
    let names = ["ixx", "ixy", "ixz", "iyy", "iyz", "izz"]
    let values = names.compactMap { numbers("inertia", $0, count: 1, text)?.first }
    guard values.count == names.count,
      let turn = numbers("origin", "rpy", count: 3, absent: [0, 0, 0], text)
    else { return nil }
    let moments = [values[0], values[3], values[5]]
    guard moments.allSatisfy({ $0 >= 0 }) else { return nil }
    let own = InertiaTensor(
      xx: values[0], xy: values[1], xz: values[2], yy: values[3], yz: values[4], zz: values[5])
    return own.rotated(by: Quaternion(roll: turn[0], pitch: turn[1], yaw: turn[2]))
  }

  private typealias Text = (_ element: String, _ attribute: String) -> UnsafePointer<CChar>?

  private static func numbers(
    _ element: String, _ attribute: String, count: Int, absent: [Double]? = nil, _ text: Text
  ) -> [Double]? {
    guard let text = text(element, attribute) else { return absent }
    let parts = String(cString: text).split(whereSeparator: \.isWhitespace)
    let values = parts.compactMap { Double($0) }.filter { abs($0) < absurd }
    return values.count == count && parts.count == count ? values : nil
  }

  private static func shape(_ text: Text, _ meshes: inout MeshStore) -> LinkShape? {
    guard let name = text("mesh", "filename") else { return primitive(text) }
    guard let frame = frame(text),
      let scale = numbers("mesh", "scale", count: 3, absent: [1, 1, 1], text),
      let hull = meshes.hull(String(cString: name), scale: [scale[0], scale[1], scale[2]])
    else { return nil }
    return LinkShape(.mesh(hull), linkFromShape: frame)
  }

  private static func primitive(_ text: Text) -> LinkShape? {
    let kind: LinkShape.Kind
    if let size = numbers("box", "size", count: 3, text), size.allSatisfy({ $0 >= 0 }) {
      kind = .box([size[0], size[1], size[2]])
    } else if let radius = numbers("sphere", "radius", count: 1, text)?.first, radius >= 0 {
      kind = .sphere(radius: radius)
    } else if let radius = numbers("cylinder", "radius", count: 1, text)?.first, radius >= 0,
      let length = numbers("cylinder", "length", count: 1, text)?.first, length >= 0
    {
      kind = .cylinder(radius: radius, length: length)
    } else {
      return nil
    }
    return frame(text).map { LinkShape(kind, linkFromShape: $0) }
  }

  private static func frame(_ text: Text) -> Pose? {
    guard let place = numbers("origin", "xyz", count: 3, absent: [0, 0, 0], text),
      let turn = numbers("origin", "rpy", count: 3, absent: [0, 0, 0], text)
    else { return nil }
    return Pose(
      rotation: Quaternion(roll: turn[0], pitch: turn[1], yaw: turn[2]),
      translation: [place[0], place[1], place[2]])
  }
}
