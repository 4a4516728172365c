public import Geometry
public import Motions

/// A set of poses for training or evaluation, without their order in time.
///
/// Only the 21 local rotations are kept, in single precision and thinned to a stated rate, so that
/// forty hours of motion fit into some hundred megabytes.
public struct PosePool: Sendable {
  /// The rate that clips are thinned to [Hz], since neighbouring frames are nearly equal.
  public static let thinnedRate = 15.0

  /// The names of the clips.
  public private(set) var clipNames: [String] = []
  private var rotations: [FloatQuaternion] = []

  /// Creates an empty pool.
  public init() {}

  /// The number of poses.
  public var count: Int { rotations.count / Skeleton.jointCount }

  /// A fingerprint of the poses: FNV-1a over their bits, in hexadecimal.
  public var fingerprint: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for rotation in rotations {
      for lane in 0..<4 {
        hash = (hash ^ UInt64(rotation.components[lane].bitPattern)) &* 0x100_0000_01b3
      }
    }
    return String(hash, radix: 16)
  }

  /// Adds a clip's frames; all of them, or thinned to `thinnedRate`.
  public mutating func add(_ clip: MotionClip, thinned: Bool = true) {
    clipNames.append(clip.name)
    let step = thinned ? max(1, Int((clip.frameRate / Self.thinnedRate).rounded(.down))) : 1
    for frame in stride(from: 0, to: clip.frameCount, by: step) {
      let base = frame * Skeleton.jointCount
      for q in clip.rotations[base..<(base + Skeleton.jointCount)] {
        rotations.append(FloatQuaternion(q))
      }
    }
  }

  /// The rotations of a pose, 22 of them.
  public func pose(_ index: Int) -> [Quaternion] {
    let base = index * Skeleton.jointCount
    return rotations[base..<(base + Skeleton.jointCount)].map {
      Quaternion($0).normalized
    }
  }
}
