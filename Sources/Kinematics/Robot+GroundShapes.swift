extension Robot {
  /// A link and those that hang below it by fixed joints, which move as one body with it.
  public func links(fixedTo link: Int) -> [Int] {
    var parts = [link]
    // A link comes after the one that it hangs below.
    for joint in joints where joint.kind == .fixed && parts.contains(joint.parentLink) {
      parts.append(joint.childLink)
    }
    return parts
  }

  /// The shapes by which each link meets the ground, by its index.
  ///
  /// Of links that fixed joints join those that collide; what such links only show, such as markers, is
  /// nothing that they stand on. Where none of them collides with anything that is read, what they show.
  public var groundShapes: [[LinkShape]] {
    var body = Array(links.indices)
    // Parents come before their children.
    for (index, link) in links.enumerated() {
      guard let joint = link.parentJoint, joints[joint].kind == .fixed else { continue }
      body[index] = body[joints[joint].parentLink]
    }
    let colliding = Set(links.indices.filter { !links[$0].shapes.isEmpty }.map { body[$0] })
    return links.indices.map {
      colliding.contains(body[$0]) ? links[$0].shapes : links[$0].visualShapes
    }
  }
}
