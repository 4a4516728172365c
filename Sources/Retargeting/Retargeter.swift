import Autodiff
import Files
import Geometry
public import Kinematics
import Learning
public import Motions

/// A trained network that turns human motion into a robot's joint motion.
public struct Retargeter: Sendable {
  /// The network with its configuration and parameter layout.
  public let network: PoseTransformer
  /// The weights, in the layout of `network`.
  public let weights: [Float]
  /// The targets defined by the mapping.
  public let targets: HumanTargets
  /// The robot.
  public let robot: Robot
  /// The training history (seed, data, tool version …), stored in the file.
  public let history: [String: String]
  /// The SHA-256 of the model's file; empty for a model that was not read from a file.
  public let fingerprint: String
  /// The position limits that the network was trained with.
  let bounds: JointBounds

  /// The number of poses that the network processes at once; they fit into the processor's cache.
  static let chunk = 32

  init(
    network: PoseTransformer, weights: [Float], targets: HumanTargets, robot: Robot,
    bounds: JointBounds, history: [String: String], fingerprint: String = ""
  ) {
    self.network = network
    self.weights = weights
    self.targets = targets
    self.robot = robot
    self.history = history
    self.fingerprint = fingerprint
    self.bounds = bounds
  }

  /// The joint motion of a clip, at the clip's own rate.
  ///
  /// A base that is free takes the pelvis's pose, with its path scaled by the ratio of leg lengths; that of a
  /// robot with a rigid trunk leans from there as the trunk does, if it was trained so. Where
  /// the human stands, the robot's soles are level and on the ground (see `StandingRobot`).
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
    let motion = try rawMotion(of: clip).standing(as: clip, robot, targets)
    guard effort != .off else { return motion }
    let solver = try InverseKinematicsRetargeter(robot: robot, mapping: targets.mapping)
    return solver.refined(
      motion, of: clip, targets: targets.isLeaning ? solver.targets : targets,
      bases: bases(of: clip), effort: effort, speed: speed, atRest: atRest)
  }

  /// The joint motion of a clip as the network gives it, not yet on the ground.
  func rawMotion(of clip: MotionClip) throws(RetargetingError) -> JointMotion {
    guard clip.frameCount > 0 else { throw .motion("clip '\(clip.name)' has no frames") }
    var provenance = history
    provenance["motion"] = clip.name
    provenance["retargeting"] = "network"
    if targets.isLeaning { provenance["base"] = "leaning" }
    if !fingerprint.isEmpty { provenance["model_sha256"] = fingerprint }
    return JointMotion(
      name: clip.name, jointNames: robot.coordinateNames, frameRate: clip.frameRate,
      positions: positions(of: clip.rotations),
      root: targets.mapping.leavesBaseFree(of: robot) ? rootMotion(of: clip) : nil,
      provenance: provenance)
  }

  /// Configurations [pose, joint] of poses; a joint that has one position only is there exactly.
  ///
  /// Its limits may be closer to each other than two numbers of the network.
  private func positions(of rotations: [Quaternion]) -> [Double] {
    let limits = robot.foldedLimits
    let joints = limits.count
    let fixed = bounds.lower.indices.filter { bounds.lower[$0] == bounds.upper[$0] }
    var positions = configurations(of: rotations).map(Double.init)
    for joint in fixed {
      guard let lower = limits[joint].lower?.value, let upper = limits[joint].upper?.value else {
        continue
      }
      for index in stride(from: joint, to: positions.count, by: joints) {
        positions[index] = min(max(positions[index], lower), upper)
      }
    }
    return positions
  }

  /// Configurations [pose, joint] of poses (22 rotations each).
  func configurations(of rotations: [Quaternion]) -> [Float] {
    let poses = rotations.count / Skeleton.jointCount
    let joints = bounds.lower.count
    let neutral = bounds.neutralRaw
    var result: [Float] = []
    result.reserveCapacity(poses * joints)
    var tape = Tape(parameters: FloatBuffer(weights), recording: false)
    var batch = PoseBatch(count: Self.chunk, targets: targets)
    for start in stride(from: 0, to: poses, by: Self.chunk) {
      let count = min(Self.chunk, poses - start)
      for row in 0..<count {
        let base = (start + row) * Skeleton.jointCount
        batch.set(row, to: rotations[base..<(base + Skeleton.jointCount)])
      }
      tape.reset()
      let features = tape.input(
        batch.features,
        shape: [Self.chunk, HumanTargets.tokenCount, HumanTargets.featuresPerJoint])
      let raw = network(features, neutral: neutral, on: &tape)
      let bounded = tape.bounded(raw, lower: bounds.lower, upper: bounds.upper)
      tape.withValues(of: bounded) { result.append(contentsOf: $0.prefix(count * joints)) }
    }
    return result
  }

  // MARK: - The root

  private func rootMotion(of clip: MotionClip) -> JointMotion.Root {
    let bodyFromRobot = targets.mapping.origin.baseFromBody.inverse
    let scale = targets.legScale(of: clip.skeleton)
    // What the robot's legs are longer or shorter than the scaled human's is added. Robots with feet
    // are put on the ground afterwards; this is the height of the others, and of flights.
    let lift = robotAnkleDrop - scale * clip.skeleton.ankleDrop
    let frames = 0..<clip.frameCount
    var root = JointMotion.Root(
      translations: frames.map { clip.rootTranslations[$0] * scale + [0, 0, lift] },
      rotations: frames.map { clip.rotations[$0 * Skeleton.jointCount] * bodyFromRobot })
    guard targets.isLeaning else { return root }
    for (frame, base) in bases(of: clip).enumerated() {
      root.translations[frame] += root.rotations[frame] * base.translation
      root.rotations[frame] = (root.rotations[frame] * base.rotation).normalized
    }
    return root
  }

  /// The base's pose in each frame, seen from where the person's pelvis puts it.
  private func bases(of clip: MotionClip) -> [Pose] {
    stride(from: 0, to: clip.rotations.count, by: Skeleton.jointCount).map {
      targets.base(of: clip.rotations[$0..<($0 + Skeleton.jointCount)])
    }
  }

  /// The height of the base above the ankles' links in the rest posture [m].
  private var robotAnkleDrop: Double {
    guard let rest = try? targets.mapping.restConfiguration(of: robot) else { return 0 }
    let poses = robot.worldFromLinks(rest)
    let heights = targets.mapping.points.compactMap { point -> Double? in
      guard point.joint == .leftAnkle || point.joint == .rightAnkle,
        let link = try? robot.linkIndex(named: point.link)
      else { return nil }
      return (poses[link] * point.place).dot(targets.mapping.origin.up)
    }
    return heights.isEmpty ? 0 : -heights.reduce(0, +) / Double(heights.count)
  }
}

extension HumanTargets {
  /// The ratio of the robot's leg length to the human's, 1 where the mapping scales no legs: the factor
  /// on the path of a person.
  ///
  /// - Parameter skeleton: The person's skeleton.
  public func legScale(of skeleton: Skeleton) -> Double {
    var scales: [Double] = []
    for (index, point) in mapping.points.enumerated() {
      guard [.leftKnee, .rightKnee, .leftAnkle, .rightAnkle].contains(point.joint),
        let scale = self.scales[index]
      else { continue }
      let own = self.skeleton.length(of: point.joint)
      scales.append(scale * own / max(skeleton.length(of: point.joint), 1e-3))
    }
    return scales.isEmpty ? 1 : scales.reduce(0, +) / Double(scales.count)
  }
}

extension Skeleton {
  /// The height of the pelvis above the ankles at rest [m].
  var ankleDrop: Double {
    let chain: [Joint] = [.leftHip, .leftKnee, .leftAnkle, .rightHip, .rightKnee, .rightAnkle]
    return -chain.reduce(0) { $0 + restOffset(of: $1).y } / 2
  }
}
