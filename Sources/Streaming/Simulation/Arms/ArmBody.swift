import Foundation

/// The hardware of a simulated arm: motors, wrist, encoders, power.
struct ArmBody: Sendable {
  var planner: ArmPlanner
  var geometry: ArmGeometry
  /// The angle of the wrist servo and its target [degrees].
  var wrist: Double
  var wristTarget: Double
  /// The speed of a hobby servo [degrees/s].
  var wristSpeed = 375.0
  var hasPower = true
  /// Left, right, base, as the V4 firmware counts them.
  var attached = [true, true, true]
  /// The motors' angles less those that the firmware assumes: base, left, right [degrees].
  var offset = SIMD3<Double>()
  /// The measurements of the step pulses (V4).
  var meter: ArmMotionMeter

  // Faults
  /// The error of the base's encoder [degrees].
  var encoderJump = 0.0
  /// The angle at which the base is jammed [degrees]; nil if it is not.
  var jammedBase: Double?
  var encodersFail = false
  var refusesMoves = false
  /// Added to the numbers of replies.
  var idShift = 0
  var introducesItselfAs: String?
  var isOld = false

  /// The true angles of the motors: base, left, right [degrees].
  var motors: SIMD3<Double> {
    var pose = planner.position + offset
    if let jammedBase { pose.x = jammedBase }
    return pose
  }

  /// The angles that the encoders measure.
  var encoders: SIMD3<Double> {
    var pose = motors
    pose.x += encoderJump
    return pose
  }

  var isAttached: Bool { attached.allSatisfy { $0 } }

  init(pose: SIMD3<Double>, geometry: ArmGeometry, wrist: Double) {
    planner = ArmPlanner(at: pose)
    self.geometry = geometry
    self.wrist = wrist
    wristTarget = wrist
    meter = ArmMotionMeter(at: pose)
  }

  /// Advances by one millisecond.
  mutating func step() {
    guard hasPower else { return }
    if !planner.isIdle { planner.step() }
    turnWrist(for: 0.001)
  }

  /// Turns the servo towards its target.
  mutating func turnWrist(for time: Double) {
    let way = wristTarget - wrist
    if way != 0 { wrist += min(max(way, -wristSpeed * time), wristSpeed * time) }
  }

  /// Sets the target of the wrist servo, with the firmware's errors beyond its range.
  mutating func turnWrist(_ degrees: Double) {
    guard degrees <= 360 else { return }
    wristTarget = degrees > 180 ? 0 : degrees < 0 ? 180 : degrees
  }
}

/// Formats a number like the firmwares.
func decimals(_ value: Double, _ count: Int = 4) -> String {
  String(format: "%.\(count)f", value)
}
