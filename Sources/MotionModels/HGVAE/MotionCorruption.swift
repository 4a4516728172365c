import Foundation
import Geometry
import HumanBody
public import Learning
import Motions

/// Damage as trackers do it, made on clean motion from a seed.
public enum MotionCorruption: String, CaseIterable, Sendable, Hashable, Codable {
  /// Joints or a limb are not seen for 0.5 to 1.5 s.
  case dropOut
  /// Both arms or both legs change their sides for 0.3 to 1 s.
  case swap
  /// A joint jumps by 0.15 to 0.5 m for one to three frames, up to four times.
  case pop
  /// A joint wanders off by 0.15 to 0.35 m within 0.7 to 1.5 s and comes back at once.
  case drift
  /// All joints shake by 15 to 30 mm.
  case jitter
  /// A limb stops in the world for 0.5 to 1 s while it should move by at least 0.1 m.
  case freeze
  /// A knee bends forwards by 40 to 80°.
  case bend
  /// The motion runs backwards.
  case reverse

  /// The classes that `repair` is measured on.
  public static let repairable: [MotionCorruption] = [.dropOut, .swap, .pop, .drift]

  /// What was damaged.
  public struct Damage: Sendable {
    /// The positions [m], [frames, 22, 3].
    public var positions: [Float]
    /// The confidences, [frames, 22]; 0 where a joint is missing.
    public var confidences: [Float]
    /// Whether a joint was touched, [frames, 22].
    public var isTouched: [Bool]
  }

  private static let joints = Skeleton.jointCount
  /// The joints of arms and legs from the trunk outwards, left and right.
  private static let arms = (left: [18, 20], right: [19, 21])
  private static let legs = (left: [4, 7, 10], right: [5, 8, 11])

  /// Damages positions [frames, 22, 3] in metres at 30 Hz; at least 30 frames.
  ///
  /// - Returns: nil where the motion has nothing that this damage shows on, such as a limb that
  ///   moves.
  public func applied(to positions: [Float], using random: inout RandomSource) -> Damage? {
    let frames = positions.count / (3 * Self.joints)
    precondition(frames >= 30, "\(frames) frames are too few to damage")
    var damage = Damage(
      positions: positions, confidences: [Float](repeating: 1, count: frames * Self.joints),
      isTouched: [Bool](repeating: false, count: frames * Self.joints))
    switch self {
    case .dropOut: dropOut(&damage, frames, using: &random)
    case .swap: swap(&damage, frames, using: &random)
    case .pop: pop(&damage, frames, using: &random)
    case .drift: drift(&damage, frames, using: &random)
    case .jitter: jitter(&damage, using: &random)
    case .freeze: guard freeze(&damage, frames, using: &random) else { return nil }
    case .bend: bend(&damage, frames, using: &random)
    case .reverse: reverse(&damage, frames)
    }
    return damage
  }

  // MARK: - Kinds

  private func dropOut(_ d: inout Damage, _ frames: Int, using random: inout RandomSource) {
    let limb = Occlusion.limbs[Int(random.next() % UInt64(Occlusion.limbs.count))]
    let single = 1 + Int(random.next() % UInt64(Self.joints - 1))
    for joint in random.uniform() < 0.6 ? limb : [single] {
      for frame in Self.range(frames, 15...45, using: &random) {
        let at = frame * Self.joints + joint
        d.confidences[at] = 0
        d.isTouched[at] = true
      }
    }
  }

  private func swap(_ d: inout Damage, _ frames: Int, using random: inout RandomSource) {
    let (left, right) = random.uniform() < 0.5 ? Self.arms : Self.legs
    for frame in Self.range(frames, 9...30, using: &random) {
      for (a, b) in zip(left, right) {
        let (i, j) = (frame * Self.joints + a, frame * Self.joints + b)
        for axis in 0..<3 { d.positions.swapAt(3 * i + axis, 3 * j + axis) }
        (d.isTouched[i], d.isTouched[j]) = (true, true)
      }
    }
  }

  private func pop(_ d: inout Damage, _ frames: Int, using random: inout RandomSource) {
    for _ in 0..<(1 + Int(random.next() % 4)) {
      let joint = 1 + Int(random.next() % UInt64(Self.joints - 1))
      let away = Self.direction(using: &random) * random.uniform(from: 0.15, to: 0.5)
      for frame in Self.range(frames, 1...3, using: &random) {
        d.move(frame * Self.joints + joint, by: away)
      }
    }
  }

  private func drift(_ d: inout Damage, _ frames: Int, using random: inout RandomSource) {
    let joint = 1 + Int(random.next() % UInt64(Self.joints - 1))
    let away = Self.direction(using: &random) * random.uniform(from: 0.15, to: 0.35)
    let range = Self.range(frames, 20...45, using: &random)
    for frame in range {
      let share = Float(frame - range.lowerBound + 1) / Float(range.count)
      d.move(frame * Self.joints + joint, by: away * share)
    }
  }

  private func jitter(_ d: inout Damage, using random: inout RandomSource) {
    let size = random.uniform(from: 0.015, to: 0.03)
    for index in d.isTouched.indices {
      d.move(index, by: SIMD3(random.normal(), random.normal(), random.normal()) * size)
    }
  }

  private func freeze(
    _ d: inout Damage, _ frames: Int, using random: inout RandomSource
  ) -> Bool {
    for _ in 0..<20 {
      let limbs = [Self.arms.left, Self.arms.right, Self.legs.left, Self.legs.right]
      let limb = limbs[Int(random.next() % 4)]
      let range = Self.range(frames, 15...30, using: &random)
      let end = limb[limb.count - 1]
      let start = d.place(range.lowerBound * Self.joints + end)
      let reach = range.map { (d.place($0 * Self.joints + end) - start).length }.max() ?? 0
      guard reach >= 0.1 else { continue }
      for joint in limb {
        let held = d.place(range.lowerBound * Self.joints + joint)
        for frame in range.dropFirst() {
          let at = frame * Self.joints + joint
          d.move(at, by: held - d.place(at))
        }
      }
      return true
    }
    return false
  }

  private func bend(_ d: inout Damage, _ frames: Int, using random: inout RandomSource) {
    let chain = random.uniform() < 0.5 ? [1, 4, 7, 10] : [2, 5, 8, 11]
    let angle = random.uniform(from: 40, to: 80) * Float.pi / 180
    let range = Self.range(frames, 15...40, using: &random)
    for frame in range {
      func at(_ joint: Int) -> Int { frame * Self.joints + joint }
      let left = d.place(at(1)) - d.place(at(2))
      let thigh = d.place(at(chain[1])) - d.place(at(chain[0]))
      let shank = d.place(at(chain[2])) - d.place(at(chain[1]))
      guard let down = thigh.normalized,
        let ahead = (left.cross([0, 0, 1]) - down * left.cross([0, 0, 1]).dot(down)).normalized
      else { continue }
      // Grows and falls over a quarter of the time each, so that nothing jumps.
      let progress = Float(frame - range.lowerBound) / Float(max(1, range.count - 1))
      let part = min(1, 4 * min(progress, 1 - progress))
      let bent = down * cos(angle * part) + ahead * sin(angle * part)
      let natural = shank.normalized ?? down
      let direction = (natural * (1 - part) + bent * part).normalized ?? bent
      let shift = direction * shank.length - shank
      d.move(at(chain[2]), by: shift)
      d.move(at(chain[3]), by: shift)
    }
  }

  private func reverse(_ d: inout Damage, _ frames: Int) {
    let width = 3 * Self.joints
    let old = d.positions
    for frame in 0..<frames {
      let from = (frames - 1 - frame) * width
      d.positions.replaceSubrange(
        (frame * width)..<((frame + 1) * width), with: old[from..<(from + width)])
    }
    for index in d.isTouched.indices { d.isTouched[index] = true }
  }

  // MARK: - Draws

  /// A range of frames of a length within these bounds, with a frame left at either end.
  private static func range(
    _ frames: Int, _ lengths: ClosedRange<Int>, using random: inout RandomSource
  ) -> Range<Int> {
    let span = UInt64(lengths.upperBound - lengths.lowerBound + 1)
    let length = min(frames - 2, lengths.lowerBound + Int(random.next() % span))
    let start = 1 + Int(random.next() % UInt64(frames - 1 - length))
    return start..<(start + length)
  }

  private static func direction(using random: inout RandomSource) -> SIMD3<Float> {
    SIMD3(random.normal(), random.normal(), random.normal()).normalized ?? [1, 0, 0]
  }
}

extension MotionCorruption.Damage {
  func place(_ at: Int) -> SIMD3<Float> {
    [positions[3 * at], positions[3 * at + 1], positions[3 * at + 2]]
  }

  mutating func move(_ at: Int, by shift: SIMD3<Float>) {
    for axis in 0..<3 { positions[3 * at + axis] += shift[axis] }
    isTouched[at] = true
  }
}
