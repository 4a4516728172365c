import Foundation
import Geometry

@testable import Motions

/// Feet of a made-up walker as functions of time, so that they can be seen at any rate.
struct Walker {
  /// The duration of a stance and of a swing [s].
  var (stance, swing) = (0.6, 0.35)
  /// The length of a step of one foot [m].
  var stride = 1.2
  /// The height that each stance is above the one before it, either foot's [m].
  var rise = 0.0
  /// The height of the floor below the first stance [m].
  var floor = 0.0
  /// The heading [rad].
  var heading = 0.0
  /// The duration [s].
  var duration = 6.0
  /// The amplitude of noise that depends on the time only [m].
  var noise = 0.0

  static func random(seed: UInt64) -> Walker {
    var random = SeededGenerator(seed)
    return Walker(
      stance: .random(in: 0.3...0.9, using: &random),
      swing: .random(in: 0.25...0.5, using: &random),
      stride: .random(in: 0.7...1.8, using: &random),
      floor: .random(in: -2...2, using: &random), heading: .random(in: -3...3, using: &random),
      noise: 0.0015)
  }

  /// The stances of a foot within the duration: when they begin and end, and where.
  func stances(left: Bool) -> [(start: Double, end: Double, place: Vector3)] {
    let cycle = stance + swing
    return (-1...Int(duration / cycle) + 1).compactMap { index in
      let start = Double(index) * cycle + (left ? 0 : cycle / 2)
      guard start + stance > 0.2, start < duration - 0.2 else { return nil }
      return (max(0, start), min(duration, start + stance), place(index, left: left))
    }
  }

  private func place(_ index: Int, left: Bool) -> Vector3 {
    let step = Double(index) + (left ? 0 : 0.5)
    let flat = Vector3(step * stride, left ? 0.1 : -0.1, 0.02 + floor + 2 * rise * step)
    return Quaternion(angle: heading, axis: .unitZ) * flat
  }

  /// The positions of ball and ankle [m].
  func foot(left: Bool, time: Double) -> (ball: Vector3, ankle: Vector3) {
    let cycle = stance + swing
    let phase = (time - (left ? 0 : cycle / 2)) / cycle
    let index = Int(phase.rounded(.down))
    let inCycle = (phase - phase.rounded(.down)) * cycle
    let from = place(index, left: left)
    var ball = from
    // The heel leaves the ground in the last quarter of the stance.
    var pitch = max(0, (inCycle - 0.75 * stance) / (0.25 * stance)) * 0.5
    if inCycle > stance {
      let s = (inCycle - stance) / swing
      let path = s * s * s * (10 - 15 * s + 6 * s * s)
      let to = place(index + 1, left: left)
      ball = from + (to - from) * path + Vector3(0, 0, 0.12 * sin(.pi * s) * sin(.pi * s))
      pitch = 0.5 * (1 - path)
    }
    let jitter = noise * Vector3(sin(71 * time), cos(83 * time), sin(97 * time + 1))
    let back =
      Quaternion(angle: heading, axis: .unitZ)
      * (Quaternion(angle: pitch, axis: .unitY) * Vector3(-0.12, 0, 0.046))
    return (ball + jitter, ball + back + jitter)
  }

  func tracks(rate: Double) -> ContactTracks {
    let times = (0...Int(duration * rate)).map { Double($0) / rate }
    let (left, right) = (
      times.map { foot(left: true, time: $0) }, times.map { foot(left: false, time: $0) }
    )
    return ContactTracks(
      leftAnkle: left.map(\.ankle), leftBall: left.map(\.ball), rightAnkle: right.map(\.ankle),
      rightBall: right.map(\.ball), frameRate: rate)
  }
}

/// Clips of the canonical figure.
enum StandingFigure {
  /// A figure that stands with its soles on z = 0 for some frames.
  static func clip(frames: Int, rate: Double = 30, heading: Double = 0) -> MotionClip {
    let turn = Quaternion(angle: heading, axis: .unitZ)
    var rotations: [Quaternion] = []
    for _ in 0..<frames {
      rotations.append(turn * Skeleton.worldFromBodyAtRest)
      rotations += Array(repeating: .identity, count: Skeleton.jointCount - 1)
    }
    let clip = MotionClip(
      name: "standing", skeleton: .canonical, frameRate: rate,
      rootTranslations: Array(repeating: .zero, count: frames), rotations: rotations)
    guard frames > 0 else { return clip }
    let ball = clip.jointPositions(frame: 0)[Skeleton.Joint.leftFoot.rawValue].z
    return clip.moved(by: [0, 0, 0.02 - ball])
  }
}

extension MotionClip {
  /// The clip moved by a vector [m], after a turn about the vertical [rad].
  func moved(by shift: Vector3, turned angle: Double = 0) -> MotionClip {
    let turn = Quaternion(angle: angle, axis: .unitZ)
    var copy = self
    for frame in 0..<frameCount {
      copy.rootTranslations[frame] = turn * rootTranslations[frame] + shift
      copy.rotations[frame * Skeleton.jointCount] =
        turn * rotations[frame * Skeleton.jointCount]
    }
    return copy
  }
}
