import Autodiff
import Geometry
import Motions

/// The figure that lies behind positions of joints: proportions, root and rotations.
///
/// Bones keep one length, and the joints that hang on one frame (hips and spine on the pelvis;
/// neck and collars on the chest) keep one place in it, both taken from the whole stretch. Frames
/// of pelvis and chest come from their children; every other joint turns by the smallest swing
/// from its parent, joints without children not at all. The positions of a figure that moves
/// without noise are met exactly; how its bones turn about themselves is not seen in positions.
public struct PoseFit: Sendable {
  /// The number of frames.
  public let frames: Int
  /// The place of each joint in its parent's frame [m], 22.
  public internal(set) var restOffsets: [SIMD3<Float>]
  /// The positions of the pelvis in the world [m], one a frame.
  public internal(set) var root: [SIMD3<Float>]
  /// worldFromJoint, 22 a frame.
  var axes: [Axes]

  static let joints = Skeleton.jointCount
  /// The directions of the canonical bones.
  static let canonicalDirections: [SIMD3<Float>] = (0..<joints).map {
    let d = HumanFigure.chain.directions
    return [d[3 * $0], d[3 * $0 + 1], d[3 * $0 + 2]]
  }
  /// Joints with several children: a right and a left one and one in the middle.
  private static let groups: [(joint: Int, left: Int, right: Int, middle: Int)] = [
    (0, 1, 2, 3), (9, 13, 14, 12),
  ]
  /// The one child of each joint that has only one.
  private static let onlyChild: [Int?] = (0..<joints).map { joint in
    let children = (0..<joints).filter { Skeleton.parents[$0] == joint }
    return children.count == 1 ? children[0] : nil
  }

  /// The figure behind positions [frames, 22, 3] in metres, all finite.
  ///
  /// - Parameters:
  ///   - positions: where the joints are [m]
  ///   - directions: unit directions of the rest offsets where they are known, 22
  public init(_ positions: [Float], directions: [SIMD3<Float>]? = nil) {
    let joints = Self.joints
    frames = positions.count / (3 * joints)
    let places = (0..<(frames * joints)).map { at -> SIMD3<Float> in
      [positions[3 * at], positions[3 * at + 1], positions[3 * at + 2]]
    }
    restOffsets = Self.canonicalDirections
    root = (0..<frames).map { places[$0 * joints] }
    axes = [Axes](repeating: .identity, count: frames * joints)
    var triads: [[Axes]] = []
    for group in Self.groups {
      let found = Self.triads(of: group, places, frames)
      let gauge = fitOffsets(of: group, places, found, directions)
      triads.append(found.map { $0 * gauge })
    }
    fitLengths(places, directions)
    for frame in 0..<frames {
      turnJoints(frame, places, pelvis: triads[0][frame], chest: triads[1][frame])
    }
    centre(on: places)
  }

  /// The positions of the figure's joints [m], [frames, 22, 3].
  public var positions: [Float] {
    var result: [Float] = []
    result.reserveCapacity(3 * frames * Self.joints)
    for frame in 0..<frames {
      for place in places(frame) { result += [place.x, place.y, place.z] }
    }
    return result
  }

  func places(_ frame: Int) -> [SIMD3<Float>] {
    FigurePose.places(
      root: root[frame], axes: axes[(frame * Self.joints)..<((frame + 1) * Self.joints)],
      offsets: restOffsets)
  }

  // MARK: - Frames of several children

  /// The frame that each frame's three children span; the last one's where they span none.
  private static func triads(
    of group: (joint: Int, left: Int, right: Int, middle: Int), _ places: [SIMD3<Float>],
    _ frames: Int
  ) -> [Axes] {
    var last = Axes(Skeleton.worldFromBodyAtRestFloat)
    return (0..<frames).map { frame in
      let base = frame * joints
      let (left, right) = (places[base + group.left], places[base + group.right])
      let up = places[base + group.middle] - (left + right) * 0.5
      let back = places[base + group.middle] - places[base + group.joint]
      // The child in the middle lies above the others, or at least above the joint.
      if let axes = Axes(alongX: left - right, nearY: up)
        ?? Axes(alongX: left - right, nearY: back)
      {
        last = axes
      }
      return last
    }
  }

  /// Rest offsets of a group: means in its own frame, turned as near as can be to the canonical
  /// ones. Returns triadFromJoint.
  private mutating func fitOffsets(
    of group: (joint: Int, left: Int, right: Int, middle: Int), _ places: [SIMD3<Float>],
    _ triads: [Axes], _ directions: [SIMD3<Float>]?
  ) -> Axes {
    let children = [group.left, group.right, group.middle]
    var means = [SIMD3<Float>](repeating: .zero, count: 3)
    for frame in 0..<frames {
      let base = frame * Self.joints
      for (index, child) in children.enumerated() {
        means[index] += triads[frame].local(places[base + child] - places[base + group.joint])
      }
    }
    for index in means.indices { means[index] /= Float(max(1, frames)) }
    let targets = children.map { directions?[$0] ?? Self.canonicalDirections[$0] }
    let gauge = RotationFit.turn(targets, onto: means)
    for (index, child) in children.enumerated() {
      let mean = gauge.local(means[index])
      restOffsets[child] = directions.map { $0[child] * mean.length } ?? mean
    }
    return gauge
  }

  /// Lengths of all other bones: means over the frames.
  private mutating func fitLengths(_ places: [SIMD3<Float>], _ directions: [SIMD3<Float>]?) {
    let grouped = Set(Self.groups.flatMap { [$0.left, $0.right, $0.middle] })
    restOffsets[0] = .zero
    for joint in 1..<Self.joints where !grouped.contains(joint) {
      var sum: Float = 0
      for frame in 0..<frames {
        let base = frame * Self.joints
        sum += (places[base + joint] - places[base + Skeleton.parents[joint]]).length
      }
      let direction = directions?[joint] ?? Self.canonicalDirections[joint]
      restOffsets[joint] = direction * (sum / Float(max(1, frames)))
    }
  }

  // MARK: - A frame

  private mutating func turnJoints(
    _ frame: Int, _ places: [SIMD3<Float>], pelvis: Axes, chest: Axes
  ) {
    let base = frame * Self.joints
    for joint in 0..<Self.joints {
      if joint == Self.groups[0].joint {
        axes[base + joint] = pelvis
        continue
      }
      if joint == Self.groups[1].joint {
        axes[base + joint] = chest
        continue
      }
      let parent = axes[base + Skeleton.parents[joint]]
      axes[base + joint] = parent
      guard let child = Self.onlyChild[joint],
        let rest = restOffsets[child].direction,
        let seen = (places[base + child] - places[base + joint]).direction
      else { continue }
      axes[base + joint] = parent.swung(from: parent(rest), to: seen)
    }
  }

  /// Moves each frame's figure to where its joints are on average.
  private mutating func centre(on places: [SIMD3<Float>]) {
    for frame in 0..<frames {
      let base = frame * Self.joints
      var sum = SIMD3<Float>.zero
      for (joint, place) in self.places(frame).enumerated() { sum += places[base + joint] - place }
      root[frame] += sum / Float(Self.joints)
    }
  }
}

extension Skeleton {
  /// `worldFromBodyAtRest` as w x y z.
  static let worldFromBodyAtRestFloat: SIMD4<Float> = {
    let q = worldFromBodyAtRest
    return [Float(q.w), Float(q.x), Float(q.y), Float(q.z)]
  }()
}

/// Forward kinematics of one frame with rotations in the world.
enum FigurePose {
  static func places(
    root: SIMD3<Float>, axes: ArraySlice<Axes>, offsets: [SIMD3<Float>]
  ) -> [SIMD3<Float>] {
    var places = [SIMD3<Float>](repeating: root, count: offsets.count)
    for joint in 1..<offsets.count {
      let parent = Skeleton.parents[joint]
      places[joint] = places[parent] + axes[axes.startIndex + parent](offsets[joint])
    }
    return places
  }
}
