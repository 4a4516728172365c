public import Geometry

/// A tree of rigid bodies joined by hinges with known axes, such as a robot: what `BodyTree` shows in
/// poses, this says as a mechanism.
///
/// Nothing in it depends on a rest pose: a hinge's zero is a convention of the file, and what is
/// found in the tree uses only distances and angles that turning a hinge does not change.
public struct HingedTree: Sendable, Hashable {
  /// A named frame that is fixed in a body.
  public struct Frame: Sendable, Hashable {
    /// The name, which confirms what geometry says and decides nothing.
    public var name: String
    /// The frame in the body's.
    public var bodyFromFrame: Pose
    /// Points of the frame's shapes in the body's frame: corners of boxes, ends of cylinders [m].
    public var extents: [Vector3]
    /// The mass [kg], zero where it is not known, and its centre in the body's frame [m].
    public var mass: Double, center: Vector3

    /// A frame of a body.
    public init(
      name: String, bodyFromFrame: Pose, extents: [Vector3] = [], mass: Double = 0,
      center: Vector3 = .zero
    ) {
      self.name = name
      self.bodyFromFrame = bodyFromFrame
      self.extents = extents
      self.mass = mass
      self.center = center
    }
  }

  /// Frames that never move against each other.
  ///
  /// The body's frame is that of its first frame.
  public struct Body: Sendable, Hashable {
    /// The frames, at least one; the first is the one that the hinge above holds.
    public var frames: [Frame]
    /// The hinge above; nil for the root.
    public var hingeAbove: Int?

    /// A body of frames.
    public init(frames: [Frame], hingeAbove: Int?) {
      self.frames = frames
      self.hingeAbove = hingeAbove
    }

    /// The mass of all frames [kg], zero where none is known.
    var mass: Double { frames.reduce(0) { $0 + $1.mass } }
    /// The centre of the mass in the body's frame [m]; nil where none is known.
    var center: Vector3? {
      let mass = mass
      return mass > 0 ? frames.reduce(.zero) { $0 + $1.mass * $1.center } / mass : nil
    }
  }

  /// A joint of one degree of freedom.
  public struct Hinge: Sendable, Hashable {
    /// The name.
    public var name: String
    /// Whether it turns; otherwise it slides.
    public var turns: Bool
    /// The index of the body above, and of the one below.
    public var parent: Int, child: Int
    /// The child's frame in the parent's at position zero.
    public var parentFromChild: Pose
    /// The unit axis in the child's frame, through its origin.
    public var axis: Vector3
    /// The range of its position [rad or m]; nil where nothing bounds it.
    public var range: ClosedRange<Double>?
    /// The hinge whose position it follows; nil where it is free.
    public var follows: Int?
    /// Whether its limits leave it no room, so that it cannot move.
    public var isHeld = false
    /// The greatest torque or force [N·m or N]; nil where it is not known.
    public var effort: Double?

    /// A hinge.
    public init(
      name: String, turns: Bool, parent: Int, child: Int, parentFromChild: Pose, axis: Vector3,
      range: ClosedRange<Double>?, follows: Int? = nil, effort: Double? = nil
    ) {
      self.name = name
      self.turns = turns
      self.parent = parent
      self.child = child
      self.parentFromChild = parentFromChild
      self.axis = axis
      self.range = range
      self.follows = follows
      self.effort = effort
    }

    /// The child's frame in the parent's at a position [rad or m].
    public func parentFromChild(at position: Double) -> Pose {
      parentFromChild
        * (turns
          ? Pose(rotation: Quaternion(angle: position, axis: axis))
          : Pose(translation: position * axis))
    }

    /// The middle of the range; zero where nothing bounds it.
    public var middle: Double { range.map { ($0.lowerBound + $0.upperBound) / 2 } ?? 0 }
    /// The axis in the parent's frame.
    var axisInParent: Vector3 { parentFromChild.rotation * axis }
  }

  /// The bodies; the first is the root.
  public var bodies: [Body]
  /// The hinges; each comes after the one above it.
  public var hinges: [Hinge]

  /// A tree of bodies and hinges.
  public init(bodies: [Body], hinges: [Hinge]) {
    precondition(!bodies.isEmpty, "a tree has at least one body")
    self.bodies = bodies
    self.hinges = hinges
  }

  /// The hinges below a body.
  public func hinges(below body: Int) -> [Int] {
    hinges.indices.filter { hinges[$0].parent == body }
  }

  /// The hinges from the root to a body.
  public func path(to body: Int) -> [Int] {
    var path: [Int] = []
    var current = body
    while let hinge = bodies[current].hingeAbove {
      path.append(hinge)
      current = hinges[hinge].parent
    }
    return path.reversed()
  }

  /// The pose of a body in the root's frame, hinges at the given positions, others in the middle.
  public func pose(of body: Int, at positions: [Int: Double]) -> Pose {
    path(to: body).reduce(Pose.identity) { pose, hinge in
      pose * hinges[hinge].parentFromChild(at: positions[hinge] ?? hinges[hinge].middle)
    }
  }
}

/// A straight line: the axis of a hinge in some body's frame.
struct AxisLine {
  var point: Vector3
  /// Of length one.
  var direction: Vector3

  func distance(to place: Vector3) -> Double { across(place - point).length }

  /// The part of a vector across the line.
  func across(_ vector: Vector3) -> Vector3 { vector - vector.dot(direction) * direction }

  /// The point of the line that is nearest to a place.
  func nearest(to place: Vector3) -> Vector3 {
    point + (place - point).dot(direction) * direction
  }

  /// The point of the line that is nearest to another line; nil where they are parallel.
  func foot(of other: AxisLine) -> Vector3? {
    let cosine = direction.dot(other.direction)
    let sine = 1 - cosine * cosine
    guard sine > 0.02 else { return nil }
    let gap = other.point - point
    let along = (gap.dot(direction) - cosine * gap.dot(other.direction)) / sine
    return point + along * direction
  }

  /// The least distance to another line.
  func distance(to other: AxisLine) -> Double {
    guard let foot = foot(of: other) else { return distance(to: other.point) }
    return other.distance(to: foot)
  }
}

extension HingedTree.Hinge {
  /// The axis in the frame of the body above.
  var lineInParent: AxisLine {
    AxisLine(point: parentFromChild.translation, direction: axisInParent)
  }

  /// The axis in the frame of the body below.
  var lineInChild: AxisLine { AxisLine(point: .zero, direction: axis) }
}
