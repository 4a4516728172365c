public import Files
public import Geometry
public import Motions

/// The spread of samples of one request: the generator's uncertainty of each joint in each frame.
///
/// Mean and covariance of the joints' positions in the world, updated with one motion at a time
/// (Welford, "Note on a method for calculating corrected sums of squares and products", 1962), so
/// that a million motions need no more memory than one.
public struct SampleSpread: Sendable {
  /// The number of motions added.
  public private(set) var count = 0
  /// The mean positions, one for each joint of each frame [m].
  public private(set) var mean: [Vector3] = []
  /// Sums of products of differences from the mean: xx, xy, xz, yy, yz, zz of each position.
  private var products: [Double] = []
  private var frameRate = 0.0

  /// Creates an empty estimate.
  public init() {}

  /// Adds a motion with the same number of frames as those before.
  public mutating func add(_ clip: MotionClip) {
    let positions = clip.jointPositions()
    if count == 0 {
      mean = Array(repeating: .zero, count: positions.count)
      products = Array(repeating: 0, count: 6 * positions.count)
      frameRate = clip.frameRate
    }
    precondition(positions.count == mean.count, "\(positions.count) positions for \(mean.count)")
    count += 1
    for (index, position) in positions.enumerated() {
      let before = position - mean[index]
      mean[index] += before / Double(count)
      let after = position - mean[index]
      for (at, product) in [
        before.x * after.x, before.x * after.y, before.x * after.z, before.y * after.y,
        before.y * after.z, before.z * after.z,
      ].enumerated() {
        products[6 * index + at] += product
      }
    }
  }

  /// The number of frames.
  public var frames: Int { mean.count / Skeleton.jointCount }

  /// The covariance of each joint's position, [frames, 22, 3, 3] [m²]; zero below two motions.
  public var covariances: [Double] {
    let factor = 1 / Double(max(1, count - 1))
    return stride(from: 0, to: products.count, by: 6).flatMap { at in
      let p = products[at..<(at + 6)].map { $0 * factor }
      return [p[0], p[1], p[2], p[1], p[3], p[4], p[2], p[4], p[5]]
    }
  }

  /// The root mean square over joints of the samples' distance from the mean, for each frame [m].
  public var deviations: [Double] {
    let joints = Skeleton.jointCount
    let factor = 1 / Double(max(1, count - 1) * joints)
    return (0..<frames).map { frame in
      let variance = (0..<joints).reduce(0.0) { sum, joint in
        let at = 6 * (frame * joints + joint)
        return sum + products[at] + products[at + 3] + products[at + 5]
      }
      return (max(0, variance) * factor).squareRoot()
    }
  }

  /// As NumPy's .npz: `mean` [frames, 22, 3] m, `covariance` [frames, 22, 3, 3] m², `count`, `fps`,
  /// `names`.
  public var archive: NumpyArchive {
    let joints = Skeleton.jointCount
    return NumpyArchive(
      arrays: [
        "mean": StoredTensor(
          mean.flatMap { [$0.x, $0.y, $0.z] }, shape: [frames, joints, 3]),
        "covariance": StoredTensor(covariances, shape: [frames, joints, 3, 3]),
        "count": StoredTensor([Int64(count)], shape: []),
        "fps": StoredTensor([frameRate], shape: []),
      ], strings: ["names": Skeleton.Joint.names])
  }
}
