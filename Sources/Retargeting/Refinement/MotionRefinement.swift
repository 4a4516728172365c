import Foundation
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

  private let layout: RefinementLayout
  private let terms: SplineTerms
  private var frameTerms: [any ResidualTerm]
  private let collision: CollisionTerm?
  private let feet: [SoleCorners]
  private let steps: FootSteps?
  private let weights: Weights
  /// The stiffness of contact and limits in each step.
  private let stiffnesses: [Double]
  private var motion: JointMotion

  /// The shares of a step that are tried, with the least damping for them, zero for the one at hand; of
  /// each line the best is taken, and the next line only where none helps: what becomes active along a
  /// step may forbid the whole.
  private static let attempts: [[(share: Double, least: Double)]] = [
    [(1, 0)], [(0.4, 0), (1, 1e-2)], [(0.1, 0), (0.4, 1e-1), (1, 10)],
  ]
  /// Where frames are farther apart than this, feet are held between them as well [s].
  private static let longest = 0.021
  /// A step that is farther than this from where it should be held is given up [m].
  private static let tolerance = 0.008
  /// The unknowns of a window, and how many of them are solved for anew in the next one.
  private static let window = (count: 300, overlap: 40)

  /// A refinement of a motion; nil where it has too few frames.
  ///
  /// - Parameters:
  ///   - motion: The motion, standing on the ground.
  ///   - retargeter: The problem of single poses.
  ///   - clip: The human motion.
  ///   - targets: What the human's limbs ask of the robot's links.
  ///   - placed: Where the human's pelvis puts the base in each frame.
  ///   - speed: How much faster it will be played.
  init?(
    _ motion: JointMotion, _ retargeter: InverseKinematicsRetargeter, _ clip: MotionClip,
    targets: HumanTargets, placed: [Pose], effort: RefinementEffort, speed: Double = 1,
    weights: Weights = Weights()
  ) {
    guard effort != .off, motion.frameCount >= MotionSpline.leastFrames else { return nil }
    let (robot, problem) = (retargeter.robot, retargeter.problem)
    let layout = RefinementLayout(problem, robot: robot, hasBase: motion.root != nil)
    self.layout = layout
    self.motion = motion
    self.motion.provenance["refinement"] = effort.rawValue
    self.weights = weights
    stiffnesses =
      effort == .fast ? [0.01, 0.1, 1] : [1e-3, 1e-3, 1e-2, 1e-2, 0.1] + [Double](repeating: 1, count: 9)
    let limits = robot.foldedLimits
    terms = SplineTerms(
      bounds: layout.active.map { coordinate in
        let limit = limits[coordinate]
        return SplineTerms.Bounds(
          lower: problem.lower[coordinate], upper: problem.upper[coordinate],
          rates: [limit.velocity, limit.acceleration, limit.jerk].map { $0?.value ?? .infinity })
      },
      base: robot.baseLimits.values, period: 1 / (motion.frameRate * speed),
      smoothness: (weights.joints, weights.places, weights.turns), weight: weights.limits)
    frameTerms = Self.poseTerms(retargeter, clip, targets, placed, layout)
    let mapping = targets.mapping
    let feet = [Skeleton.Joint.leftAnkle, .rightAnkle].compactMap {
      SoleCorners($0, robot: robot, mapping: mapping, tree: layout.tree)
    }
    let stands = feet.count == 2 && motion.root != nil
    self.feet = stands ? feet : []
    var ground: StandingGround?
    var floor = 0.0
    if stands {
      let contact = Contact(clip)
      let scale = targets.legScale(of: clip.skeleton)
      let found = StandingGround(contact, feet: feet.map { ($0.heel, $0.ball) }, scale: scale)
      floor = scale * (contact.ground ?? 0)
      ground = found
      steps = FootSteps(contact, clip, feet: feet, ground: found)
    } else {
      steps = nil
    }
    if let ground {
      frameTerms.append(
        GroundTerm(
          bodies: robot.links.indices.compactMap { link in
            GroundTerm.Body(
              link: link, robot, layout.tree, foot: feet.firstIndex { $0.links.contains(link) })
          }, heights: ground.height, floor: floor,
          weight: weights.ground))
    }
    collision =
      effort == .full
      ? CollisionTerm(
        CollisionModel(robot), layout, atRest: robot.worldFromLinks(problem.rest),
        margin: weights.margin, weight: weights.collision) : nil
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

  /// The refined motion.
  func refined() -> JointMotion {
    var spline = MotionSpline(motion, active: layout.active)
    var footing = Footing(steps)
    var start = 0
    while true {
      let end = min(start + Self.window.count, spline.unknowns)
      solve(start..<end, &spline, &footing)
      guard end < spline.unknowns else { break }
      start = end - Self.window.overlap
    }
    return motion(of: spline)
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

  // MARK: - Steps

  /// What is known of the steps of a motion while its windows are solved.
  private struct Footing {
    var marks: [FootSteps.Mark]
    var turns: [Bool?]
    /// The steps that could not be held.
    var givenUp: Set<Int> = []

    init(_ steps: FootSteps?) {
      marks = [FootSteps.Mark](repeating: .none, count: steps?.steps.count ?? 0)
      turns = [Bool?](repeating: nil, count: marks.count)
    }
  }

  private func solve(_ range: Range<Int>, _ spline: inout MotionSpline, _ footing: inout Footing) {
    var current = WindowEquations(range: range, columns: layout.columns)
    var (next, kept) = (current, current)
    var frame = FrameEquations(layout)
    var stance: [StanceTerm] = []
    var collision = collision
    var damping = 1e-5
    for (iteration, stiffness) in stiffnesses.enumerated() {
      let isNew = iteration < 8 || stiffness != stiffnesses[iteration - 1]
      if isNew {
        frame.stiffness = stiffness
        remember(spline, range, &collision, &frame)
        stance = self.stance(spline, range, &footing, &frame)
        assemble(&current, spline, stance, collision, &frame)
      }
      var gain: Double?
      for attempts in Self.attempts {
        var best: (spline: MotionSpline, damping: Double, value: Double)?
        for (share, least) in attempts {
          let raised = least == 0 ? damping : max(100 * damping, least)
          guard let step = current.step(damping: raised) else { continue }
          var trial = spline
          trial.move(range, against: step, times: share, columns: layout.columns)
          assemble(&next, trial, stance, collision, &frame)
          guard next.value < best?.value ?? current.value else { continue }
          best = (trial, max(raised / 10, 1e-8), next.value)
          swap(&next, &kept)
        }
        guard let best else { continue }
        gain = current.value - best.value
        (spline, damping) = (best.spline, best.damping)
        swap(&current, &kept)
        break
      }
      if debug { print("debug", range, iteration, stiffness, current.value, gain ?? -1, damping) }
      guard let gain else {
        damping = 1e-5
        continue
      }
      if stiffness == 1, !isNew, gain < 3e-3 * current.value { break }
      if iteration == stiffnesses.count - 4 {
        giveUp(spline, range, &footing, &frame)
        stance = self.stance(spline, range, &footing, &frame)
        assemble(&current, spline, stance, collision, &frame)
      }
    }
    if debug { report(spline, footing, &frame) }
  }

  /// Gives up the steps that are far from where they should be held, as limits allow no better.
  private func giveUp(
    _ spline: MotionSpline, _ range: Range<Int>, _ footing: inout Footing,
    _ equations: inout FrameEquations
  ) {
    guard let steps else { return }
    let frames = frames(range, spline)
    for (index, step) in steps.steps.enumerated() where step.frames.overlaps(frames) {
      let places = places(of: step, spline, &equations)
      if step.distance(feet[step.foot], places, footing.marks[index]) > Self.tolerance {
        footing.marks[index] = .none
        footing.givenUp.insert(index)
      }
    }
  }

  private func places(
    of step: FootSteps.Step, _ spline: MotionSpline, _ equations: inout FrameEquations
  ) -> [[Vector3]] {
    step.frames.map { frame in
      begin(frame, spline, &equations)
      return feet[step.foot].corners.map { $0.point.world(equations) }
    }
  }

  /// The frames whose squares the unknowns of a window are in.
  private func frames(_ range: Range<Int>, _ spline: MotionSpline) -> Range<Int> {
    let last = range.upperBound == spline.unknowns ? spline.frames : range.upperBound + 2
    return range.lowerBound..<min(last, spline.frames)
  }

  private func begin(
    _ frame: Int, _ spline: MotionSpline, _ equations: inout FrameEquations,
    isBetween: Bool = false
  ) {
    let width = motion.jointNames.count
    var configuration = Array(motion.positions[(frame * width)..<((frame + 1) * width)])
    for (joint, coordinate) in layout.active.enumerated() {
      configuration[coordinate] =
        isBetween ? spline.position(joint, after: frame) : spline.position(joint, frame: frame)
    }
    equations.begin(
      configuration, base: isBetween ? spline.base(after: frame) : spline.base(frame: frame))
  }

  /// What holds the soles in frames, and between each and the next one, by where they are now.
  private func stance(
    _ spline: MotionSpline, _ range: Range<Int>, _ footing: inout Footing,
    _ equations: inout FrameEquations
  ) -> [StanceTerm] {
    guard let steps, !feet.isEmpty else { return [] }
    let frames = frames(range, spline)
    for (index, step) in steps.steps.enumerated() {
      guard step.frames.overlaps(frames), !footing.givenUp.contains(index) else { continue }
      // A step that began before goes on where it stands.
      if case .none = footing.marks[index] {
      } else if step.frames.lowerBound < frames.lowerBound {
        continue
      }
      let foot = feet[step.foot]
      let places = places(of: step, spline, &equations)
      let turns = footing.turns[index] ?? step.turns(foot, places)
      footing.turns[index] = turns
      footing.marks[index] = step.mark(foot, places, turns: turns)
    }
    return [false, true].map { between in
      StanceTerm(
        corners: feet.map(\.corners),
        holds: steps.holds(feet, footing.marks, frames: spline.frames, between: between),
        weight: weights.stance)
    }
  }

  /// Remembers in which directions parts that touch are to part.
  private func remember(
    _ spline: MotionSpline, _ range: Range<Int>, _ collision: inout CollisionTerm?,
    _ equations: inout FrameEquations
  ) {
    guard collision != nil else { return }
    for frame in frames(range, spline) {
      begin(frame, spline, &equations)
      collision?.remember(frame, equations)
    }
  }

  private func assemble(
    _ equations: inout WindowEquations, _ spline: MotionSpline, _ stance: [StanceTerm],
    _ collision: CollisionTerm?, _ frameEquations: inout FrameEquations
  ) {
    equations.clear()
    var terms = terms
    terms.weight *= frameEquations.stiffness
    var scratch = FrameEquations.Derivatives(columns: layout.columns)
    for frame in frames(equations.range, spline) {
      begin(frame, spline, &frameEquations)
      for term in frameTerms { term.add(frame: frame, to: &frameEquations, &scratch) }
      collision?.add(frame: frame, to: &frameEquations, &scratch)
      stance.first?.add(frame: frame, to: &frameEquations, &scratch)
      equations.add(frame, frameEquations, spline)
      guard terms.period > Self.longest, let between = stance.last, between.holdsAnything(frame)
      else { continue }
      begin(frame, spline, &frameEquations, isBetween: true)
      between.add(frame: frame, to: &frameEquations, &scratch)
      equations.add(after: frame, frameEquations, spline)
    }
    terms.add(to: &equations, spline)
  }
  private var debug: Bool { getenv("MOTIONC_DEBUG") != nil }
  private func report(_ spline: MotionSpline, _ footing: Footing, _ frame: inout FrameEquations) {
    var worst = [Double](repeating: 0, count: 7)
    let h = terms.period
    for c in 0..<(spline.count - 3) {
      for j in 0..<spline.joints {
        func x(_ k: Int) -> Double { spline.controls[(c + k) * spline.joints + j] }
        let b = terms.bounds[j].rates
        worst[0] = max(worst[0], abs(x(1) - x(0)) / h / b[0])
        worst[1] = max(worst[1], abs(x(2) - 2 * x(1) + x(0)) / h / h / b[1])
        worst[2] = max(worst[2], abs(x(3) - 3 * x(2) + 3 * x(1) - x(0)) / h / h / h / b[2])
      }
      let p = spline.places
      worst[3] = max(worst[3], (p[c + 1] - p[c]).length / h / terms.base[0])
      worst[4] = max(worst[4], (p[c + 2] - 2 * p[c + 1] + p[c]).length / h / h / terms.base[1])
      let t1 = MotionSpline.turn(spline.turns[c], spline.turns[c + 1]), t2 = MotionSpline.turn(spline.turns[c + 1], spline.turns[c + 2])
      worst[5] = max(worst[5], t1.length / h / terms.base[2])
      worst[6] = max(worst[6], (t2 - t1).length / h / h / terms.base[3])
    }
    print("shares", worst)
    var scratch = FrameEquations.Derivatives(columns: layout.columns)
    var sums = [String: Double]()
    for t in 0..<spline.frames {
      for term in frameTerms + (collision.map { [$0 as any ResidualTerm] } ?? []) {
        begin(t, spline, &frame)
        term.add(frame: t, to: &frame, &scratch)
        sums["\(type(of: term))", default: 0] += frame.value
      }
    }
    print("terms", sums)
    let initial = MotionSpline(motion, active: layout.active)
    for (index, step) in (steps?.steps ?? []).enumerated() {
      let before = self.places(of: step, initial, &frame).map { feet[step.foot].footprint($0, flags: [true, true, true, true]) }
      print("  x", before.map(\.x).min()!, before.map(\.x).max()!, "y", before.map(\.y).min()!, before.map(\.y).max()!, "heading", before.map(\.heading).min()!, before.map(\.heading).max()!, "flat", zip(step.heel, step.ball).count { $0 && $1 }, step.heel.count { $0 }, step.ball.count { $0 })
      let places = places(of: step, spline, &frame)
      print("step", step.foot, step.frames, step.height, "far", step.distance(feet[step.foot], places, footing.marks[index]), footing.turns[index] ?? false ? "turns" : "", footing.givenUp.contains(index) ? "given up" : "")
    }
  }
}
