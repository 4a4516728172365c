// A block is sixteen samples. The pose of a node is twelve lanes: the three columns of its
// rotation, then its origin, in the root frame.

extension BatchedTree {
  static let posesPerNode = 12

  /// The poses of all nodes for one block of coordinates.
  @inline(__always)
  func forward(_ coordinates: UnsafePointer<Lanes>, poses: UnsafeMutablePointer<Lanes>) {
    Self.storeIdentity(poses)
    nodes.withUnsafeBufferPointer { nodes in
      for index in 1..<nodes.count {
        Self.place(
          nodes[index], coordinates, parent: poses + 12 * nodes[index].parent,
          pose: poses + 12 * index)
      }
    }
  }

  @inline(__always)
  private static func storeIdentity(_ pose: UnsafeMutablePointer<Lanes>) {
    for entry in 0..<12 {
      pose[entry] = Lanes(repeating: entry == 0 || entry == 4 || entry == 8 ? 1 : 0)
    }
  }

  @inline(__always)
  private static func place(
    _ node: Node, _ coordinates: UnsafePointer<Lanes>, parent: UnsafeMutablePointer<Lanes>,
    pose: UnsafeMutablePointer<Lanes>
  ) {
    var x = Lanes3(parent)
    var y = Lanes3(parent + 3)
    var z = Lanes3(parent + 6)
    var origin = Lanes3(parent + 9)
      .adding(x, times: node.translation.x)
      .adding(y, times: node.translation.y)
      .adding(z, times: node.translation.z)
    if let turn = node.turn {
      let turned = (
        combine(x, y, z, turn.x), combine(x, y, z, turn.y), combine(x, y, z, turn.z)
      )
      (x, y, z) = turned
    }
    if node.motion != .fixed {
      let position = fused(
        coordinates[node.coordinate], node.scale, Lanes(repeating: node.offset))
      if node.motion == .along {
        origin = origin.adding(combine(x, y, z, node.direction), times: position)
      } else {
        let (sine, cosine) = sineAndCosine(position)
        let minusSine = Lanes() - sine
        switch node.motion {
        case .aboutX: (y, z) = (rotated(y, z, sine, cosine), rotated(z, y, minusSine, cosine))
        case .aboutY: (z, x) = (rotated(z, x, sine, cosine), rotated(x, z, minusSine, cosine))
        default: (x, y) = (rotated(x, y, sine, cosine), rotated(y, x, minusSine, cosine))
        }
      }
    }
    x.store(pose)
    y.store(pose + 3)
    z.store(pose + 6)
    origin.store(pose + 9)
  }

  @inline(__always)
  private static func rotated(
    _ a: Lanes3, _ b: Lanes3, _ sine: Lanes, _ cosine: Lanes
  ) -> Lanes3 {
    (a * cosine).adding(b, times: sine)
  }

  @inline(__always)
  static func combine(
    _ x: Lanes3, _ y: Lanes3, _ z: Lanes3, _ factors: SIMD3<Float>
  ) -> Lanes3 {
    (x * Lanes(repeating: factors.x)).adding(y, times: factors.y).adding(z, times: factors.z)
  }

  /// The gradient of a block's coordinates from forces and torques on its nodes.
  ///
  /// A gradient by a point of a rigid body is a force on it, and a gradient by the columns of its
  /// rotation a torque, `Σ column × gradient`. Both add up along the tree as in statics, torques
  /// about the root frame's origin, and a joint feels `axis · (torque - origin × force)`.
  /// `own` gives what acts on a node itself; `wrenches` is room for what its children hand on.
  @inline(__always)
  func pullback(
    poses: UnsafePointer<Lanes>, wrenches: UnsafeMutablePointer<Lanes>,
    gradients: UnsafeMutablePointer<Lanes>,
    own: (_ node: Int, _ pose: UnsafePointer<Lanes>) -> Wrench
  ) {
    nodes.withUnsafeBufferPointer { nodes in
      var index = nodes.count - 1
      while index > 0 {
        let node = nodes[index]
        let pose = poses + 12 * index
        var wrench = own(index, pose)
        if node.hasChildren { wrench = wrench + Wrench(wrenches + 6 * index) }
        if node.motion != .fixed {
          gradients[node.coordinate] = fused(
            Self.felt(node, pose, wrench), node.scale, gradients[node.coordinate])
        }
        if node.parent > 0 {
          let above = wrenches + 6 * node.parent
          if !node.isLastChild { wrench = wrench + Wrench(above) }
          wrench.store(above)
        }
        index -= 1
      }
    }
  }

  @inline(__always)
  private static func felt(
    _ node: Node, _ pose: UnsafePointer<Lanes>, _ wrench: Wrench
  ) -> Lanes {
    if node.motion == .along {
      return combine(Lanes3(pose), Lanes3(pose + 3), Lanes3(pose + 6), node.direction).dot(
        wrench.force)
    }
    var sum = CrossSum(wrench.torque)
    sum.add(wrench.force, Lanes3(pose + 9))
    let local = sum.value
    switch node.motion {
    case .aboutX: return Lanes3(pose).dot(local)
    case .aboutY: return Lanes3(pose + 3).dot(local)
    default: return Lanes3(pose + 6).dot(local)
    }
  }
}
