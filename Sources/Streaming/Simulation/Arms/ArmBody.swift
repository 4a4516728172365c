import Foundation

/// What every simulated arm has beneath its firmware: motors, wrist, encoders, power.
struct ArmBody: Sendable {
  var planner: ArmPlanner
  var geometry: ArmGeometry
  /// The wrist servo and where it turns to [degrees].
  var wrist: Double
  var wristTarget: Double
  /// What a hobby servo turns at [degrees/s].
  var wristSpeed = 375.0
  var hasPower = true
  /// Left, right, base, as the V4 firmware counts them.
  var attached = [true, true, true]
  /// How far the motors are from where the firmware believes them to be: base, left, right [degrees].
  var offset = SIMD3<Double>()
  /// What the step pulses show (V4).
  var meter: ArmMotionMeter

  // Faults
  /// What the base's encoder says too much [degrees].
  var encoderJump = 0.0
  /// Where the base is stuck [degrees].
  var jammedBase: Double?
  var encodersFail = false
  var refusesMoves = false
  /// Added to the numbers of replies.
  var idShift = 0
  var introducesItselfAs: String?
  var isOld = false

  /// Where the motors really are: base, left, right [degrees].
  var motors: SIMD3<Double> {
    var pose = planner.position + offset
    if let jammedBase { pose.x = jammedBase }
    return pose
  }

  /// What the encoders say.
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

  /// One millisecond.
  mutating func step() {
    guard hasPower else { return }
    if !planner.isIdle { planner.step() }
    turnWrist(for: 0.001)
  }

  /// The servo turns on towards where it was told to be.
  mutating func turnWrist(for time: Double) {
    let way = wristTarget - wrist
    if way != 0 { wrist += min(max(way, -wristSpeed * time), wristSpeed * time) }
  }

  /// The wrist servo, with the firmware's mistakes beyond its range.
  mutating func turnWrist(_ degrees: Double) {
    guard degrees <= 360 else { return }
    wristTarget = degrees > 180 ? 0 : degrees < 0 ? 180 : degrees
  }
}

/// A number as the firmwares print it.
func decimals(_ value: Double, _ count: Int = 4) -> String {
  String(format: "%.\(count)f", value)
}
