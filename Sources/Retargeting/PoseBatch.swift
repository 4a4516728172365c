public import Geometry
import Motions

/// Poses as flat arrays, ready for the network and its losses.
///
/// Rows are samples; the columns are those of `HumanTargets`.
public struct PoseBatch: Sendable {
  /// The network's inputs [sample, token, feature].
  public var features: [Float]
  /// The target positions of links [sample, weighted point, 3], metres, robot's base frame.
  public var positions: [Float]
  /// The target directions of bones [sample, bone, 3], unit vectors, robot's base frame.
  public var directions: [Float]
  /// The target angles of directly mapped joints [sample, direct map], radians.
  public var angles: [Float]
  /// The number of samples.
  public let count: Int
  private let targets: HumanTargets

  /// Creates an empty batch for a number of samples.
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
