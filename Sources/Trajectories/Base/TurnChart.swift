import Foundation
import Geometry

/// Three numbers for each rotation of a sequence that change evenly where the rotations do.
///
/// Seen from the first, a rotation is a turn about an axis that is the same for all, unwrapped, after a
/// tilt about an axis at a right angle to it: `R = turn(a) · tilt(x, y) · R[0]`. Of thirteen axes the one
/// is taken from which the rotations tilt least, the vertical before others, so that a cartwheel is a
/// turn as well.
struct TurnChart {
  private let first: Quaternion
  /// The frame whose z is the axis of the turn.
  private let frame: Quaternion
  /// The turn [rad] and the two parts of the tilt's vector [rad] of each rotation, one after another.
  let values: [Double]

  /// Beyond this a tilt says too little about the turn [rad].
  private static let greatestTilt = 2.9
  /// Another axis than the vertical is taken only where the greatest tilt is so much less [rad].
  private static let preference = 0.5

  /// The chart of rotations; nil where they turn through all directions, or there are none.
  init?(_ rotations: [Quaternion]) {
    guard let first = rotations.first else { return nil }
    self.first = first
    let seen = rotations.map { $0 * first.inverse }
    var best: (tilt: Double, frame: Quaternion)?
    for frame in Self.frames {
      let tilt = seen.reduce(0.0) { max($0, Self.tilt(Self.turned($1, frame))) }
      if tilt < best.map({ $0.tilt - Self.preference }) ?? .infinity { best = (tilt, frame) }
    }
    guard let best, best.tilt < Self.greatestTilt else { return nil }
    frame = best.frame
    var numbers: [Double] = []
    for rotation in seen {
      numbers += Self.numbers(
        of: Self.turned(rotation, best.frame), near: numbers.dropLast(2).last ?? 0)
    }
    values = numbers
  }

  /// The three numbers of a rotation, its turn within half a turn of another [rad].
  func numbers(of rotation: Quaternion, near turn: Double) -> [Double] {
    Self.numbers(of: Self.turned(rotation * first.inverse, frame), near: turn)
  }

  private static func numbers(of local: Quaternion, near other: Double) -> [Double] {
    let turn = local.twistAngle(about: .unitZ)
    let tilt = (Quaternion(angle: -turn, axis: .unitZ) * local).rotationVector
    return [other + remainder(turn - other, 2 * .pi), tilt.x, tilt.y]
  }

  /// The rotation that three numbers stand for.
  func rotation(_ numbers: ArraySlice<Double>) -> Quaternion {
    let start = numbers.startIndex
    let local =
      Quaternion(angle: numbers[start], axis: .unitZ)
      * Quaternion(rotationVector: [numbers[start + 1], numbers[start + 2], 0])
    return (frame * local * frame.inverse * first).normalized
  }

  private static func turned(_ rotation: Quaternion, _ frame: Quaternion) -> Quaternion {
    frame.inverse * rotation * frame
  }

  /// The angle between z and where the rotation puts it [rad].
  private static func tilt(_ local: Quaternion) -> Double {
    2 * atan2(hypot(local.x, local.y), hypot(local.w, local.z))
  }

  /// Frames whose z are the vertical, the other axes, and the diagonals of faces and cube.
  private static let frames: [Quaternion] = {
    var axes: [Vector3] = [.unitZ, .unitX, .unitY]
    for a in [-1.0, 1] { axes += [[1, a, 0], [1, 0, a], [0, 1, a], [1, a, 1], [1, a, -1]] }
    return axes.map { Quaternion(turning: .unitZ, into: $0 / $0.length) }
  }()
}
