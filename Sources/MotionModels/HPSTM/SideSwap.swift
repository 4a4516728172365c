import Geometry
public import Motions

/// Left and right of a part of the body exchanged for some frames, as trackers of one camera do.
public struct SideSwap: Sendable, Hashable {
  /// The parts whose left and right are exchanged together.
  public enum Part: String, CaseIterable, Sendable, Codable {
    /// A part of the arms, from the tips to the trunk.
    case wrists, forearms, arms, armsWithCollars
    /// A part of the legs, from the tips to the trunk.
    case feet, lowerLegs, legs
    /// Arms and legs.
    case body

    /// The left joints; the right ones mirror them.
    public var leftJoints: [Skeleton.Joint] {
      switch self {
      case .wrists: [.leftWrist]
      case .forearms: [.leftElbow, .leftWrist]
      case .arms: [.leftShoulder, .leftElbow, .leftWrist]
      case .armsWithCollars: [.leftCollar, .leftShoulder, .leftElbow, .leftWrist]
      case .feet: [.leftAnkle, .leftFoot]
      case .lowerLegs: [.leftKnee, .leftAnkle, .leftFoot]
      case .legs: [.leftHip, .leftKnee, .leftAnkle, .leftFoot]
      case .body: Part.armsWithCollars.leftJoints + Part.legs.leftJoints
      }
    }

    /// The part in words.
    public var name: String {
      switch self {
      case .wrists, .forearms, .arms, .feet, .legs: "the \(rawValue)"
      case .armsWithCollars: "the arms and collars"
      case .lowerLegs: "the lower legs"
      case .body: "the whole body"
      }
    }
  }

  /// The part.
  public var part: Part
  /// The frames in which left and right were exchanged.
  public var frames: Range<Int>

  /// A swap of a part in some frames.
  public init(_ part: Part, frames: Range<Int>) {
    self.part = part
    self.frames = frames
  }

  /// The largest confidence of feet that are constructed from hips and shanks, not seen.
  static let constructed: Float = 0.3

  /// Exchanges left and right of a track in the swap's frames.
  ///
  /// Feet that were only constructed become missing where hips are exchanged: their direction
  /// followed from the exchanged hips.
  public func exchange(in track: inout JointTrack) {
    for frame in frames {
      let base = frame * Skeleton.jointCount
      for joint in part.leftJoints {
        let (left, right) = (base + joint.rawValue, base + joint.mirrored.rawValue)
        track.positions.swapAt(left, right)
        track.confidences.swapAt(left, right)
        guard joint == .leftFoot, part.leftJoints.contains(.leftHip) else { continue }
        for foot in [left, right] where track.confidences[foot] <= Self.constructed {
          track.confidences[foot] = 0
        }
      }
    }
  }
}

extension JointTrack {
  /// The track with left and right as they were before a tracker exchanged them for a few frames.
  ///
  /// Swaps of 3 frames to one second are found by the assignment of joints over time; see
  /// `SideSwapSearch`. Limbs that truly cross are left alone. Longer swaps, and those at the ends of the
  /// track, which only the motion on one side contradicts, are found where the body shows which side is which.
  public func withoutSideSwaps() -> (track: JointTrack, swaps: [SideSwap]) {
    var track = self
    var swaps: [SideSwap] = []
    guard 0 < frameRate, frameRate.isFinite else { return (track, []) }
    // A mended swap uncovers the ends of others beside it.
    for _ in 0..<SideSwapSearch.passes {
      let found = SideSwapSearch(track).swaps
      guard !found.isEmpty else { break }
      for swap in found { swap.exchange(in: &track) }
      swaps += found
    }
    return (track, swaps.sorted { $0.frames.lowerBound < $1.frames.lowerBound })
  }
}
