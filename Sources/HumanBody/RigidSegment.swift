import Autodiff
import Geometry
import Motions

/// Joints rigidly attached to one frame, from which that frame is estimated.
struct RigidSegment {
  /// The joint whose frame is estimated.
  let joint: Int
  /// The joints that are fixed in that frame: left, right, middle.
  let children: [Int]
  /// More distant joints that move a little; they give the approximate orientation.
  let descendants: [Int]
  /// Two joints that span the axis from right to left.
  let leftward: (from: Int, to: Int)
  /// Two joints that span the axis from below to above.
  let upward: (from: Int, to: Int)

  static let pelvis = RigidSegment(
    joint: 0, children: [1, 2, 3], descendants: [9], leftward: (2, 1), upward: (0, 9))
  static let chest = RigidSegment(
    joint: 9, children: [13, 14, 12], descendants: [16, 17, 3], leftward: (17, 16), upward: (3, 12))

  /// The weight of descendants with noise, and without noise: only enough to choose a frame where
  /// the children coincide.
  private static let shares: (noisy: Float, clean: Float) = (0.3, 1e-7)
  /// Noise variances below this count as zero [m²].
  private static let smallVariance: Float = 1e-5

  /// The children's positions in the frame [m], and worldFromJoint for each frame.
  ///
  /// The positions follow from the scalar products of the vectors to the children, which are
  /// invariant under rotation and have a known bias by noise; the frames follow by Wahba's problem.
  /// Only some frames count for the positions.
  func fit(
    _ places: [SIMD3<Float>], in counting: [Int], variances: [Float], directions: [SIMD3<Float>]?
  ) -> (offsets: [SIMD3<Float>], axes: [RotationMatrix]) {
    let frames = places.count / Skeleton.jointCount
    let rough = roughAxes(places, frames)
    let arms = means(of: children, places, rough, counting)
    var template = shape(places, counting, variances)
    // The shape has no frame of its own: it takes the rough one's.
    let turn = WahbaProblem.rotation(template, onto: arms)
    template = template.map { turn($0) }
    let far = means(of: descendants, places, rough, counting)
    let noise = variances[joint]
    let share = Self.shares.clean + Self.shares.noisy * noise / (noise + Self.smallVariance)
    let model = template + far
    let weights =
      [Float](repeating: 1, count: children.count)
      + [Float](repeating: share, count: descendants.count)
    let found = (0..<frames).map { frame -> RotationMatrix in
      let base = frame * Skeleton.jointCount
      let seen = (children + descendants).map { places[base + $0] - places[base + joint] }
      return WahbaProblem.rotation(model, onto: seen, weights: weights, fallback: rough[frame])
    }
    let gauge = gauge(of: model, directions)
    var offsets = template.map { gauge.local($0) }
    if let directions {
      offsets = zip(children, offsets).map { directions[$0] * $1.length }
    }
    return (offsets, found.map { $0 * gauge })
  }

  /// The rotation that aligns the canonical body with the estimated children and descendants.
  private func gauge(of model: [SIMD3<Float>], _ directions: [SIMD3<Float>]?) -> RotationMatrix {
    let rest = CanonicalPlaces.atRest
    let canonical =
      children.map { directions?[$0] ?? SkeletonFit.canonicalDirections[$0] }
      + descendants.map { (rest[$0] - rest[joint]) * Self.shares.clean }
    return WahbaProblem.rotation(canonical, onto: model)
  }

  /// x to the left, y up, from distant joints; the previous frame's where these are degenerate.
  private func roughAxes(_ places: [SIMD3<Float>], _ frames: Int) -> [RotationMatrix] {
    var last = RotationMatrix(FloatQuaternion(Skeleton.worldFromBodyAtRest))
    return (0..<frames).map { frame in
      let base = frame * Skeleton.jointCount
      if let axes = RotationMatrix(
        alongX: places[base + leftward.to] - places[base + leftward.from],
        nearY: places[base + upward.to] - places[base + upward.from])
      {
        last = axes
      }
      return last
    }
  }

  /// The mean positions of joints relative to the group's mean, over some frames.
  private func means(
    of joints: [Int], _ places: [SIMD3<Float>], _ axes: [RotationMatrix], _ frames: [Int]
  ) -> [SIMD3<Float>] {
    joints.map { other in
      var sum = SIMD3<Float>.zero
      for frame in frames {
        let base = frame * Skeleton.jointCount
        sum += axes[frame].local(places[base + other] - places[base + joint])
      }
      return sum / Float(max(1, frames.count))
    }
  }

  /// The children's positions up to a rotation, from their mean scalar products.
  private func shape(
    _ places: [SIMD3<Float>], _ frames: [Int], _ variances: [Float]
  ) -> [SIMD3<Float>] {
    var products = [Double](repeating: 0, count: 9)
    var volume: Float = 0
    for frame in frames {
      let base = frame * Skeleton.jointCount
      let arms = children.map { places[base + $0] - places[base + joint] }
      for row in 0..<3 {
        for column in 0..<3 { products[3 * row + column] += Double(arms[row].dot(arms[column])) }
      }
      volume += arms[0].dot(arms[1].cross(arms[2]))
    }
    for row in 0..<3 {
      for column in 0..<3 {
        products[3 * row + column] /= Double(max(1, frames.count))
        products[3 * row + column] -= 3 * Double(variances[joint])
      }
      products[4 * row] -= 3 * Double(variances[children[row]])
    }
    let eigen = SymmetricEigen(products, size: 3)
    var result = (0..<3).map { child -> SIMD3<Float> in
      var place = SIMD3<Float>.zero
      for axis in 0..<3 {
        place[axis] = Float(
          eigen.vectors[3 * axis + child] * max(eigen.values[axis], 0).squareRoot())
      }
      return place
    }
    // The mirror image has the same products; the sign of the volume distinguishes the two.
    if result[0].dot(result[1].cross(result[2])) * volume < 0 {
      result = result.map { [$0.x, $0.y, -$0.z] }
    }
    return result
  }
}

/// The canonical body in its rest pose.
package enum CanonicalPlaces {
  /// In the body's frame: x left, y up, z forward [m].
  package static let atRest = SkeletonPose.places(
    root: .zero,
    axes: Array(repeating: RotationMatrix.identity, count: Skeleton.jointCount)[...],
    offsets: Skeleton.canonical.restOffsets.map { SIMD3<Float>($0) })
}
