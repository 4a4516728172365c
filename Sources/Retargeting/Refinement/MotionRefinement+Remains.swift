import Geometry
import Kinematics

/// What a first solution leaves: parts that are stuck in each other, and frames in which feet, ground or
/// gaps are not as they should be.
extension MotionRefinement {
  /// Solves for a range of unknowns; where parts stay deep in each other or in the ground, once more from
  /// the beginning in another way, and the better of both is kept.
  ///
  /// Then parts go back to the side of each other that they are on in the rest posture, and the ground
  /// hardens as the hold of soles does.
  func solveApart(_ range: Range<Int>, _ spline: inout MotionSpline, _ footing: inout Footing) {
    let (start, footingAtStart) = (spline, footing)
    solve(range, &spline, &footing)
    guard isThorough else { return }
    let left = depth(range, spline)
    guard left.deepest > Self.stuck else { return }
    var (other, otherFooting) = (start, footingAtStart)
    solve(range, &other, &otherFooting, isSided: true, hardening: 1)
    guard depth(range, other).squares < left.squares else { return }
    (spline, footing) = (other, otherFooting)
  }

  /// Parts that stay deeper than this in each other or in the ground are stuck [m].
  private static let stuck = 0.005

  /// How deep parts are in each other and in the ground in the frames of a window: at most [m], and the sum
  /// of squares.
  private func depth(
    _ range: Range<Int>, _ spline: MotionSpline
  ) -> (deepest: Double, squares: Double) {
    var poses = WindowPoses(frames(range, spline))
    var found = (deepest: 0.0, squares: 0.0)
    for frame in poses.frames {
      let pose = pose(frame, spline, &poses)
      for depth in [collision?.overlap(pose), ground?.depth(frame: frame, pose)] {
        found.deepest = max(found.deepest, depth?.deepest ?? 0)
        found.squares += depth?.squares ?? 0
      }
    }
    return found
  }

  /// Solves once more, for longer, about the frames in which soles are away from where they are held, or
  /// something is in the ground or near to another part.
  func polish(_ spline: inout MotionSpline, _ footing: inout Footing) {
    let bad = badFrames(spline, &footing)
    let reach = max(
      6, FootSteps.count(of: (Self.polishing.reach / terms.period).rounded(.up)))
    var start: Int?
    var last = 0
    func solve(_ frames: Range<Int>, _ spline: inout MotionSpline, _ footing: inout Footing) {
      // The control points that move these frames.
      let first = max(0, frames.lowerBound + 1 - spline.first)
      let end = min(spline.unknowns, frames.upperBound + 1 - spline.first)
      guard first < end else { return }
      self.solve(
        first..<end, &spline, &footing,
        stiffnesses: [Double](repeating: 1, count: Self.polishing.steps))
    }
    for frame in bad {
      if let begun = start, frame - last > 2 * reach || frame - begun > Self.polishing.frames {
        solve(max(0, begun - reach)..<(last + reach + 1), &spline, &footing)
        start = nil
      }
      start = start ?? frame
      last = frame
    }
    if let start { solve(max(0, start - reach)..<(last + reach + 1), &spline, &footing) }
  }

  /// The time about such frames that is solved for with them [s], the steps, the most frames at once, and
  /// the stiffness of the ground.
  static let polishing = (reach: 0.2, steps: 6, frames: 300, ground: 10.0)
  /// What is left of a frame, by the root of its squares [m]: depth in the ground, distance of soles from
  /// where they are held, and what is missing of the margin between parts.
  private static let left = (depth: 0.001, hold: 0.003, margin: 0.006)

  private func badFrames(_ spline: MotionSpline, _ footing: inout Footing) -> [Int] {
    var poses = WindowPoses(0..<spline.frames)
    var collision = collision
    remember(spline, &collision, &poses)
    let stance = stance(spline, &footing, &poses)
    var equations = FrameEquations(layout)
    equations.isSumOnly = true
    var scratch = FrameEquations.Derivatives(columns: layout.columns)
    return (0..<spline.frames).filter { frame in
      [false, true].contains { isBetween in
        guard !isBetween || terms.period > Self.longest && frame + 1 < spline.frames else {
          return false
        }
        let pose = pose(frame, spline, &poses, isBetween: isBetween)
        func value(_ term: (any ResidualTerm)?, of weight: Double) -> Double {
          guard let term else { return 0 }
          equations.begin(pose)
          term.add(frame: frame, to: &equations, &scratch)
          return (equations.value / weight).squareRoot()
        }
        return value(ground, of: weights.ground) > Self.left.depth
          || value(isBetween ? stance.last : stance.first, of: weights.stance) > Self.left.hold
          || !isBetween && value(collision, of: weights.collision) > Self.left.margin
      }
    }
  }
}
