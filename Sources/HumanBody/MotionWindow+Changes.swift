import Foundation
import Geometry
import Motions

extension MotionWindow {
  /// The index of each joint's counterpart on the other side of the body.
  private static let counterparts = Skeleton.Joint.allCases.map(\.mirrored.rawValue)

  /// The mirror image in the plane y = 0, as `MotionClip.mirrored`.
  public var mirrored: MotionWindow {
    var copy = self
    let joints = Skeleton.jointCount
    let other = Self.counterparts
    copy.offsets = other.flatMap { joint -> [Float] in
      let offset = self.offset(joint)
      return [-offset.x, offset.y, offset.z]
    }
    for frame in 0..<frames { copy.root[3 * frame + 1].negate() }
    for at in stride(from: 0, to: contacts.count, by: 2) { copy.contacts.swapAt(at, at + 1) }
    rotations.withUnsafeBytes { source in
      copy.rotations.withUnsafeMutableBytes { target in
        for frame in 0..<frames {
          let base = frame * joints
          let pelvis = Self.quaternion(source, base)
          Self.set(target, base, FloatQuaternion(SkeletonMirror.root(pelvis.components)))
          for joint in 1..<joints {
            let q = Self.quaternion(source, base + other[joint])
            Self.set(target, base + joint, FloatQuaternion(SkeletonMirror.joint(q.components)))
          }
        }
      }
    }
    return copy
  }

  /// Rotates the window about the vertical and translates it horizontally so that its first frame
  /// faces along x at x = y = 0, as `MotionClip.headingNormalized()`.
  public mutating func normalizeHeading() {
    guard frames > 0 else { return }
    let half = -heading() / 2
    let turn = FloatQuaternion(aboutZ: cos(half), sin(half))
    let (joints, count) = (Skeleton.jointCount, frames)
    let start = SIMD3(root[0], root[1], 0)
    for frame in 0..<count {
      let at = 3 * frame
      let moved = SIMD3(root[at], root[at + 1], root[at + 2]) - start
      let place = turn * moved
      for axis in 0..<3 { root[at + axis] = place[axis] }
    }
    rotations.withUnsafeMutableBytes { buffer in
      for frame in 0..<count {
        let q = Self.quaternion(UnsafeRawBufferPointer(buffer), frame * joints)
        Self.set(buffer, frame * joints, (turn * q).normalized)
      }
    }
  }

  /// The direction that the pelvis faces in a frame, about the vertical from x [rad].
  ///
  /// Where a person lies on the back and faces up, the heading follows from the left side.
  public func heading(frame: Int = 0) -> Float {
    let pelvis = rotation(frame * Skeleton.jointCount)
    let facing = SkeletonHeading.direction(forward: pelvis * [0, 0, 1], left: pelvis * [1, 0, 0])
    return atan2(facing.y, facing.x)
  }

  /// Scales the body and its path by one factor, so that the feet stay on the ground.
  public mutating func scale(by factor: Float) {
    for index in offsets.indices { offsets[index] *= factor }
    for index in root.indices { root[index] *= factor }
  }

  /// The motion resampled: slerp for rotations, linear interpolation for the root and contacts.
  ///
  /// Times past the end give the last pose.
  ///
  /// - Parameters:
  ///   - start: The time of the first frame [frames], at least 0.
  ///   - step: The time between frames [frames], at least 0.
  ///   - count: The number of frames of the result.
  public func resampled(from start: Float, step: Float, count: Int) -> MotionWindow {
    precondition(start >= 0 && step >= 0 && frames > 0, "no times \(start), \(start + step), ...")
    let joints = Skeleton.jointCount
    var places = [Float](repeating: 0, count: 3 * count)
    var turns = [Float](repeating: 0, count: 4 * joints * count)
    let parts = contacts.isEmpty ? 0 : Self.contactParts.count
    var stands = [Float](repeating: 0, count: parts * count)
    rotations.withUnsafeBytes { source in
      turns.withUnsafeMutableBytes { target in
        for frame in 0..<count {
          let time = min(start + step * Float(frame), Float(frames - 1))
          let before = Int(time)
          let after = min(before + 1, frames - 1)
          let fraction = time - Float(before)
          for axis in 0..<3 {
            let (a, b) = (root[3 * before + axis], root[3 * after + axis])
            places[3 * frame + axis] = a + (b - a) * fraction
          }
          for part in 0..<parts {
            let (a, b) = (contacts[parts * before + part], contacts[parts * after + part])
            stands[parts * frame + part] = a + (b - a) * fraction
          }
          for joint in 0..<joints {
            let a = Self.quaternion(source, before * joints + joint)
            let b = Self.quaternion(source, after * joints + joint)
            Self.set(target, frame * joints + joint, a.interpolated(to: b, fraction: fraction))
          }
        }
      }
    }
    return MotionWindow(
      frames: count, root: places, rotations: turns, offsets: offsets, label: label,
      embedding: embedding, contacts: stands)
  }

  @inline(__always)
  private static func quaternion(_ buffer: UnsafeRawBufferPointer, _ index: Int) -> FloatQuaternion
  {
    FloatQuaternion(buffer.loadUnaligned(fromByteOffset: 16 * index, as: SIMD4<Float>.self))
  }

  @inline(__always)
  private static func set(
    _ buffer: UnsafeMutableRawBufferPointer, _ index: Int, _ q: FloatQuaternion
  ) {
    buffer.storeBytes(of: q.components, toByteOffset: 16 * index, as: SIMD4<Float>.self)
  }
}
