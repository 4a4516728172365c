/// The arm as the V4 firmware sees it: magnetic angle sensors of 4096 steps a turn, and motors that
/// are assumed to follow.
extension ArmBody {
  /// Base, left, right: the sensors' counts at the reference pose, and that pose [degrees].
  static let referenceCounts = SIMD3(1000.0, 2000, 1500)
  private static let referencePose = SIMD3(90, 32.758930, 88.980537)

  /// Counts of the sensors of base, left, right; one that does not answer counts as 0.
  var sensorCounts: SIMD3<Double> {
    let turn = (encoders - Self.referencePose) * (4096 / 360)
    var counts = (Self.referenceCounts + turn).rounded(.toNearestOrAwayFromZero)
    counts -= 4096 * (counts / 4096).rounded(.down)
    if encodersFail { counts.x = 0 }
    return counts
  }

  /// The firmware's angles for counts [degrees].
  static func angles(of counts: SIMD3<Double>) -> SIMD3<Double> {
    referencePose + (counts - referenceCounts) * (360.0 / 4096)
  }

  /// Sets the firmware's angles to those of the sensors and discards its moves.
  mutating func resynchronise() {
    let before = planner.position + offset
    planner.reset(to: Self.angles(of: sensorCounts))
    planner.gridOrigin = planner.position
    offset = before - planner.position
  }

  /// Angles rounded to whole motor steps from where the firmware began to count: base, left, right.
  func wholeSteps(_ pose: SIMD3<Double>) -> SIMD3<Double> {
    let origin = planner.gridOrigin
    return origin + ((pose - origin) * (80 * (1 - 1e-6))).rounded(.towardZero) / 80
  }

  /// Moves the motors for a time; returns false if no motion was prepared.
  ///
  /// Without power, or with a detached motor, the firmware counts steps that do not turn the motor.
  mutating func advance(_ time: Double) -> Bool {
    let before = planner.position
    let goesOn = planner.advance(time)
    var lost = planner.position - before
    if hasPower {
      if attached[2] { lost.x = 0 }
      if attached[0] { lost.y = 0 }
      if attached[1] { lost.z = 0 }
    }
    offset -= lost
    return goesOn
  }
}
