import Foundation
import HumanBody
public import Motions

/// Error metrics of joint tracks against the truth, and metrics of smoothness and rigidity.
///
/// Tracks are positions [frames, joints, 3] in metres. All figures are means over frames and
/// joints; where there is nothing to average they are zero.
public enum TrackErrors {
  /// The mean distance of joints from the truth [m] (MPJPE).
  public static func position(_ track: [Float], _ truth: [Float]) -> Double {
    mean(of: difference(track, truth))
  }

  /// The mean distance of joints after the best rigid alignment of each frame with the truth,
  /// without scaling [m] (PA-MPJPE).
  public static func alignedPosition(
    _ track: [Float], _ truth: [Float], joints: Int = Skeleton.jointCount
  ) -> Double {
    precondition(track.count == truth.count, "\(track.count) numbers against \(truth.count)")
    var aligned: [Float] = []
    aligned.reserveCapacity(track.count)
    for start in stride(from: 0, to: track.count, by: 3 * joints) {
      aligned += RigidAlignment.aligned(
        Array(track[start..<(start + 3 * joints)]), to: Array(truth[start..<(start + 3 * joints)]))
    }
    return position(aligned, truth)
  }

  /// The mean distance of joints relative to the first joint [m] (root-relative MPJPE).
  public static func rootRelativePosition(
    _ track: [Float], _ truth: [Float], joints: Int = Skeleton.jointCount
  ) -> Double {
    position(rootRelative(track, joints: joints), rootRelative(truth, joints: joints))
  }

  /// The mean length of the difference of accelerations, by second differences [m/s²].
  public static func acceleration(
    _ track: [Float], _ truth: [Float], frameRate: Double, joints: Int = Skeleton.jointCount
  ) -> Double {
    let errors = difference(track, truth)
    return frameRate * frameRate * mean(of: differences(of: errors, order: 2, joints: joints))
  }

  /// The mean length of the jerk, by third differences [m/s³].
  public static func jerk(
    _ track: [Float], frameRate: Double, joints: Int = Skeleton.jointCount
  ) -> Double {
    let numbers = track.map(Double.init)
    return pow(frameRate, 3) * mean(of: differences(of: numbers, order: 3, joints: joints))
  }

  /// The variation of bone lengths: the standard deviation over time, averaged over the bones [m].
  public static func boneLengthDeviation(
    _ track: [Float], parents: [Int] = Skeleton.parents
  ) -> Double {
    let frames = track.count / (3 * parents.count)
    let bones = parents.indices.filter { parents[$0] >= 0 }
    guard frames > 0, !bones.isEmpty else { return 0 }
    var total = 0.0
    for joint in bones {
      let lengths = (0..<frames).map { frame in
        let base = 3 * frame * parents.count
        return length(
          (0..<3).map { axis in
            Double(track[base + 3 * joint + axis]) - Double(track[base + 3 * parents[joint] + axis])
          })
      }
      let mean = lengths.reduce(0, +) / Double(frames)
      let variance = lengths.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(frames)
      total += variance.squareRoot()
    }
    return total / Double(bones.count)
  }

  // MARK: - Helpers

  /// The differences of this order in time, [frames - order, joints, 3].
  static func differences(of track: [Double], order: Int, joints: Int) -> [Double] {
    var values = track
    for _ in 0..<order {
      guard values.count > 3 * joints else { return [] }
      values = (0..<(values.count - 3 * joints)).map { values[$0 + 3 * joints] - values[$0] }
    }
    return values
  }

  private static func difference(_ track: [Float], _ truth: [Float]) -> [Double] {
    precondition(track.count == truth.count, "\(track.count) numbers against \(truth.count)")
    return zip(track, truth).map { Double($0) - Double($1) }
  }

  private static func rootRelative(_ track: [Float], joints: Int) -> [Float] {
    track.indices.map { track[$0] - track[$0 / (3 * joints) * (3 * joints) + $0 % 3] }
  }

  /// The mean length of consecutive 3-D vectors.
  static func mean(of vectors: [Double]) -> Double {
    guard vectors.count >= 3 else { return 0 }
    var sum = 0.0
    for index in stride(from: 0, to: vectors.count, by: 3) {
      let (x, y, z) = (vectors[index], vectors[index + 1], vectors[index + 2])
      sum += (x * x + y * y + z * z).squareRoot()
    }
    return sum / Double(vectors.count / 3)
  }

  private static func length(_ vector: [Double]) -> Double {
    vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
