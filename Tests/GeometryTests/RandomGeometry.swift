import Foundation
import Geometry

/// Random geometry from a seed (SplitMix64).
struct RandomGeometry: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func number(_ range: ClosedRange<Double> = -1...1) -> Double {
    .random(in: range, using: &self)
  }

  mutating func vector(_ size: Double = 1) -> Vector3 {
    [number(-size...size), number(-size...size), number(-size...size)]
  }

  mutating func direction() -> Vector3 {
    while true {
      let candidate = vector()
      guard candidate.length > 0.1, candidate.length < 1 else { continue }
      if let direction = candidate.normalized { return direction }
    }
  }

  mutating func rotation() -> Quaternion {
    Quaternion(angle: number(-7...7), axis: direction())
  }

  mutating func pose() -> Pose { Pose(rotation: rotation(), translation: vector(3)) }
}

/// A matrix of three rows, multiplied out the long way: an oracle that shares nothing with
/// quaternions.
struct Matrix {
  var rows: [[Double]]

  static func turn(_ axis: Int, _ angle: Double) -> Matrix {
    let (c, s) = (cos(angle), sin(angle))
    switch axis {
    case 0: return Matrix(rows: [[1, 0, 0], [0, c, -s], [0, s, c]])
    case 1: return Matrix(rows: [[c, 0, s], [0, 1, 0], [-s, 0, c]])
    default: return Matrix(rows: [[c, -s, 0], [s, c, 0], [0, 0, 1]])
    }
  }

  static func * (a: Matrix, b: Matrix) -> Matrix {
    Matrix(
      rows: (0..<3).map { i in
        (0..<3).map { j in (0..<3).reduce(0) { $0 + a.rows[i][$1] * b.rows[$1][j] } }
      })
  }

  func column(_ index: Int) -> Vector3 { [rows[0][index], rows[1][index], rows[2][index]] }

  func distance(to rotation: Quaternion) -> Double {
    let columns = rotation.columns
    return max(
      (column(0) - columns.0).length, (column(1) - columns.1).length,
      (column(2) - columns.2).length)
  }
}
