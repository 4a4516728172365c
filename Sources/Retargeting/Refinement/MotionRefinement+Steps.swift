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
  private static let longest = 0.021
  /// A step that is farther than this from where it should be held is given up [m].
  private static let tolerance = 0.025

  /// What is known of the steps of a motion while its windows are solved.
  struct Footing {
    var marks: [FootSteps.Mark]
    var turns: [Bool?]
    /// The steps that could not be held.
    var givenUp: Set<Int> = []

    init(_ steps: FootSteps?) {
      marks = [FootSteps.Mark](repeating: .none, count: steps?.steps.count ?? 0)
      turns = [Bool?](repeating: nil, count: marks.count)
    }
  }

  /// What a window is solved with, from step to step.
  private struct Work {
    var equations: WindowEquations
    var frame: FrameEquations
    var stance: [StanceTerm] = []
    var collision: CollisionTerm?
    var damping = 1e-5

    init(_ range: Range<Int>, _ refinement: MotionRefinement) {
      equations = WindowEquations(range: range, columns: refinement.layout.columns)
      frame = FrameEquations(refinement.layout)
      collision = refinement.collision
    }
  }

  /// Solves for a range of unknowns; the others stay as they are.
  func solve(_ range: Range<Int>, _ spline: inout MotionSpline, _ footing: inout Footing) {
    var work = Work(range, self)
    // The steps at full stiffness, and whether it was looked for what cannot be held.
    var (hard, isSifted) = (0, false)
    for stiffness in stiffnesses {
      if stiffness == 1 { hard += 1 }
      if hard == Self.patience, !isSifted {
        _ = giveUp(spline, range, &footing, &work.frame)
        isSifted = true
      }
      work.frame.stiffness = stiffness
      remember(spline, range, &work.collision, &work.frame)
      work.stance = stance(spline, range, &footing, &work.frame)
      assemble(spline, &work)
      let before = work.equations.value
      guard let gain = step(&spline, &work) else {
        work.damping = 1e-5
        continue
      }
      guard hard > 1, gain < Self.negligible * before else { continue }
      guard !isSifted, giveUp(spline, range, &footing, &work.frame) else { break }
      isSifted = true
    }
  }

  /// Goes the best step that is found; nil where none helps.
  private func step(_ spline: inout MotionSpline, _ work: inout Work) -> Double? {
    let before = work.equations.value
    for attempts in Self.attempts {
      var best: (spline: MotionSpline, damping: Double, value: Double)?
      for (share, least) in attempts {
        let damping = least == 0 ? work.damping : max(100 * work.damping, least)
        guard let step = work.equations.step(damping: damping) else { continue }
        var trial = spline
        trial.move(
          work.equations.range, against: step, times: share, columns: layout.columns)
        assemble(trial, &work, isSumOnly: true)
        guard work.equations.value < best?.value ?? before else { continue }
        best = (trial, max(damping / 10, 1e-8), work.equations.value)
      }
      guard let best else { continue }
      (spline, work.damping) = (best.spline, best.damping)
      return before - best.value
    }
    return nil
  }

  /// Gives up the steps that are far from where they should be held, as limits allow no better; returns
  /// whether there are such.
  private func giveUp(
    _ spline: MotionSpline, _ range: Range<Int>, _ footing: inout Footing,
    _ equations: inout FrameEquations
  ) -> Bool {
    guard let steps else { return false }
    let before = footing.givenUp.count
    let frames = frames(range, spline)
    for (index, step) in steps.steps.enumerated() where step.frames.overlaps(frames) {
      let places = places(of: step, spline, &equations)
      if step.distance(feet[step.foot], places, footing.marks[index]) > Self.tolerance {
        footing.marks[index] = .none
        footing.givenUp.insert(index)
      }
    }
    return footing.givenUp.count > before
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
    let controls = (range.lowerBound + spline.first)..<(range.upperBound + spline.first)
    let last = range.upperBound == spline.unknowns ? spline.frames : controls.upperBound
    return max(0, controls.lowerBound - 2)..<min(last, spline.frames)
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
    guard let term = collision else { return }
    var meetings = CollisionTerm.Meetings()
    for frame in frames(range, spline) {
      begin(frame, spline, &equations)
      term.note(frame, equations, in: &meetings)
    }
    collision?.decide(meetings)
  }

  /// Adds up the squares of a window with the equations of their least sum, or the sum alone, which
  /// leaves the equations as they are.
  private func assemble(_ spline: MotionSpline, _ work: inout Work, isSumOnly: Bool = false) {
    work.equations.isSumOnly = isSumOnly
    work.frame.isSumOnly = isSumOnly
    work.equations.clear()
    var terms = terms
    terms.weight *= work.frame.stiffness
    var scratch = FrameEquations.Derivatives(columns: layout.columns)
    for frame in frames(work.equations.range, spline) {
      begin(frame, spline, &work.frame)
      for term in frameTerms { term.add(frame: frame, to: &work.frame, &scratch) }
      work.collision?.add(frame: frame, to: &work.frame, &scratch)
      work.stance.first?.add(frame: frame, to: &work.frame, &scratch)
      work.equations.add(frame, work.frame, spline)
      guard terms.period > Self.longest, let between = work.stance.last,
        between.holdsAnything(frame)
      else { continue }
      begin(frame, spline, &work.frame, isBetween: true)
      between.add(frame: frame, to: &work.frame, &scratch)
      work.equations.add(after: frame, work.frame, spline)
    }
    terms.add(to: &work.equations, spline)
  }
}
