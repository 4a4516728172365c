import Files
import Geometry
public import Kinematics
public import Motions

/// Turns human motion into a robot's joint motion by inverse kinematics, without training.
///
/// What is minimised for each frame is what a retargeter's network is trained to minimise: the distance
/// of links from their targets, the directions of limbs, the twists of joints that follow the human's
/// (see `RetargetingLoss`, whose default weights are taken), within the limits, and beside it a little of
/// the distance from the rest posture and of the change from the frame before. Where the base floats, its
/// pose is solved for together with the joints: a robot that cannot bend its waist leans with its base.
public struct InverseKinematicsRetargeter: Sendable {
  /// The robot.
  public let robot: Robot
  /// The targets defined by the mapping.
  public let targets: HumanTargets
  /// Whether the base's pose is solved for.
  public let hasFreeBase: Bool
  let problem: PoseProblem
  private let trunk: TrunkLine?

  /// The weights of what keeps a solution from wandering: so small that they decide only what the
  /// targets leave open.
  private static let restWeight = 2e-3
  private static let continuityWeight = 4e-3
  /// The weights of the base's turn and shift away from the human's pelvis.
  private static let baseTurn = 0.2
  private static let baseShift = 10.0
  /// The greatest speed of a joint from frame to frame [rad/s].
  private static let fastest = 15.0
  /// A value above this is trouble: three centimetres of every point, or a limb in a dead end.
  ///
  /// After so many frames of it, fresh starts are tried.
  private static let trouble = 1.0
  private static let patience = 6
  /// The weight of the direction from the hips to the shoulders.
  private static let trunkWeight = 4.0

  /// A retargeter for a mapping; the mapping's links and joints must be the robot's.
  ///
  /// - Parameters:
  ///   - robot: The robot.
  ///   - mapping: The mapping. A robot with two mapped legs is taken to float unless its files say that
  ///     its base is fixed.
  public init(robot: Robot, mapping: Mapping) throws(RetargetingError) {
    self.robot = robot
    targets = try HumanTargets(mapping: mapping, robot: robot)
    _ = try JointBounds(robot: robot)
    hasFreeBase = mapping.leavesBaseFree(of: robot)
    trunk = TrunkLine(targets)
    problem = try Self.problem(targets, robot, trunk, hasFreeBase: hasFreeBase)
  }

  private static func problem(
    _ targets: HumanTargets, _ robot: Robot, _ trunk: TrunkLine?, hasFreeBase: Bool
  ) throws(RetargetingError) -> PoseProblem {
    let mapping = targets.mapping
    let loss = LossWeights()
    let total = targets.weightedPoints.reduce(0) { $0 + mapping.points[$1].weight }
    var points: [PoseProblem.Point] = []
    var directs: [PoseProblem.Direct] = []
    do {
      for index in targets.weightedPoints {
        let point = mapping.points[index]
        points.append(
          PoseProblem.Point(
            link: try robot.linkIndex(named: point.link), offset: point.place,
            weight: loss.distance * point.weight / total))
      }
      for map in mapping.directMaps {
        directs.append(
          PoseProblem.Direct(
            coordinate: try robot.coordinateIndex(named: map.target),
            weight: loss.direct * map.weight / Double(mapping.directMaps.count)))
      }
    } catch {
      throw .mapping("'\(mapping.path)': \(error)")
    }
    var weights = PoseProblem.Weights()
    weights.rest = restWeight
    weights.continuity = continuityWeight
    weights.baseTurn = Vector3(repeating: baseTurn)
    weights.baseShift = baseShift
    weights.coupled = 100 * loss.coupled
    return PoseProblem(
      robot: robot, points: points,
      lines: Self.lines(targets, weight: loss.direction)
        + (trunk.map { [$0.line(trunkWeight)] } ?? []),
      directs: directs, rest: try mapping.restConfiguration(of: robot), weights: weights,
      hasFreeBase: hasFreeBase)
  }

  /// The bones between weighted points: 1 − cos is half of the squared difference of unit vectors.
  private static func lines(_ targets: HumanTargets, weight: Double) -> [PoseProblem.Line] {
    let bones = targets.mapping.bones
    return bones.compactMap { bone in
      guard let from = targets.weightedPoints.firstIndex(of: bone.from),
        let to = targets.weightedPoints.firstIndex(of: bone.to)
      else { return nil }
      return PoseProblem.Line(
        from: [from], to: [to], weight: weight / 2 / Double(bones.count))
    }
  }

  // MARK: - Motion

  /// The joint motion of a clip, at the clip's own rate.
  ///
  /// Where the human stands, the robot's soles are level and on the ground (see `StandingRobot`).
  ///
  /// - Parameters:
  ///   - clip: The human motion.
  ///   - effort: How thoroughly the whole motion is refined afterwards.
  ///   - speed: How much faster than the clip it will be played, for the limits of the refinement.
  ///   - atRest: Whether the refinement makes it begin and end at rest.
  public func retarget(
    _ clip: MotionClip, refining effort: RefinementEffort = .off, speed: Double = 1,
    atRest: Bool = true
  ) throws(RetargetingError) -> JointMotion {
    guard clip.frameCount > 0 else { throw .motion("clip '\(clip.name)' has no frames") }
    let answers = answers(of: clip)
    let motion = JointMotion(
      name: clip.name, jointNames: robot.coordinateNames, frameRate: clip.frameRate,
      positions: answers.flatMap(\.configuration),
      root: hasFreeBase ? rootMotion(of: clip, answers) : nil,
      provenance: [
        "motion": clip.name, "retargeting": "inverse kinematics",
        "mapping_sha256": targets.mapping.fingerprint,
      ]
    ).standing(as: clip, robot, targets)
    let bases = answers.map(\.base)
    return refined(
      motion, of: clip, targets: targets(of: clip), bases: bases, effort: effort, speed: speed,
      atRest: atRest)
  }

  /// A motion that stands on the ground, refined as a whole.
  ///
  /// - Parameters:
  ///   - motion: The motion.
  ///   - clip: The human motion that it was made from.
  ///   - targets: What it was made by.
  ///   - bases: The base's pose in each frame, seen from where the human's pelvis puts it.
  func refined(
    _ motion: JointMotion, of clip: MotionClip, targets: HumanTargets, bases: [Pose],
    effort: RefinementEffort, speed: Double, atRest: Bool
  ) -> JointMotion {
    var motion = motion
    guard effort != .off else { return motion }
    let placed = bases.indices.map { frame -> Pose in
      guard let root = motion.root else { return .identity }
      let base = bases[frame]
      let rotation = (root.rotations[frame] * base.rotation.inverse).normalized
      return Pose(
        rotation: rotation,
        translation: root.translations[frame] - rotation * base.translation)
    }
    motion.provenance["refinement"] = effort.rawValue
    guard motion.frameCount >= MotionRefinement.leastFrames else {
      motion.provenance["refinement"] = "none"
      motion.provenance["refinement_notes"] =
        "not refined as a whole: it has \(motion.frameCount) frames, and at least"
        + " \(MotionRefinement.leastFrames) are needed"
      return motion
    }
    let refinement = MotionRefinement(
      motion, self, clip, targets: targets, placed: placed, effort: effort, speed: speed,
      atRest: atRest)
    var (refined, notes) = refinement.refined()
    if atRest, let ends = RestAtEnds(motion, refined, in: robot).sentence { notes.append(ends) }
    if !notes.isEmpty { refined.provenance["refinement_notes"] = notes.joined(separator: "; ") }
    return refined
  }

  /// The targets of a clip: its own person's limbs, scaled to the robot's, or the canonical skeleton's
  /// where a limb has no length.
  func targets(of clip: MotionClip) -> HumanTargets {
    (try? HumanTargets(mapping: targets.mapping, robot: robot, skeleton: clip.skeleton)) ?? targets
  }

  /// The answers for the frames of a clip.
  func answers(of clip: MotionClip) -> [PoseAnswer] {
    var solver = PoseSolver(problem)
    var batch = PoseBatch(count: 1, targets: targets(of: clip))
    let reach = reach(within: 1 / clip.frameRate)
    // For how many frames a limb is in a dead end, such as on the wrong side of its range.
    var troubled = 0
    var answers: [PoseAnswer] = []
    answers.reserveCapacity(clip.frameCount)
    for start in stride(from: 0, to: clip.rotations.count, by: Skeleton.jointCount) {
      batch.set(0, to: clip.rotations[start..<(start + Skeleton.jointCount)])
      let goal = goal(batch)
      guard let last = answers.last else {
        answers.append(solver.solve(goal, starts: starts, isFirstPreferred: true))
        continue
      }
      var answer = solver.solve(goal, after: last, reach: reach)
      troubled = answer.objective > Self.trouble ? troubled + 1 : 0
      if troubled > 0, troubled.isMultiple(of: Self.patience) {
        let fresh = solver.solve(goal, starts: starts, isFirstPreferred: true)
        if fresh.objective < 0.4 * answer.objective {
          answer = last.moved(towards: fresh, within: reach)
          // It goes on until it is there.
          troubled -= 1
        }
      }
      answers.append(answer)
    }
    return answers
  }

  /// How far each coordinate may move within a time [rad or m]: at its velocity limit, and no faster
  /// than people move.
  ///
  /// A joint that changes to another side of its range does so over several frames.
  private func reach(within seconds: Double) -> [Double] {
    robot.foldedLimits.map { limits in
      min(limits.velocity?.value ?? Self.fastest, Self.fastest) * max(seconds, 1e-3)
    }
  }

  /// Where the first frame of a clip begins: the rest posture, all joints at zero, and in the middle of
  /// their ranges.
  var starts: [PoseAnswer] {
    let middle = zip(problem.lower, problem.upper).map { ($0 + $1) / 2 }
    return [problem.rest, [Double](repeating: 0, count: middle.count), middle].map { start in
      var configuration = problem.rest
      for coordinate in problem.active { configuration[coordinate] = start[coordinate] }
      return PoseAnswer(configuration: configuration)
    }
  }

  /// What is wanted of the robot in a batch's only pose.
  func goal(_ batch: PoseBatch) -> PoseProblem.Goal {
    let positions = batch.positions.vectors
    let mapping = targets.mapping
    let directions = zip(mapping.bones, batch.directions.vectors).filter { bone, _ in
      targets.weightedPoints.contains(bone.from) && targets.weightedPoints.contains(bone.to)
    }.map(\.1)
    let angles = problem.directs.indices.map { index in
      let coordinate = problem.directs[index].coordinate
      return min(
        max(Double(batch.angles[index]), problem.lower[coordinate]), problem.upper[coordinate])
    }
    return PoseProblem.Goal(
      positions: positions,
      directions: directions + (trunk.map { [$0.direction(positions)] } ?? []), angles: angles)
  }

  // MARK: - The root

  private func rootMotion(of clip: MotionClip, _ answers: [PoseAnswer]) -> JointMotion.Root {
    let bodyFromBase = targets.mapping.origin.baseFromBody.inverse
    let scale = targets.legScale(of: clip.skeleton)
    let skeleton = clip.skeleton
    let humanHips =
      (skeleton.restOffset(of: .leftHip) + skeleton.restOffset(of: .rightHip)) / 2
    let (robotHips, robotDrop) = legs
    // What the robot's legs are longer or shorter than the scaled human's is added. Robots with feet
    // are put on the ground afterwards; this is the height of the others, and of flights.
    let lift = robotDrop - scale * (skeleton.ankleDrop + humanHips.y)
    var root = JointMotion.Root(translations: [], rotations: [])
    for frame in 0..<clip.frameCount {
      let pelvis = clip.rotations[frame * Skeleton.jointCount]
      let worldFromPlace = pelvis * bodyFromBase
      // The robot's hips go where the human's do, times the factor.
      let hips = scale * (clip.rootTranslations[frame] + pelvis * humanHips) + [0, 0, lift]
      let base = answers[frame].base
      root.translations.append(hips + worldFromPlace * (base.translation - robotHips))
      root.rotations.append((worldFromPlace * base.rotation).normalized)
    }
    return root
  }

  /// The middle of the robot's hips in its base frame, and its height above the ankles, at rest [m].
  private var legs: (hips: Vector3, drop: Double) {
    let rest = robot.worldFromLinks(problem.rest)
    func middle(_ joints: [Skeleton.Joint]) -> Vector3? {
      let places = targets.mapping.points.filter { joints.contains($0.joint) }.compactMap { point in
        (try? robot.linkIndex(named: point.link)).map { rest[$0] * point.place }
      }
      return places.isEmpty ? nil : places.reduce(.zero, +) / Double(places.count)
    }
    let hips = middle([.leftHip, .rightHip]) ?? .zero
    let ankles = middle([.leftAnkle, .rightAnkle]) ?? hips
    return (hips, (hips - ankles).dot(targets.mapping.origin.up))
  }
}

/// The line from the middle of the hips to the middle of the shoulders, by weighted points.
private struct TrunkLine: Sendable {
  let hips: [Int], shoulders: [Int]

  /// Nil where the mapping does not weigh both hips and both shoulders.
  init?(_ targets: HumanTargets) {
    func rows(_ joints: [Skeleton.Joint]) -> [Int] {
      targets.weightedPoints.indices.filter {
        joints.contains(targets.mapping.points[targets.weightedPoints[$0]].joint)
      }
    }
    hips = rows([.leftHip, .rightHip])
    shoulders = rows([.leftShoulder, .rightShoulder])
    guard hips.count == 2, shoulders.count == 2 else { return nil }
  }

  func line(_ weight: Double) -> PoseProblem.Line {
    PoseProblem.Line(from: hips, to: shoulders, weight: weight)
  }

  func direction(_ positions: [Vector3]) -> Vector3 {
    (shoulders.reduce(.zero) { $0 + positions[$1] } - hips.reduce(.zero) { $0 + positions[$1] })
      .normalized ?? .zero
  }
}
