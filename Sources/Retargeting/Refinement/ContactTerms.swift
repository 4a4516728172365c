import Geometry
import Kinematics

/// Soles that stay where they stand.
struct StanceTerm: ResidualTerm {
  /// What a foot is held by in a frame.
  enum Hold: Sendable {
    /// Nothing: it does not stand.
    case free
    /// The corners that stand, each at a place [m].
    case corners([Vector3?])
    /// The middle of some corners above a place; all that stand are on a height [m].
    case turning(middle: [Int], over: Vector3, standing: [Int])
  }

  /// The four corners of each foot.
  let corners: [[SoleCorners.Corner]]
  /// What holds the feet [foot][frame].
  var holds: [[Hold]]
  /// The weight of a corner [1/m²].
  let weight: Double

  /// Whether a foot is held in a frame.
  func holdsAnything(_ frame: Int) -> Bool {
    holds.contains {
      if case .free = $0[frame] { false } else { true }
    }
  }

  func add(
    frame: Int, to equations: inout FrameEquations, _ scratch: inout FrameEquations.Derivatives
  ) {
    let weight = equations.stiffness * weight
    for (foot, corners) in corners.enumerated() {
      switch holds[foot][frame] {
      case .free: break
      case .corners(let anchors):
        for (corner, anchor) in zip(corners, anchors) {
          guard let anchor else { continue }
          let place = corner.point.world(equations)
          scratch.moved = equations.columns(ofNode: corner.point.node)
          equations.differentiate(place, node: corner.point.node, into: &scratch)
          equations.add(place - anchor, weight: weight, &scratch)
        }
      case .turning(let middle, let over, let standing):
        let node = corners[0].point.node
        scratch.moved = equations.columns(ofNode: node)
        var place = Vector3.zero
        for index in middle {
          place += corners[index].point.world(equations) / Double(middle.count)
        }
        for axis in [Vector3.unitX, .unitY] {
          equations.differentiate(place, node: node, into: &scratch)
          equations.add(
            (place - over).dot(axis), along: axis, weight: 2 * weight, &scratch)
        }
        for index in standing {
          let corner = corners[index]
          let place = corner.point.world(equations)
          equations.differentiate(place, node: node, into: &scratch)
          equations.add(
            place.z - corner.radius - over.z, along: .unitZ, weight: weight, &scratch)
        }
      }
    }
  }
}

/// Nothing of the robot below the ground.
struct GroundTerm: ResidualTerm {
  /// A link's shapes as points with radii.
  struct Body: Sendable {
    var node: Int
    var points: [(place: Vector3, radius: Double)]
    /// A ball about them.
    var center: Vector3, radius: Double
    /// The index of the foot whose ground it is held above; nil for the lowest ground.
    var foot: Int?

    init?(link: Int, _ robot: Robot, _ tree: SolverTree, foot: Int?) {
      let place = tree.places[link]
      node = place.node
      points = robot.links[link].shapes.flatMap(\.supportPoints).map {
        (place.nodeFromLink * $0.place, $0.radius)
      }
      guard !points.isEmpty else { return nil }
      let center = points.reduce(Vector3.zero) { $0 + $1.place } / Double(points.count)
      self.center = center
      radius = points.map { ($0.place - center).length + $0.radius }.max() ?? 0
      self.foot = foot
    }
  }

  let bodies: [Body]
  /// The ground under each foot [foot][frame], and the lowest [m].
  let heights: [[Double]], floor: Double
  let weight: Double

  func add(
    frame: Int, to equations: inout FrameEquations, _ scratch: inout FrameEquations.Derivatives
  ) {
    for body in bodies {
      let pose = equations.pose(ofNode: body.node)
      let ground = body.foot.map { heights[$0][frame] } ?? floor
      guard (pose * body.center).z < ground + body.radius else { continue }
      for point in body.points {
        let place = pose * point.place
        let depth = ground + point.radius - place.z
        guard depth > 0 else { continue }
        scratch.moved = equations.columns(ofNode: body.node)
        equations.differentiate(place, node: body.node, into: &scratch)
        equations.add(-depth, along: .unitZ, weight: equations.stiffness * weight, &scratch)
      }
    }
  }
}

/// Parts of the robot that stay a distance apart.
struct CollisionTerm: ResidualTerm {
  /// A capsule in the frame of the node that moves it.
  struct Part: Sendable {
    var node: Int
    var capsules: [Capsule]
    /// A ball about them.
    var center: Vector3, radius: Double
  }

  let parts: [Part]
  /// The parts that are held apart.
  let pairs: [(first: Int, second: Int, moved: [Int])]
  /// The distance that they keep [m].
  let margin: Double
  let weight: Double

  init(
    _ model: CollisionModel, _ layout: RefinementLayout, margin: Double, weight: Double
  ) {
    let parts = model.parts.map { part in
      let place = layout.tree.places[part.link]
      let capsules = part.capsules.map { $0.moved(by: place.nodeFromLink) }
      let ends = capsules.flatMap { [$0.from, $0.to] }
      let center = ends.reduce(Vector3.zero, +) / Double(max(1, ends.count))
      let reach = capsules.map {
        max(($0.from - center).length, ($0.to - center).length) + $0.radius
      }
      return Part(
        node: place.node, capsules: capsules, center: center, radius: reach.max() ?? 0)
    }
    let partsOfBody = Dictionary(grouping: model.parts.indices) { model.parts[$0].body }
    pairs = model.pairs.flatMap { pair in
      (partsOfBody[pair.first] ?? []).flatMap { first in
        (partsOfBody[pair.second] ?? []).map { second in
          (first, second, layout.columns(ofNodes: [parts[first].node, parts[second].node]))
        }
      }
    }
    self.parts = parts
    (self.margin, self.weight) = (margin, weight)
  }

  func add(
    frame: Int, to equations: inout FrameEquations, _ scratch: inout FrameEquations.Derivatives
  ) {
    withUnsafeTemporaryAllocation(of: Vector3.self, capacity: parts.count) { centers in
      for (index, part) in parts.enumerated() {
        centers[index] = equations.pose(ofNode: part.node) * part.center
      }
      for (first, second, moved) in pairs {
        let reach = parts[first].radius + parts[second].radius + margin
        guard (centers[first] - centers[second]).squaredLength < reach * reach else { continue }
        separate(parts[first], parts[second], moved, &equations, &scratch)
      }
    }
  }

  private func separate(
    _ first: Part, _ second: Part, _ moved: [Int], _ equations: inout FrameEquations,
    _ scratch: inout FrameEquations.Derivatives
  ) {
    let (poseA, poseB) = (
      equations.pose(ofNode: first.node), equations.pose(ofNode: second.node)
    )
    var least = margin
    var nearest: (first: Vector3, second: Vector3)?
    for one in first.capsules {
      let a = one.moved(by: poseA)
      for other in second.capsules {
        let b = other.moved(by: poseB)
        let points = a.closestPoints(to: b)
        let distance = (points.first - points.second).length - a.radius - b.radius
        if distance < least {
          least = distance
          nearest = points
        }
      }
    }
    guard let nearest else { return }
    // Axes that cross have no direction to part in: any serves, and the next step knows better.
    let direction = (nearest.first - nearest.second).normalized ?? .unitX
    equations.differentiate(nearest.first, node: first.node, into: &scratch)
    equations.differentiate(nearest.second, node: second.node, times: -1, into: &scratch)
    scratch.moved = moved
    equations.add(least - margin, along: direction, weight: equations.stiffness * weight, &scratch)
  }
}
