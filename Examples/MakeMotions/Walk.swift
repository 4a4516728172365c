import Foundation
import Geometry
import Motions

/// Steady walking along x: feet roll over heel and ball, the pelvis rides above them.
struct Walk {
  private let skeleton: Skeleton
  /// Two steps [s].
  private let cycle = 1.12
  /// Two steps [m].
  private let stride: Double
  /// The part of a cycle in which a foot is on the ground.
  private let stance = 0.62
  private let strikePitch = degrees(-16)
  private let pushPitch = degrees(45)

  init(_ skeleton: Skeleton) {
    self.skeleton = skeleton
    stride = 0.62 * skeleton.stature
  }

  /// Poses the figure at a time [s].
  func pose(_ figure: inout Figure, _ time: Double) {
    let phase = time / cycle
    let turn = 2 * .pi * phase
    figure.leftFoot = foot(phase: phase, side: 1)
    figure.rightFoot = foot(phase: phase + 0.5, side: -1)
    // Lowest in double support (just after each heel strike), over the standing foot in between.
    let bob = -cos(2 * (turn - 2 * .pi * 0.06))
    let sway = sin(turn - 2 * .pi * 0.06)
    // The left foot strikes at phase 0, half a step ahead of the pelvis.
    figure.pelvis = [
      stride * phase, 0.018 * sway,
      skeleton.standingPelvisHeight - 0.045 + 0.016 * bob,
    ]
    let yaw = degrees(5) * cos(turn)
    figure.pelvisTurn =
      Figure.y(-yaw) * Figure.x(degrees(3)) * Figure.z(degrees(2) * sin(turn))
    figure.turns = Figure.relaxedArms(
      left: degrees(2 - 19 * cos(turn)), right: degrees(2 + 19 * cos(turn)), elbow: degrees(20))
    figure.turns[.spine1] = Figure.y(yaw * 0.6)
    figure.turns[.spine2] = Figure.y(yaw * 0.8) * Figure.x(degrees(1.5))
    figure.turns[.spine3] = Figure.y(yaw * 0.6)
    figure.turns[.neck] = Figure.y(-yaw)
  }

  /// A foot that strikes at whole phases.
  private func foot(phase: Double, side: Double) -> Figure.Foot {
    let step = phase.rounded(.down)
    let s = phase - step
    let y = side * (skeleton.restOffset(of: .leftHip).x - 0.015)
    // The flat foot's ankle is a little ahead of the pelvis's place in mid-stance.
    let flat: Vector3 = [stride * (step + (side < 0 ? -0.5 : 0) + 0.5 * stance) - 0.02, y, 0]
    guard s >= stance else { return planted(s, at: flat) }
    let from = planted(stance, at: flat)
    let to = planted(0, at: flat + [stride, 0, 0])
    let u = (s - stance) / (1 - stance)
    // Leaves the ground with some speed already and lands without (a cubic).
    let along = u * u * (3 - 2 * u) + 0.5 * u * (1 - u) * (1 - u)
    var ankle = from.ankle + (to.ankle - from.ankle) * along
    ankle.z += 0.055 * sin(.pi * u) * sin(.pi * u)
    let pitch =
      from.pitch + (degrees(4) - from.pitch) * Curve.rise(u, from: 0, to: 0.6)
      + (to.pitch - degrees(4)) * Curve.rise(u, from: 0.4, to: 1)
    return Figure.Foot(ankle: ankle, pitch: pitch, yaw: side * degrees(5))
  }

  /// A foot on the ground: on its heel, flat, then on its ball.
  private func planted(_ s: Double, at flat: Vector3) -> Figure.Foot {
    let height = Figure.ankleHeight(skeleton)
    let toe = skeleton.restOffset(of: .leftFoot)
    let ball: Vector3 = [toe.z, 0, toe.y]
    let heel: Vector3 = [-0.030 * skeleton.stature, 0, -height]
    let down = strikePitch * (1 - Curve.rise(s, from: -0.06, to: 0.12))
    let push = pushPitch * Curve.rise(s, from: 0.32, to: 0.66)
    let pivot = push > 0 ? ball : heel
    let pitch = push + down
    // Pitch turns x towards -z.
    let turned: Vector3 = [
      pivot.x * cos(pitch) + pivot.z * sin(pitch), 0, pivot.z * cos(pitch) - pivot.x * sin(pitch),
    ]
    return Figure.Foot(
      ankle: flat + [0, 0, height] + pivot - turned, pitch: pitch,
      yaw: flat.y > 0 ? degrees(5) : degrees(-5))
  }
}
