public import Motions

/// A track that has been repaired, and what was done to it.
public struct RepairedTrack: Sendable {
  /// Something that was done to joints.
  public struct Change: Sendable, Hashable {
    /// What was done.
    public enum Kind: String, Sendable, Hashable {
      /// Missing joints were filled in.
      case filled
      /// Joints were replaced that were wrong.
      case replaced
      /// Left and right of a limb were exchanged.
      case swapped
    }

    /// What was done.
    public var kind: Kind
    /// The indices of the joints.
    public var joints: [Int]
    /// The frames of the track.
    public var frames: Range<Int>
    /// How bad the joints were by lengths of bones and jumps [m]; nil where they were missing.
    public var before: Float?
    /// The same of what they are now [m].
    public var after: Float
  }

  /// The track; what was judged good is as it was, bit for bit.
  public var track: JointTrack
  /// What was done, in order of frames.
  public var changes: [Change]
  /// Repairs that were given up since the check found them no better.
  public var rejected: Int
  /// Frames that stay without anybody, as the gap is too long.
  public var emptyFrames: Int

  /// Whether each joint was changed or filled in, [frames, 22].
  public var isChanged: [Bool] { isChanged { _ in true } }

  /// The same by some kinds of change.
  func isChanged(where isOf: (Change.Kind) -> Bool) -> [Bool] {
    var result = [Bool](repeating: false, count: track.confidences.count)
    for change in changes where isOf(change.kind) {
      for frame in change.frames {
        for joint in change.joints { result[frame * Skeleton.jointCount + joint] = true }
      }
    }
    return result
  }
}
