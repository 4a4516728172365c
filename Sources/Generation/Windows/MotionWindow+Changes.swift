import Foundation
import Geometry
import Motions

extension MotionWindow {
  /// Each joint's counterpart on the other side.
  private static let counterparts = Skeleton.Joint.allCases.map(\.mirrored.rawValue)

  /// What a mirror in the plane y = 0 shows, as `MotionClip.mirrored`.
  public var mirrored: MotionWindow {
    var copy = self
    let joints = Skeleton.jointCount
    let other = Self.counterparts
    copy.lengths = other.map { lengths[$0] }
    for frame in 0..<frames { copy.root[3 * frame + 1].negate() }
    rotations.withUnsafeBytes { source in
      copy.rotations.withUnsafeMutableBytes { target in
        for frame in 0..<frames {
          let base = frame * joints
          let pelvis = Self.quaternion(source, base)
          Self.set(target, base, SIMD4(pelvis.w, pelvis.z, pelvis.y, pelvis.x))
          for joint in 1..<joints {
            let q = Self.quaternion(source, base + other[joint])
            Self.set(target, base + joint, q * SIMD4(1, 1, -1, -1))
          }
        }
      }
    }
    return copy
  }

  /// Turns the window about the vertical and moves it on the ground so that its first frame faces
  /// along x and stands at x = y = 0, as `MotionClip.headingNormalized()`.
  public mutating func normalizeHeading() {
    guard frames > 0 else { return }
    let half = -heading / 2
    let turn = SIMD4(cos(half), 0, 0, sin(half))
    let (joints, count) = (Skeleton.jointCount, frames)
    let start = SIMD3(root[0], root[1], 0)
    for frame in 0..<count {
      let at = 3 * frame
      let moved = SIMD3(root[at], root[at + 1], root[at + 2]) - start
      let place = HumanFigure.rotated(moved, by: turn)
      for axis in 0..<3 { root[at + axis] = place[axis] }
    }
    rotations.withUnsafeMutableBytes { buffer in
      for frame in 0..<count {
        let q = Self.quaternion(UnsafeRawBufferPointer(buffer), frame * joints)
        let turned = HumanFigure.product(turn, q)
        Self.set(buffer, frame * joints, turned / (turned * turned).sum().squareRoot())
      }
    }
  }

  /// The direction that the pelvis faces in the first frame, about the vertical from x [rad].
  public var heading: Float {
    let pelvis = rotations.withUnsafeBytes { Self.quaternion($0, 0) }
    let forward = HumanFigure.rotated(SIMD3(0, 0, 1), by: pelvis)
    // Someone who lies on the back faces up; then the left side still tells the heading.
    if forward.x * forward.x + forward.y * forward.y > 0.25 { return atan2(forward.y, forward.x) }
    let left = HumanFigure.rotated(SIMD3(1, 0, 0), by: pelvis)
    return atan2(-left.x, left.y)
  }

  /// Makes the whole body larger, with the ways it goes, so that the feet stay on the ground.
  public mutating func scale(by factor: Float) {
    for index in lengths.indices { lengths[index] *= factor }
    for index in root.indices { root[index] *= factor }
  }

  /// The motion at other times, turned along the shorter arc and moved in straight lines.
  ///
  /// Times past the end hold the last pose.
  ///
  /// - Parameters:
  ///   - start: The time of the first frame [frames], at least 0.
  ///   - step: The time between frames [frames], at least 0.
  ///   - count: The frames to make.
  public func resampled(from start: Float, step: Float, count: Int) -> MotionWindow {
    precondition(start >= 0 && step >= 0 && frames > 0, "no times \(start), \(start + step), ...")
    let joints = Skeleton.jointCount
    var places = [Float](repeating: 0, count: 3 * count)
    var turns = [Float](repeating: 0, count: 4 * joints * count)
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
          for joint in 0..<joints {
            let a = Self.quaternion(source, before * joints + joint)
            let b = Self.quaternion(source, after * joints + joint)
            Self.set(target, frame * joints + joint, Self.interpolated(a, b, fraction))
          }
        }
      }
    }
    return MotionWindow(
      frames: count, root: places, rotations: turns, lengths: lengths, label: label,
      embedding: embedding)
  }

  /// The rotation a fraction of the way from one to another along the shorter arc (slerp).
  ///
  /// The weights sin(tφ)/sin(φ) by Eberly's series in cos φ - 1 ("A fast and accurate algorithm
  /// for computing SLERP", 2011), whose last coefficient is fitted; for neighbouring frames, far
  /// below a right angle, exact in single precision.
  @inline(__always)
  static func interpolated(
    _ a: SIMD4<Float>, _ b: SIMD4<Float>, _ fraction: Float
  ) -> SIMD4<Float> {
    let dot = (a * b).sum()
    let x = abs(dot) - 1
    let t = SIMD2(1 - fraction, fraction)
    let squares = t * t
    @inline(__always) func term(_ i: Float, _ fit: Float) -> SIMD2<Float> {
      (squares / (i * (2 * i + 1)) - i / (2 * i + 1)) * (x * fit)
    }
    var series = 1 + term(8, 1.8529811)
    series = 1 + series * term(7, 1)
    series = 1 + series * term(6, 1)
    series = 1 + series * term(5, 1)
    series = 1 + series * term(4, 1)
    series = 1 + series * term(3, 1)
    series = 1 + series * term(2, 1)
    series = 1 + series * term(1, 1)
    let weights = t * series
    let sum = a * weights.x + (dot < 0 ? -b : b) * weights.y
    return sum / (sum * sum).sum().squareRoot()
  }

  @inline(__always)
  private static func quaternion(_ buffer: UnsafeRawBufferPointer, _ index: Int) -> SIMD4<Float> {
    buffer.loadUnaligned(fromByteOffset: 16 * index, as: SIMD4<Float>.self)
  }

  @inline(__always)
  private static func set(
    _ buffer: UnsafeMutableRawBufferPointer, _ index: Int, _ q: SIMD4<Float>
  ) {
    buffer.storeBytes(of: q, toByteOffset: 16 * index, as: SIMD4<Float>.self)
  }
}
