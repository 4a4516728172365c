import Foundation
import Geometry
import Kinematics

extension MotionRefinement {
  /// The shares of a step that are tried, with the least damping for them, zero for the one at hand; of
  /// each line the best is taken, and the next line only where none helps: what becomes active along a
  /// step may forbid the whole.
  private static let attempts: [[(share: Double, least: Double)]] = [
    [(1, 0)], [(0.4, 0), (1, 1e-2)], [(0.1, 0), (0.4, 1e-1), (1, 10)],
  ]
  /// After so many steps at full stiffness it is looked for what cannot be held.
  private static let patience = 4
  /// A gain that is so small a share of what is left ends a refinement.
  private static let negligible = 0.01
  /// Where frames are farther apart than this, feet are held between them as well [s].
  static let longest = 0.021
  /// A step's frames that are farther than this from where it should be held are given up [m].
  private static let tolerance = Foothold.tolerance

  /// What is known of the steps of a motion while its windows are solved.
  struct Footing {
    /// The steps, without what could not be held.
    var steps: FootSteps
    var marks: [FootSteps.Mark]
    var turns: [Bool?]
    /// The time in which feet stand and could not be held, in frames.
    var framesGivenUp = 0

    init(_ steps: FootSteps?) {
      self.steps = steps ?? FootSteps(steps: [])
      marks = [FootSteps.Mark](repeating: .none, count: self.steps.steps.count)
      turns = [Bool?](repeating: nil, count: marks.count)
    }

    /// Divides a step where it turns into runs in which it does not and such in which it does.
    fileprivate mutating func divide(_ index: Int, into runs: [(frames: Range<Int>, turns: Bool)]) {
      let step = steps.steps[index]
      steps.steps.replaceSubrange(index...index, with: runs.map { step.cut($0.frames) })
      marks.replaceSubrange(index...index, with: runs.map { _ in .none })
      turns.replaceSubrange(index...index, with: runs.map(\.turns))
    }

    /// Leaves of a step only some runs of its frames, counted from its first.
    fileprivate mutating func keep(_ runs: [Range<Int>], of index: Int) {
      let step = steps.steps[index]
      framesGivenUp += step.frames.count - runs.reduce(0) { $0 + $1.count }
      let (mark, turns) = (marks[index], turns[index])
      let kept = runs.map(step.cut)
      steps.steps.replaceSubrange(index...index, with: kept)
      // What goes on from the start of the step is where it was.
      marks.replaceSubrange(
        index...index, with: runs.map { $0.lowerBound == 0 ? mark : .none })
      self.turns.replaceSubrange(index...index, with: runs.map { _ in turns })
    }
  }

  /// What a window is solved with, from step to step.
  struct Work {
    var equations: WindowEquations
    var frame: FrameEquations
    /// The robot by the spline at hand.
    var poses: WindowPoses
    var stance: [StanceTerm] = []
    var collision: CollisionTerm?
    var damping = 1e-5
    var scratch: FrameEquations.Derivatives
    /// Whether the ground is looked at between frames.
    var isThorough = false

    init(_ range: Range<Int>, _ spline: MotionSpline, _ refinement: MotionRefinement) {
      equations = WindowEquations(range: range, columns: refinement.layout.columns)
      frame = FrameEquations(refinement.layout)
      poses = WindowPoses(refinement.frames(range, spline))
      scratch = FrameEquations.Derivatives(columns: refinement.layout.columns)
      collision = refinement.collision
    }
  }

  /// Solves for a range of unknowns; the others stay as they are.
  ///
  /// - Parameters:
  ///   - stiffnesses: The stiffness of contact and limits in each step; nil for those of a first solution.
  ///     With others the ground is harder, and looked at between frames as well.
  ///   - isSided: See `CollisionTerm.isSided`.
  ///   - hardening: See `MotionRefinement.hardening`; nil for that.
  func solve(
    _ range: Range<Int>, _ spline: inout MotionSpline, _ footing: inout Footing,
    stiffnesses: [Double]? = nil, isSided: Bool = false, hardening: Double? = nil
  ) {
    var work = Work(range, spline, self)
    work.collision?.isSided = isSided
    work.isThorough = stiffnesses != nil
    // The steps at full stiffness, and whether it was looked for what cannot be held.
    var (hard, isSifted) = (0, false)
    for stiffness in stiffnesses ?? self.stiffnesses {
      if stiffness == 1 { hard += 1 }
      if hard == Self.patience, !isSifted {
        _ = giveUp(spline, &footing, &work.poses)
        isSifted = true
      }
      work.frame.stiffness = stiffness
      work.frame.groundStiffness =
        stiffnesses == nil ? pow(stiffness, hardening ?? self.hardening) : Self.polishing.ground
      remember(spline, &work.collision, &work.poses)
      work.stance = stance(spline, &footing, &work.poses)
      assemble(spline, &work)
      let before = work.equations.value
      guard let gain = step(&spline, &work) else {
        work.damping = 1e-5
        continue
      }
      guard hard > 1, gain < Self.negligible * before else { continue }
      guard !isSifted, giveUp(spline, &footing, &work.poses) else { break }
      isSifted = true
    }
  }

  /// Goes the best step that is found; nil where none helps.
  private func step(_ spline: inout MotionSpline, _ work: inout Work) -> Double? {
    let before = work.equations.value
    for attempts in Self.attempts {
      var best: Trial?
      for (share, least) in attempts {
        let damping = least == 0 ? work.damping : max(100 * work.damping, least)
        guard let step = work.equations.step(damping: damping) else { continue }
        var trial = Trial(
          spline: spline, poses: WindowPoses(work.poses.frames),
          damping: max(damping / 10, 1e-8), value: best?.value ?? before)
        trial.spline.move(
          work.equations.range, against: step, times: share, columns: layout.columns)
        guard isBetter(&trial, &work) else { continue }
        best = trial
      }
      guard let best else { continue }
      (spline, work.poses, work.damping) = (best.spline, best.poses, best.damping)
      return before - best.value
    }
    return nil
  }

  /// A spline that a step leads to.
  private struct Trial {
    var spline: MotionSpline
    var poses: WindowPoses
    /// The damping of the next step.
    var damping: Double
    /// The value that is to be gone below, then its own.
    var value: Double
  }

  /// Whether a trial's value is below the one that it came with, which it then replaces.
  private func isBetter(_ trial: inout Trial, _ work: inout Work) -> Bool {
    guard assemble(trial.spline, &work, &trial.poses, isSumOnly: true, below: trial.value) else {
      return false
    }
    trial.value = work.equations.value
    return true
  }

  /// Gives up the frames of steps that are far from where they should be held, as limits allow no better;
  /// returns whether there are such.
  private func giveUp(
    _ spline: MotionSpline, _ footing: inout Footing, _ poses: inout WindowPoses
  ) -> Bool {
    let before = footing.framesGivenUp
    let shortest = max(
      2, FootSteps.count(of: (Foothold.shortest / terms.period).rounded(.up)))
    for index in footing.steps.steps.indices.reversed() {
      let step = footing.steps.steps[index]
      guard step.frames.overlaps(poses.frames) else { continue }
      if case .none = footing.marks[index] { continue }
      let distances = step.distances(
        feet[step.foot], places(of: step, spline, &poses), footing.marks[index])
      guard distances.contains(where: { !($0 <= Self.tolerance) }) else { continue }
      let runs = distances.indices.split { !(distances[$0] <= Self.tolerance) }
      footing.keep(
        runs.filter { $0.count >= shortest }.map { $0.startIndex..<$0.endIndex }, of: index)
    }
    return footing.framesGivenUp > before
  }

  private func places(
    of step: FootSteps.Step, _ spline: MotionSpline, _ poses: inout WindowPoses
  ) -> [[Vector3]] {
    step.frames.map { frame in
      let pose = pose(frame, spline, &poses)
      return feet[step.foot].corners.map { pose.pose(ofNode: $0.point.node) * $0.point.place }
    }
  }

  /// The frames whose squares the unknowns of a window are in.
  func frames(_ range: Range<Int>, _ spline: MotionSpline) -> Range<Int> {
    let controls = (range.lowerBound + spline.first)..<(range.upperBound + spline.first)
    let last = range.upperBound == spline.unknowns ? spline.frames : controls.upperBound
    return max(0, controls.lowerBound - 2)..<min(last, spline.frames)
  }

  /// The robot in a frame, or in the middle between it and the next one; outside of the window as well.
  func pose(
    _ frame: Int, _ spline: MotionSpline, _ poses: inout WindowPoses, isBetween: Bool = false
  ) -> FramePose {
    poses.pose(frame, isBetween: isBetween) { pose($0, spline, $1) }
  }

  private func pose(_ frame: Int, _ spline: MotionSpline, _ isBetween: Bool) -> FramePose {
    let width = motion.jointNames.count
    var configuration = Array(motion.positions[(frame * width)..<((frame + 1) * width)])
    for (joint, coordinate) in layout.active.enumerated() {
      configuration[coordinate] =
        isBetween ? spline.position(joint, after: frame) : spline.position(joint, frame: frame)
    }
    var pose = FramePose(
      configuration, base: isBetween ? spline.base(after: frame) : spline.base(frame: frame),
      layout.tree)
    // Between frames parts are not kept apart.
    if !isBetween { pose.contacts = collision?.contacts(pose) }
    return pose
  }

  /// What holds the soles in frames, and between each and the next one, by where they are now.
  func stance(
    _ spline: MotionSpline, _ footing: inout Footing, _ poses: inout WindowPoses
  ) -> [StanceTerm] {
    guard !feet.isEmpty else { return [] }
    let frames = poses.frames
    for index in footing.steps.steps.indices.reversed() where footing.turns[index] == nil {
      let step = footing.steps.steps[index]
      guard step.frames.overlaps(frames) else { continue }
      footing.divide(
        index,
        into: step.runs(
          feet[step.foot], places(of: step, spline, &poses), period: terms.period))
    }
    for (index, step) in footing.steps.steps.enumerated() {
      guard step.frames.overlaps(frames) else { continue }
      // A step that began before goes on where it stands.
      if case .none = footing.marks[index] {
      } else if step.frames.lowerBound < frames.lowerBound {
        continue
      }
      let foot = feet[step.foot]
      let places = places(of: step, spline, &poses)
      footing.marks[index] = step.mark(foot, places, turns: footing.turns[index] ?? false)
    }
    return [false, true].map { between in
      StanceTerm(
        corners: feet.map(\.corners),
        holds: footing.steps.holds(feet, footing.marks, frames: spline.frames, between: between),
        weight: weights.stance)
    }
  }

  /// Remembers in which directions parts that touch are to part.
  func remember(
    _ spline: MotionSpline, _ collision: inout CollisionTerm?, _ poses: inout WindowPoses
  ) {
    guard let term = collision else { return }
    var meetings = CollisionTerm.Meetings()
    for frame in poses.frames { term.note(frame, pose(frame, spline, &poses), in: &meetings) }
    collision?.decide(meetings)
  }

  /// Adds up the squares of a window with the equations of their least sum.
  private func assemble(_ spline: MotionSpline, _ work: inout Work) {
    // Not copied: they are one and the same while work has none.
    var poses = WindowPoses(0..<0)
    swap(&poses, &work.poses)
    _ = assemble(spline, &work, &poses, isSumOnly: false, below: .infinity)
    work.poses = poses
  }

  /// Adds up the squares of a window with the equations of their least sum, or the sum alone, which
  /// leaves the equations as they are; false, and the sum is not complete, where it is not below a value.
  private func assemble(
    _ spline: MotionSpline, _ work: inout Work, _ poses: inout WindowPoses, isSumOnly: Bool,
    below most: Double
  ) -> Bool {
    work.equations.isSumOnly = isSumOnly
    work.frame.isSumOnly = isSumOnly
    work.equations.clear()
    var terms = terms
    terms.weight *= work.frame.stiffness
    terms.add(to: &work.equations, spline)
    for frame in poses.frames {
      work.frame.begin(pose(frame, spline, &poses))
      for term in frameTerms { term.add(frame: frame, to: &work.frame, &work.scratch) }
      work.collision?.add(frame: frame, to: &work.frame, &work.scratch)
      work.stance.first?.add(frame: frame, to: &work.frame, &work.scratch)
      work.equations.add(frame, work.frame, spline)
      guard !isSumOnly || work.equations.value < most else { return false }
      guard terms.period > Self.longest, let between = work.stance.last,
        work.isThorough || between.holdsAnything(frame), frame + 1 < spline.frames
      else { continue }
      work.frame.begin(pose(frame, spline, &poses, isBetween: true))
      if work.isThorough { ground?.add(frame: frame, to: &work.frame, &work.scratch) }
      between.add(frame: frame, to: &work.frame, &work.scratch)
      work.equations.add(after: frame, work.frame, spline)
    }
    return work.equations.value < most
  }
}
