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
  ///     frame from it, and that of their speeds, fade over the first new ones. Nil where there is no frame yet.
  mutating func append(_ features: [Float], after last: [Float]?) {
    guard frames > 0, let last else {
      window.append(PoseFeatures.window(of: features, offsets: window.offsets))
      return
    }
    let heading = window.heading(frame: frames - 1)
    let place = PoseFeatures.Place(
      x: window.root[3 * frames - 3], y: window.root[3 * frames - 2], heading: heading)
    var next = PoseFeatures.window(
      of: goingOn(features), offsets: window.offsets, from: place)
    let found = PoseFeatures.window(of: last, offsets: window.offsets)
    let joints = Skeleton.jointCount
    /// A joint's rotation in a frame so far, the pelvis's as if it faced along x.
    func own(_ joint: Int, _ frame: Int) -> FloatQuaternion {
      let seen = window.rotation(frame * joints + joint)
      return joint == 0 ? Self.turn(-window.heading(frame: frame)) * seen : seen
    }
    let offsets = (0..<joints).map {
      (own($0, frames - 1) * found.rotation($0).inverse).normalized
    }
    let speeds = (0..<joints).map { joint -> SIMD3<Float> in
      guard frames > 1 else { return .zero }
      let first = next.rotation(joint)
      let new = joint == 0 ? Self.turn(-next.heading()) * first : first
      let change =
        Self.vector(own(joint, frames - 1) * own(joint, frames - 2).inverse)
        - Self.vector(new * found.rotation(joint).inverse)
      return change * min(1, Self.fastestChange / max(change.length, 1e-6))
    }
    let lift = window.root[3 * frames - 1] - found.root[2]
    let rise =
      frames > 1
      ? window.root[3 * frames - 1] - window.root[3 * frames - 4]
        - (next.root[2] - found.root[2]) : 0
    for frame in 0..<min(max(Self.fade, Self.speedFade), next.frames) {
      let (stay, way) = (Self.stay(after: frame + 1), Self.way(after: frame + 1))
      next.root[3 * frame + 2] += stay * lift + way * rise
      let turn = Self.turn(next.heading(frame: frame))
      for joint in 0..<joints {
        let offset =
          Self.rotation(speeds[joint] * way)
          * FloatQuaternion.identity.interpolated(to: offsets[joint], fraction: stay)
        let placed = joint == 0 ? turn * offset * turn.inverse : offset
        next.set(
          (placed * next.rotation(frame * joints + joint)).normalized, frame * joints + joint)
      }
    }
    window.append(next)
  }

  /// New channels whose steps and turns over the ground go on from those so far.
  private func goingOn(_ features: [Float]) -> [Float] {
    guard frames > 1 else { return features }
    let seen = PoseFeatures.features(of: window.slice((frames - 2)..<frames))
    var result = features
    for column in [PoseFeatures.along, PoseFeatures.across, PoseFeatures.turn] {
      let change = seen[PoseFeatures.columns + column] - features[column]
      for frame in 0..<min(Self.speedFade, features.count / PoseFeatures.columns) {
        let left = 1 - Float(frame) / Float(Self.speedFade)
        result[frame * PoseFeatures.columns + column] += change * left * left
      }
    }
    return result
  }

  /// The frames over which the difference of speeds fades.
  private static let speedFade = 10
  /// A greater change of a joint's turn from frame to frame is not made up for [rad].
  private static let fastestChange: Float = 0.3

  /// How far a difference of speeds of 1 a frame has led after so many frames: it begins as fast and comes back to
  /// nothing.
  private static func way(after frames: Int) -> Float {
    let x = Float(frames) / Float(speedFade)
    return x < 1 ? Float(frames) * (1 - x) * (1 - x) : 0
  }

  private static func vector(_ q: FloatQuaternion) -> SIMD3<Float> {
    SIMD3<Float>(Quaternion(q).normalized.rotationVector)
  }

  private static func rotation(_ vector: SIMD3<Float>) -> FloatQuaternion {
    FloatQuaternion(Quaternion(rotationVector: Vector3(vector)))
  }

  private static func turn(_ angle: Float) -> FloatQuaternion {
    FloatQuaternion(aboutZ: cos(angle / 2), sin(angle / 2))
  }

  /// The share of a difference that stays after so many frames: from 1 to 0 without a jerk.
  private static func stay(after frames: Int) -> Float {
    let x = min(1, Float(frames) / Float(fade + 1))
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
