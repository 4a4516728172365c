import Geometry
import Kinematics

/// Raises the base of a robot that the limits of its joints have put into the ground.
///
/// A refined motion stands on the ground, but the limit program knows of none: a joint that has to give
/// way takes a foot along. The base then goes over a hill that is as high as the foot is deep, begun
/// before and left behind slowly enough for the base's own limits.
struct GroundLift {
  private let prover: ClearanceProver
  private let joints: JointSpans
  private let period: Double
  /// The heights under each of the prover's bodies in the motion's frames; none over z = 0 alone.
  private let heights: [[Double]]
  private let framesPerSample: Double

  /// Depth that stays, as soles are on the ground and not above it [m].
  private static let allowed = 0.001
  /// How much more than it is deep a body is raised, for what lies between the instants [m].
  private static let reserve = 0.0002
  /// The time before and after within which the base is raised [s].
  private static let reach = 0.15
  /// The instants in a second at least.
  private static let leastRate = 120.0
  /// The most rounds: limits may leave a base below where it shall be.
  static let rounds = 4

  /// - Parameters:
  ///   - prover: The robot's bodies.
  ///   - ground: What they are over.
  ///   - controlPoints: Those of the joints, [control, joint].
  ///   - joints: The number of joints.
  ///   - period: The time between samples [s].
  ///   - framesPerSample: The frames of the motion, and of the ground, in that time.
  init(
    _ prover: ClearanceProver, _ ground: MotionGround, controlPoints: [Double], joints: Int,
    period: Double, framesPerSample: Double
  ) {
    self.prover = prover
    self.framesPerSample = framesPerSample
    heights = prover.bodies.map { body in
      let foot = ground.feet.first { !$0.links.isDisjoint(with: body.links) }
      return foot?.heights.contains { $0 != 0 } == true ? foot?.heights ?? [] : []
    }
    self.joints = JointSpans(points: controlPoints, joints: joints)
    self.period = period
  }

  /// By how much the base is to be raised at each sample [m]; nil where nothing is too deep.
  func lift(_ base: BaseCurve) -> [Double]? {
    let count = base.sampleCount
    guard count > 1 else { return nil }
    var wanted = [Double](repeating: 0, count: count)
    var isDeep = false
    // Between samples where these are far apart, and not at each where they are close.
    let apart = 1 / (Self.leastRate * period)
    let step = apart < 1 ? 1 / (1 / apart).rounded(.up) : max(1, (apart / 2).rounded(.down))
    for time in stride(from: 0, through: Double(count - 1), by: step) {
      let depth = depth(joints.state(TimeSpan(from: time, to: time)).values, base, time)
      guard depth > Self.allowed else { continue }
      isDeep = true
      let need = depth - Self.allowed + Self.reserve
      let near = max(1, step)
      let (first, last) = (max(0, (time - near).rounded(.up)), (time + near).rounded(.down))
      for sample in Int(first)...min(Int(last), count - 1) {
        wanted[sample] = max(wanted[sample], need)
      }
    }
    return isDeep ? hills(over: wanted) : nil
  }

  /// How deep the deepest body is in the ground at a time in periods [m]; zero above it.
  private func depth(_ configuration: [Double], _ base: BaseCurve, _ time: Double) -> Double {
    let root = base.pose(at: time * base.period)
    let poses = prover.robot.worldFromLinks(configuration)
    return zip(prover.bodies, heights).reduce(0) { deepest, one in
      let (body, heights) = one
      // What nothing is known of is no reason to float.
      guard !body.isGuess else { return deepest }
      let pose = root * poses[body.link]
      let ground = height(heights, at: time)
      let low = (pose * body.ball.center).z - body.ball.radius
      guard ground - low > deepest else { return deepest }
      return max(deepest, ground - body.height(pose))
    }
  }

  /// The ground at a time in periods: the lower of two frames' heights between them, as a foot that steps up
  /// or down is still over the lower one.
  private func height(_ heights: [Double], at time: Double) -> Double {
    guard let last = heights.indices.last else { return 0 }
    let frame = min(max(0, time * framesPerSample), Double(last))
    return min(heights[Int(frame)], heights[min(last, Int(frame.rounded(.up)))])
  }

  /// Smooth values that are nowhere less: the greatest within reach, and of these a mean over that reach.
  private func hills(over wanted: [Double]) -> [Double] {
    let reach = max(1, Int((Self.reach / period).rounded(.up)))
    func near(_ sample: Int) -> ClosedRange<Int> {
      max(0, sample - reach)...min(wanted.count - 1, sample + reach)
    }
    let greatest = wanted.indices.map { wanted[near($0)].max() ?? 0 }
    let weights = Self.weights(reach)
    return wanted.indices.map { sample in
      guard greatest[near(sample)].contains(where: { $0 > 0 }) else { return 0 }
      // The ends go on.
      return (-reach...reach).reduce(0) { sum, offset in
        let at = min(max(sample + offset, 0), wanted.count - 1)
        return sum + weights[offset + reach] * greatest[at]
      }
    }
  }

  /// The weights of a mean over 2 `reach` + 1 samples: those of the cubic B-spline, whose
  /// second derivative is bounded by 4 by the square of the reach.
  private static func weights(_ reach: Int) -> [Double] {
    let values = (-reach...reach).map { offset -> Double in
      let x = 2 * Double(abs(offset)) / Double(reach + 1)
      return x < 1 ? 2.0 / 3 - x * x + x * x * x / 2 : max(0, 2 - x) * (2 - x) * (2 - x) / 6
    }
    let sum = values.reduce(0, +)
    return values.map { $0 / sum }
  }
}
