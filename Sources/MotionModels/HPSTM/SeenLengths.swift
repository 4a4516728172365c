import HumanBody
import Motions

/// The lengths of a body's bones over several windows, each by the frames that show both of its ends.
///
/// What crosses a gap is a straight line, whose bones have any length.
struct SeenLengths {
  private static let joints = Skeleton.jointCount
  /// A window with fewer frames than this of a bone does not say how long it is.
  private static let leastFrames: Float = 10

  /// In how many frames each bone was seen, 22.
  private var counts = [Float](repeating: 0, count: joints)
  /// The sums of the lengths' logarithms by these frames, 22.
  private var sums = [Float](repeating: 0, count: joints)

  /// In how many frames both ends of each bone are seen; confidences [frames, 22].
  static func frames(_ confidences: [Float]) -> [Float] {
    var counts = [Float](repeating: 0, count: joints)
    for base in stride(from: 0, to: confidences.count, by: joints) {
      for joint in 1..<joints
      where confidences[base + joint] > 0 && confidences[base + Skeleton.parents[joint]] > 0 {
        counts[joint] += 1
      }
    }
    return counts
  }

  /// Adds the lengths of a window [m], 22, of which each bone was seen in so many frames, of some bones.
  mutating func add(
    _ lengths: [Float], seenIn frames: [Float], where isOpen: (_ joint: Int) -> Bool = { _ in true }
  ) {
    for joint in 1..<Self.joints where isOpen(joint) {
      // What is seen nowhere is as long as the windows say on average.
      let weight = frames[joint] + 1e-3
      counts[joint] += weight
      sums[joint] += weight * logarithm(lengths[joint])
    }
  }

  /// The mean lengths [m], 22; 0 for the pelvis.
  var lengths: [Float] {
    (0..<Self.joints).map { counts[$0] > 0 ? exponential(sums[$0] / counts[$0]) : 0 }
  }

  /// The lengths that a window of bones seen in so many frames takes from the others [m], 22; nil for those that
  /// it shows itself, and those that no window shows.
  func missing(seenIn frames: [Float]) -> [Float?] {
    let lengths = lengths
    return (0..<Self.joints).map {
      frames[$0] < Self.leastFrames && counts[$0] > max(frames[$0], 1) ? lengths[$0] : nil
    }
  }
}
