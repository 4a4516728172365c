import Foundation
import Geometry
import HumanBody
import Motions

/// A motion that PoseGPT continues, in its own world.
struct GrowingMotion: Sendable {
  /// The frames so far.
  private(set) var window: MotionWindow
  /// The skeleton of an observed past in full precision; nil without one.
  private let skeleton: Skeleton?

  /// The frames over which the first new pose's difference from the last observed one fades.
  private static let fade = 8

  /// A motion without frames.
  init(offsets: [Float]) {
    window = MotionWindow(frames: 0, root: [], rotations: [], offsets: offsets)
    skeleton = nil
  }

  /// An observed motion.
  init(_ clip: MotionClip) {
    window = MotionWindow(clip, frames: 0..<clip.frameCount)
    window.contacts = MotionWindow.contacts(in: clip)
    skeleton = clip.skeleton
  }

  var frames: Int { window.frames }

  /// The channels of the last frames; a shorter motion is taken to have come in its first pose and at its first
  /// speed, since one that stood would be continued by standing.
  func features(last count: Int) -> [Float] {
    let found = PoseFeatures.features(of: window.slice(max(0, frames - count)..<frames))
    let first = found.prefix(PoseFeatures.columns)
    return [[Float]](repeating: Array(first), count: max(0, count - frames)).flatMap { $0 } + found
  }

  /// Appends decoded frames.
  ///
  /// - Parameters:
  ///   - features: The channels of the new frames, [frames, 140].
  ///   - last: The channels that the last frame so far was decoded to; the difference of the true
  ///     frame from it fades over the first new ones. Nil where there is no frame yet.
  mutating func append(_ features: [Float], after last: [Float]?) {
    guard frames > 0, let last else {
      window.append(PoseFeatures.window(of: features, offsets: window.offsets))
      return
    }
    let heading = window.heading(frame: frames - 1)
    let place = PoseFeatures.Place(
      x: window.root[3 * frames - 3], y: window.root[3 * frames - 2], heading: heading)
    var next = PoseFeatures.window(of: features, offsets: window.offsets, from: place)
    let found = PoseFeatures.window(of: last, offsets: window.offsets)
    let joints = Skeleton.jointCount
    let offsets = (0..<joints).map { joint -> FloatQuaternion in
      let seen = window.rotation((frames - 1) * joints + joint)
      let own = joint == 0 ? Self.turn(-heading) * seen : seen
      return (own * found.rotation(joint).inverse).normalized
    }
    let lift = window.root[3 * frames - 1] - found.root[2]
    for frame in 0..<min(Self.fade, next.frames) {
      let stay = Self.stay(after: frame + 1)
      next.root[3 * frame + 2] += stay * lift
      let turn = Self.turn(next.heading(frame: frame))
      for joint in 0..<joints {
        let offset = FloatQuaternion.identity.interpolated(to: offsets[joint], fraction: stay)
        let placed = joint == 0 ? turn * offset * turn.inverse : offset
        next.set(
          (placed * next.rotation(frame * joints + joint)).normalized, frame * joints + joint)
      }
    }
    window.append(next)
  }

  private static func turn(_ angle: Float) -> FloatQuaternion {
    FloatQuaternion(aboutZ: cos(angle / 2), sin(angle / 2))
  }

  /// The share of a difference that stays after so many frames: from 1 to 0 without a jerk.
  private static func stay(after frames: Int) -> Float {
    let x = Float(frames) / Float(fade + 1)
    return 1 - x * x * x * (10 - 15 * x + 6 * x * x)
  }

  /// Some frames as a clip.
  func clip(_ range: Range<Int>, name: String, label: String?) -> MotionClip {
    let part = window.slice(range).clip(
      name: name, frameRate: MotionRequest.frameRate, label: label)
    guard let skeleton else { return part }
    return MotionClip(
      name: name, skeleton: skeleton, frameRate: part.frameRate,
      rootTranslations: part.rootTranslations, rotations: part.rotations, label: label)
  }
}

extension MotionWindow {
  /// Some frames.
  func slice(_ range: Range<Int>) -> MotionWindow {
    let (width, parts) = (4 * Skeleton.jointCount, Self.contactParts.count)
    return MotionWindow(
      frames: range.count, root: Array(root[(3 * range.lowerBound)..<(3 * range.upperBound)]),
      rotations: Array(rotations[(width * range.lowerBound)..<(width * range.upperBound)]),
      offsets: offsets, label: label,
      contacts: contacts.isEmpty
        ? [] : Array(contacts[(parts * range.lowerBound)..<(parts * range.upperBound)]))
  }

  /// Adds the frames of another window behind these.
  mutating func append(_ other: MotionWindow) {
    self = MotionWindow(
      frames: frames + other.frames, root: root + other.root,
      rotations: rotations + other.rotations, offsets: offsets, label: label,
      contacts: contacts + other.contacts)
  }

  /// Sets a rotation by its index.
  mutating func set(_ rotation: FloatQuaternion, _ index: Int) {
    for part in 0..<4 { rotations[4 * index + part] = rotation.components[part] }
  }
}
