import Foundation
public import Geometry
public import Kinematics
import Morphology
import Motions

/// How a single arm follows a person's: which arm of the person, by its tip or by elbow and tip, and
/// where the person's shoulder stands.
public struct ArmFit: Sendable {
  /// What the user states of it.
  public struct Options: Sendable {
    /// The person's arm; nil for the right one, or where the arm is built like a person's the one whose
    /// side it has.
    public var side: HandPath.Side?
    /// The factor on the hand's path.
    public var scale: Double?
    /// The place of the person's shoulder in the base's frame [m].
    public var place: Vector3?
    /// The front of the base.
    public var front: BaseAxis?
    /// The motions that should stay inside; nil for those that ship.
    public var path: (@Sendable (HandPath.Side) -> HandPath)?

    /// Nothing stated.
    public init() {}
  }

  /// The person's arm.
  public let side: HandPath.Side
  /// Whether the elbow follows the person's too.
  public let hasElbow: Bool
  /// The factor on the hand's path; nil where limbs are scaled each to the robot's.
  public let scale: Double?
  /// The place of the person's shoulder in the base's frame [m].
  public let place: Vector3
  /// What was found, one sentence each.
  public let sentences: [String]
  /// The mapping's text.
  let text: String
}

extension ArmFit {
  /// Fits a person's arm to the one that was found in a robot.
  ///
  /// - Parameters:
  ///   - map: The robot's map, of the kind `arm`.
  ///   - robot: The robot.
  ///   - options: What the user states.
  /// - Throws: `NoMapping` with the reason where the arm cannot follow a person's.
  public init(_ map: RobotMap, of robot: Robot, options: Options = Options()) throws(NoMapping) {
    self = try ArmFitter(map, robot, options).fit()
  }
}

/// Tries an arm that follows elbow and tip, then one that follows the tip alone.
private struct ArmFitter {
  let robot: Robot
  let options: ArmFit.Options
  let tree: HingedTree
  let arm: HingedPlan.Limb
  let chain: ArmChain
  let doubts: [String]

  /// A workspace thinner than this part of the reach is a plane.
  private static let flat = 0.05
  /// A scale below which the hand hardly moves.
  private static let leastScale = 0.02
  /// An arm follows an elbow where its links are nearer to their targets than this part of its length.
  private static let like = 0.04

  init(_ map: RobotMap, _ robot: Robot, _ options: ArmFit.Options) throws(NoMapping) {
    guard let found = map.found, map.refusal == nil, let arm = found.plan.leftArm,
      found.plan.kind == .arm
    else { throw NoMapping(description: map.refusal ?? "it is not a single arm") }
    self.robot = robot
    self.options = options
    self.arm = arm
    tree = found.tree
    doubts = map.allDoubts
    let tip = Self.tip(of: arm, tree)
    let shoulder = arm.upper.count > 1 ? arm.upper[1] : arm.upper.first ?? arm.middle
    do {
      chain = try ArmChain(
        robot, link: tip.link, place: tip.place, shoulder: tree.hinges[shoulder].name,
        base: Self.base(of: found.plan, tree))
    } catch { throw NoMapping(description: "\(error)") }
  }

  /// The joints above the arm that are left alone: those of a base that drives.
  private static func base(of plan: HingedPlan, _ tree: HingedTree) -> Set<String> {
    let above = Set(tree.path(to: plan.chest))
    return Set(plan.leftAlone.filter { above.contains($0) }.map { tree.hinges[$0].name })
  }

  /// The frame of the last body that is farthest out, or the end that its shapes or its mass show.
  private static func tip(of arm: HingedPlan.Limb, _ tree: HingedTree) -> (
    link: String, place: Vector3
  ) {
    let frames = tree.bodies[tree.hinges[arm.last].child].frames
    let far = frames.max {
      $0.bodyFromFrame.translation.length < $1.bodyFromFrame.translation.length
    }
    guard let far, far.bodyFromFrame.translation.length > 0.02 * arm.upperLength else {
      return (frames[0].name, arm.end ?? .zero)
    }
    return (far.name, .zero)
  }

  func fit() throws(NoMapping) -> ArmFit {
    guard let workspace = ArmWorkspace(chain, floor: floor, front: front) else {
      throw NoMapping(description: "no position of its joints keeps its coupled limits")
    }
    guard workspace.thickness > Self.flat * workspace.reach else {
      throw NoMapping(
        description: "its tip stays on a surface ("
          + "\(Self.millimetres(workspace.thickness)) thick), and a person's hand moves in space")
    }
    if options.scale == nil, options.place == nil, let fit = elbowFit() { return fit }
    return try tipFit(workspace)
  }

  private func path(_ side: HandPath.Side) -> HandPath { options.path?(side) ?? .shipped(side) }

  /// The lowest point of the base, below which its table is.
  private var floor: Double {
    tree.bodies[0].frames.flatMap(\.extents).map(\.z).min() ?? 0
  }

  // MARK: - The tip

  private func tipFit(_ workspace: ArmWorkspace) throws(NoMapping) -> ArmFit {
    let side = options.side ?? .right
    let path = path(side)
    let forward = workspace.forward
    let baseFromBody = Quaternion(columns: Vector3.unitZ.cross(forward), .unitZ, forward)
    let largest = largest(workspace, path)
    let search = ArmPlacementSearch(
      workspace, path.places.map { baseFromBody * $0 }, largest: options.scale ?? largest)
    let found = search.best(largest: largest, scale: options.scale, place: options.place)
    guard options.scale != nil || found.inside > 0.9, found.scale > Self.leastScale else {
      throw NoMapping(
        description: "no place in its workspace keeps the hand of \(path.source) inside: at best "
          + "\(Self.percent(found.inside)) at a scale of \(Self.number(found.scale, 1e3)); --scale "
          + "and --place state others")
    }
    let scale = (found.scale * 1e3).rounded(options.scale == nil ? .down : .toNearestOrEven) / 1e3
    let inside =
      "\(Self.percent(found.inside)) of \(path.places.count) poses of \(path.source) are inside its "
      + "workspace"
    let lines = [
      "follows a person's \(side.rawValue) hand with its tip '\(chain.link)': the path from the "
        + "shoulder times \(Self.number(scale, 1e3)), the shoulder at \(Self.vector(found.place)) m, "
        + "front \(BaseAxis(nearestTo: forward).rawValue)",
      inside,
    ]
    let mean = path.places.reduce(Vector3.zero, +) / Double(max(1, path.places.count))
    let rest = chain.posture(
      near: found.place + scale * (baseFromBody * mean), within: 2 * workspace.cell)
    let wrist = wrist(side, rest)
    return ArmFit(
      side: side, hasElbow: false, scale: scale, place: found.place, sentences: lines,
      text: header([
        "The hand is seen from the \(side.rawValue) shoulder, in the chest's axes, and drawn into the",
        "arm's workspace: \(inside).",
      ]) + origin(side, found.place, forward) + restLines(rest, wrist?.hinge) + """
        points:
          - {joint: \(side.wrist.name), \(tipText), weight: 1, scale: \(Self.number(scale, 1e3))}
        """ + "\n" + (wrist.map { "\n" + $0.text } ?? ""))
  }

  /// The front that the user states.
  private var front: Vector3? {
    options.front.map(\.direction).flatMap { abs($0.z) < 0.5 ? $0 : nil }
  }

  /// The robot's reach over the person's, or less where its joints are too slow for the hand.
  private func largest(_ workspace: ArmWorkspace, _ path: HandPath) -> Double {
    let size = workspace.reach / HandPath.length
    let speed = chain.speed(reach: workspace.reach)
    return path.speed > 0 ? min(size, speed / path.speed) : size
  }

  /// The last hinge where it turns the tip in place about the vertical: it takes the hand's twist.
  private func wrist(_ side: HandPath.Side, _ rest: [Double]) -> (hinge: String, text: String)? {
    let hinge = tree.hinges[arm.last]
    guard let index = robot.joints.firstIndex(where: { $0.name == hinge.name }),
      robot.joints[index].mimic == nil, hinge.turns, arm.lower.count == 1 || arm.lower.count > 2,
      let tipLink = try? robot.linkIndex(named: chain.link)
    else { return nil }
    let poses = robot.worldFromLinks(rest)
    let joint = poses[robot.joints[index].childLink]
    let axis = joint.rotation * hinge.axis
    let arm = poses[tipLink] * chain.place - joint.translation
    guard (arm - arm.dot(axis) * axis).length < 0.02 * self.arm.upperLength, abs(axis.z) > 0.8
    else { return nil }
    return (
      hinge.name,
      """
      # The hand's twist against the forearm about its own upward axis (skeleton: x left, y up, z forward).
      direct:
        - {joint: \(side.wrist.name), axis: [0, 1, 0], target: \(YAMLName.quoted(hinge.name))\
      \(axis.z < 0 ? ", factor: -1" : ""), weight: 1}

      """
    )
  }

  // MARK: - Elbow and tip

  /// The best of both arms of the person and four fronts, where the arm is built like a person's.
  private func elbowFit() -> ArmFit? {
    guard arm.upper.count >= 3, arm.lowerLength != nil else { return nil }
    let sides = options.side.map { [$0] } ?? [.right, .left]
    let fronts = options.front.map { [$0] } ?? [.plusX, .plusY, .minusX, .minusY]
    var best:
      (distance: Double, side: HandPath.Side, front: BaseAxis, text: String, path: HandPath)?
    for side in sides {
      let path = path(side)
      let poses = stride(from: 0, to: path.poses.count, by: max(1, path.poses.count / 60)).map {
        path.poses[$0]
      }
      for front in fronts where abs(front.direction.z) < 0.5 {
        let text = elbowText(side, front.direction)
        guard let mapping = try? Mapping(parsing: text, path: Mapping.foundPath),
          let retargeter = try? InverseKinematicsRetargeter(robot: robot, mapping: mapping)
        else { continue }
        let distance = retargeter.meanDistance(poses)
        if distance < best?.distance ?? .infinity { best = (distance, side, front, text, path) }
      }
    }
    let length = arm.upperLength + (arm.lowerLength ?? 0)
    guard let best, best.distance < Self.like * length else { return nil }
    return ArmFit(
      side: best.side, hasElbow: true, scale: nil, place: chain.shoulder,
      sentences: [
        "follows a person's \(best.side.rawValue) arm with elbow and tip, its front "
          + "\(best.front.rawValue): \(Self.millimetres(best.distance)) from the targets on average of "
          + "\(best.path.source)"
      ], text: best.text)
  }

  private func elbowText(_ side: HandPath.Side, _ forward: Vector3) -> String {
    let elbow = YAMLName.quoted(tree.bodies[tree.hinges[arm.middle].child].frames[0].name)
    let wrist = arm.lower.count > 1 ? arm.lower[1] : arm.lower.first
    let end =
      wrist.map { "link: \(YAMLName.quoted(tree.bodies[tree.hinges[$0].child].frames[0].name))" }
      ?? tipText
    return header(["Elbow and hand follow the person's, limb by limb."])
      + origin(side, chain.shoulder, forward) + restLines(chain.middle, nil) + """
        points:
          - {joint: \(side.elbow.name), link: \(elbow), weight: 1}
          - {joint: \(side.wrist.name), \(end), weight: 2}

        bones:
          - {from: \(side.elbow.name), to: \(side.wrist.name)}

        """
  }

  // MARK: - Text

  private var tipText: String {
    "link: \(YAMLName.quoted(chain.link))"
      + (chain.place.length > 1e-6 ? ", place: \(Self.vector(chain.place))" : "")
  }

  private func header(_ lines: [String]) -> String {
    """
    # Found by 'motionc map' from joints, axes, limits and a sampled workspace. See Mappings/README.md.
    \(doubts.map { "# Doubt: \(YAMLName.plain($0))\n" }.joined())skeleton: human
    robot: \(YAMLName.quoted(robot.name))

    \(lines.map { "# \($0)\n" }.joined())
    """
  }

  private func origin(_ side: HandPath.Side, _ place: Vector3, _ forward: Vector3) -> String {
    let front =
      (forward - .unitX).length > 1e-6 ? ", forward: \(Self.vector(forward)), up: [0, 0, 1]" : ""
    return
      "origin: {joint: \(side.shoulder.name), frame: Chest, position: \(Self.vector(place))\(front)}\n"
  }

  /// The posture that the tip's place leaves open.
  private func restLines(_ rest: [Double], _ wrist: String?) -> String {
    let names = robot.coordinateNames
    let entries = chain.coordinates.filter { names[$0] != wrist && abs(rest[$0]) > 5e-4 }.map {
      "  \(YAMLName.quoted(names[$0])): \(Self.number(rest[$0], 1e3))"
    }
    guard !entries.isEmpty else { return "\n" }
    return
      "# Where it rests, others at zero [rad or m].\nrest:\n\(entries.joined(separator: "\n"))\n\n"
  }

  private static func number(_ value: Double, _ digits: Double) -> String {
    let rounded = (value * digits).rounded() / digits
    return Int(exactly: rounded).map { "\($0)" } ?? "\(rounded)"
  }

  private static func vector(_ vector: Vector3) -> String {
    "[\(number(vector.x, 1e3)), \(number(vector.y, 1e3)), \(number(vector.z, 1e3))]"
  }

  private static func percent(_ share: Double) -> String {
    "\((share * 1000).rounded(.down) / 10) %"
  }

  private static func millimetres(_ metres: Double) -> String {
    "\((metres * 1e4).rounded() / 10) mm"
  }
}

extension InverseKinematicsRetargeter {
  /// The weighted mean distance of links from their targets over poses [m].
  fileprivate func meanDistance(_ poses: [[Quaternion]]) -> Double {
    var solver = PoseSolver(problem)
    var batch = PoseBatch(count: 1, targets: targets)
    let patience = PoseSolver.Patience(relative: 1e-3, absolute: 1e-6, steps: 25)
    let total = problem.points.reduce(0) { $0 + $1.weight }
    var sum = 0.0
    for pose in poses {
      batch.set(0, to: pose[...])
      let goal = goal(batch)
      let answer = solver.solve(goal, starts: starts, patience: patience)
      for (index, place) in solver.positions(of: answer).enumerated() {
        sum += problem.points[index].weight * (place - goal.positions[index]).length
      }
    }
    return sum / total / Double(max(1, poses.count))
  }
}
