import Autodiff
import Foundation
package import Geometry
package import Motions

/// Rotations split into swing, which joint positions determine, and twist about the bones' axes.
///
/// The swing is that of `BoneDirectionFit`, as smooth as the positions are. The twist angle of each
/// bone about its own axis, and the rotations of joints without children, do not change positions.
package struct SwingTwist {
  private static let joints = BodyModel.jointCount
  private static let isLeaf: [Bool] = (0..<joints).map { !Skeleton.parents.contains($0) }

  /// The rotations determined by positions, parentFromJoint, 22 for each frame.
  package var shown: [Quaternion]
  /// The twist angles about the bones' axes [rad], 22 for each frame, unwrapped.
  package var twists: [Double]
  /// The rotations of joints without children, parentFromJoint; the identity for all others.
  package var ends: [Quaternion]

  /// The direction of a joint's only child at rest; nil where it has none or several.
  private let axes: [Vector3?]

  /// Splits a window's rotations.
  package init(_ window: MotionWindow) {
    func quaternions(_ values: [Float]) -> [Quaternion] {
      stride(from: 0, to: values.count, by: 4).map {
        Quaternion(
          w: Double(values[$0]), x: Double(values[$0 + 1]), y: Double(values[$0 + 2]),
          z: Double(values[$0 + 3])
        ).normalized
      }
    }
    let directions = BoneDirectionFit.directions(of: window.offsets)
    axes = BodyModel.onlyChild.map { child in
      child.map { Vector3(directions[$0]).normalized ?? .unitY }
    }
    let columns = BoneDirectionFit.columns(
      of: BodyModel.positions(of: window), body: window.offsets)
    shown = quaternions(BodyModel.quaternions(ofColumns: columns))
    let own = quaternions(window.rotations)
    twists = [Double](repeating: 0, count: own.count)
    ends = [Quaternion](repeating: .identity, count: own.count)
    for frame in 0..<window.frames {
      let base = frame * Self.joints
      let (seen, actual) = (Self.world(shown, base), Self.world(own, base))
      for joint in 0..<Self.joints {
        if Self.isLeaf[joint] { ends[base + joint] = own[base + joint] }
        guard let axis = axes[joint] else { continue }
        let angle = (seen[joint].inverse * actual[joint]).twistAngle(about: axis)
        let before = frame > 0 ? twists[base - Self.joints + joint] : 0
        twists[base + joint] = before + remainder(angle - before, 2 * .pi)
      }
    }
  }

  /// The number of frames.
  package var frames: Int { shown.count / Self.joints }

  /// The angle about each bone's axis from the rotation that is carried along with the bone from the first frame,
  /// by the least turns, to the one that positions show [rad].
  ///
  /// Where a bone comes near the direction opposite to its rest (an elbow that is bent all the way), the least turn
  /// from its parent's rotation goes another way from frame to frame, so that what positions show turns by up to
  /// half a turn about the bone while nothing moves.
  private func carriedAngles() -> [Double] {
    guard frames > 0 else { return [] }
    var result = [Double](repeating: 0, count: shown.count)
    var carried = Self.world(shown, 0)
    for frame in 0..<frames {
      let base = frame * Self.joints
      let seen = Self.world(shown, base)
      for joint in 0..<Self.joints {
        guard let axis = axes[joint] else { continue }
        let turn = Quaternion(turning: carried[joint] * axis, into: seen[joint] * axis)
        carried[joint] = (turn * carried[joint]).normalized
        result[base + joint] = (carried[joint].inverse * seen[joint]).twistAngle(about: axis)
      }
    }
    return result
  }

  /// The same with twist angles and end rotations averaged over this many frames to each side,
  /// since a network's predictions of them vary more from frame to frame than real motion does.
  package func steadied(over reach: Int) -> SwingTwist {
    averaged(over: reach, from: carriedAngles()) { _, _ in true }
  }

  /// The same where no bone or end turns by more than `limit` from a frame to the next; nil where none does.
  ///
  /// Beside such turns angles and end rotations are averaged.
  ///
  /// - Parameters:
  ///   - limit: The greatest turn of a bone about itself, or of an end [rad].
  ///   - reach: The frames to each side of the average.
  package func withoutFlips(above limit: Double, over reach: Int) -> SwingTwist? {
    let carried = carriedAngles()
    let angles = unwrapped(carried)
    var isNear = [Bool](repeating: false, count: shown.count)
    for at in Self.joints..<max(Self.joints, shown.count) {
      let before = at - Self.joints
      let turn = abs(angles[at] - angles[before])
      let bend = (ends[before].inverse * ends[at]).rotationVector.length
      guard max(turn, bend) > limit else { continue }
      let frame = at / Self.joints
      for other in max(0, frame - 1 - reach)...min(frames - 1, frame + reach) {
        isNear[other * Self.joints + at % Self.joints] = true
      }
    }
    guard isNear.contains(true) else { return nil }
    return averaged(over: reach, from: carried) { isNear[$0 * Self.joints + $1] }
  }

  /// The twist angles from the rotations that are carried along [rad], unwrapped: these are what may be averaged.
  private func unwrapped(_ carried: [Double]) -> [Double] {
    var angles = zip(twists, carried).map { $0 + $1 }
    for at in Self.joints..<max(Self.joints, angles.count) {
      let before = angles[at - Self.joints]
      angles[at] = before + remainder(angles[at] - before, 2 * .pi)
    }
    return angles
  }

  /// The same with the twist angles, from the carried ones, and end rotations of some joints in some frames averaged
  /// over this many frames to each side.
  private func averaged(
    over reach: Int, from carried: [Double], where isChosen: (_ frame: Int, _ joint: Int) -> Bool
  ) -> SwingTwist {
    var result = self
    let angles = unwrapped(carried)
    for frame in 0..<frames {
      let range = max(0, frame - reach)...min(frames - 1, frame + reach)
      for joint in 0..<Self.joints where isChosen(frame, joint) {
        let at = frame * Self.joints + joint
        let around = range.map { $0 * Self.joints + joint }
        result.twists[at] =
          around.reduce(0) { $0 + angles[$1] } / Double(around.count) - carried[at]
        guard Self.isLeaf[joint] else { continue }
        var sum = Quaternion(w: 0, x: 0, y: 0, z: 0)
        for other in around {
          let q = ends[other].dot(ends[at]) < 0 ? -ends[other] : ends[other]
          sum = Quaternion(w: sum.w + q.w, x: sum.x + q.x, y: sum.y + q.y, z: sum.z + q.z)
        }
        result.ends[at] = sum.normalized
      }
    }
    return result
  }

  /// The rotations of a frame, worldFromPelvis and parentFromJoint.
  package func rotations(frame: Int) -> [Quaternion] {
    let base = frame * Self.joints
    let seen = Self.world(shown, base)
    var world = seen
    for joint in 0..<Self.joints {
      if let axis = axes[joint] {
        world[joint] = seen[joint] * Quaternion(angle: twists[base + joint], axis: axis)
      } else if Self.isLeaf[joint] {
        world[joint] = world[Skeleton.parents[joint]] * ends[base + joint]
      }
    }
    return Self.local(world)
  }

  /// The rotations that were split, with another one's twists and ends in a frame: bones keep their directions exactly.
  fileprivate func with(
    _ other: SwingTwist, in own: [Quaternion], frame: Int
  ) -> [Quaternion] {
    let base = frame * Self.joints
    var world = Self.world(own, base)
    for joint in 0..<Self.joints {
      let at = base + joint
      if let axis = axes[joint] {
        let turn = other.twists[at] - twists[at]
        if turn != 0 { world[joint] = world[joint] * Quaternion(angle: turn, axis: axis) }
      } else if Self.isLeaf[joint] {
        world[joint] = world[Skeleton.parents[joint]] * other.ends[at]
      }
    }
    return Self.local(world)
  }

  private static func local(_ world: [Quaternion]) -> [Quaternion] {
    (0..<joints).map { joint in
      let parent = Skeleton.parents[joint]
      return parent < 0 ? world[joint] : (world[parent].inverse * world[joint]).normalized
    }
  }

  private static func world(_ local: [Quaternion], _ base: Int) -> [Quaternion] {
    var world: [Quaternion] = []
    for joint in 0..<joints {
      let parent = Skeleton.parents[joint]
      world.append(parent < 0 ? local[base] : world[parent] * local[base + joint])
    }
    return world
  }
}

extension MotionClip {
  /// No bone of a person turns faster about itself [rad/s].
  private static let fastestTwist = 1500 / 180 * Double.pi
  /// The time to each side over which a flip is spread [s].
  private static let flipTime = 0.13

  /// The clip where bones that were flipped about themselves turn slowly.
  ///
  /// Rotations that are fitted to positions flip a forearm that is folded all the way, since nothing shows its twist.
  /// Joints stay where they are; a clip without flips stays as it is.
  package func withoutFlips() -> MotionClip {
    // Far from the origin single precision is coarse.
    var still = self
    for frame in still.rootTranslations.indices { still.rootTranslations[frame] = .zero }
    let reach = max(1, Int((Self.flipTime * frameRate).rounded()))
    let motion = SwingTwist(MotionWindow(still, frames: 0..<frameCount))
    guard let calm = motion.withoutFlips(above: Self.fastestTwist / frameRate, over: reach) else {
      return self
    }
    var result = self
    result.rotations = (0..<frameCount).flatMap { motion.with(calm, in: rotations, frame: $0) }
    return result
  }
}
