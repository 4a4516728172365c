import Foundation

/// The firmware's kinematics of one uArm model: motor angles and the tool point.
///
/// In millimetres and degrees, as on the wire. The linkage makes both arm angles absolute to the
/// horizon, and keeps the end plate level. Formulas of uArm firmware 4.10 (Swift Pro), 3.2 (V3),
/// SwiftForArduino and UArmForArduino 2.2 (Metal).
struct UArmKinematics: Sendable, Hashable {
  /// Motor angles [degrees].
  struct Angles: Sendable, Hashable {
    /// The turret: 90 is forward, increasing counter-clockwise as seen from above.
    var base: Double
    /// The lower arm above the horizontal.
    var left: Double
    /// The forearm below the horizontal.
    var right: Double
  }

  /// The tool point [mm].
  struct Point: Sendable, Hashable {
    /// Along x.
    var x: Double
    /// Along y.
    var y: Double
    /// Upwards.
    var z: Double

    /// The distance of another point [mm].
    func distance(to other: Point) -> Double {
      ((x - other.x) * (x - other.x) + (y - other.y) * (y - other.y)
        + (z - other.z) * (z - other.z)).squareRoot()
    }
  }

  /// Which axis of the firmware's frame is forward, at base 90°.
  enum Forward: Sendable, Hashable {
    /// Swift and Swift Pro.
    case x
    /// Metal.
    case y
  }

  /// The lower arm's length [mm].
  var lowerArm = 142.07
  /// The forearm's length [mm].
  var forearm = 158.81
  /// The distance of the shoulder in front of the base's axis [mm].
  var shoulderOffset = 13.2
  /// The height of the shoulder [mm].
  var shoulderHeight = 107.4
  /// The distance of the tool point in front of the wrist [mm].
  var front = 56.65
  /// The distance of the tool point below the wrist [mm].
  var drop = 74.55
  /// The range of the base [degrees].
  var baseLimits = 0.0...180.0
  /// The range of the left motor [degrees].
  var leftLimits = -4.0...135.6
  /// The range of the right motor [degrees].
  var rightLimits = -4.0...119.9
  /// The range of the angle between the links, 180° - L - R [degrees].
  var elbowLimits = 10.0...151.0
  /// The range of the tool point's height [mm]; nil if the firmware does not check it.
  var heightLimits: ClosedRange<Double>?
  /// The axis that is forward.
  var forward = Forward.x
  /// Whether the firmware requires a least radius at each height (V3).
  var hasLeastRadius = false

  /// Swift Pro with the V4 firmware and an end effector; nil for a mode whose dimensions are not
  /// known.
  static func swiftProV4(mode: Int = 0) -> UArmKinematics? {
    guard let tool = endEffectors[mode] else { return nil }
    var result = UArmKinematics()
    (result.front, result.drop) = tool
    return result
  }

  /// Swift Pro with the V3 firmware, normal mode.
  static let swiftProV3: UArmKinematics = {
    var result = UArmKinematics()
    result.shoulderHeight = 106.6
    result.leftLimits = 0...135.6
    result.rightLimits = 0...119.9
    result.hasLeastRadius = true
    return result
  }()

  /// Swift, not Pro.
  ///
  /// Its source code has no drop of the tool point.
  static let swift: UArmKinematics = {
    var result = UArmKinematics()
    result.shoulderHeight = 88.9
    result.shoulderOffset = 10
    result.forearm = 158.8
    result.front = 29.4
    result.drop = 0
    result.leftLimits = 0...130
    result.rightLimits = 0...120
    result.heightLimits = -120...260
    return result
  }()

  /// Metal.
  ///
  /// Its frame is rotated: +y is forward. Its source code has no drop of the tool point.
  static let metal: UArmKinematics = {
    var result = UArmKinematics()
    result.lowerArm = 148.25
    result.forearm = 160.2
    result.shoulderHeight = 107.45
    result.shoulderOffset = 21.17
    result.front = 25
    result.drop = 0
    result.leftLimits = 5...120
    result.rightLimits = 5...120
    result.elbowLimits = 30...150
    result.heightLimits = -120...260
    result.forward = .y
    return result
  }()

  /// Front and drop [mm] of the end-effector modes of `M2400`, V4.
  static let endEffectors: [Int: (Double, Double)] = [
    0: (56.65, 74.55), 1: (64.4, 51.04), 2: (56.5, 74.43), 3: (69.5, 43), 4: (76.5, 39),
    5: (76, 73.4), 6: (54.5, 77.2), 8: (0, 0), 9: (56.65, 74.55), 11: (44.5, 25.49),
  ]

  /// The angle between the links [degrees].
  func elbow(_ angles: Angles) -> Double { 180 - angles.left - angles.right }

  /// The horizontal distance of the tool point from the base's axis [mm]; negative behind it.
  func reach(_ angles: Angles) -> Double {
    lowerArm * cosine(angles.left) + forearm * cosine(angles.right) + shoulderOffset + front
  }

  /// Returns the tool point for motor angles.
  func point(_ angles: Angles) -> Point {
    let s = reach(angles)
    let z =
      lowerArm * sine(angles.left) - forearm * sine(angles.right) + shoulderHeight - drop
    return switch forward {
    case .x: Point(x: s * sine(angles.base), y: -s * cosine(angles.base), z: z)
    case .y: Point(x: s * cosine(angles.base), y: s * sine(angles.base), z: z)
    }
  }

  /// Returns the motor angles for a tool point; nil if the links cannot reach it.
  ///
  /// Limits are not checked.
  func angles(_ point: Point) -> Angles? {
    let base =
      forward == .x
      ? 90 + degrees(atan2(point.y, point.x)) : degrees(atan2(point.y, point.x))
    let u = (point.x * point.x + point.y * point.y).squareRoot() - front - shoulderOffset
    let h = point.z + drop - shoulderHeight
    let square = u * u + h * h
    let distance = square.squareRoot()
    guard distance > 0 else { return nil }
    let a = lowerArm
    let c = forearm
    let atShoulder = (square + a * a - c * c) / (2 * a * distance)
    let atWrist = (square + c * c - a * a) / (2 * c * distance)
    guard -1 <= atShoulder && atShoulder <= 1, -1 <= atWrist && atWrist <= 1 else { return nil }
    let elevation = degrees(atan2(h, u))
    return Angles(
      base: base, left: elevation + degrees(acos(atShoulder)),
      right: degrees(acos(atWrist)) - elevation)
  }

  /// Returns why the firmware would refuse angles (`E22`); nil if it accepts them.
  ///
  /// The limits are widened by a hundredth of a degree to allow for rounding on the wire.
  func refusal(_ angles: Angles) -> String? {
    let slack = 0.005
    let named = [
      ("base", angles.base, baseLimits), ("left", angles.left, leftLimits),
      ("right", angles.right, rightLimits), ("elbow", elbow(angles), elbowLimits),
    ]
    for (name, value, limits) in named
    where !(limits.lowerBound - slack <= value && value <= limits.upperBound + slack) {
      return
        "\(name) \(fixed(value, 2) ?? "\(value)")° is outside \(limits.lowerBound)...\(limits.upperBound)°"
    }
    // x < 0 (Metal: y < 0) is refused; with the base within 0...180° that is a negative reach.
    guard reach(angles) > 0 else { return "the tool point is behind the base's axis" }
    if let reason = radiusRefusal(angles) { return reason }
    guard let heightLimits else { return nil }
    let z = point(angles).z
    guard heightLimits.contains(z) else {
      return "height \(fixed(z, 1) ?? "\(z)") mm is outside \(heightLimits)"
    }
    return nil
  }

  /// Checks the least radius of V3, which keeps the wrist away from the base (firmware 3.2.0), with
  /// a margin of half a millimetre, since the firmware also checks the straight line between two
  /// points.
  private func radiusRefusal(_ angles: Angles) -> String? {
    guard hasLeastRadius else { return nil }
    let height = point(angles).z + drop
    let (size, centre, inset) =
      height > 111.7 ? (158.8, 215.87, 33.26 + 44.5) : (225, -20.88, 97.45 + 44.5)
    let square = size * size - (height - centre) * (height - centre)
    guard square > 0 else { return nil }
    let least = square.squareRoot() - inset + 0.5
    let found = reach(angles) - front
    guard found >= least else {
      return
        "the wrist is \(fixed(found, 1) ?? "?") mm from the base's axis, expected \(fixed(least, 1) ?? "?") at this height (firmware V3)"
    }
    return nil
  }

  /// Returns the point to send to a firmware that truncates to tenths of a millimetre, towards
  /// zero.
  ///
  /// It is the nearest of the surrounding tenths that the firmware accepts, since truncation at the
  /// edge of the limits could lead outside them, plus half a tenth, so that rounding in the
  /// firmware does not lead to the next one.
  func cuttable(_ point: Point) -> Point {
    func tenths(_ value: Double) -> [Double] {
      [(value * 10).rounded(.down) / 10, (value * 10).rounded(.up) / 10]
    }
    var best = point
    var least = Double.infinity
    for x in tenths(point.x) {
      for y in tenths(point.y) {
        for z in tenths(point.z) {
          let cut = Point(x: x, y: y, z: z)
          let distance = cut.distance(to: point)
          guard distance < least, let angles = angles(cut), refusal(angles) == nil else { continue }
          (best, least) = (cut, distance)
        }
      }
    }
    func said(_ value: Double) -> Double { value + (value < 0 ? -0.05 : 0.05) }
    return Point(x: said(best.x), y: said(best.y), z: said(best.z))
  }

  private func degrees(_ radians: Double) -> Double { radians * 180 / .pi }
  private func sine(_ degrees: Double) -> Double { sin(degrees * .pi / 180) }
  private func cosine(_ degrees: Double) -> Double { cos(degrees * .pi / 180) }
}
