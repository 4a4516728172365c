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
    var stance: [StanceTerm] = []
    var collision: CollisionTerm?
    var damping = 1e-5
    /// Whether the ground is looked at between frames.
    var isThorough = false

    init(_ range: Range<Int>, _ refinement: MotionRefinement, isSmall: Bool = false) {
      equations = WindowEquations(
        range: isSmall ? 0..<1 : range, columns: refinement.layout.columns)
      frame = FrameEquations(refinement.layout)
      collision = refinement.collision
    }
  }

  /// Solves for a range of unknowns; the others stay as they are.
  ///
  /// - Parameters:
  ///   - stiffnesses: The stiffness of contact and limits in each step; nil for those of a first solution.
  ///     With others the ground is looked at between frames as well.
  ///   - isSided: See `CollisionTerm.isSided`.
  func solve(
    _ range: Range<Int>, _ spline: inout MotionSpline, _ footing: inout Footing,
    stiffnesses: [Double]? = nil, isSided: Bool = false
  ) {
    var work = Work(range, self)
    work.collision?.isSided = isSided
    work.isThorough = stiffnesses != nil
    // The steps at full stiffness, and whether it was looked for what cannot be held.
    var (hard, isSifted) = (0, false)
    for stiffness in stiffnesses ?? self.stiffnesses {
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

  /// Gives up the frames of steps that are far from where they should be held, as limits allow no better;
  /// returns whether there are such.
  private func giveUp(
    _ spline: MotionSpline, _ range: Range<Int>, _ footing: inout Footing,
    _ equations: inout FrameEquations
  ) -> Bool {
    let before = footing.framesGivenUp
    let frames = frames(range, spline)
    let shortest = max(
      2, FootSteps.count(of: (Foothold.shortest / terms.period).rounded(.up)))
    for index in footing.steps.steps.indices.reversed() {
      let step = footing.steps.steps[index]
      guard step.frames.overlaps(frames) else { continue }
      if case .none = footing.marks[index] { continue }
      let distances = step.distances(
        feet[step.foot], places(of: step, spline, &equations), footing.marks[index])
      guard distances.contains(where: { !($0 <= Self.tolerance) }) else { continue }
      let runs = distances.indices.split { !(distances[$0] <= Self.tolerance) }
      footing.keep(
        runs.filter { $0.count >= shortest }.map { $0.startIndex..<$0.endIndex }, of: index)
    }
    return footing.framesGivenUp > before
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
  func frames(_ range: Range<Int>, _ spline: MotionSpline) -> Range<Int> {
    let controls = (range.lowerBound + spline.first)..<(range.upperBound + spline.first)
    let last = range.upperBound == spline.unknowns ? spline.frames : controls.upperBound
    return max(0, controls.lowerBound - 2)..<min(last, spline.frames)
  }

  func begin(
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
  func stance(
    _ spline: MotionSpline, _ range: Range<Int>, _ footing: inout Footing,
    _ equations: inout FrameEquations
  ) -> [StanceTerm] {
    guard !feet.isEmpty else { return [] }
    let frames = frames(range, spline)
    for index in footing.steps.steps.indices.reversed() where footing.turns[index] == nil {
      let step = footing.steps.steps[index]
      guard step.frames.overlaps(frames) else { continue }
      footing.divide(
        index,
        into: step.runs(
          feet[step.foot], places(of: step, spline, &equations), period: terms.period))
    }
    for (index, step) in footing.steps.steps.enumerated() {
      guard step.frames.overlaps(frames) else { continue }
      // A step that began before goes on where it stands.
      if case .none = footing.marks[index] {
      } else if step.frames.lowerBound < frames.lowerBound {
        continue
      }
      let foot = feet[step.foot]
      let places = places(of: step, spline, &equations)
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
        work.isThorough || between.holdsAnything(frame), frame + 1 < spline.frames
      else { continue }
      begin(frame, spline, &work.frame, isBetween: true)
      if work.isThorough { ground?.add(frame: frame, to: &work.frame, &scratch) }
      between.add(frame: frame, to: &work.frame, &scratch)
      work.equations.add(after: frame, work.frame, spline)
    }
    terms.add(to: &work.equations, spline)
  }
}
