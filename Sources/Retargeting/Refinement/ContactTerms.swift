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
    // Soles lie flat before they stay where they are, so that they choose a place where they can.
    let root = equations.stiffness.squareRoot()
    let upright = 1 / (root * root.squareRoot())
    let weight = equations.stiffness * equations.stiffness * weight
    for (foot, corners) in corners.enumerated() {
      switch holds[foot][frame] {
      case .free: break
      case .corners(let anchors):
        for (corner, anchor) in zip(corners, anchors) {
          guard let anchor else { continue }
          let place = corner.point.world(equations)
          scratch.moved = equations.columns(ofNode: corner.point.node)
          equations.differentiate(place, node: corner.point.node, into: &scratch)
          var residual = place - anchor
          residual.z *= upright
          for column in scratch.moved { scratch.values[column].z *= upright }
          equations.add(residual, weight: weight, &scratch)
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
            place.z - corner.radius - over.z, along: .unitZ, weight: upright * upright * weight,
            &scratch)
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

    init?(link: Int, _ shapes: [LinkShape], _ tree: SolverTree, foot: Int?) {
      let place = tree.places[link]
      node = place.node
      points = shapes.flatMap(\.supportPoints).map {
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

  /// How deep shapes are in the ground: at most [m], and the sum of squares [m²].
  func depth(frame: Int, _ robot: FramePose) -> (deepest: Double, squares: Double) {
    var found = (deepest: 0.0, squares: 0.0)
    forEachPoint(frame, robot) { _, _, depth in
      found.deepest = max(found.deepest, depth)
      found.squares += depth * depth
    }
    return found
  }

  /// Calls with each point that is in the ground, its body and its depth [m].
  private func forEachPoint(
    _ frame: Int, _ robot: FramePose, _ found: (Body, _ place: Vector3, _ depth: Double) -> Void
  ) {
    for body in bodies {
      let pose = robot.pose(ofNode: body.node)
      let ground = body.foot.map { heights[$0][frame] } ?? floor
      guard (pose * body.center).z < ground + body.radius else { continue }
      for point in body.points {
        let place = pose * point.place
        let depth = ground + point.radius - place.z
        if depth > 0 { found(body, place, depth) }
      }
    }
  }

  func add(
    frame: Int, to equations: inout FrameEquations, _ scratch: inout FrameEquations.Derivatives
  ) {
    forEachPoint(frame, equations.robot) { body, place, depth in
      scratch.moved = equations.columns(ofNode: body.node)
      equations.differentiate(place, node: body.node, into: &scratch)
      equations.add(-depth, along: .unitZ, weight: equations.groundStiffness * weight, &scratch)
    }
  }
}
