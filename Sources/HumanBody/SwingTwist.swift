import Autodiff
import Foundation
package import Geometry
import Motions

/// Rotations split into swing, which joint positions determine, and twist about the bones' axes.
///
/// The swing is that of `BoneDirectionFit`, as smooth as the positions are. The twist angle of each
/// bone about its own axis, and the rotations of joints without children, do not change positions.
package struct SwingTwist {
  private static let joints = BodyModel.jointCount
  /// The only child of a joint; nil where it has none or several.
  private static let onlyChild: [Int?] = (0..<joints).map { joint in
    let children = (0..<joints).filter { Skeleton.parents[$0] == joint }
    return children.count == 1 ? children[0] : nil
  }
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
    axes = Self.onlyChild.map { child in
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

  /// The same with twist angles and end rotations averaged over this many frames to each side,
  /// since a network's predictions of them vary more from frame to frame than real motion does.
  package func steadied(over reach: Int) -> SwingTwist {
    var result = self
    for frame in 0..<frames {
      let range = max(0, frame - reach)...min(frames - 1, frame + reach)
      for joint in 0..<Self.joints {
        let at = frame * Self.joints + joint
        let around = range.map { $0 * Self.joints + joint }
        result.twists[at] = around.reduce(0) { $0 + twists[$1] } / Double(around.count)
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
    return (0..<Self.joints).map { joint in
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
