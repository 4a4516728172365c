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
  ///   - controlPoints: Those of the joints, [control, joint].
  ///   - joints: The number of joints.
  ///   - period: The time between samples [s].
  init(_ prover: ClearanceProver, controlPoints: [Double], joints: Int, period: Double) {
    self.prover = prover
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
      let depth = prover.depth(joints.state(TimeSpan(from: time, to: time)).values, base, time)
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

extension ClearanceProver {
  /// How deep the deepest body is in the ground at a time in periods [m]; zero above it.
  fileprivate func depth(_ configuration: [Double], _ base: BaseCurve, _ time: Double) -> Double {
    let root = base.pose(at: time * base.period)
    let poses = robot.worldFromLinks(configuration)
    return bodies.reduce(0) { deepest, body in
      let pose = root * poses[body.link]
      let low = (pose * body.ball.center).z - body.ball.radius
      guard -low > deepest else { return deepest }
      return max(deepest, -body.height(pose))
    }
  }
}
