import Files
import Kinematics
import Trajectories

/// Limits as ratios, joint steps, and how far the limit program left the motion.
enum LimitMeasure {
  static func groups(_ subject: ReportSubject) -> [FigureGroup] {
    [
      subject.limits.map { shares(subject.trajectory, of: $0) } ?? limits(subject.trajectory),
      joints(subject.trajectory), deviation(subject.trajectory),
    ]
  }

  private static func limits(_ trajectory: SafeTrajectory) -> FigureGroup {
    var group = FigureGroup("limits", "limits of joints and base, 1 is at the limit")
    for quantity in TrajectoryVerifier.Quantity.allCases {
      guard let use = trajectory.verification.greatestUse(of: quantity) else { continue }
      group.figures.append(
        Figure(
          quantity.rawValue, "largest share of \(quantity.label)", use.share, "ratio",
          time: use.time, place: use.name))
    }
    group.notes.append(
      "the control points keep the limits, and with them the curve between samples; the ratios are"
        + " those at \(trajectory.verification.instants) instants")
    for quantity in trajectory.unlimitedQuantities {
      group.notes.append("not limited: \(quantity)")
    }
    return group
  }

  /// The shares of limits that a trajectory was not compiled for, on a grid of `refinement` instants a
  /// sample.
  private static func shares(_ trajectory: SafeTrajectory, of limits: SafetyLimits) -> FigureGroup {
    var group = FigureGroup("limits", "limits of joints and base, 1 is at the limit")
    var peaks: [TrajectoryVerifier.Quantity: Peak] = [:]
    let instants = (trajectory.sampleCount - 1) * TrajectoryVerifier.refinement
    let step = trajectory.period / Double(TrajectoryVerifier.refinement)
    for instant in 0...instants {
      // Within a piece, where the jerk is defined.
      let time = (Double(instant) + 0.5) * step
      guard time < trajectory.duration || instants == 0 else { break }
      let state = trajectory.state(at: time)
      for (index, limit) in limits.coordinates.enumerated() {
        let half = (limit.upper.value - limit.lower.value) / 2
        let found = [
          (
            TrajectoryVerifier.Quantity.position, state.positions[index] - limit.lower.value - half,
            half
          ),
          (.velocity, state.velocities[index], limit.velocity.value),
          (.acceleration, state.accelerations[index], limit.acceleration.value),
          (.jerk, state.jerks[index], limit.jerk.value),
        ]
        for (quantity, value, allowed) in found where allowed.isFinite {
          peaks[quantity, default: Peak()].take(abs(value) / allowed, at: time, limit.name)
        }
      }
    }
    if trajectory.root != nil {
      let own = BaseMeasure.differences(trajectory, step: step)
      let base = [
        (TrajectoryVerifier.Quantity.baseSpeed, own.speed, limits.base.speed),
        (.baseAcceleration, own.acceleration, limits.base.acceleration),
        (.baseTurning, own.turning, limits.base.turningRate),
        (.baseTurningAcceleration, own.turningAcceleration, limits.base.turningAcceleration),
      ]
      for (quantity, peak, limit) in base {
        peaks[quantity, default: Peak()].take(peak.value / limit.value, at: peak.time ?? 0, "base")
      }
    }
    group.figures = TrajectoryVerifier.Quantity.allCases.compactMap { quantity in
      peaks[quantity].map {
        Figure(quantity.rawValue, "largest share of \(quantity.label)", $0, "ratio")
      }
    }
    group.notes.append(
      "measured at \(instants) instants: the trajectory was compiled for no limits")
    if !limits.coupled.isEmpty {
      group.notes.append("limits on sums of joints are not measured")
    }
    return group
  }

  private static func joints(_ trajectory: SafeTrajectory) -> FigureGroup {
    var group = FigureGroup("joints", "steps of joints from one sample to the next")
    let coordinates = trajectory.limits.coordinates
    var (angle, length) = (Peak(), Peak())
    var jumps = 0
    var before = trajectory.state(at: 0).positions
    for sample in 1..<max(1, trajectory.sampleCount) {
      let time = Double(sample) * trajectory.period
      let now = trajectory.state(at: time).positions
      var isJump = false
      for (index, coordinate) in coordinates.enumerated() {
        let step = abs(now[index] - before[index])
        if coordinate.isAngular {
          angle.take(step, at: time, coordinate.name)
          if !(step <= jump) { isJump = true }
        } else {
          length.take(step, at: time, coordinate.name)
        }
      }
      if isJump { jumps += 1 }
      before = now
    }
    if coordinates.contains(where: \.isAngular) {
      group.figures.append(Figure("step_max", "largest step of a joint", angle, "rad/frame"))
      group.figures.append(
        Figure("jumps", "samples with a step over 0.5 rad", Double(jumps), "count"))
    }
    if coordinates.contains(where: { !$0.isAngular }) {
      group.figures.append(
        Figure("slide_max", "largest step of a sliding joint", length, "m/frame"))
    }
    return group
  }

  /// A step of a joint that the field counts as a jump [rad].
  private static let jump = 0.5

  private static func deviation(_ trajectory: SafeTrajectory) -> FigureGroup {
    var group = FigureGroup("deviation", "where the limit program left the motion")
    guard let deviation = trajectory.deviation else {
      group.absence = "the file does not say how far the limit program left the motion"
      return group
    }
    for (isAngular, name) in [(true, "angle"), (false, "length")] {
      let joints = deviation.joints.filter { $0.isAngular == isAngular }
      guard let worst = joints.max(by: { $0.greatest < $1.greatest }) else { continue }
      group.figures.append(
        Figure(
          "\(name)_max", "largest distance of a joint from the motion", worst.greatest, worst.unit,
          time: worst.time, place: worst.name))
      let most = joints.max { $0.rootMeanSquare < $1.rootMeanSquare } ?? worst
      group.figures.append(
        Figure(
          "\(name)_rms", "largest root mean square of a joint's", most.rootMeanSquare, most.unit,
          place: most.name))
    }
    if let base = deviation.base {
      group.figures += [
        Figure(
          "base_distance_max", "largest distance of the base from the motion's", base.distance, "m",
          time: base.distanceTime),
        Figure(
          "base_angle_max", "largest turn of the base from the motion's", base.angle, "rad",
          time: base.angleTime),
      ]
    }
    group.notes.append("as compile measured it and wrote it into the file")
    return group
  }
}
