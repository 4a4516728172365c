import Foundation
import Geometry
import Motions

/// The motions that ship, each a function of time.
enum ExampleMotion: String, CaseIterable {
  case wave, squat, reach, walk

  static let frameRate = 30.0

  /// How long the motion lasts [s].
  var duration: Double {
    switch self {
    case .wave: 6
    case .squat: 7
    case .reach: 8
    case .walk: 6
    }
  }

  /// The motion on a skeleton.
  func clip(_ skeleton: Skeleton) -> MotionClip {
    var clip = MotionClip(
      name: rawValue, skeleton: skeleton, frameRate: Self.frameRate, rootTranslations: [],
      rotations: [], label: rawValue)
    for frame in 0...Int(duration * Self.frameRate) {
      let time = Double(frame) / Self.frameRate
      var figure = Figure(standing: skeleton)
      switch self {
      case .wave: Self.wave(&figure, time)
      case .squat: Self.squat(&figure, time)
      case .reach: Self.reach(&figure, time)
      case .walk: Walk(skeleton).pose(&figure, time)
      }
      Self.breathe(&figure, time)
      figure.append(to: &clip)
    }
    return clip
  }

  /// Nobody stands quite still.
  private static func breathe(_ figure: inout Figure, _ time: Double) {
    let breath = Curve.sine(time, frequency: 0.25)
    let chest = figure.turns[.spine3] ?? .identity
    figure.turns[.spine3] = chest * Figure.x(degrees(-0.8) * breath)
    let head = figure.turns[.head] ?? .identity
    figure.turns[.head] = head * Figure.y(degrees(2) * Curve.sine(time, frequency: 0.13))
  }

  /// The right hand waves beside the head, the weight goes to the left leg.
  private static func wave(_ figure: inout Figure, _ time: Double) {
    let up = Curve.plateau(time, up: 0.4...1.4, down: 4.6...5.7)
    let swing = up * Curve.sine(time, frequency: 1.5)
    figure.pelvis.y += 0.02 * up
    figure.blend(
      [
        .rightCollar: Figure.z(degrees(-8)),
        .rightShoulder: Figure.z(degrees(-5)) * Figure.y(degrees(20)) * Figure.x(degrees(-80)),
        .rightElbow: Figure.y(degrees(75 + 22 * swing)),
        .rightWrist: Figure.y(degrees(12 * swing)),
        .spine2: Figure.z(degrees(3)), .head: Figure.z(degrees(-4)) * Figure.y(degrees(-6)),
      ], up)
  }

  /// Two squats with the arms held forward.
  private static func squat(_ figure: inout Figure, _ time: Double) {
    let depth =
      Curve.plateau(time, up: 0.5...1.9, down: 2.1...3.4)
      + Curve.plateau(time, up: 3.6...5.0, down: 5.2...6.5)
    for (foot, side) in [(\Figure.leftFoot, 1.0), (\Figure.rightFoot, -1.0)] {
      figure[keyPath: foot].ankle.y += 0.05 * side
      figure[keyPath: foot].yaw = degrees(14) * side
    }
    figure.pelvis.z -= 0.01 + 0.36 * depth
    figure.pelvis.x -= 0.12 * depth
    figure.pelvisTurn = Figure.x(degrees(32) * depth)
    figure.blend(
      [
        .leftShoulder: Figure.y(degrees(-75)) * Figure.z(degrees(12)),
        .rightShoulder: Figure.y(degrees(75)) * Figure.z(degrees(-12)),
        .leftElbow: Figure.y(degrees(-20)), .rightElbow: Figure.y(degrees(20)),
        .spine1: Figure.x(degrees(4)), .spine2: Figure.x(degrees(6)),
        .neck: Figure.x(degrees(-14)), .head: Figure.x(degrees(-14)),
      ], depth)
  }

  /// The right hand reaches up and forward, then the left hand down to the side.
  private static func reach(_ figure: inout Figure, _ time: Double) {
    let high = Curve.plateau(time, up: 0.5...1.9, down: 2.4...3.7)
    let low = Curve.plateau(time, up: 4.0...5.4, down: 5.8...7.3)
    figure.pelvis += [0.02 * high, 0.03 * low, -0.006 * high - 0.10 * low]
    figure.pelvisTurn = Figure.x(degrees(14) * low) * Figure.y(degrees(8) * (high + low))
    figure.blend(
      [
        .rightCollar: Figure.z(degrees(-14)),
        .rightShoulder: Figure.y(degrees(70)) * Figure.z(degrees(-38)),
        .rightElbow: Figure.y(degrees(14)),
        .spine1: Figure.y(degrees(5)), .spine2: Figure.x(degrees(3)) * Figure.y(degrees(6)),
        .head: Figure.x(degrees(-16)) * Figure.y(degrees(-10)),
      ], high)
    figure.blend(
      [
        .leftCollar: Figure.z(degrees(-4)),
        .leftShoulder: Figure.y(degrees(-38)) * Figure.z(degrees(-52)),
        .leftElbow: Figure.y(degrees(-18)),
        .spine1: Figure.x(degrees(12)) * Figure.z(degrees(-5)),
        .spine2: Figure.x(degrees(10)) * Figure.z(degrees(-6)),
        .head: Figure.x(degrees(8)) * Figure.y(degrees(14)),
      ], low)
  }
}
