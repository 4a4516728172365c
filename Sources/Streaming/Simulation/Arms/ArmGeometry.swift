import Foundation

/// The geometry of the simulated arms, written independently of the driver's, so that each checks
/// the other.
struct ArmGeometry: Sendable {
  var upper: Double
  var fore: Double
  /// From the base's axis to the shoulder, and from the wrist to the tool point [mm].
  var ahead: Double
  /// The shoulder's height less the tool's drop [mm].
  var rise: Double
  var left: ClosedRange<Double>
  var right: ClosedRange<Double>
  var between: ClosedRange<Double>
  /// Whether forward is +y (Metal).
  var isTurned = false

  /// The geometry of the V4 firmware with the end effector of a mode; before 4.10.0 left and right
  /// begin at 0.
  static func v4(
    mode: Int, version: SimulatedUArm.Version = .v4100
  ) -> ArmGeometry {
    let least: Double = version.isLatest ? -4 : 0
    let tools: [(Double, Double)] = [
      (56.65, 74.55), (64.4, 51.04), (56.5, 74.43), (69.5, 43), (76.5, 39), (76, 73.4),
      (54.5, 77.2), (56.65, 74.55), (0, 0), (56.65, 74.55),
    ]
    let (front, drop) = tools.indices.contains(mode) ? tools[mode] : tools[0]
    return ArmGeometry(
      upper: 142.07, fore: 158.81, ahead: 13.2 + front, rise: 107.4 - drop, left: least...135.6,
      right: least...119.9, between: 10...151)
  }
  static let v3 = ArmGeometry(
    upper: 142.07, fore: 158.81, ahead: 69.85, rise: 32.05, left: 0...135.6, right: 0...119.9,
    between: 10...151)
  static let swift = ArmGeometry(
    upper: 142.07, fore: 158.8, ahead: 39.4, rise: 88.9, left: 0...130, right: 0...120,
    between: 10...151)
  static let metal = ArmGeometry(
    upper: 148.25, fore: 160.2, ahead: 46.17, rise: 107.45, left: 5...120, right: 5...120,
    between: 30...150, isTurned: true)

  /// The tool point of base, left, right [mm].
  func tip(_ q: SIMD3<Double>) -> SIMD3<Double> {
    let radian = Double.pi / 180
    let out = ahead + upper * cos(q.y * radian) + fore * cos(q.z * radian)
    let up = rise + upper * sin(q.y * radian) - fore * sin(q.z * radian)
    let turn = (isTurned ? q.x : q.x - 90) * radian
    return SIMD3(out * cos(turn), out * sin(turn), up)
  }

  /// Base, left, right for a tool point, by the triangle of the two links; nil if out of reach.
  func solve(_ tip: SIMD3<Double>) -> SIMD3<Double>? {
    let flat = (tip.x * tip.x + tip.y * tip.y).squareRoot() - ahead
    let up = tip.z - rise
    let span = (flat * flat + up * up).squareRoot()
    guard abs(upper - fore) < span, span < upper + fore else { return nil }
    guard isTurned ? tip.y >= 0 : tip.x >= 0 else { return nil }
    let inner = acos((upper * upper + fore * fore - span * span) / (2 * upper * fore))
    let atShoulder = atan2(fore * sin(inner), upper - fore * cos(inner))
    let slope = atan2(up, flat)
    let left = slope + atShoulder
    let right = Double.pi - inner - left
    let turn = atan2(tip.y, tip.x) * 180 / .pi + (isTurned ? 0 : 90)
    return SIMD3(turn, left * 180 / .pi, right * 180 / .pi)
  }

  /// Whether the firmware accepts angles.
  func isLegal(_ q: SIMD3<Double>) -> Bool {
    let slack = 0.01
    func holds(_ range: ClosedRange<Double>, _ value: Double) -> Bool {
      range.lowerBound - slack <= value && value <= range.upperBound + slack
    }
    return holds(left, q.y) && holds(right, q.z) && holds(between, 180 - q.y - q.z)
      && holds(0...180, q.x)
  }
}
