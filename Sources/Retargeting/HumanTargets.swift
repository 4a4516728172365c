import Foundation
import Geometry
public import Kinematics
public import Motions

/// The targets of a human pose for a robot: positions of its links in the robot's base frame.
///
/// Targets depend only on the 21 local rotations (the robot's root takes the pelvis's), on the
/// canonical skeleton, so that they are a function of the network's input.
public struct HumanTargets: Sendable {
  /// The number of input features of each joint: six of the local rotation's first two columns, six
  /// of the rotation in the mapping's frame, three of the position there.
  public static let featuresPerJoint = 15
  /// The joints the network has a token for: all but the pelvis.
  public static let tokenCount = Skeleton.jointCount - 1

  /// A node of the target tree, prepared for evaluation.
  private struct Limb: Sendable {
    var parent: Int?
    /// The bones [joint of the bone's frame, offset in it (m)], scaled already.
    var pieces: [(frame: Int, offset: Vector3)]
  }

  /// The mapping.
  public let mapping: Mapping
  /// The indices of the points with a weight, in the order of the targets.
  public let weightedPoints: [Int]
  /// The factor of each limb that is scaled (given or fitted), by point; nil for offsets.
  public let scales: [Double?]
  private let limbs: [Limb]
  private let restOffsets: [Vector3]

  /// Targets for a robot; the mapping's links must be the robot's.
  public init(mapping: Mapping, robot: Robot, skeleton: Skeleton = .canonical)
    throws(RetargetingError)
  {
    let poses: [Pose]
    var links: [Int] = []
    do {
      poses = robot.worldFromLinks([Double](repeating: 0, count: robot.coordinateCount))
      for point in mapping.points { links.append(try robot.linkIndex(named: point.link)) }
    } catch {
      throw .mapping("'\(mapping.path)': \(error)")
    }
    var limbs: [Limb] = []
    var scales: [Double?] = []
    for (index, point) in mapping.points.enumerated() {
      let start = point.parent.map { poses[links[$0]].translation } ?? mapping.origin.position
      let segment = poses[links[index]].translation - start
      let holder = point.parent.map { mapping.points[$0].joint } ?? mapping.origin.joint
      let path = Self.path(from: holder, to: point.joint)
      var pieces: [(frame: Int, offset: Vector3)] = []
      var scale: Double?
      switch point.limb {
      case .offset(let offset, let frame):
        pieces = [(frame.rawValue, Self.bodyFromRobot * offset)]
      case .robotOffset(let frame):
        pieces = [(frame.rawValue, Self.bodyFromRobot * segment)]
      case .scaled(let given): scale = given
      case .fitted:
        let human = path.reduce(Vector3.zero) { $0 + skeleton.restOffsets[$1] }.length
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
    restOffsets = skeleton.restOffsets
  }

  /// The axes of an upright human in those of a robot: left is y, up is z, forward is x.
  private static let robotFromBody = Skeleton.worldFromBodyAtRest
  private static let bodyFromRobot = Skeleton.worldFromBodyAtRest.inverse

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

  /// Evaluates one pose (22 rotations, the first ignored) into rows of flat arrays.
  ///
  /// `features` [token, feature], `positions` [weighted point, 3] in metres, `directions`
  /// [bone, 3] of length one, `angles` [direct map] in radians. All in the robot's base frame.
  func evaluate(
    _ pose: ArraySlice<Quaternion>, features: UnsafeMutablePointer<Float>,
    positions: UnsafeMutablePointer<Float>, directions: UnsafeMutablePointer<Float>,
    angles: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: Quaternion.self, capacity: Skeleton.jointCount) { global in
      withUnsafeTemporaryAllocation(of: Vector3.self, capacity: Skeleton.jointCount) { place in
        let start = pose.startIndex
        global[0] = .identity
        place[0] = .zero
        for joint in 1..<Skeleton.jointCount {
          let parent = Skeleton.parents[joint]
          global[joint] = global[parent] * pose[start + joint]
          place[joint] = place[parent] + global[parent] * restOffsets[joint]
        }
        let baseFromPelvis = Self.robotFromBody * global[mapping.origin.frame.rawValue].inverse
        writeFeatures(
          pose, global: global, place: place, baseFromPelvis: baseFromPelvis, to: features)
        writeTargets(
          global: global, baseFromPelvis: baseFromPelvis, positions: positions,
          directions: directions)
      }
    }
    for (index, map) in mapping.directMaps.enumerated() {
      let rotation = pose[pose.startIndex + map.joint.rawValue]
      angles[index] = Float(map.factor * rotation.twistAngle(about: map.axis) + map.offset)
    }
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

  private func writeTargets(
    global: UnsafeMutableBufferPointer<Quaternion>, baseFromPelvis: Quaternion,
    positions: UnsafeMutablePointer<Float>, directions: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: Vector3.self, capacity: limbs.count) { points in
      for (index, limb) in limbs.enumerated() {
        var point = limb.parent.map { points[$0] } ?? mapping.origin.position
        for piece in limb.pieces {
          point += baseFromPelvis * (global[piece.frame] * piece.offset)
        }
        points[index] = point
      }
      for (row, index) in weightedPoints.enumerated() {
        for axis in 0..<3 { positions[3 * row + axis] = Float(points[index][axis]) }
      }
      for (row, bone) in mapping.bones.enumerated() {
        let direction = (points[bone.to] - points[bone.from]).normalized ?? .zero
        for axis in 0..<3 { directions[3 * row + axis] = Float(direction[axis]) }
      }
    }
  }
}
