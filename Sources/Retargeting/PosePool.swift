public import Geometry
public import Motions

/// Poses to train on or to measure with, without their order in time.
///
/// Only the 21 local rotations are kept, in single precision and thinned to a stated rate, so that
/// forty hours of motion fit into some hundred megabytes.
public struct PosePool: Sendable {
  /// The rate that clips are thinned to [Hz]: neighbouring frames teach the network nothing new.
  public static let thinnedRate = 15.0

  /// The names of the clips.
  public private(set) var clipNames: [String] = []
  private var rotations: [SIMD4<Float>] = []

  /// A pool without poses.
  public init() {}

  /// How many poses there are.
  public var count: Int { rotations.count / Skeleton.jointCount }

  /// What tells these poses from others: FNV-1a over their bits, in hexadecimal.
  public var fingerprint: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for rotation in rotations {
      for lane in 0..<4 {
        hash = (hash ^ UInt64(rotation[lane].bitPattern)) &* 0x100_0000_01b3
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
        rotations.append(SIMD4(Float(q.w), Float(q.x), Float(q.y), Float(q.z)))
      }
    }
  }

  /// The rotations of a pose, 22 of them.
  public func pose(_ index: Int) -> [Quaternion] {
    let base = index * Skeleton.jointCount
    return rotations[base..<(base + Skeleton.jointCount)].map {
      Quaternion(w: Double($0[0]), x: Double($0[1]), y: Double($0[2]), z: Double($0[3]))
        .normalized
    }
  }
}

/// Poses as flat arrays, ready for the network and its losses.
///
/// Rows are samples; the columns are those of `HumanTargets`.
public struct PoseBatch: Sendable {
  /// What the network sees [sample, token, feature].
  public var features: [Float]
  /// Where the links should be [sample, weighted point, 3], metres in the robot's base frame.
  public var positions: [Float]
  /// Where bones should point [sample, bone, 3], unit vectors in the robot's base frame.
  public var directions: [Float]
  /// What directly mapped joints should be [sample, direct map], radians.
  public var angles: [Float]
  /// How many samples there are.
  public let count: Int
  private let targets: HumanTargets

  /// Room for a number of samples.
  public init(count: Int, targets: HumanTargets) {
    self.count = count
    self.targets = targets
    features = Self.zeros(count * HumanTargets.tokenCount * HumanTargets.featuresPerJoint)
    positions = Self.zeros(count * targets.weightedPoints.count * 3)
    directions = Self.zeros(count * targets.mapping.bones.count * 3)
    angles = Self.zeros(count * targets.mapping.directMaps.count)
  }

  /// The first rows as a batch of their own.
  func prefix(_ rows: Int) -> PoseBatch {
    var result = PoseBatch(count: rows, targets: targets)
    result.features = Array(features.prefix(result.features.count))
    result.positions = Array(positions.prefix(result.positions.count))
    result.directions = Array(directions.prefix(result.directions.count))
    result.angles = Array(angles.prefix(result.angles.count))
    return result
  }

  /// Writes a pose (22 rotations) into a row.
  public mutating func set(_ row: Int, to pose: ArraySlice<Quaternion>) {
    precondition(row < count, "row \(row) of a batch of \(count)")
    let featureCount = HumanTargets.tokenCount * HumanTargets.featuresPerJoint
    let points = targets.weightedPoints.count * 3
    let bones = targets.mapping.bones.count * 3
    let maps = targets.mapping.directMaps.count
    features.withUnsafeMutableBufferPointer { features in
      positions.withUnsafeMutableBufferPointer { positions in
        directions.withUnsafeMutableBufferPointer { directions in
          angles.withUnsafeMutableBufferPointer { angles in
            guard let f = features.baseAddress, let p = positions.baseAddress else { return }
            // Mappings without bones or direct maps leave these empty; nothing is written then.
            let d = directions.baseAddress.map { $0 + row * bones } ?? p
            let a = angles.baseAddress.map { $0 + row * maps } ?? p
            targets.evaluate(
              pose, features: f + row * featureCount, positions: p + row * points,
              directions: d, angles: a)
          }
        }
      }
    }
  }

  private static func zeros(_ count: Int) -> [Float] { [Float](repeating: 0, count: count) }
}
