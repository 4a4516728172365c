// Goals, in order: exact to rounding, clear, fast. Newton's and Euler's equations link by link, all
// vectors along the world's axes, moments about the world's origin (Featherstone, "Rigid Body
// Dynamics Algorithms", 2008, section 5.3).

public import Geometry

/// A force and a moment about the world's origin, along the world's axes.
public struct SpatialForce: Sendable, Hashable {
  /// The force [N].
  public var force: Vector3
  /// The moment about the world's origin [N·m].
  public var moment: Vector3

  /// No force.
  public static let zero = SpatialForce(force: .zero, moment: .zero)

  /// A force with a moment.
  public init(force: Vector3, moment: Vector3) {
    self.force = force
    self.moment = moment
  }

  /// The sum of two wrenches.
  public static func + (a: SpatialForce, b: SpatialForce) -> SpatialForce {
    SpatialForce(force: a.force + b.force, moment: a.moment + b.moment)
  }

  /// The difference of two wrenches.
  public static func - (a: SpatialForce, b: SpatialForce) -> SpatialForce {
    SpatialForce(force: a.force - b.force, moment: a.moment - b.moment)
  }

  /// A wrench times a number.
  public static func * (factor: Double, wrench: SpatialForce) -> SpatialForce {
    SpatialForce(force: factor * wrench.force, moment: factor * wrench.moment)
  }
}

/// How a robot's root link moves in the world.
public struct BaseMotion: Sendable, Hashable {
  /// worldFromRoot.
  public var pose: Pose
  /// The velocity of the root link's origin [m/s].
  public var velocity: Vector3
  /// The angular velocity, along the world's axes [rad/s].
  public var angularVelocity: Vector3
  /// The acceleration of the root link's origin [m/s²].
  public var acceleration: Vector3
  /// The angular acceleration, along the world's axes [rad/s²].
  public var angularAcceleration: Vector3

  /// A base that stands still at the world's origin.
  public static let still = BaseMotion(pose: .identity)

  /// A moving base; at rest where nothing else is given.
  public init(
    pose: Pose, velocity: Vector3 = .zero, angularVelocity: Vector3 = .zero,
    acceleration: Vector3 = .zero, angularAcceleration: Vector3 = .zero
  ) {
    self.pose = pose
    self.velocity = velocity
    self.angularVelocity = angularVelocity
    self.acceleration = acceleration
    self.angularAcceleration = angularAcceleration
  }
}

/// The forces that a motion of a robot needs, by recursive Newton–Euler, and its centre of mass.
public struct InverseDynamics: Sendable {
  /// The forces of a motion at an instant.
  public struct Forces: Sendable {
    /// The torque or force of each coordinate [N·m or N]; those of followers are their leader's.
    public var efforts: [Double]
    /// What has to act on the root link beside gravity: at a base that floats, the sum of all
    /// contact forces.
    public var base: SpatialForce
  }

  /// The gravity of the earth [m/s²].
  public static let gravity: Vector3 = [0, 0, -9.81]

  private let robot: Robot
  private let bodies: [(link: Int, mass: LinkMass)]
  /// The mass of the whole robot [kg].
  public let mass: Double
  /// The links with a mass whose inertia is not given; they count as points.
  public let linksWithoutInertia: [String]

  /// The dynamics of a robot; nil where no link has a mass.
  public init?(_ robot: Robot) {
    self.robot = robot
    bodies = robot.links.enumerated().compactMap { index, link in
      link.massPoint.map { (index, $0) }
    }
    mass = bodies.reduce(0) { $0 + $1.mass.mass }
    linksWithoutInertia = bodies.filter { $0.mass.inertia == nil }
      .map { robot.links[$0.link].name }
    guard mass > 0 else { return nil }
  }

  /// The centre of mass at the poses of all links, in their common frame [m].
  public func centerOfMass(_ worldFromLinks: [Pose]) -> Vector3 {
    let sum = bodies.reduce(Vector3.zero) {
      $0 + $1.mass.mass * (worldFromLinks[$1.link] * $1.mass.center)
    }
    return sum / mass
  }

  /// The forces of a motion at an instant.
  ///
  /// - Parameters:
  ///   - configuration: The positions of the coordinates [rad or m].
  ///   - velocities: Their velocities [rad/s or m/s].
  ///   - accelerations: Their accelerations [rad/s² or m/s²].
  ///   - base: How the root link moves.
  ///   - contacts: What acts on links from outside.
  public func forces(
    configuration: [Double], velocities: [Double], accelerations: [Double],
    base: BaseMotion = .still, contacts: [(link: Int, wrench: SpatialForce)] = []
  ) -> Forces {
    let states = linkStates(configuration, velocities, accelerations, base)
    var needed = [SpatialForce](repeating: .zero, count: robot.links.count)
    for body in bodies { needed[body.link] = Self.needed(by: body.mass, states[body.link]) }
    for contact in contacts { needed[contact.link] = needed[contact.link] - contact.wrench }
    var efforts = [Double](repeating: 0, count: robot.coordinateCount)
    // A joint comes after the one above it, so backwards each has all that hangs below.
    for (index, joint) in robot.joints.enumerated().reversed() {
      let wrench = needed[joint.childLink]
      needed[joint.parentLink] = needed[joint.parentLink] + wrench
      guard let (coordinate, factor) = robot.coordinate(ofJoint: index) else { continue }
      let pose = states[joint.childLink].pose
      let axis = pose.rotation * joint.axis
      let effort =
        joint.isAngular
        ? axis.dot(wrench.moment - pose.translation.cross(wrench.force)) : axis.dot(wrench.force)
      efforts[coordinate] += factor * effort
    }
    return Forces(efforts: efforts, base: needed[0])
  }

  /// What must act on a mass beside gravity.
  private static func needed(by mass: LinkMass, _ state: BaseMotion) -> SpatialForce {
    let arm = state.pose.rotation * mass.center
    let omega = state.angularVelocity
    let acceleration =
      state.acceleration + state.angularAcceleration.cross(arm) + omega.cross(omega.cross(arm))
    let force = mass.mass * (acceleration - gravity)
    var moment = (state.pose.translation + arm).cross(force)
    if let inertia = mass.inertia {
      let back = state.pose.rotation.inverse
      func along(_ vector: Vector3) -> Vector3 { state.pose.rotation * (inertia * (back * vector)) }
      moment += along(state.angularAcceleration) + omega.cross(along(omega))
    }
    return SpatialForce(force: force, moment: moment)
  }

  /// How each link moves.
  private func linkStates(
    _ configuration: [Double], _ velocities: [Double], _ accelerations: [Double], _ base: BaseMotion
  ) -> [BaseMotion] {
    let positions = robot.jointPositions(configuration)
    var states = [BaseMotion](repeating: base, count: robot.links.count)
    for (index, joint) in robot.joints.enumerated() {
      let above = states[joint.parentLink]
      let pose = above.pose * joint.parentFromChild(at: positions[index])
      let arm = pose.translation - above.pose.translation
      let omega = above.angularVelocity
      var state = BaseMotion(
        pose: pose, velocity: above.velocity + omega.cross(arm), angularVelocity: omega,
        acceleration: above.acceleration + above.angularAcceleration.cross(arm)
          + omega.cross(omega.cross(arm)),
        angularAcceleration: above.angularAcceleration)
      if let (coordinate, factor) = robot.coordinate(ofJoint: index) {
        let axis = pose.rotation * joint.axis
        let (speed, gain) = (factor * velocities[coordinate], factor * accelerations[coordinate])
        if joint.isAngular {
          state.angularVelocity += speed * axis
          state.angularAcceleration += gain * axis + omega.cross(speed * axis)
        } else {
          state.velocity += speed * axis
          state.acceleration += gain * axis + 2 * omega.cross(speed * axis)
        }
      }
      states[joint.childLink] = state
    }
    return states
  }
}
