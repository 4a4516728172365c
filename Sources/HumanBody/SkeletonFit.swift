import Autodiff
package import Geometry
import Motions

/// A skeleton fitted to joint positions: proportions, root and rotations.
///
/// Bone lengths, and the positions of joints in the rigid segments (hips and spine in the pelvis;
/// neck and collars in the chest), are constant over the whole sequence. The rotations of pelvis
/// and chest minimise the distance to their children; every other joint has the smallest swing from
/// its parent, and joints without children keep the parent's rotation. Positions without noise are
/// reproduced exactly; the twist of bones about their axes cannot be determined from positions.
public struct SkeletonFit: Sendable {
  /// The number of frames.
  public let frames: Int
  /// The position of each joint in its parent's frame [m], 22.
  public internal(set) var restOffsets: [SIMD3<Float>]
  /// The positions of the pelvis in the world [m], one a frame.
  public internal(set) var root: [SIMD3<Float>]
  /// worldFromJoint, 22 a frame.
  package var axes: [RotationMatrix]

  package static let joints = Skeleton.jointCount
  /// The directions of the canonical bones.
  package static let canonicalDirections: [SIMD3<Float>] = (0..<joints).map {
    BodyModel.direction($0)
  }

  /// Fits a skeleton to positions [frames, 22, 3] in metres, all finite.
  ///
  /// - Parameters:
  ///   - positions: measured joint positions [m]
  ///   - directions: unit directions of the rest offsets where they are known, 22
  ///   - lengths: the lengths of bones that are known [m], 22; nil for one that is to be found
  ///   - variances: noise variances of each joint's coordinates, if known [m²], 22
  ///   - confidences: 0 where a position was made up, [frames, 22]: lengths are those of bones of which both ends
  ///     were seen, where there are any
  public init(
    _ positions: [Float], directions: [SIMD3<Float>]? = nil, lengths: [Float?]? = nil,
    variances: [Float]? = nil, confidences: [Float]? = nil
  ) {
    let joints = Self.joints
    frames = positions.count / (3 * joints)
    let places = (0..<(frames * joints)).map { at -> SIMD3<Float> in
      [positions[3 * at], positions[3 * at + 1], positions[3 * at + 2]]
    }
    restOffsets = Self.canonicalDirections
    root = (0..<frames).map { places[$0 * joints] }
    axes = [RotationMatrix](repeating: .identity, count: frames * joints)
    let noise = variances ?? [Float](repeating: 0, count: joints)
    let seen = SeenFrames(confidences, frames: frames)
    func fit(_ segment: RigidSegment) -> (offsets: [SIMD3<Float>], axes: [RotationMatrix]) {
      segment.fit(
        places, in: seen.frames(of: [segment.joint] + segment.children), variances: noise,
        directions: directions)
    }
    let (pelvis, chest) = (fit(.pelvis), fit(.chest))
    for (group, fit) in [(RigidSegment.pelvis, pelvis), (.chest, chest)] {
      for (child, offset) in zip(group.children, fit.offsets) { restOffsets[child] = offset }
    }
    fitLengths(places, directions, noise, seen)
    if let lengths { take(lengths) }
    for frame in 0..<frames {
      turnJoints(frame, places, pelvis: pelvis.axes[frame], chest: chest.axes[frame])
    }
    centre(on: places, seen)
  }

  /// The positions of the fitted joints [m], [frames, 22, 3].
  public var positions: [Float] {
    var result: [Float] = []
    result.reserveCapacity(3 * frames * Self.joints)
    for frame in 0..<frames {
      for place in places(frame) { result += [place.x, place.y, place.z] }
    }
    return result
  }

  package func places(_ frame: Int) -> [SIMD3<Float>] {
    SkeletonPose.places(
      root: root[frame], axes: axes[(frame * Self.joints)..<((frame + 1) * Self.joints)],
      offsets: restOffsets)
  }

  /// Gives bones the lengths that are known.
  private mutating func take(_ lengths: [Float?]) {
    for joint in 1..<Self.joints {
      guard let length = lengths[joint], let direction = restOffsets[joint].normalized else {
        continue
      }
      restOffsets[joint] = direction * length
    }
  }

  /// The lengths of all other bones: root mean squares over the frames that show them, corrected for noise.
  private mutating func fitLengths(
    _ places: [SIMD3<Float>], _ directions: [SIMD3<Float>]?, _ variances: [Float],
    _ seen: SeenFrames
  ) {
    let grouped = Set(RigidSegment.pelvis.children + RigidSegment.chest.children)
    restOffsets[0] = .zero
    for joint in 1..<Self.joints where !grouped.contains(joint) {
      var sum: Float = 0
      let showing = seen.frames(of: [joint, Skeleton.parents[joint]])
      for frame in showing {
        let base = frame * Self.joints
        sum += (places[base + joint] - places[base + Skeleton.parents[joint]]).squaredLength
      }
      let mean = sum / Float(max(1, showing.count))
      // Noise makes bones longer on average; at least half of the measured length is kept.
      let noise = 3 * (variances[joint] + variances[Skeleton.parents[joint]])
      let direction = directions?[joint] ?? Self.canonicalDirections[joint]
      restOffsets[joint] = direction * max(mean - noise, mean / 4).squareRoot()
    }
  }

  // MARK: - A frame

  /// Rotates each joint, from the root down, so that its child comes as near as possible to its
  /// measured position.
  ///
  /// Errors of bone lengths therefore do not accumulate along a limb.
  private mutating func turnJoints(
    _ frame: Int, _ seen: [SIMD3<Float>], pelvis: RotationMatrix, chest: RotationMatrix
  ) {
    let base = frame * Self.joints
    var places = [SIMD3<Float>](repeating: seen[base], count: Self.joints)
    for joint in 0..<Self.joints {
      let parent = Skeleton.parents[joint]
      if parent >= 0 {
        places[joint] = places[parent] + axes[base + parent](restOffsets[joint])
      }
      if joint == RigidSegment.pelvis.joint {
        axes[base + joint] = pelvis
        continue
      }
      if joint == RigidSegment.chest.joint {
        axes[base + joint] = chest
        continue
      }
      let above = axes[base + parent]
      axes[base + joint] = above
      guard let child = BodyModel.onlyChild[joint],
        let rest = restOffsets[child].normalized,
        let way = (seen[base + child] - places[joint]).normalized
      else { continue }
      axes[base + joint] = above.swung(from: above(rest), to: way)
    }
  }

  /// Translates the body of each frame so that the mean position of the joints is the measured one; joints that are
  /// hidden for long do not count.
  private mutating func centre(on places: [SIMD3<Float>], _ seen: SeenFrames) {
    let weights = seen.weights
    for frame in 0..<frames {
      let base = frame * Self.joints
      let fitted = self.places(frame)
      var (sum, total) = (SIMD3<Float>.zero, Float(0))
      for joint in 0..<Self.joints {
        let weight = weights[base + joint]
        sum += (places[base + joint] - fitted[joint]) * weight
        total += weight
      }
      root[frame] += sum / max(total, 1e-6)
    }
  }
}

/// The frames of a track in which joints were seen.
private struct SeenFrames {
  /// 0 where a joint was not seen, [frames, 22]; nil where all were.
  private let confidences: [Float]?
  private let all: [Int]

  init(_ confidences: [Float]?, frames: Int) {
    self.confidences = confidences
    all = Array(0..<frames)
  }

  /// The frames to each side over which weights change.
  private static let reach = 15

  /// How much of the time about each frame each joint is seen, [frames, 22]: slowly changing, so that a joint that
  /// comes and goes does not shake what is weighted by it.
  var weights: [Float] {
    let joints = Skeleton.jointCount
    guard let confidences else { return [Float](repeating: 1, count: all.count * joints) }
    var weights = [Float](repeating: 0, count: confidences.count)
    for joint in 0..<joints {
      let seen = all.map { confidences[$0 * joints + joint] > 0 }
      for frame in all {
        let near = seen[max(0, frame - Self.reach)...min(all.count - 1, frame + Self.reach)]
        // Little and not nothing, for frames in which nobody is seen.
        weights[frame * joints + joint] = Float(near.count { $0 }) / Float(near.count) + 1e-3
      }
    }
    return weights
  }

  /// The frames in which all of some joints were seen; all frames where there is none.
  func frames(of joints: [Int]) -> [Int] {
    guard let confidences else { return all }
    let found = all.filter { frame in
      joints.allSatisfy { confidences[frame * Skeleton.jointCount + $0] > 0 }
    }
    return found.isEmpty ? all : found
  }
}

/// Forward kinematics of one frame with rotations in the world.
package enum SkeletonPose {
  package static func places(
    root: SIMD3<Float>, axes: ArraySlice<RotationMatrix>, offsets: [SIMD3<Float>]
  ) -> [SIMD3<Float>] {
    var places = [SIMD3<Float>](repeating: root, count: offsets.count)
    for joint in 1..<offsets.count {
      let parent = Skeleton.parents[joint]
      places[joint] = places[parent] + axes[axes.startIndex + parent](offsets[joint])
    }
    return places
  }
}
