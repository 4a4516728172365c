public import Geometry

/// The path of a floating base: a uniform cubic B-spline of places, and a cumulative one of rotations.
///
/// With control points P, at a share u of period k the place is the cubic B-spline of P[k] … P[k+3], and
/// the rotation is `P[k] exp(b₁ d₁) exp(b₂ d₂) exp(b₃ d₃)`, where `dⱼ = log(P[k+j−1]⁻¹ P[k+j])` and bⱼ are
/// the cumulative weights of the same B-spline (Kim, Kim and Shin, 1995). Unless the trajectory says
/// otherwise, the base is at rest at both ends.
public struct BaseCurve: Sendable, Hashable {
  /// Control points of the place [m], two more than samples.
  public let places: [Vector3]
  /// Control points of the rotation, two more than samples.
  public let rotations: [Quaternion]
  /// The time between samples [s].
  public let period: Double

  init(places: [Vector3], rotations: [Quaternion], period: Double) {
    precondition(
      places.count == rotations.count && places.count >= 3,
      "\(places.count) places, \(rotations.count) rotations of a base")
    (self.places, self.rotations, self.period) = (places, rotations, period)
  }

  /// The number of samples.
  public var sampleCount: Int { places.count - 2 }

  /// The pose at a time [s]; before the start and after the end that of the nearer end.
  public func pose(at time: Double) -> Pose {
    let (piece, u) = piece(at: time)
    let v = 1 - u
    func p(_ i: Int) -> Vector3 { places[min(piece + i, places.count - 1)] }
    // The weights sum to one, so that a constant stays exactly what it is.
    let offset =
      (v * v * v * (p(0) - p(1)) + (4 + v * v * (3 * v - 6)) * (p(2) - p(1))
        + u * u * u * (p(3) - p(1))) / 6
    var rotation = rotations[piece]
    for (weight, step) in zip(Self.cumulativeWeights(u), steps(from: piece)) where step != .zero {
      rotation = rotation * Quaternion(rotationVector: weight * step)
    }
    return Pose(rotation: rotation.normalized, translation: p(1) + offset)
  }

  /// The angular velocity in the base's own frame at a time [rad/s].
  public func angularVelocity(at time: Double) -> Vector3 {
    let (piece, u) = piece(at: time)
    let steps = steps(from: piece)
    let weights = Self.cumulativeWeights(u)
    let rates = [(1 - u) * (1 - u) / 2, 0.5 + u * (1 - u), u * u / 2]
    var velocity = Vector3.zero
    for index in 0..<3 {
      let turn = Quaternion(rotationVector: weights[index] * steps[index])
      velocity = turn.inverse * velocity + rates[index] * steps[index]
    }
    return velocity / period
  }

  /// The poses at the samples.
  public var samples: (translations: [Vector3], rotations: [Quaternion]) {
    let poses = (0..<sampleCount).map { pose(at: Double($0) * period) }
    return (poses.map(\.translation), poses.map(\.rotation))
  }

  private func piece(at time: Double) -> (index: Int, share: Double) {
    let pieces = sampleCount - 1
    let place = time / period
    guard place > 0, pieces > 0 else { return (0, 0) }
    guard place < Double(pieces) else { return (pieces - 1, 1) }
    return (Int(place), place - Double(Int(place)))
  }

  /// The turns between the four control points of a piece [rad].
  private func steps(from piece: Int) -> [Vector3] {
    (0..<3).map { index in
      let next = min(piece + index + 1, rotations.count - 1)
      return Self.step(rotations[min(piece + index, rotations.count - 1)], rotations[next])
    }
  }

  /// The turn from one rotation to another, in the frame of the first [rad].
  ///
  /// Exactly zero between equal ones, whatever rounding says.
  static func step(_ a: Quaternion, _ b: Quaternion) -> Vector3 {
    a == b ? .zero : (a.inverse * b).rotationVector
  }

  private static func cumulativeWeights(_ u: Double) -> [Double] {
    let v = 1 - u
    return [1 - v * v * v / 6, (1 + u * (3 + u * (3 - 2 * u))) / 6, u * u * u / 6]
  }
}
