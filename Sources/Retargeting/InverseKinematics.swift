import Geometry
public import Kinematics

/// The configuration that brings some links nearest to their targets, pose by pose.
///
/// Minimises `Σ wᵢ |pᵢ(q) − tᵢ|²` within the position limits, coupled limits as a stiff penalty. It
/// measures how good the network's one forward pass is, and makes reference configurations for training.
public struct InverseKinematics: Sendable {
  private let problem: PoseProblem

  /// The weight of a coupled limit's excess [m²/rad²]: stiff against distances of metres.
  private static let coupledWeight = 100.0

  /// A problem for links of a robot, with a weight each.
  public init(robot: Robot, links: [Int], weights: [Double]) {
    precondition(links.count == weights.count, "\(links.count) links, \(weights.count) weights")
    self.init(
      robot: robot,
      points: zip(links, weights).map { PoseProblem.Point(link: $0, weight: $1) })
  }

  /// A problem for points of links.
  init(robot: Robot, points: [PoseProblem.Point]) {
    var weights = PoseProblem.Weights()
    weights.coupled = Self.coupledWeight
    problem = PoseProblem(robot: robot, points: points, weights: weights)
  }

  /// The best configuration found from some starts, and its weighted sum of squares [m²].
  ///
  /// - Parameters:
  ///   - targets: Three numbers for each link, metres, in the robot's base frame.
  ///   - starts: Configurations to begin from; those outside of the limits begin at these.
  ///   - steps: The most steps from each of them.
  public func solve(targets: [Double], starts: [[Double]], steps: Int = 60) -> (
    configuration: [Double], objective: Double
  ) {
    var solver = PoseSolver(problem)
    var patience = PoseSolver.Patience.thorough
    patience.steps = steps
    let found = solver.solve(
      goal(targets), starts: starts.map { PoseAnswer(configuration: $0) }, patience: patience)
    return (found.configuration, found.objective)
  }

  /// The mean distance of the links from their targets, by weight [m].
  public func meanDistance(_ configuration: [Double], targets: [Double]) -> Double {
    let distances = distances(configuration, targets: targets)
    let sum = zip(problem.points, distances).reduce(0) { $0 + $1.0.weight * $1.1 }
    return sum / problem.points.reduce(0) { $0 + $1.weight }
  }

  /// The distance of each link from its target [m].
  func distances(_ configuration: [Double], targets: [Double]) -> [Double] {
    var solver = PoseSolver(problem)
    let places = solver.positions(of: PoseAnswer(configuration: configuration))
    return zip(places, goal(targets).positions).map { ($0 - $1).length }
  }

  private func goal(_ targets: [Double]) -> PoseProblem.Goal {
    PoseProblem.Goal(positions: targets.vectors)
  }
}
