import Foundation
import Geometry
import HumanBody
import Motions

/// The motion observed or sampled so far, in its own world.
struct ObservedMotion: Sendable {
  /// The body of the first sampled window [m], [22, 3]; empty before it and with a past.
  private(set) var offsets: [Float] = []
  /// The skeleton of the observed motion in full precision; nil without a past.
  private(set) var skeleton: Skeleton?
  /// The position of the pelvis [m], one for each frame.
  private(set) var root: [Vector3] = []
  /// Rotations, 22 for each frame.
  private(set) var rotations: [Quaternion] = []
  /// The probability that `MotionWindow.contactParts` stand on the ground, four for each frame.
  private var contacts: [Float] = []

  /// The height of the lowest foot on level ground [m]; nil where that is not known yet.
  private var ground: Double?

  /// The frame rate of sampled motion [Hz].
  private static let frameRate = 30.0
  /// Frames over which a new window's difference from the past fades: half a second.
  private static let fade = 15

  init() {}

  /// A past whose rotations another body takes on, rest offsets [m], [22, 3]; its feet stand where they did.
  ///
  /// The rotations of the frames that are added are the motion's on its own body: `onOwnBody` has them there.
  init(_ clip: MotionClip, on body: [Float]? = nil) {
    (root, rotations) = (clip.rootTranslations, clip.rotations)
    contacts = MotionWindow.contacts(in: clip)
    floor = FootLock.floor(below: clip)
    skeleton = clip.skeleton
    guard let body else { return }
    let other = BodyModel.skeleton(offsets: body)
    skeleton = other
    let lent = MotionClip(
      name: clip.name, skeleton: other, frameRate: clip.frameRate,
      rootTranslations: clip.rootTranslations, rotations: clip.rotations)
    let lift = Self.height(ofFeetOf: clip) - Self.height(ofFeetOf: lent)
    root = clip.rootTranslations.map { $0 + Vector3(0, 0, lift) }
    own = (clip.skeleton, clip.rootTranslations, lift)
  }

  /// The body of the past, the pelvis of its frames [m], and by how much higher the pelvis is on the other
  /// body [m]; nil without a past.
  private var own: (skeleton: Skeleton, root: [Vector3], lift: Double)?

  /// The mean height of the lower foot over the last frames [m].
  private static func height(ofFeetOf clip: MotionClip) -> Double {
    let frames = max(0, clip.frameCount - 64)..<clip.frameCount
    let positions = clip.jointPositions(frames: frames)
    let feet = [Skeleton.Joint.leftFoot, .rightFoot].map(\.rawValue)
    let sum = stride(from: 0, to: positions.count, by: Skeleton.jointCount).reduce(0.0) { sum, at in
      sum + (feet.map { positions[at + $0].z }.min() ?? 0)
    }
    return sum / Double(max(1, frames.count))
  }

  /// The motion on the body of its past.
  var onOwnBody: ObservedMotion {
    guard let own else { return self }
    var result = self
    result.skeleton = own.skeleton
    result.root = own.root + root[own.root.count...].map { $0 - Vector3(0, 0, own.lift) }
    result.own = nil
    return result
  }

  var frameCount: Int { root.count }

  /// The last frames of the motion.
  func suffix(_ frames: Int) -> ObservedMotion {
    var part = self
    part.root = Array(root.suffix(frames))
    part.rotations = Array(rotations.suffix(frames * Skeleton.jointCount))
    part.contacts = Array(contacts.suffix(frames * MotionWindow.contactParts.count))
    return part
  }

  func clip(frames: Range<Int>, name: String, frameRate: Double, label: String?) -> MotionClip {
    let joints = Skeleton.jointCount
    return MotionClip(
      name: name, skeleton: skeleton ?? BodyModel.skeleton(offsets: offsets),
      frameRate: frameRate,
      rootTranslations: Array(root[frames]),
      rotations: Array(
        rotations[(frames.lowerBound * joints)..<(frames.upperBound * joints)]), label: label)
  }

  /// The frames as the network sees them; nil where there are none.
  var normalized: MotionWindow? {
    guard frameCount > 0 else { return nil }
    let clip = clip(frames: 0..<frameCount, name: "", frameRate: 30, label: nil)
    return MotionWindow(clip.headingNormalized(), frames: 0..<frameCount)
  }

  /// Aligns new frames to the ground.
  ///
  /// - Parameters:
  ///   - count: The number of frames before the new ones, which do not change.
  ///   - isLevel: Whether the ground is level; otherwise the motion may rise above it.
  mutating func alignToGround(after count: Int, isLevel: Bool) {
    let first = max(0, count - 2 * GroundContact.reach(at: Self.frameRate))
    let clip = clip(frames: first..<frameCount, name: "", frameRate: 30, label: nil)
    let contact = GroundContact(clip)
    if count == 0, !isLevel {
      let low = contact.lowest.min() ?? 0
      for frame in root.indices { root[frame].z += GroundContact.standing - low }
    }
    let level = ground ?? contact.lowest.prefix(count - first).min() ?? GroundContact.standing
    // A past that ends in mid-air or above steps does not determine the ground.
    let isLevel =
      isLevel
      && (count == 0 || ground != nil
        || contact.ground.allSatisfy { $0 > level - GroundContact.step })
    if isLevel { ground = level }
    for frame in count..<frameCount {
      let share = count == 0 ? 1 : 1 - Self.fading(after: frame - count + 1).stay
      let below = contact.ground[frame - first]
      // Who leaves level ground may rise above it, by a jump or by stairs, and never sinks into it.
      root[frame].z += share * (isLevel ? level - below : max(0, floor - below))
    }
  }

  /// The height that the ball of no foot goes below [m]: that of a foot that stands on the ground, or
  /// of the lowest foot of a past that was below it.
  private(set) var floor = GroundContact.standing

  /// The motion on level ground, after the first frames, which do not change.
  mutating func settle(after count: Int) {
    let clip = clip(frames: 0..<frameCount, name: "", frameRate: Self.frameRate, label: nil)
    root = Settling.settled(clip, fixed: count).rootTranslations
  }

  /// The motion with its feet held where they stand, after the first frames, which do not change.
  mutating func holdFeet(after count: Int) {
    let clip = clip(frames: 0..<frameCount, name: "", frameRate: Self.frameRate, label: nil)
    let held = FootLock.holdSampled(
      clip, fixed: count, floor: floor, contacts: MotionWindow.ballContacts(contacts)
    ).clip
    root = held.rootTranslations
    rotations = held.rotations
  }

  /// The number of frames to each side of the moving average of twist angles.
  private static let steadying = 8

  /// Appends the frames of a window that follow its observed ones.
  ///
  /// The window begins where `past` does. Its first new frame differs a little in position and
  /// velocity from the continuation of the past; both differences fade over the first frames
  /// (inertialisation: Bollo, "Inertialization: high-performance animation transitions", 2018),
  /// so that position and velocity are continuous.
  mutating func goOn(with window: MotionWindow, after past: ObservedMotion) {
    let count = past.frameCount
    let made = SwingTwist(window).steadied(over: Self.steadying)
    guard let shown = past.normalized else {
      offsets = window.offsets
      root = window.clip(name: "", frameRate: 30).rootTranslations
      rotations = (0..<window.frames).flatMap { made.rotations(frame: $0) }
      contacts = window.completeContacts
      return
    }
    let was = SwingTwist(shown)
    var joined = made
    var places = window.clip(name: "", frameRate: 30).rootTranslations
    let observed = shown.clip(name: "", frameRate: 30).rootTranslations
    let (last, joints) = (count - 1, Skeleton.jointCount)
    let before = max(0, last - 1)
    // the window's new frames, extrapolated back to the last observed one
    let second = min(count + 1, window.frames - 1)
    let speed = places[second] - places[count]
    let gap = observed[last] - (places[count] - speed)
    // One frame says nothing of its speed: it goes on at that of the new ones.
    let change = last > before ? observed[last] - observed[before] - speed : .zero
    let turns = (0..<joints).map { joint -> (gap: Quaternion, change: Vector3) in
      func turn(_ motion: SwingTwist, _ from: Int, _ to: Int) -> Quaternion {
        motion.shown[to * joints + joint] * motion.shown[from * joints + joint].inverse
      }
      let speed = turn(made, count, second)
      let back = speed.inverse * made.shown[count * joints + joint]
      let gap = was.shown[last * joints + joint] * back.inverse
      // the velocity of the new frames once the offset is added to them
      let moved = gap * speed * gap.inverse
      let change = last > before ? turn(was, before, last) * moved.inverse : .identity
      return (gap, change.rotationVector)
    }
    for frame in count..<window.frames {
      let (stay, drift) = Self.fading(after: frame - last)
      places[frame] += gap * stay + change * drift
      for joint in 0..<joints {
        let (at, end) = (frame * joints + joint, last * joints + joint)
        joined.shown[at] =
          (Quaternion(rotationVector: turns[joint].change * drift)
          * Quaternion(rotationVector: turns[joint].gap.rotationVector * stay)
          * made.shown[at]).normalized
        joined.twists[at] += stay * remainder(was.twists[end] - made.twists[end], 2 * .pi)
        let tilt = (was.ends[end] * made.ends[end].inverse).rotationVector
        joined.ends[at] = (Quaternion(rotationVector: tilt * stay) * made.ends[at]).normalized
      }
    }
    contacts += window.completeContacts.suffix(
      (window.frames - count) * MotionWindow.contactParts.count)
    // from the window's world, where the past's first frame faces along x, into ours
    let clip = past.clip(frames: 0..<count, name: "", frameRate: 30, label: nil)
    let turn = Quaternion(angle: clip.heading(frame: 0), axis: .unitZ)
    let start = Vector3(past.root[0].x, past.root[0].y, 0)
    for frame in count..<window.frames {
      root.append(turn * places[frame] + start)
      var own = joined.rotations(frame: frame)
      own[0] = (turn * own[0]).normalized
      rotations += own
    }
  }

  /// The weights of an offset and of its velocity after a number of frames.
  ///
  /// The polynomials of degree five that are 1 and 0 (value), 0 and 1 (slope) at the start and
  /// whose value, slope and curvature are 0 at the end, with no curvature at the start.
  private static func fading(after frames: Int) -> (stay: Double, drift: Double) {
    guard frames < fade else { return (0, 0) }
    let x = Double(frames) / Double(fade)
    let stay = 1 - x * x * x * (10 - 15 * x + 6 * x * x)
    let drift = x * (1 - x * x * (6 - 8 * x + 3 * x * x))
    return (stay, drift * Double(fade))
  }
}
