import Foundation
import Geometry
public import Kinematics
public import Motions

/// The targets of a human pose for a robot: positions of its links in the robot's base frame.
///
/// Targets depend only on the 21 local rotations (the robot's root takes the pelvis's), on the
/// canonical skeleton, so that they are a function of the network's input. The base frame is where the
/// person's pelvis puts it; that of a robot with a rigid trunk may lean from there (`BaseLean`).
public struct HumanTargets: Sendable {
  /// The number of input features of each joint: six of the local rotation's first two columns, six
  /// of the rotation in the mapping's frame, three of the position there.
  public static let featuresPerJoint = 15
  /// The joints the network has a token for: all but the pelvis.
  public static let tokenCount = Skeleton.jointCount - 1

  /// A node of the target tree, prepared for evaluation.
  private struct Limb: Sendable {
    var parent: Int?
    /// The bones [frame, offset in it (m)], scaled already.
    var pieces: [(frame: Int, offset: Vector3)]
  }

  /// The frames: those of the joints, then the two of a rigid trunk.
  private static let (trunk, lean) = (Skeleton.jointCount, Skeleton.jointCount + 1)

  /// The mapping.
  public let mapping: Mapping
  /// The indices of the points with a weight, in the order of the targets.
  public let weightedPoints: [Int]
  /// The factor of each limb that is scaled (given or fitted), by point; nil for offsets.
  public let scales: [Double?]
  private let limbs: [Limb]
  /// The skeleton whose limbs are scaled to the robot's.
  let skeleton: Skeleton
  private let restOffsets: [Vector3]
  /// The axes of a rigid trunk at rest: left, up along the line from the hips to the shoulders, forward.
  private let trunkAtRest: Quaternion
  /// How the base leans; nil where it stays where the person's pelvis puts it.
  private let lean: BaseLean?

  /// Targets for a robot; the mapping's links must be the robot's.
  ///
  /// - Parameters:
  ///   - mapping: The mapping.
  ///   - robot: The robot.
  ///   - skeleton: The skeleton whose limbs are scaled to the robot's.
  ///   - leaning: Whether targets are seen from a base that leans, where the base is free and the trunk
  ///     rigid.
  public init(
    mapping: Mapping, robot: Robot, skeleton: Skeleton = .canonical, leaning: Bool = false
  ) throws(RetargetingError) {
    let poses = robot.worldFromLinks(try mapping.restConfiguration(of: robot))
    var places: [Vector3] = []
    do {
      for point in mapping.points {
        places.append(poses[try robot.linkIndex(named: point.link)] * point.place)
      }
    } catch {
      throw .mapping("'\(mapping.path)': \(error)")
    }
    let bodyFromBase = mapping.origin.baseFromBody.inverse
    var limbs: [Limb] = []
    var scales: [Double?] = []
    for (index, point) in mapping.points.enumerated() {
      let start = point.parent.map { places[$0] } ?? mapping.origin.position
      let segment = places[index] - start
      let holder = point.parent.map { mapping.points[$0].joint } ?? mapping.origin.joint
      let path = Self.path(from: holder, to: point.joint)
      var pieces: [(frame: Int, offset: Vector3)] = []
      var scale: Double?
      switch point.limb {
      case .offset(let offset, let frame):
        pieces = [(Self.index(of: frame), Skeleton.worldFromBodyAtRest.inverse * offset)]
      case .robotOffset(let frame):
        pieces = [(Self.index(of: frame), bodyFromBase * segment)]
      case .scaled(let given):
        // Given for the canonical skeleton: people of all sizes have the same targets.
        let own = Self.length(of: path, skeleton)
        scale = own > 1e-6 ? given * Self.length(of: path, .canonical) / own : given
      case .fitted:
        let human = Self.length(of: path, skeleton)
        guard segment.length > 1e-6, human > 1e-6 else {
          throw .mapping(
            "'\(mapping.path)': the scale of '\(point.joint.name)' cannot be fitted: the human "
              + "limb is \(human) m long, the robot's \(segment.length) m; state 'scale'")
        }
        scale = segment.length / human
      }
      if let scale {
        pieces = path.map { (Skeleton.parents[$0], skeleton.restOffsets[$0] * scale) }
      }
      limbs.append(Limb(parent: point.parent, pieces: pieces))
      scales.append(scale)
    }
    self.mapping = mapping
    self.limbs = limbs
    self.scales = scales
    weightedPoints = mapping.points.indices.filter { mapping.points[$0].weight > 0 }
    self.skeleton = skeleton
    restOffsets = skeleton.restOffsets
    trunkAtRest = Self.trunkAtRest(skeleton)
    lean =
      leaning && mapping.leavesBaseFree(of: robot) ? BaseLean(mapping, places: places) : nil
  }

  /// Whether the base leans.
  var isLeaning: Bool { lean != nil }

  private static func trunkAtRest(_ skeleton: Skeleton) -> Quaternion {
    func place(_ joint: Skeleton.Joint) -> Vector3 {
      path(from: .pelvis, to: joint).reduce(.zero) { $0 + skeleton.restOffsets[$1] }
    }
    let line =
      place(.leftShoulder) + place(.rightShoulder) - place(.leftHip) - place(.rightHip)
    guard let up = (line - line.x * .unitX).normalized else { return .identity }
    return Quaternion(columns: .unitX, up, Vector3.unitX.cross(up))
  }

  private static func index(of frame: Mapping.Frame) -> Int {
    switch frame {
    case .joint(let joint): joint.rawValue
    case .trunk: trunk
    case .lean: lean
    }
  }

  /// The joints after one down to another.
  private static func path(from holder: Skeleton.Joint, to joint: Skeleton.Joint) -> [Int] {
    var path: [Int] = []
    var index = joint.rawValue
    while index > 0, index != holder.rawValue {
      path.append(index)
      index = Skeleton.parents[index]
    }
    return path.reversed()
  }

  /// The distance from the first joint of a path's to its last, of a person at rest [m].
  private static func length(of path: [Int], _ skeleton: Skeleton) -> Double {
    path.reduce(Vector3.zero) { $0 + skeleton.restOffsets[$1] }.length
  }

  /// Evaluates one pose (22 rotations, the first ignored) into rows of flat arrays.
  ///
  /// `features` [token, feature], `positions` [weighted point, 3] in metres, `directions`
  /// [bone, 3] of length one, `angles` [direct map] in radians. All in the robot's base frame.
  func evaluate(
    _ pose: ArraySlice<Quaternion>, features: UnsafeMutablePointer<Float>,
    positions: UnsafeMutablePointer<Float>, directions: UnsafeMutablePointer<Float>,
    angles: UnsafeMutablePointer<Float>
  ) {
    withFrames(of: pose) { global, place, points, baseFromPelvis, base in
      writeFeatures(
        pose, global: global, place: place,
        baseFromPelvis: base.rotation.inverse * baseFromPelvis, to: features)
      if lean != nil {
        let inverse = base.inverse
        for index in points.indices { points[index] = inverse * points[index] }
      }
      writeTargets(points, positions: positions, directions: directions)
    }
    for (index, map) in mapping.directMaps.enumerated() {
      let rotation = pose[pose.startIndex + map.joint.rawValue]
      angles[index] = Float(map.factor * rotation.twistAngle(about: map.axis) + map.offset)
    }
  }

  /// The base's pose for a pose of the person, seen from where the person's pelvis puts the base; the
  /// identity unless it leans.
  func base(of pose: ArraySlice<Quaternion>) -> Pose {
    guard lean != nil else { return .identity }
    return withFrames(of: pose) { _, _, _, _, base in base }
  }

  /// Calls `body` with the frames and places of the joints, seen from the pelvis, the targets of all
  /// points [m] and the base, seen from where the pelvis puts it.
  private func withFrames<Result>(
    of pose: ArraySlice<Quaternion>,
    _ body: (
      _ global: UnsafeMutableBufferPointer<Quaternion>,
      _ place: UnsafeMutableBufferPointer<Vector3>,
      _ points: UnsafeMutableBufferPointer<Vector3>, _ baseFromPelvis: Quaternion, _ base: Pose
    ) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(of: Quaternion.self, capacity: Skeleton.jointCount + 2) {
      global in
      withUnsafeTemporaryAllocation(of: Vector3.self, capacity: Skeleton.jointCount) { place in
        let start = pose.startIndex
        global[0] = .identity
        place[0] = .zero
        for joint in 1..<Skeleton.jointCount {
          let parent = Skeleton.parents[joint]
          global[joint] = global[parent] * pose[start + joint]
          place[joint] = place[parent] + global[parent] * restOffsets[joint]
        }
        global[Self.trunk] = trunkFrame(
          place, left: global[Skeleton.Joint.spine3.rawValue] * .unitX)
        global[Self.lean] = trunkFrame(place, left: .unitX)
        let baseFromPelvis =
          mapping.origin.baseFromBody * global[mapping.origin.frame.rawValue].inverse
        return withUnsafeTemporaryAllocation(of: Vector3.self, capacity: limbs.count) { points in
          placePoints(points, global: global, baseFromPelvis: baseFromPelvis)
          return body(global, place, points, baseFromPelvis, lean?.base(points) ?? .identity)
        }
      }
    }
  }

  /// The frame of a rigid trunk between hips and shoulders, aligned with the body's at rest.
  private func trunkFrame(
    _ place: UnsafeMutableBufferPointer<Vector3>, left: Vector3
  ) -> Quaternion {
    func middle(_ a: Skeleton.Joint, _ b: Skeleton.Joint) -> Vector3 {
      (place[a.rawValue] + place[b.rawValue]) / 2
    }
    let line = middle(.leftShoulder, .rightShoulder) - middle(.leftHip, .rightHip)
    guard let up = line.normalized, let across = (left - left.dot(up) * up).normalized else {
      return .identity
    }
    return Quaternion(columns: across, up, across.cross(up)) * trunkAtRest.inverse
  }

  private func writeFeatures(
    _ pose: ArraySlice<Quaternion>, global: UnsafeMutableBufferPointer<Quaternion>,
    place: UnsafeMutableBufferPointer<Vector3>, baseFromPelvis: Quaternion,
    to features: UnsafeMutablePointer<Float>
  ) {
    var target = features
    func write(_ v: Vector3, _ factor: Double = 1) {
      target[0] = Float(v.x * factor)
      target[1] = Float(v.y * factor)
      target[2] = Float(v.z * factor)
      target += 3
    }
    let origin = place[mapping.origin.joint.rawValue]
    for joint in 1..<Skeleton.jointCount {
      let local = pose[pose.startIndex + joint].columns
      write(local.0)
      write(local.1)
      let inBase = (baseFromPelvis * global[joint]).columns
      write(inBase.0)
      write(inBase.1)
      // Doubled, so that positions (tenths of metres) count as much as rotations do.
      write(baseFromPelvis * (place[joint] - origin), 2)
    }
  }

  /// The targets of all points, where the person's pelvis puts the base [m].
  private func placePoints(
    _ points: UnsafeMutableBufferPointer<Vector3>,
    global: UnsafeMutableBufferPointer<Quaternion>, baseFromPelvis: Quaternion
  ) {
    for (index, limb) in limbs.enumerated() {
      var point = limb.parent.map { points[$0] } ?? mapping.origin.position
      for piece in limb.pieces {
        point += baseFromPelvis * (global[piece.frame] * piece.offset)
      }
      points[index] = point
    }
  }

  private func writeTargets(
    _ points: UnsafeMutableBufferPointer<Vector3>, positions: UnsafeMutablePointer<Float>,
    directions: UnsafeMutablePointer<Float>
  ) {
    for (row, index) in weightedPoints.enumerated() {
      for axis in 0..<3 { positions[3 * row + axis] = Float(points[index][axis]) }
    }
    for (row, bone) in mapping.bones.enumerated() {
      let direction = (points[bone.to] - points[bone.from]).normalized ?? .zero
      for axis in 0..<3 { directions[3 * row + axis] = Float(direction[axis]) }
    }
  }
}
