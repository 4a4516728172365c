import Geometry
import Kinematics
import Motions

/// How thoroughly a retargeted motion is refined.
public enum RefinementEffort: String, Sendable, CaseIterable {
  /// Not at all.
  case off
  /// Feet, ground, smoothness and limits, in a few steps.
  case fast
  /// All of that, and the robot kept apart from itself, until steps no longer help.
  case full
}

/// Refines a whole retargeted motion at once.
///
/// What is minimised is the sum of `ResidualTerm`s over frames (links and limbs where the person has
/// them, soles that stay where they stand, nothing below the ground, and parts of the robot apart from
/// each other) and of `SplineTerms` (smoothness and limits). The unknowns are control points of joints
/// and base; steps are those of Gauss and Newton, damped after Levenberg and Marquardt, with analytic
/// derivatives, in windows of the motion one after another. Limits are not guaranteed: that is what the
/// limit program is for, which has less to do.
struct MotionRefinement: Sendable {
  /// The weights of what the pose problem does not know.
  struct Weights: Sendable {
    /// Of a sole's corner away from where it stands [1/m²].
    var stance = 1e5
    /// Of the trunk's upright away from that of the person's chest [1/rad²].
    var trunk = 3.0
    /// Of depth in the ground [1/m²].
    var ground = 1e5
    /// Of what is nearer than the margin to another part [1/m²], and the margin [m].
    var collision = 3e4, margin = 0.008
    /// See `SplineTerms.smoothness`.
    var joints = 5e-6, places = 5e-4, turns = 1e-4
    /// See `SplineTerms.weight`.
    var limits = 1e6

    init() {}
  }

  let layout: RefinementLayout
  let terms: SplineTerms
  let frameTerms: [any ResidualTerm]
  let ground: GroundTerm?
  let collision: CollisionTerm?
  let feet: [SoleCorners]
  let steps: FootSteps?
  let weights: Weights
  /// The stiffness of contact and limits in each step.
  let stiffnesses: [Double]
  /// The power of that stiffness with which the ground's weight goes.
  ///
  /// Ground that is harder than the hold of soles from the start keeps them out of it, but takes more steps.
  let hardening: Double
  /// Whether what is left after a first solution is solved for once more.
  let isThorough: Bool
  let motion: JointMotion
  /// Whether the motion shall be at rest at both ends.
  let atRest: Bool
  /// What is left out, in sentences.
  private(set) var notes: [String] = []

  /// The unknowns of a window, and how many of them are solved for anew in the next one.
  private static let window = (count: 300, overlap: 40)

  /// A floor that is nearer to z = 0 is level with it [m].
  private static let level = 1e-3
  /// The least number of frames that are refined.
  static let leastFrames = 8

  /// A refinement of a motion of at least `leastFrames` frames.
  ///
  /// - Parameters:
  ///   - motion: The motion, standing on the ground.
  ///   - retargeter: The problem of single poses.
  ///   - clip: The human motion.
  ///   - targets: What the human's limbs ask of the robot's links.
  ///   - placed: Where the human's pelvis puts the base in each frame.
  ///   - effort: How thoroughly it is refined.
  ///   - speed: How much faster it will be played.
  ///   - atRest: Whether it shall be at rest at both ends.
  init(
    _ motion: JointMotion, _ retargeter: InverseKinematicsRetargeter, _ clip: MotionClip,
    targets: HumanTargets, placed: [Pose], effort: RefinementEffort, speed: Double = 1,
    atRest: Bool = true, weights: Weights = Weights()
  ) {
    precondition(motion.frameCount >= Self.leastFrames, "\(motion.frameCount) frames to refine")
    let (robot, problem) = (retargeter.robot, retargeter.problem)
    let layout = RefinementLayout(problem, robot: robot, hasBase: motion.root != nil)
    (self.layout, self.motion, self.weights, self.atRest) = (layout, motion, weights, atRest)
    stiffnesses =
      effort == .fast ? [1e-2, 0.1, 1, 1] : [1e-3, 1e-3, 1e-2, 0.1, 1, 1, 1, 1, 1]
    isThorough = effort == .full
    hardening = effort == .fast ? 1 : 0.5
    terms = SplineTerms(
      robot, problem, period: 1 / (motion.frameRate * speed),
      smoothness: (weights.joints, weights.places, weights.turns), weight: weights.limits)
    var frameTerms = Self.poseTerms(retargeter, clip, targets, placed, layout)
    if let term = TrunkTerm(targets, robot, clip, layout, weight: weights.trunk) {
      frameTerms.append(term)
    }
    let ground = RefinementGround(motion, clip, robot, targets, layout)
    (feet, steps) = (ground.feet, ground.steps)
    notes = ground.absence.map { [$0] } ?? []
    self.ground = ground.term(robot, layout, weight: weights.ground)
    if let term = self.ground { frameTerms.append(term) }
    self.frameTerms = frameTerms
    guard effort == .full else {
      collision = nil
      return
    }
    let model = CollisionModel(robot)
    collision = CollisionTerm(
      model, layout, atRest: robot.worldFromLinks(problem.rest),
      feet: Set(feet.flatMap { $0.corners.map(\.point.node) }), margin: weights.margin,
      weight: weights.collision)
    if model.pairs.isEmpty {
      notes.append(
        "no two parts that are not joined have shapes: the robot is not kept apart from itself")
    }
  }

  private static func poseTerms(
    _ retargeter: InverseKinematicsRetargeter, _ clip: MotionClip, _ targets: HumanTargets,
    _ placed: [Pose], _ layout: RefinementLayout
  ) -> [any ResidualTerm] {
    let problem = retargeter.problem
    let points = problem.points.map {
      BodyPoint(link: $0.link, place: $0.offset, layout.tree)
    }
    var (positions, directions, angles) = ([Vector3](), [Vector3](), [Double]())
    var batch = PoseBatch(count: 1, targets: targets)
    for (frame, pose) in placed.enumerated() {
      let start = frame * Skeleton.jointCount
      batch.set(0, to: clip.rotations[start..<(start + Skeleton.jointCount)])
      let goal = retargeter.goal(batch)
      positions += goal.positions.map { pose * $0 }
      directions += goal.directions.map { pose.rotation * $0 }
      angles += goal.angles
    }
    var terms: [any ResidualTerm] = [
      TrackingTerm(points: points, weights: problem.points.map(\.weight), goals: positions),
      DirectionTerm(points: points, lines: problem.lines, goals: directions, layout),
      PostureTerm(problem: problem, goals: angles),
    ]
    if layout.hasBase {
      terms.append(
        BaseTerm(
          goals: placed, turn: problem.weights.baseTurn.x, shift: problem.weights.baseShift,
          column: layout.active.count))
    }
    return terms
  }

  /// The refined motion, and what could not be done, in sentences.
  func refined() -> (motion: JointMotion, notes: [String]) {
    var spline = MotionSpline(motion, active: layout.active, isAtRest: atRest)
    var footing = Footing(steps)
    var start = 0
    while true {
      let end = min(start + Self.window.count, spline.unknowns)
      solveApart(start..<end, &spline, &footing)
      guard end < spline.unknowns else { break }
      start = end - Self.window.overlap
    }
    if isThorough { polish(&spline, &footing) }
    var notes = notes
    if let steps, footing.framesGivenUp > 0 {
      let all = steps.steps.reduce(0) { $0 + $1.frames.count }
      notes.append(
        "in \((1000 * Double(footing.framesGivenUp) / Double(all)).rounded() / 10) % of the time in which"
          + " feet stand they could not be held where they are")
    }
    var motion = motion(of: spline)
    if let ground, abs(ground.floor) < Self.level {
      motion.ground = MotionGround(
        feet: zip(feet, ground.heights).map {
          MotionGround.Foot(links: $0.linkNames, heights: $1)
        })
    }
    motion.footholds = footing.steps.footholds(feet, footing.marks, rate: motion.frameRate)
    return (motion, notes)
  }

  private func motion(of spline: MotionSpline) -> JointMotion {
    var result = motion
    let width = motion.jointNames.count
    for frame in 0..<spline.frames {
      for (joint, coordinate) in layout.active.enumerated() {
        let bounds = terms.bounds[joint]
        result.positions[frame * width + coordinate] =
          min(max(spline.position(joint, frame: frame), bounds.lower), bounds.upper)
      }
      guard spline.hasBase else { continue }
      let base = spline.base(frame: frame)
      result.root?.translations[frame] = base.translation
      result.root?.rotations[frame] = base.rotation
    }
    return result
  }
}
